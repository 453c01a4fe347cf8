package trace

var CountText = count

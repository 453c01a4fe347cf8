package trace

var Count = count

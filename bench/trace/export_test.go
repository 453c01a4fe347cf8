package trace

var (
	CountText = count
	SumPerf   = sumPerf
)

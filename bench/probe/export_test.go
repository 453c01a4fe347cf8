package probe

var (
	ParseStat = parseStat
	Fields    = fields

	BusyAt   = busy
	HostAt   = host
	KernelAt = kernel
)

package probe

var (
	ParseStat = parseStat
	Fields    = fields
)

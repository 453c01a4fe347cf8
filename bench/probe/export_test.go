package probe

var ParseStat = parseStat
var Fields = fields

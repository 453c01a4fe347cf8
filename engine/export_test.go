package engine

// Trimmed tells whether gnet's connections have the layout that trim knows.
func Trimmed() bool {
	o := trimmed.Load()
	return o != nil && o.ok
}

package guest

var (
	Killed = killed
	Near   = near
)

package websocket

import "time"

// events are the callbacks of a connection on a loop.
type events struct{}

func (*events) setReadDeadline(time.Time) error { return nil }
func (*events) setReadLimit(int64)              {}
func (*events) closed() error                   { return nil }

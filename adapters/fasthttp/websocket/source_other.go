//go:build !linux

package websocket

type descriptor struct{}

func (c *Conn) openSource() { c.source = sourcePlain }

func (c *Conn) parks() bool { return false }

func (c *Conn) wait() error { panic("websocket: read by a descriptor that is not known") }

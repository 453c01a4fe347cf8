//go:build !linux

package websocket

func (c *Conn) sendAtOnce(*buffer) bool { return false }

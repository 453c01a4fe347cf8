//go:build !poll_opt

package engine

// eventsPoint is false: an event of gnet's poller is a descriptor's number, and
// the connection is looked up.
const eventsPoint = false

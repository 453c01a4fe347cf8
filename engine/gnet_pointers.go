//go:build poll_opt

package engine

// eventsPoint tells that an event of gnet's poller is a bare pointer into the
// connection, which the collector does not see.
const eventsPoint = true

// Package engine holds sockets on a few event loops instead of one goroutine
// each. Raw TCP, Unix sockets, connections that were accepted, dialled or
// adopted from another server are the same thing to a [Handler]: a [Conn] on a
// loop. [Conn.SetHandler] gives it to another Handler when the protocol changes,
// and [Conn.Detach] to a goroutine, as a net.Conn.
//
// # Goroutines
//
// A loop is one goroutine. Everything that happens to a connection happens on
// its loop, in order: the callbacks of its Handler run there and must not
// block. A *Conn may be used inside those callbacks only. Code elsewhere holds
// a [Handle], which may be used from any goroutine and never dangles.
//
// # Lifetimes
//
// Bytes given to a callback live until it returns. Bytes given to a Write are
// copied before it returns, except where a method says that it keeps them.
//
// # Back-pressure
//
// Writes inside a callback are corked: they leave in one system call when the
// callback ends. What the kernel does not take is queued, bounded by
// [Options.HighWater]. What a handler does not consume is carried over to its
// next call, bounded by [Options.MaxInbound]. Nothing queues without a limit.
package engine

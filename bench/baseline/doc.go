// Package baseline is what Sockeye is compared with first: a WebSocket server with a goroutine for each connection, as
// a careful Go programmer writes one on package net. The way of doing I/O is meant to be the only difference, so the
// rest is the same as in sockeye serve:
//
//   - codec/wsproto parses and answers the handshake, decodes, unmasks in place, and writes frames;
//   - the handlers are the same lines as those of cmd/sockeye: echo is one WriteMessage, broadcast prepares the frame
//     once and gives it to every connection. (They are written twice, because a websocket.Conn belongs to a loop and a
//     Conn to its goroutine.)
//   - the answers to all messages of one read leave in one write, and large payloads leave in a writev without a copy;
//   - a message has at most 16 MiB, and one that waits for a peer behind 1 MiB unread ends the connection;
//   - no allocation per echoed message, no compression, no deadline on a connection at rest;
//   - GOGC is 50, and memory goes back to the system once a burst of connections is over.
//
// What differs, then: each connection has a goroutine and its stack, and a read buffer of its own (4 KiB, more once a
// message needed more); reading and writing block the goroutine, so that the runtime's poller and scheduler do what the
// loop does. For broadcast a second goroutine writes, from a bounded queue. Not here are the policies of
// engine/websocket: paths, origins, timers, statistics.
package baseline

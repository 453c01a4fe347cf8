// Package websocket is github.com/fasthttp/websocket by another import path: the same names, types, constants and
// error texts, on the loops of package engine.
//
// What differs in a Conn, each time because the protocol or many goroutines ask for it:
//
//   - Text that is not UTF-8 is refused with close code 1007 (RFC 6455 section 8.1).
//   - SetReadLimit holds for what a message decompresses to, too.
//   - A length that is not in its shortest form is refused with 1002 (section 5.2), and so are a close frame of one byte
//     (section 5.5.1) and RSV1 on a frame that does not begin a data message (RFC 7692 section 6).
//   - A compressed message that is corrupt ends the connection, with 1007. One may hold several DEFLATE streams.
//   - WriteMessage, WriteJSON, WritePreparedMessage and WriteControl may be called by any goroutine, and a message comes out
//     whole; there is no panic about concurrent writes.
//   - A compressed message of WriteMessage is one frame on a server. WriteJSON writes one frame, or none if v is not JSON.
//   - Buffers are borrowed while there are bytes for them; ReadBufferSize and WriteBufferSize do not cost memory of an
//     idle connection whose descriptor can be waited for (TCP and Unix sockets, on Linux).
package websocket

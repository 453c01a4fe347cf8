// Package websocket is github.com/fasthttp/websocket by another import path: the same names, types, constants and
// error texts, for a fraction of the memory.
//
// What the handler of FastHTTPUpgrader.Upgrade does decides how a connection is served. It has
//
//   - a loop of package engine and no goroutine, when the handler registers Conn.OnMessage and returns: under 1 KB;
//   - a goroutine that waits at the descriptor, when the handler reads: about 4 KB, since RequestCtx and buffers of
//     fasthttp are given back and a buffer is borrowed only while there are bytes for it;
//   - a goroutine and a read buffer, as in the original, where there is no descriptor to wait at: TLS, pipes, and
//     net.Conns of other kinds. TLS keeps fasthttp's goroutine and RequestCtx too, unless Server.KeepHijackedConns is set.
//
// A program that does not call OnMessage needs no change but the import path. The engine behind OnMessage starts with the
// first such connection; the package fasthttp above has what concerns it: UseEngine, Shutdown, ReadStats.
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
//   - WritePreparedMessage ends the message of an open writer that has written frames, instead of coming into its midst.
//   - A compressed message of WriteMessage is one frame on a server. WriteJSON writes one frame, or none if v is not JSON.
//   - Buffers are borrowed while there are bytes for them; ReadBufferSize and WriteBufferSize do not cost memory of an
//     idle connection whose descriptor can be waited for (TCP and Unix sockets, on Linux).
//
// What differs in a Dialer:
//
//   - HandshakeTimeout, and the deadline of the context, bound all of a dial: behind a SOCKS proxy too, and with a NetDial that
//     does not return. A cancelled context ends a dial at any point; the error is context.Canceled then.
//   - The heads of responses, interim ones included, may have 64 KiB together, and those of a proxy too.
//   - Interim responses (100, 103) before the answer are passed over.
//   - What a server answers about extensions is held against the offer (RFC 7692 section 7.1): one that was not offered is
//     ErrBadHandshake, and permessage-deflate on other terms, or when it was not offered, is an error. An answer may leave
//     client_no_context_takeover out (section 7.1.1.2) and name server_max_window_bits (section 7.1.2.1).
//   - The header fields of a handshake are an error in requestHeader however they are capitalised, and Host is the host.
//   - A timeout in the midst of a response's line is told as a timeout, not as a malformed line.
//   - Proxies may be https. An HTTP proxy accepts with any 2xx, what it sends behind that is not lost, and one that refuses
//     without a reason is no panic.
//   - NetDialTLSContext is not used to reach a proxy, but for an https one: with it, wss through a proxy is TLS to the server.
//   - A connection through a SOCKS proxy is the one to the proxy, without a wrapper. One whose handshake has failed is closed
//     without the farewell of TLS.
//
// What differs in an Upgrader:
//
//   - An offer of permessage-deflate with a parameter that is unknown, repeated or wrong is declined (RFC 7692 section 7.1).
//     server_max_window_bits is confirmed, and kept to.
//   - Subprotocols reads all of a request's Sec-WebSocket-Protocol fields, not only the first.
//   - Of responseHeader no second Upgrade, Connection or Sec-WebSocket-Accept is sent, nor what has no proper name; control
//     characters in a subprotocol are replaced, as in other values. Names count however they are capitalised.
//   - All deadlines of the HTTP server are cleared, also with a HandshakeTimeout.
//
// What differs in a FastHTTPUpgrader, besides the first of these:
//
//   - The RequestCtx is fasthttp's again as soon as the handler of Upgrade waits for a message for the first time, closes
//     the connection or has returned. What is needed of it later has to be copied before.
//   - HandshakeTimeout bounds the writing of the answer.
//   - A key that is not 16 bytes in base64 is refused.
//   - All of a request's Connection, Upgrade, Sec-WebSocket-Version and Sec-WebSocket-Protocol fields are looked at.
//   - A refusal carries Sec-WebSocket-Version (RFC 6455 section 4.4), and 503 is the answer during Shutdown.
//   - A handler that panics is logged, and its connection closed with 1011; the program goes on.
//   - NetConn is the connection itself, not fasthttp's wrapper of it, which is why MaxConnsPerIP counts a plain connection
//     until it is upgraded.
//
// What differs in an Upgrader's or FastHTTPUpgrader's connection on a loop is told by Conn.OnMessage.
package websocket

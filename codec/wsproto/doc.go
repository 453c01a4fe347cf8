// Package wsproto is the WebSocket protocol, RFC 6455, and its compression, RFC
// 7692, as functions on bytes.
//
// Nothing here reads, writes or waits, but an [InflateReader] from what it is given. Bytes that came from a peer go in, and
// what they mean comes out together with the number of bytes it took; what is to
// be sent is appended to a slice of the caller's. A message that has not arrived
// whole and a message that can never be valid are told apart everywhere: the
// first is n == 0 with a nil error, the second is an error, which also knows the
// close code or the HTTP status that the peer deserves.
//
// A [Decoder] turns the frames of one direction of a connection into events.
// [AppendFrame], [AppendMaskedFrame] and [AppendClose] write frames. [Request]
// and [Response] are the two halves of the opening handshake. A [Deflater] and an
// [Inflater] compress and decompress messages; an [InflateStream] does it as they
// arrive, and only that has a goroutine; an [InflateReader] fetches them itself.
//
// The types of a frame are those of github.com/gobwas/ws, so a program that
// knows that package can mix the two.
package wsproto

// Package codec cuts a stream of bytes into messages and writes messages back as bytes.
//
// It is pure: no socket, no clock, no goroutine, and no memory of its own. A [Framing] is a small immutable value, so one of them
// serves every connection of a listener, from any goroutine:
//
//   - [Line]: text lines, ending with LF or strictly with CRLF
//   - [Delimiter]: messages that end with a sequence of bytes
//   - [Fixed]: messages of one size
//   - [LengthPrefix]: messages behind their length, in 1 to 8 bytes or a varint
//
// # Limits
//
// Whatever a peer sends, the bytes that must be kept while a message is incomplete are bounded: by Max plus the few bytes of the
// delimiter or header. Max counts the bytes of a message as Next returns it; zero means [DefaultMax] and a negative Max means no
// limit. A message that is longer fails with [ErrTooLong] at the first byte that proves it, which is the header for LengthPrefix,
// so nothing is ever stored on the word of a peer.
//
// # Verdicts do not depend on packets
//
// How the bytes were split on the way changes nothing: once Next has found a message or an error at the start of p, more bytes
// behind it cannot change that verdict.
package codec

// Package proxyproto is the PROXY protocol, versions 1 and 2, as functions on bytes: what a proxy puts before the first byte of a
// connection, or of a datagram, to tell whom it speaks for.
//
// The section numbers in this package are those of HAProxy's doc/proxy-protocol.txt.
//
// [Parse] reads a header of either version from the start of what has arrived, [Append] writes one. Nothing here reads, waits,
// keeps memory or allocates, but for Append and its kin when dst is too small. All functions may be called from any goroutine.
//
// # Verdicts
//
// A header that has not arrived whole is n == 0 with a nil error: a slow peer. [ErrNotHeader] says that the peer speaks something
// else, and [ErrInvalid] and [ErrTooLong] that it means to speak PROXY and breaks its rules. How the bytes were split on the way
// changes nothing: more bytes never change a verdict, and a verdict comes with the byte that decides it. There are three
// exceptions: a version 1 line that is going to be too long is refused when its 106 bytes are there; a TLV is judged when its type
// and length are there, and past the first 512 bytes of TLVs when the header is whole; so is a checksum.
//
// # Trust
//
// Whoever can connect can claim any address. Section 2 forbids to guess whether a header will come: a listener either demands it
// of every peer, and lets only its own proxies in, or never looks for it.
package proxyproto

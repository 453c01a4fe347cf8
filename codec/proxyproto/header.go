package proxyproto

import "net/netip"

// Header is what a proxy tells about a connection. It is a plain value; SourcePath, DestinationPath and TLVs are views of the
// bytes that were parsed and live as long as those do.
type Header struct {
	// Version is 1 or 2. Zero is an error of Append.
	Version uint8

	// Command is Proxy in version 1, which knows no other.
	Command Command

	// Transport says which of the addresses are there. If it is Unspec none is, and the connection is its own: use the addresses
	// of the socket. So it is for Local, whatever the proxy sent with it, and for UNKNOWN of version 1.
	Transport Transport

	// Source is the client and Destination what the client connected to, for TCP and UDP. The address of TCP6 and UDP6 may be an
	// IPv4 address mapped into IPv6, which is left as it is: see netip.Addr.Unmap. There is never a zone.
	Source, Destination netip.AddrPort

	// SourcePath and DestinationPath are the addresses of UnixStream and UnixDgram, without the zeros that fill them up. An
	// abstract address begins with a zero byte, a socket without a name has an empty one.
	SourcePath, DestinationPath []byte

	// TLVs is what else a proxy of version 2 tells.
	TLVs TLVs
}

// Command says on whose behalf a connection was made (section 2.2). Its values are those on the wire.
type Command uint8

// The commands of section 2.2. No other may be sent or accepted.
const (
	Local Command = 0 // the proxy's own, such as a health check
	Proxy Command = 1
)

// String gives the name in the specification, and "invalid" for what has none.
func (c Command) String() string {
	switch c {
	case Local:
		return "LOCAL"
	case Proxy:
		return "PROXY"
	}
	return "invalid"
}

// Transport is an address family and a protocol, in one byte as on the wire of version 2 (section 2.2).
type Transport uint8

// The transports of section 2.2.
const (
	Unspec     Transport = 0x00 // unknown, and UNKNOWN in version 1
	TCP4       Transport = 0x11
	UDP4       Transport = 0x12
	TCP6       Transport = 0x21
	UDP6       Transport = 0x22
	UnixStream Transport = 0x31
	UnixDgram  Transport = 0x32
)

// String gives a name as that of version 1, "unix" or "unixgram" as package net has it, and "invalid" for what is not among the
// constants.
func (t Transport) String() string {
	switch t {
	case Unspec:
		return "UNKNOWN"
	case TCP4:
		return "TCP4"
	case UDP4:
		return "UDP4"
	case TCP6:
		return "TCP6"
	case UDP6:
		return "UDP6"
	case UnixStream:
		return "unix"
	case UnixDgram:
		return "unixgram"
	}
	return "invalid"
}

// The size of an address block in version 2 (section 2.2).
const (
	sizeIPv4 = 2*4 + 2*2
	sizeIPv6 = 2*16 + 2*2
	sizePath = 108
	sizeUnix = 2 * sizePath
)

// size is the size of the address block, which is negative for what is not among the constants.
//
// A family with the protocol UNSPEC, and the other way round, is left to the receiver by section 2.2: "free to accept the
// connection anyway [...] or to reject it". Nobody has said where the TLVs of such a header begin, so it is rejected.
func (t Transport) size() int {
	switch t {
	case Unspec:
		return 0
	case TCP4, UDP4:
		return sizeIPv4
	case TCP6, UDP6:
		return sizeIPv6
	case UnixStream, UnixDgram:
		return sizeUnix
	}
	return -1
}

package proxyproto

const (
	// MaxV1 is the size in bytes of the longest header of version 1, with its CRLF (section 2.1).
	MaxV1 = 107

	// HeadSize is the size in bytes of the part of a version 2 header that declares the length of the rest (section 2.2).
	HeadSize = 16

	// DefaultMax is how many bytes Parse lets follow the head of version 2 when its limit is zero: 4 KiB, enough for all that
	// proxies are known to send and the certificate of a client.
	DefaultMax = 4 << 10

	// maxLength is the most that two bytes can declare.
	maxLength = 1<<16 - 1
)

// The signatures of section 2.1 and 2.2.
const (
	signature1 = "PROXY"
	signature2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// Parse reads the header that starts p, of version 1 or 2, and tells its size.
//
//	n > 0               the header took n bytes of p; what follows is the connection's
//	n == 0, err == nil  incomplete: call again with the same bytes and more behind them
//	err != nil          p can never become valid, whatever follows
//
// An error is ErrNotHeader, or wraps ErrInvalid or ErrTooLong; after one, and while p is incomplete, h is the zero Header.
// A datagram carries its header whole (section 2), so for a datagram incomplete is as bad as an error.
//
// limit is the most bytes that a version 2 header may declare to follow its first HeadSize; zero means DefaultMax, negative
// means no limit but that of the format, 65535. Whatever the peer sends, Parse never asks for more than the larger of MaxV1 and
// HeadSize+limit bytes. A call begins again at the start of p; while the header is incomplete it looks at 528 bytes at most.
//
// p is not changed. The slices in h are views of p[:n] and live as long as it does.
func Parse(p []byte, limit int) (h Header, n int, err error) {
	switch {
	case len(p) == 0:
		return Header{}, 0, nil
	case p[0] == signature1[0]:
		if !begins(p, signature1) {
			return Header{}, 0, ErrNotHeader
		}
		n, err = h.parseV1(p)
	default:
		if !begins(p, signature2) {
			return Header{}, 0, ErrNotHeader
		}
		switch {
		case limit == 0:
			limit = DefaultMax
		case limit < 0:
			limit = maxLength
		}
		n, err = h.parseV2(p, limit)
	}
	if n == 0 {
		return Header{}, 0, err
	}
	return h, n, nil
}

// begins tells whether p begins with s, or s with p.
func begins(p []byte, s string) bool {
	n := min(len(p), len(s))
	return string(p[:n]) == s[:n]
}

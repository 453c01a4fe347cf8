package wsproto

import (
	"crypto/sha1"
	"encoding/base64"
)

// hsGUID is the constant that proves that a server speaks WebSocket, RFC 6455 section 1.3.
const hsGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Limits bounds the head of a request or of a response. The zero value is good.
type Limits struct {
	// MaxHead is the size in bytes of the longest head accepted, its empty line included.
	// Zero and negative mean 8192.
	MaxHead int
	// MaxHeaders is the largest number of field lines accepted. Zero and negative mean 64.
	MaxHeaders int
	// Permissive lets Request.Parse and Request.CheckUpgrade take a few things that RFC 6455 has a server refuse, or
	// RFC 9112 leaves to it, and that other servers take; none of them can make two parties disagree on where a request
	// ends or where it comes from. These are:
	//
	//   - one empty line before the request (RFC 9112 section 2.2),
	//   - a Sec-WebSocket-Key that is not 16 bytes in base64, as long as there is one,
	//   - a Sec-WebSocket-Version that names 13 among others,
	//   - an element of Sec-WebSocket-Protocol that is not a token: it is passed over,
	//   - a Host without a value.
	//
	// False refuses them. It means nothing for a Response.
	Permissive bool
}

func (l Limits) hsMax() (head, fields int) {
	head, fields = l.MaxHead, l.MaxHeaders
	if head <= 0 {
		head = 8192
	}
	if fields <= 0 {
		fields = 64
	}
	return head, fields
}

// HandshakeError says why an opening handshake failed. It is always returned as a pointer; most values
// are shared, so it must not be modified.
type HandshakeError struct {
	// Status is, on the server, the HTTP status to answer with (see AppendErrorResponse).
	// On the client it is the status that the server answered, or 0 when the answer was not proper HTTP.
	Status int
	// Reason is a short text. On the server it never holds anything that the peer sent.
	Reason string
}

func (e *HandshakeError) Error() string { return "wsproto: bad handshake: " + e.Reason }

// AppendAccept appends the Sec-WebSocket-Accept value that answers key: base64(SHA-1(key + GUID)),
// RFC 6455 section 4.2.2 item 5. It does not allocate beyond dst.
func AppendAccept(dst, key []byte) []byte { return hsAppendAccept(dst, key) }

func hsAppendAccept[S hsText](dst []byte, key S) []byte {
	var buf [64]byte // 24 bytes of key and 36 of GUID
	b := append(buf[:0], key...)
	b = append(b, hsGUID...)
	sum := sha1.Sum(b)
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// NewKey makes the Sec-WebSocket-Key of a client from 16 bytes. RFC 6455 section 4.1 item 7 wants them
// taken at random, from a strong source, for each connection: that is the caller's part, this package does no I/O.
func NewKey(nonce [16]byte) string { return base64.StdEncoding.EncodeToString(nonce[:]) }

// hsIsKey tells whether key is 16 bytes in base64 (RFC 6455 section 4.2.1 item 5), in the one canonical form:
// 22 characters and "==", the 4 bits that encode nothing being zero (RFC 4648 section 3.5).
func hsIsKey[S hsText](key S) bool {
	if len(key) != 24 || key[22] != '=' || key[23] != '=' {
		return false
	}
	for i := 0; i < 22; i++ {
		if hsClass[key[i]]&hsBase64 == 0 {
			return false
		}
	}
	switch key[21] {
	case 'A', 'Q', 'g', 'w': // the four values below 64 whose low 4 bits are zero
		return true
	}
	return false
}

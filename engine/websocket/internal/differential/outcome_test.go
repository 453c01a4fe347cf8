package differential_test

import (
	"fmt"
	"slices"
	"strings"
)

// An outcome is all that a peer can see of an echo server or client, in a form
// in which the same behaviour is the same text.
type outcome struct {
	answers []string // "text …", "binary …" and "pong …", in the order of the wire
	end     ending
}

// An ending says how it stands after the last byte.
type ending int

const (
	// waiting for more: the connection is open.
	waiting ending = -1
	// dropped: the connection was closed without a close frame.
	dropped ending = -2
	// Any other number is the code of the close frame that was sent; noStatus
	// is an empty one (RFC 6455 section 7.1.5).
	noStatus ending = 1005
)

func (e ending) String() string {
	switch e {
	case waiting:
		return "waiting"
	case dropped:
		return "dropped"
	}
	return fmt.Sprintf("close %d", int(e))
}

func (o outcome) equal(other outcome) bool {
	return o.end == other.end && slices.Equal(o.answers, other.answers)
}

func (o outcome) String() string {
	var b strings.Builder
	for _, a := range o.answers {
		if n := len(a); n > 60 {
			a = fmt.Sprintf("%s… (%d bytes)", a[:50], n)
		}
		fmt.Fprintf(&b, "\n\t%q", a)
	}
	fmt.Fprintf(&b, "\n\t%v", o.end)
	return b.String()
}

// The opcodes of RFC 6455 section 11.8.
const (
	opCont  = 0
	opText  = 1
	opBin   = 2
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// answer names what was sent.
func answer(op byte, payload []byte) string {
	names := map[byte]string{opText: "text ", opBin: "binary ", opPing: "ping ", opPong: "pong "}
	return names[op] + string(payload)
}

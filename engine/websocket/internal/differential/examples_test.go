package differential_test

import (
	"bytes"
	"testing"
)

const (
	fin  = 0x80
	rsv1 = 0x40
)

// from writes a frame as a client sends it.
func from(b0 byte, payload string) string {
	b := appendHead(nil, b0, 0x80, uint64(len(payload)), 0)
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return string(b)
}

// An example is one stream.
type example struct {
	client bool
	packing
	in string
}

// examples are streams in which one rule, or two of the same kind, make the
// difference. The limit is 1000.
var examples = map[rule]example{
	textUnchecked:   {in: from(fin|opText, "\xff")},
	reasonUnchecked: {in: from(fin|opClose, "\x03\xe8\xff")},
	reason1002:      {in: from(fin|opClose, "\x03\xe8\xff")},
	longLength:      {in: "\x82\xfe\x00\x01\x00\x00\x00\x00a"},
	overflowDropped: {in: "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00"},
	sumDropped:      {in: from(opBin, "a") + "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"},
	wholeHeader:     {in: "\x83\x80"},
	unmaskedDropped: {in: "\x81\x01a"},
	maskedAccepted:  {client: true, in: from(fin|opText, "a")},
	lateLimit:       {in: "\x82\xfe\x04\x00\x00\x00\x00\x00abc"},
	oneByteClose:    {in: from(fin|opClose, "\x03")},
	no1014:          {in: from(fin|opClose, "\x03\xf6")},
	rsv1Anywhere:    {packing: noTakeover, in: from(fin|rsv1|opPing, "a")},
	// A block of a type that does not exist.
	corruptDropped: {packing: noTakeover, in: from(fin|rsv1|opBin, "\x07")},
	// The end of RFC 7692 7.2.3.1 is missing.
	cutDeflate:        {packing: noTakeover, in: from(fin|rsv1|opText, "\xf2\x48\xcd\xc9")},
	inflatedUnlimited: {packing: noTakeover, in: from(fin|rsv1|opBin, string(zeros(2000)))},
	inflatesEarly:     {packing: noTakeover, in: from(rsv1|opBin, "\x07")},
	piecewise:         {packing: noTakeover, in: from(rsv1|opBin, "\x07")},
	// Unmasked this is a stored block of five bytes, of which two are there;
	// masked it is a final one of none, which is a message.
	inflatesMasked: {packing: noTakeover, in: "\xc2\x8a\x01\x00\x00\x00\x01\x00\x00\xff\xff"},
	emptyDropped:   {packing: noTakeover, in: from(fin|rsv1|opText, "")},
	// RFC 7692 7.2.3.4, twice.
	finalEnds: {packing: noTakeover, in: from(fin|rsv1|opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00")},
}

// zeros is n zeros, compressed.
func zeros(n int) []byte { return deflate(make([]byte, n), nil, 8) }

// TestRules wants every rule to be needed: a peer that has changed is found.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range catalogue {
		e, ok := examples[c.rule]
		if !ok {
			t.Errorf("no example: %s", c.reason)
		}
		used := compare(t, &stream{client: e.client, packing: e.packing, limit: 1000, in: []byte(e.in), cuts: []int{1}})
		if used&c.rule == 0 {
			t.Errorf("makes no difference: %s", c.reason)
		}
	}
}

// TestSplit gives the examples and what is right in every reading, byte by byte
// and whole, to see that the same comes of it.
func TestSplit(t *testing.T) {
	t.Parallel()
	right := from(opText, "κό"[:3]) + from(fin|opPing, "p") + from(opCont, "κό"[3:]) + from(fin|opCont, "") +
		from(fin|opBin, "b") + from(fin|opClose, "\x03\xe8bye") + from(fin|opText, "never read")
	packed := from(rsv1|opText, "\xf2\x48") + from(fin|opPong, "") + from(fin|opCont, "\xcd\xc9\xc9\x07\x00")
	for _, e := range []example{
		{in: right},
		{packing: noTakeover, in: packed + packed + right},
		{packing: takeover, in: packed + from(fin|rsv1|opText, "\xf2\x00\x11\x00\x00") + right}, // RFC 7692 7.2.3.2
	} {
		for _, cuts := range [][]int{nil, {1}, {2, 3}, {7}} {
			if used := compare(t, &stream{packing: e.packing, limit: 1000, in: bytes.Clone([]byte(e.in)), cuts: cuts}); used != 0 {
				t.Errorf("packing %d, reads of %v: differ by %b", e.packing, cuts, used)
			}
		}
	}
}

package differential_test

import "encoding/binary"

// A stream is what one peer sends after the opening handshake, and how it
// arrives.
type stream struct {
	client bool  // it goes to a client
	limit  int64 // of a message, set for every endpoint
	packing
	in   []byte
	cuts []int // sizes of reads, in turn; none: all in one
}

// reads cuts the stream.
func (s *stream) reads() (list [][]byte) {
	for i, rest := 0, s.in; len(rest) > 0; i++ {
		n := len(rest)
		if len(s.cuts) > 0 {
			n = min(n, s.cuts[i%len(s.cuts)])
		}
		list = append(list, rest[:n:n])
		rest = rest[n:]
	}
	return list
}

// maxStream bounds what is built of one recipe.
const maxStream = 300_000

// cook makes a stream of any bytes, such that most streams of random bytes are
// a conversation with few faults and that a changed byte changes little.
func cook(recipe []byte) *stream {
	k := &kitchen{left: recipe}
	how, cuts := k.next(), k.next()
	tail := int(k.next())
	k.client = how&1 != 0
	k.limit = 70_000
	if how&2 != 0 {
		k.limit = 1000
	}
	k.packing = packing(how >> 5 & 3 % 3)
	for range cuts & 3 {
		k.cuts = append(k.cuts, 1+int(k.next())<<(cuts>>2&7))
	}
	if how&0x1c == 0x1c {
		k.in = k.left
		return &k.stream
	}
	for len(k.left) > 0 && len(k.in) < maxStream {
		k.frame()
	}
	if tail >= 200 { // the last frame is not whole
		k.in = k.in[:max(0, len(k.in)-(tail-199))]
	}
	return &k.stream
}

// A kitchen is a stream that is being made.
type kitchen struct {
	stream
	left []byte // of the recipe
	open byte   // the type of the message that goes on
	text int    // how far the text of that message is

	packed bool   // the message is compressed
	rest   []byte // of the compressed message
	window []byte
}

// next takes a byte of the recipe, which ends in zeros.
func (k *kitchen) next() byte {
	if len(k.left) == 0 {
		return 0
	}
	b := k.left[0]
	k.left = k.left[1:]
	return b
}

// frame adds a frame: mostly one that may follow.
func (k *kitchen) frame() {
	what, how := k.next(), k.next()
	b0, payload := byte(0), []byte(nil)
	switch {
	case what < 170:
		b0 = k.data(what)
		if b0&15 != opCont {
			k.open, k.packed = b0&15, false
			if k.packing != plain && what&8 == 0 {
				b0 |= 0x40
				k.pack()
			}
		}
		last := b0&0x80 != 0
		if k.packed {
			payload = k.piece(last)
		} else {
			payload = k.payload(k.open == opText, last)
		}
		if last {
			k.open = opCont
		}
	case what < 240:
		b0 = 0x80 | opPing + what&1
		payload = k.bytes(int(k.next()) % 130)
	default:
		b0 = 0x80 | opClose
		payload = k.close()
	}
	k.write(b0, how, payload)
}

// data decides which data frame comes: the first or a further one of a message,
// the last one or not. One in sixteen asks nothing about what may come.
func (k *kitchen) data(what byte) (b0 byte) {
	op := what&1 + 1
	if k.open != 0 {
		op = opCont
	}
	if what>>4 == 9 { // 0x9?
		op = what & 3 % 3
	}
	if what&6 != 0 {
		return 0x80 | op
	}
	return op
}

// write adds a frame with one of many faults, or with none.
func (k *kitchen) write(b0, how byte, payload []byte) {
	mask := byte(0x80)
	if k.client {
		mask = 0
	}
	switch how { // where the forms of a length meet
	case 206:
		payload = make([]byte, 125+k.next()&1)
	case 208:
		payload = make([]byte, 65535+int(k.next()&1))
	}
	length, form := uint64(len(payload)), 0
	switch how {
	case 200, 201, 202:
		b0 ^= 0x40 >> (how - 200)
	case 203:
		b0 ^= k.next()
	case 204:
		mask ^= 0x80
	case 205, 206:
		form = 16
	case 207, 208:
		form = 64
	case 209: // and whatever follows is taken for payload
		length, form = length+1+uint64(k.next()), 0
	case 210:
		length, form = 1<<63-1-uint64(k.next()&1), 64
	case 211:
		length, form = 1<<63+uint64(k.next()), 64
	case 212:
		length = uint64(k.limit) - 1 + uint64(k.next()&3)
	case 213:
		b0 ^= 0x80
	}
	k.in = appendHead(k.in, b0, mask, length, form)
	if mask != 0 {
		key := [4]byte{how, how >> 1, what(how), 0}
		k.in = append(k.in, key[:]...)
		for i, b := range payload {
			k.in = append(k.in, b^key[i%4])
		}
		return
	}
	k.in = append(k.in, payload...)
}

func what(b byte) byte { return b * 37 }

// appendHead writes a header without a key. form is 16 or 64 for a length of
// that many bits; otherwise the shortest is taken.
func appendHead(dst []byte, b0, mask byte, length uint64, form int) []byte {
	switch {
	case form == 64 || length > 0xffff:
		return binary.BigEndian.AppendUint64(append(dst, b0, mask|127), length)
	case form == 16 || length > 125:
		return binary.BigEndian.AppendUint16(append(dst, b0, mask|126), uint16(length))
	}
	return append(dst, b0, mask|byte(length))
}

package differential_test

import (
	"encoding/binary"
	"math/big"
	"slices"
	"unicode/utf8"
)

// A model is an endpoint that echoes every message, answers pings and keeps to
// RFC 6455, but for its rules. It is slow and obvious: it looks at all bytes from
// the start and knows no reads.
type model struct {
	rules  rule
	client bool  // it is a client: the frames come from a server
	limit  int64 // of a message, bytes
	packing
}

// differs tells whether the peer has the rule. It is asked only where the rule
// makes a difference.
func (m model) differs(r rule) bool { return m.rules&r != 0 }

// A frame is a header, and what there is of the payload behind it, unmasked.
type frame struct {
	fin     bool
	rsv     byte
	op      byte
	masked  bool
	length  uint64
	payload []byte
	whole   bool
}

func (f frame) control() bool { return f.op >= 8 }

// run gives the outcome after all bytes of in. A peer with inflatesEarly or with
// piecewise may also do what the others say, and one with finalEnds anything
// after the answers of until, if that is not nil.
func (m model) run(in []byte) (o outcome, others []outcome, until *outcome) {
	var msg, window []byte // the message so far; the text before it
	sum := new(big.Int)    // of the lengths of its frames
	var kind byte = opCont // its type; opCont between messages
	packed := false        // it is compressed
	cut := false           // the bytes end inside its frame
	end := func(e ending) (outcome, []outcome, *outcome) { o.end = e; return o, others, until }
	early := func(e ...ending) {
		for _, e := range e {
			others = append(others, outcome{slices.Clone(o.answers), e})
		}
	}
	for {
		if packed && kind != opCont {
			limit := m.limit
			if m.differs(inflatedUnlimited) {
				limit = 1 << 40
			}
			out, ends, err := inflate(msg, window, "", limit)
			if m.differs(inflatesEarly) && (int64(len(out)) > limit || corrupt(err)) {
				early(dropped, 1009)
			}
			if m.differs(piecewise) {
				early(m.faults(msg, window, "", kind == opText)...)
			}
			if ends && m.differs(finalEnds) && until == nil {
				until = &outcome{slices.Clone(o.answers), waiting}
			}
		}
		if cut {
			return end(waiting)
		}
		f, rest, e := m.frame(in, kind != opCont)
		if e != 0 {
			return end(e)
		}
		in = rest
		switch {
		case f.control() && !f.whole:
			return end(waiting)
		case f.op == opPing:
			// 5.5.2 and 5.5.3: a ping is answered by a pong with the same payload.
			o.answers = append(o.answers, answer(opPong, f.payload))
			continue
		case f.op == opPong:
			continue
		case f.op == opClose:
			return end(m.answerClose(f.payload))
		case f.op != opCont:
			kind, msg, packed = f.op, nil, f.rsv != 0
			sum.SetInt64(0)
		}
		sum.Add(sum, new(big.Int).SetUint64(f.length))
		msg = append(msg, f.payload...)
		if e := m.tooLong(sum, int64(len(msg)), packed); e != 0 {
			return end(e)
		}
		last := f.whole && f.fin
		// 8.1: a text that is not, or cannot become, UTF-8 fails the connection.
		if kind == opText && !packed && !couldBeText(msg, last) && !m.differs(textUnchecked) {
			return end(1007)
		}
		if !f.whole {
			if packed && m.differs(inflatesMasked) && until == nil {
				until = &outcome{slices.Clone(o.answers), waiting}
			}
			cut = true
			continue
		}
		if !last {
			continue
		}
		if packed {
			if m.differs(piecewise) {
				early(m.faults(msg, window, tail+final, kind == opText)...)
			}
			out, ends, e := m.unpack(msg, window)
			if ends && m.differs(finalEnds) && until == nil {
				until = &outcome{slices.Clone(o.answers), waiting}
			}
			if int64(len(out)) == m.limit+1 && m.differs(cutDeflate) {
				early(1009)
			}
			if e != 0 {
				return end(e)
			}
			if msg = out; m.packing == takeover {
				window = slide(window, out)
			}
			if kind == opText && !utf8.Valid(msg) && !m.differs(textUnchecked) {
				return end(1007)
			}
		}
		o.answers = append(o.answers, answer(kind, msg))
		kind = opCont
	}
}

// frame takes one frame from the start of in. e is not 0 when that is the end.
func (m model) frame(in []byte, inside bool) (f frame, rest []byte, e ending) {
	if len(in) < 2 {
		return f, nil, waiting
	}
	f = frame{fin: in[0]&0x80 != 0, rsv: in[0] >> 4 & 7, op: in[0] & 15, masked: in[1]&0x80 != 0}
	bad := m.judge(f, in[1]&127, inside)
	if bad != 0 && !m.differs(wholeHeader) {
		return f, nil, bad
	}
	size := 2
	switch f.length = uint64(in[1] & 127); f.length {
	case 126:
		if size = 4; len(in) >= size {
			f.length = uint64(binary.BigEndian.Uint16(in[2:]))
		}
	case 127:
		if size = 10; len(in) >= size {
			f.length = binary.BigEndian.Uint64(in[2:])
		}
	}
	switch {
	case len(in) < size:
		return f, nil, waiting
	case f.length >= 1<<63 && m.differs(overflowDropped):
		return f, nil, dropped
	// 5.2: "the most significant bit MUST be 0".
	case f.length >= 1<<63:
		return f, nil, 1002
	// 5.2: "the minimal number of bytes MUST be used to encode the length".
	case (size == 4 && f.length < 126 || size == 10 && f.length < 65536) && !m.differs(longLength):
		return f, nil, 1002
	}
	var key []byte
	if f.masked {
		if size += 4; len(in) < size {
			return f, nil, waiting
		}
		key = in[size-4 : size]
	}
	if bad == 0 && f.control() && f.length > 125 {
		bad = 1002
	}
	if bad != 0 {
		return f, nil, bad
	}
	in = in[size:]
	f.whole = uint64(len(in)) >= f.length
	f.payload = append(f.payload, in[:min(uint64(len(in)), f.length)]...)
	in = in[len(f.payload):]
	if f.masked && !(m.client && !f.control()) { // see maskedAccepted
		for i := range f.payload {
			f.payload[i] ^= key[i%4]
		}
	}
	return f, in, 0
}

// judge looks for what is wrong with the first two bytes of a frame.
func (m model) judge(f frame, length7 byte, inside bool) ending {
	switch {
	// 5.2: the reserved bits mean nothing without an extension.
	case f.rsv&3 != 0, f.rsv != 0 && m.packing == plain:
		return 1002
	// RFC 7692 section 6: only the first frame of a message may have RSV1 set.
	case f.rsv != 0 && f.op != opText && f.op != opBin && !m.differs(rsv1Anywhere):
		return 1002
	// 5.1: a client masks every frame, a server none.
	case !m.client && !f.masked && m.differs(unmaskedDropped):
		return dropped
	case m.client == f.masked && !(m.client && m.differs(maskedAccepted)):
		return 1002
	// 5.2: reserved opcodes.
	case f.op > opBin && f.op < opClose || f.op > opPong:
		return 1002
	// 5.5: a control frame is one frame of at most 125 bytes.
	case f.control() && !f.fin:
		return 1002
	case f.control() && length7 > 125 && !(m.differs(longLength) && m.differs(wholeHeader)):
		return 1002
	// 5.4: a message is a frame of its type and then continuations, and no
	// message begins inside another.
	case !f.control() && (f.op == opCont) != inside:
		return 1002
	}
	return 0
}

// tooLong holds the announced and the arrived bytes of a message against the
// limit. 7.4.1: 1009 is for "a message that is too big for it to process".
func (m model) tooLong(announced *big.Int, arrived int64, packed bool) ending {
	limit := m.limit
	if packed && !m.differs(inflatedUnlimited) {
		limit += limit/256 + 64 // what does not compress grows, and fits all the same
	}
	switch {
	case !announced.IsInt64() && m.differs(sumDropped):
		return dropped
	case m.differs(lateLimit):
		if arrived > limit && !packed {
			return 1009
		}
	case announced.Cmp(big.NewInt(limit)) > 0:
		return 1009
	}
	return 0
}

// answerClose is what a close frame is answered with.
func (m model) answerClose(p []byte) ending {
	switch len(p) {
	case 0:
		return noStatus
	case 1:
		// 5.5.1: the body, if there is one, begins with a code of two bytes.
		if m.differs(oneByteClose) {
			return noStatus
		}
		return 1002
	}
	code := ending(p[0])<<8 | ending(p[1])
	switch {
	// 7.4: what may be on the wire.
	case code == 1014 && m.differs(no1014):
		return 1002
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
	default:
		return 1002
	}
	if !utf8.Valid(p[2:]) {
		switch {
		case m.differs(reason1002):
			return 1002
		case !m.differs(reasonUnchecked):
			return 1007
		}
	}
	return code
}

// couldBeText tells whether p is UTF-8 or, while the text goes on, could become
// it.
func couldBeText(p []byte, over bool) bool {
	for len(p) > 0 {
		if r, n := utf8.DecodeRune(p); r != utf8.RuneError || n > 1 {
			p = p[n:]
			continue
		}
		return !over && !utf8.FullRune(p)
	}
	return true
}

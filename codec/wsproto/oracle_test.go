package wsproto_test

import (
	"bytes"
	"errors"
	"math"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// record is what a reader of the wire is left with: a control frame, or a
// message put together again.
type record struct {
	Op      wsproto.OpCode
	Payload string
	Whole   bool // false: the bytes ended inside this message
}

// compressed marks the Op of a message whose payload is compressed.
const compressed wsproto.OpCode = 0x40

// oracle decodes a whole input, slowly and obviously: it reads headers with
// gobwas/ws, judges them with ws.CheckHeader, takes a length for minimal when
// writing the header gives the same bytes, and checks a text from its start
// whenever there is more of it. The code is 0 when the input holds no
// violation.
func oracle(cfg wsproto.Config, in []byte) (records []record, code wsproto.StatusCode) {
	var (
		message  []byte
		declared uint64 // sum of lengths; two lengths cannot overflow it
		op       wsproto.OpCode
		state    = ws.StateServerSide
	)
	if cfg.Client {
		state = ws.StateClientSide
	}
	for {
		rest, zip := in, cfg.Deflate && len(in) > 0 && in[0]&0x70 == 0x40 && (in[0]&15 == text || in[0]&15 == bin)
		if zip {
			rest = bytes.Clone(in)
			rest[0] &^= 0x40
		}
		h, size, verdict := oracleHeader(rest, state)
		if verdict != nil {
			return records, wsproto.StatusProtocolError
		}
		if size == 0 {
			break
		}
		if h.OpCode.IsData() {
			if h.OpCode != wsproto.OpContinuation {
				op, declared, message = h.OpCode, 0, nil
				if zip {
					op |= compressed
				}
				state = state.Set(ws.StateFragmented)
			}
			declared += uint64(h.Length)
			if cfg.MaxFrame > 0 && h.Length > cfg.MaxFrame || declared > oracleLimit(cfg, op) {
				return records, wsproto.StatusMessageTooBig
			}
		}
		in = in[size:]
		arrived := min(uint64(len(in)), uint64(h.Length))
		payload := bytes.Clone(in[:arrived])
		in = in[arrived:]
		for i := range payload {
			payload[i] ^= h.Mask[i%4]
		}
		whole := arrived == uint64(h.Length)
		if h.OpCode.IsControl() {
			if !whole {
				break
			}
			records = append(records, record{h.OpCode, string(payload), true})
			continue
		}
		message = append(message, payload...)
		last := whole && h.Fin
		if op == wsproto.OpText && !cfg.SkipUTF8 {
			if !utf8Prefix(message) || last && !utf8.Valid(message) {
				return records, wsproto.StatusInvalidFramePayloadData
			}
		}
		if last {
			records = append(records, record{op, string(message), true})
			state = state.Clear(ws.StateFragmented)
		}
		if !whole {
			break
		}
	}
	if state.Fragmented() {
		records = append(records, record{op, string(message), false})
	}
	return records, 0
}

func oracleLimit(cfg wsproto.Config, op wsproto.OpCode) uint64 {
	limit := uint64(cfg.MaxMessage)
	switch {
	case cfg.MaxMessage == 0:
		limit = 16 << 20
	case cfg.MaxMessage < 0:
		return math.MaxInt64
	}
	if op&compressed != 0 {
		limit += limit/256 + 64
	}
	return limit
}

// oracleHeader judges as much of a header as there is, from its second byte on.
func oracleHeader(in []byte, state ws.State) (h ws.Header, size int, verdict error) {
	if len(in) < 2 {
		return h, 0, nil
	}
	// Zeros stand for what has not arrived; they are only read where the answer
	// does not depend on them.
	padded := bytes.NewReader(append(bytes.Clone(in), make([]byte, ws.MaxHeaderSize)...))
	h, err := ws.ReadHeader(padded)
	size = int(padded.Size()) - padded.Len()
	first := ws.Header{
		Fin: in[0]&0x80 != 0, Rsv: in[0] >> 4 & 7, OpCode: ws.OpCode(in[0] & 15),
		Masked: in[1]&0x80 != 0, Length: int64(in[1] & 0x7f),
	}
	if err := ws.CheckHeader(first, state); err != nil {
		return h, size, err
	}
	lengthEnd := map[int64]int{126: 4, 127: 10}[first.Length]
	if len(in) < lengthEnd {
		return h, 0, nil
	}
	if err != nil {
		return h, size, err
	}
	var again bytes.Buffer
	if err := ws.WriteHeader(&again, h); err != nil {
		return h, size, err
	}
	if again.Len() != size {
		return h, size, errors.New("length not minimal")
	}
	if size > len(in) {
		return h, 0, nil
	}
	return h, size, nil
}

// utf8Prefix reports whether p starts some valid text.
func utf8Prefix(p []byte) bool {
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			return !utf8.FullRune(p)
		}
		p = p[size:]
	}
	return true
}

package wsproto

import (
	"encoding/binary"
	"math"
)

// DefaultMaxMessage is the limit in bytes that a zero Config.MaxMessage means.
const DefaultMaxMessage = 16 << 20

// Config is what the decoders of one kind of connection have in common. Many
// decoders on many goroutines may share one; it must not change while they do.
// The zero value is right for a server.
type Config struct {
	// Client says that the frames come from a server, to a client. False: from
	// a client, to a server.
	Client bool
	// MaxFrame limits the payload of one data frame, in bytes. Zero and
	// negative: no limit but MaxMessage.
	MaxFrame int64
	// MaxMessage limits the payload of one message, over all its frames, in
	// bytes. Zero: DefaultMaxMessage. Negative: no limit.
	MaxMessage int64
	// SkipUTF8 lets text through that is not UTF-8. False: such text is an
	// error, as RFC 6455 section 8.1 demands.
	SkipUTF8 bool
	// Deflate says that permessage-deflate was agreed: messages may be compressed.
	Deflate bool
}

// Event is a control frame or a piece of a message.
type Event struct {
	// Op is OpPing, OpPong or OpClose for a control frame. For a piece of a
	// message it is OpText or OpBinary, the type of the message, whichever
	// frame the piece came in; never OpContinuation.
	Op OpCode
	// First and Last say that this piece begins and ends its message. Both are
	// true for a message that comes in one piece, and for control frames.
	First, Last bool
	// Payload is unmasked, a view of the bytes given to Next: it lives as long
	// as they do. It may be empty: an empty message has one piece, a frame of
	// which only the header has arrived gives what there is of it, and an empty
	// fragment may be the one that ends a message.
	Payload []byte
}

// Decoder turns the bytes of one direction of a connection into events. It
// holds no bytes: the caller keeps what was not taken and offers it again with
// what follows. It is not safe for concurrent use. Make one with [NewDecoder].
type Decoder struct {
	cfg  *Config
	err  *Error // the violation that ended it
	left int64  // payload bytes of the current data frame that are still to come
	size int64  // payload bytes of the current message, by the headers so far
	key  uint32 // masks the next byte of the current data frame; see turnKey
	op   OpCode // of the current message, OpContinuation between messages
	fin  bool   // the current data frame is the last of its message
	zip  bool   // the current message is compressed, or the last one was
	text UTF8
}

// NewDecoder returns a decoder at the start of a connection. A nil cfg means
// the zero Config.
func NewDecoder(cfg *Config) Decoder {
	if cfg == nil {
		cfg = &zeroConfig
	}
	return Decoder{cfg: cfg}
}

var zeroConfig Config

// SetConfig lets the decoder go on with another Config, from the next frame
// header on. It must not be nil. Only the limits may differ from those of the one
// before; a message that has begun counts against the new ones with all of it.
func (d *Decoder) SetConfig(cfg *Config) { d.cfg = cfg }

// Next decodes one event from the start of p and tells how many bytes it took.
// It unmasks in place, within p[:n] only.
//
//   - n > 0: there is an event. A data frame that is not whole gives what has
//     arrived of it, and the next call goes on from there. Control frames come
//     whole, also between the frames of a message.
//   - n == 0 with a nil error: p is empty, or ends inside a header or inside a
//     control frame. More bytes are needed.
//   - an error is always an [*Error]; every later call returns it again. The
//     bytes of p that belong to the bad frame may have been changed.
//
// Whatever can be judged early is: a header by its first two bytes, a length by
// the header, before any of the payload has to be stored, and text by each
// piece, which is refused as soon as it can never become UTF-8.
//
// After a close frame its sender "MUST NOT send any more data frames" (RFC 6455
// section 5.5.1). The decoder does not look for the end: the caller stops
// calling, and drops the rest.
func (d *Decoder) Next(p []byte) (ev Event, n int, err error) {
	if d.err != nil {
		return Event{}, 0, d.err
	}
	if d.left > 0 {
		if len(p) == 0 {
			return Event{}, 0, nil
		}
		return d.data(p, 0, false)
	}
	if len(p) < 2 {
		return Event{}, 0, nil
	}
	if bad := d.check(p[0], p[1]); bad != nil {
		return d.fail(bad)
	}
	length, head, bad := parseLength(p)
	if bad != nil {
		return d.fail(bad)
	}
	if head == 0 {
		return Event{}, 0, nil
	}
	var key uint32
	if p[1]&maskBit != 0 {
		key = binary.LittleEndian.Uint32(p[head-4 : head])
	}
	op := OpCode(p[0] & opBits)
	if op.IsControl() {
		end := head + int(length)
		if len(p) < end {
			return Event{}, 0, nil
		}
		payload := p[head:end:end]
		xorKey(payload, key)
		return Event{Op: op, First: true, Last: true, Payload: payload}, end, nil
	}
	first := op != OpContinuation
	if first {
		d.op = op
		d.zip = p[0]&rsv1Bit != 0
	}
	if bad := d.admit(length); bad != nil {
		return d.fail(bad)
	}
	d.size += length
	d.left = length
	d.key = key
	d.fin = p[0]&finBit != 0
	return d.data(p, head, first)
}

// Compressed reports whether the message of the piece that Next returned last is
// compressed (RFC 7692 section 6.2). Its pieces are DEFLATE data then: the limit
// and the UTF-8 of what they inflate to are for the caller to check. The decoder
// lets through a little more than MaxMessage, because compression may also make
// a message longer.
func (d *Decoder) Compressed() bool { return d.zip }

// check applies the rules that the first two bytes of a frame can break.
func (d *Decoder) check(b0, b1 byte) *Error {
	op := OpCode(b0 & opBits)
	switch {
	// RFC 6455 5.2: the reserved bits "MUST be 0 unless an extension is
	// negotiated that defines meanings for non-zero values". RFC 7692 6.1 defines
	// RSV1 for the first frame of a message only.
	case b0&rsvBits != 0 && (b0&rsvBits != rsv1Bit || !d.cfg.Deflate || op != OpText && op != OpBinary):
		return ErrReservedBits
	// RFC 6455 5.2: "If an unknown opcode is received, the receiving endpoint
	// MUST _Fail the WebSocket Connection_."
	case op.IsReserved():
		return ErrReservedOpCode
	// RFC 6455 5.1: "The server MUST close the connection upon receiving a
	// frame that is not masked. [...] A client MUST close a connection if it
	// detects a masked frame."
	case d.cfg.Client && b1&maskBit != 0:
		return ErrMasked
	case !d.cfg.Client && b1&maskBit == 0:
		return ErrNotMasked
	// RFC 6455 5.5: "All control frames MUST have a payload length of 125 bytes
	// or less and MUST NOT be fragmented."
	case op.IsControl() && b0&finBit == 0:
		return ErrControlFragmented
	case op.IsControl():
		if b1&lengthBits > MaxControlPayload {
			return ErrControlTooLong
		}
	// RFC 6455 5.4: a fragmented message is "a single frame with the FIN bit
	// clear and an opcode other than 0, followed by zero or more frames with
	// the FIN bit clear and the opcode set to 0", and "the fragments of one
	// message MUST NOT be interleaved between the fragments of another".
	case op == OpContinuation && d.op == OpContinuation:
		return ErrNothingToContinue
	case op != OpContinuation && d.op != OpContinuation:
		return ErrContinuationExpected
	}
	return nil
}

// admit applies the limits to the length of a data frame. RFC 6455 10.4 wants
// them: a peer may announce any length.
func (d *Decoder) admit(length int64) *Error {
	if d.cfg.MaxFrame > 0 && length > d.cfg.MaxFrame {
		return ErrFrameTooBig
	}
	limit := d.cfg.MaxMessage
	switch {
	case limit == 0:
		limit = DefaultMaxMessage
	case limit < 0:
		limit = math.MaxInt64
	}
	if d.zip && limit <= math.MaxInt64/2 {
		limit += limit/256 + 64 // what does not compress grows a little
	}
	if length > limit-d.size {
		return ErrMessageTooBig
	}
	return nil
}

// data gives what p holds of the current data frame after the first head bytes,
// which are its header or nothing.
func (d *Decoder) data(p []byte, head int, first bool) (Event, int, error) {
	end := len(p)
	if int64(end-head) > d.left {
		end = head + int(d.left)
	}
	piece := p[head:end:end]
	if d.key != 0 {
		xorKey(piece, d.key)
		d.key = turnKey(d.key, len(piece))
	}
	d.left -= int64(len(piece))
	last := d.fin && d.left == 0
	// RFC 6455 8.1: "When an endpoint is to interpret a byte stream as UTF-8
	// but finds that the byte stream is not, in fact, a valid UTF-8 stream,
	// that endpoint MUST _Fail the WebSocket Connection_." 5.6: a message must
	// be valid as a whole, its fragments need not be.
	if d.op == OpText && !d.cfg.SkipUTF8 && !d.zip {
		if !d.text.Write(piece) || last && !d.text.Complete() {
			return d.fail(ErrInvalidUTF8)
		}
	}
	ev := Event{Op: d.op, First: first, Last: last, Payload: piece}
	if last {
		d.op, d.size = OpContinuation, 0
	}
	return ev, end, nil
}

func (d *Decoder) fail(bad *Error) (Event, int, error) {
	d.err = bad
	return Event{}, 0, bad
}

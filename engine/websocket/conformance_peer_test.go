package websocket_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// conformWire is the fuzzer's end of a connection.
type conformWire interface {
	io.ReadWriteCloser
	CloseWrite() error
	SetDeadline(t time.Time) error
}

// memoryWire is the far end of a loop in memory: what is written has been
// handled when Write returns, and where nothing waits nothing will come.
type memoryWire struct {
	*enginetest.Peer
	unread []byte
	left   bool
}

func (w *memoryWire) Write(p []byte) (int, error) {
	w.Send(p)
	return len(p), nil
}

func (w *memoryWire) Read(p []byte) (int, error) {
	if len(w.unread) == 0 {
		w.unread = w.Received()
	}
	switch {
	case len(w.unread) > 0:
	case w.SawFIN(), w.Peer.Closed():
		return 0, io.EOF
	default:
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p, w.unread)
	w.unread = w.unread[n:]
	return n, nil
}

func (w *memoryWire) CloseWrite() error {
	if !w.left {
		w.left = true
		w.Peer.CloseWrite()
	}
	return nil
}

func (w *memoryWire) Close() error              { return w.CloseWrite() }
func (*memoryWire) SetDeadline(time.Time) error { return nil }

// fuzzer is a peer that can break every rule, and that notices when the other
// side breaks one. It shares no code with the packages that it tests. It writes
// and reads in turn on one goroutine: no endpoint here stops reading because its
// output waits.
type fuzzer struct {
	wire    conformWire
	r       *bufio.Reader
	client  bool // it plays the client
	chop    int  // everything leaves in pieces of so many bytes; zero: whole
	rng     *rand.Rand
	deflate *conformDeflate // nil: not negotiated

	shaken func() error // reads the answer to the opening handshake, nil when that is done

	out     []byte // leaves with the next flush
	wrote   error  // nothing more can be sent
	op      byte   // of the message that is being sent
	partial []byte
	open    bool // inside such a message
	raw     bool // it has RSV1
	left    int  // inside a frame: bytes of it that are still to be sent
	key     []byte
	sent    []conformMessage // messages that were sent
	pings   [][]byte
	barrier []byte // payload of a ping of ours that is no part of the case

	got       []conformEvent // what came, payloads as literals
	inOp      byte
	inRSV     bool
	in        []byte
	inOpen    bool
	shrunk    int // messages that came compressed
	closeSent bool
	closeCode int   // that we sent, negative: none
	answered  bool  // the endpoint's close frame has come
	first     bool  // before ours
	code      int   // of that frame, negative: none
	end       error // io.EOF after a FIN
}

var conformKinds = map[byte]string{text: "text", bin: "bin"}

// conformMessage is a message that was sent, before it was compressed.
type conformMessage struct {
	op      byte
	payload []byte
	raw     bool // the case has compressed it
}

func newFuzzer(wire conformWire, client bool, seed uint64) *fuzzer {
	return &fuzzer{wire: wire, r: bufio.NewReaderSize(wire, 64<<10), client: client, rng: rand.New(rand.NewPCG(seed, 1))}
}

// newKey is a masking key, or nil for who plays the server.
func (f *fuzzer) newKey() []byte {
	if !f.client {
		return nil
	}
	return binary.LittleEndian.AppendUint32(nil, f.rng.Uint32())
}

// flush sends what has been put together, in pieces of n bytes; zero: whole.
// Somebody who is tested may have closed by now, which reading will tell.
func (f *fuzzer) flush(n int) {
	if f.chop > 0 {
		n = f.chop
	}
	if n <= 0 {
		n = max(len(f.out), 1)
	}
	_ = f.wire.SetDeadline(time.Now().Add(patience))
	for b := f.out; len(b) > 0 && f.wrote == nil; {
		k := min(n, len(b))
		_, f.wrote = f.wire.Write(b[:k])
		b = b[k:]
	}
	if f.out = f.out[:0]; cap(f.out) > 1<<20 {
		f.out = nil
	}
}

// frame puts a frame together as step says.
func (f *fuzzer) frame(b0 byte, p []byte, sync bool, chop int) {
	if (sync || chop > 0) && len(f.out) > 0 {
		f.flush(0)
	}
	f.out = appendConformFrame(f.out, b0, p, f.newKey())
	if sync || chop > 0 {
		f.flush(chop)
	}
}

// do does one step of a case.
func (f *fuzzer) do(s *conformStep, timeouts int) {
	b0 := s.op | s.rsv<<4
	if !s.open {
		b0 |= fin
	}
	p := s.payload.bytes(s.op == text || s.op == cls)
	if s.misMask || s.bits > 0 || s.declare > 0 {
		f.oddFrame(s, b0, p)
		return
	}
	switch s.name {
	case "text", "bin", "cont", "op":
		f.frame(b0, p, s.sync, s.chop)
		f.note(b0, p)
	case "message":
		if s.payload.zeros && f.deflate != nil {
			f.deflate.bomb(p)
		}
		f.message(s.op, p, s.frag)
	case "ping":
		f.pings = append(f.pings, p)
		f.frame(b0, p, s.sync, s.chop)
	case "pong":
		f.frame(b0, p, s.sync, s.chop)
	case "close":
		if !f.closeSent && s.rsv == 0 { // else it is not one
			f.closeSent, f.closeCode = true, s.code
		}
		if s.code >= 0 {
			p = append(binary.BigEndian.AppendUint16(nil, uint16(s.code)), p...)
		}
		f.frame(b0, p, s.sync, s.chop)
	case "begin-message":
		f.op, f.partial, f.open = text, nil, true
	case "frame-header":
		f.key, f.left = f.newKey(), s.length
		op := f.op
		if len(f.partial) > 0 {
			op = cont
		}
		f.out = appendConformHeader(f.out, op, s.length, f.key)
	case "frame-data":
		f.out = appendConformBody(f.out, p, f.key, len(f.partial))
		f.partial, f.left = append(f.partial, p...), f.left-len(p)
	case "end-message":
		f.frame(fin|cont, nil, false, 0)
		f.note(fin|cont, nil)
	case "wait":
		f.wait(timeouts)
	case "bound", "deflate", "takeover", "hello":
	}
}

// oddFrame is a frame with a wrong mask or length. It ends the connection, so what
// is in it does not matter.
func (f *fuzzer) oddFrame(s *conformStep, b0 byte, p []byte) {
	key, mask := f.newKey(), byte(0)
	if s.misMask {
		key = map[bool][]byte{true: {1, 2, 3, 4}}[key == nil]
	}
	if key != nil {
		mask = 0x80
	}
	n := uint64(len(p))
	if s.declare > 0 {
		n = s.declare
	}
	switch {
	case s.bits == 64 || n >= 1<<16:
		f.out = binary.BigEndian.AppendUint64(append(f.out, b0, mask|127), n)
	case s.bits == 16 || n >= 126:
		f.out = binary.BigEndian.AppendUint16(append(f.out, b0, mask|126), uint16(n))
	default:
		f.out = append(f.out, b0, mask|byte(n))
	}
	f.out = appendConformBody(append(f.out, key...), p, key, 0)
}

// message sends a message whole or in frames of n bytes.
func (f *fuzzer) message(op byte, p []byte, n int) {
	f.sent, f.op = append(f.sent, conformMessage{op, p, false}), op
	b0 := op
	if f.deflate != nil {
		p = f.deflate.compress(p)
		b0 |= 0x40
	}
	if n <= 0 {
		n = max(len(p), 1)
	}
	for first := true; first || len(p) > 0; first = false {
		k := min(n, len(p))
		if k == len(p) {
			b0 |= fin
		}
		f.frame(b0, p[:k], false, 0)
		b0, p = cont, p[k:]
	}
}

// note keeps what a frame means to a correct endpoint.
func (f *fuzzer) note(b0 byte, p []byte) {
	switch op := b0 & 15; {
	case op == text || op == bin:
		f.op, f.partial, f.open, f.raw = op, bytes.Clone(p), true, b0&0x40 != 0
	case op == cont && f.open:
		f.partial = append(f.partial, p...)
	default:
		return
	}
	if b0&fin != 0 {
		f.sent = append(f.sent, conformMessage{f.op, f.partial, f.raw})
		f.partial, f.open = nil, false
	}
}

// wait stands for a second of waiting in the original suite. Between two frames
// a ping tells whether the endpoint is still there; it has answered, or failed
// the connection, when wait returns. Inside a frame only the rest of it can be
// sent: if the case wants the endpoint to be alive still, it goes on (and what
// is in memory has been judged by now), else it gives the endpoint time to fail.
// A wait that the endpoint has survived may be an event: timeout A, timeout B.
func (f *fuzzer) wait(timeouts int) {
	f.flush(0)
	passed := 0
	for _, e := range f.got {
		if e.kind == "timeout" {
			passed++
		}
	}
	if f.left == 0 {
		f.barrier = fmt.Appendf(nil, "still there %d?", passed)
		f.frame(fin|ping, f.barrier, false, 0)
		f.flush(0)
		f.read(func() bool { return f.barrier == nil })
	} else if _, memory := f.wire.(*memoryWire); memory || timeouts >= 0 && passed >= timeouts {
		f.read(func() bool { return false })
		if errors.Is(f.end, os.ErrDeadlineExceeded) {
			f.end = nil
		}
	}
	if timeouts >= 0 && !f.answered && f.end == nil {
		f.got = append(f.got, conformEvent{"timeout", literally([]byte{"ABCDEFGH"[passed]})})
	}
}

// run does the steps of a case, and repeats what is repeated n times at most.
func (f *fuzzer) run(c *conformCase, n int) {
	for i := range c.steps {
		if f.end != nil || f.answered {
			break
		}
		if s := &c.steps[i]; s.repeat > 0 {
			f.exchange(c, s, min(n, s.repeat))
		} else {
			f.do(s, c.timeouts)
		}
	}
	f.flush(0)
	if !c.peerFirst && !f.closeSent {
		events := len(c.ok)
		if c.echoed {
			events = len(f.sent)
		}
		f.read(func() bool { return len(f.got) >= events || f.answered })
		if f.end == nil && !f.answered {
			f.close(1000)
		}
	}
	f.finish()
}

// exchange sends n messages, fifty different ones, each when the one before has
// come back. It keeps the first that did not come back as it was.
func (f *fuzzer) exchange(c *conformCase, s *conformStep, n int) {
	var payloads [50][]byte
	for i := range n {
		p := &payloads[i%50]
		if i < 50 {
			*p = c.content(s, i)
		}
		f.message(s.op, *p, c.fragment())
		f.flush(0)
		f.read(func() bool { return len(f.got) > 0 || f.answered })
		if !f.same([]conformEvent{{conformKinds[s.op], literally(f.sent[0].payload)}}) {
			return
		}
		f.got, f.sent = nil, nil
	}
}

// read takes what comes until enough says so or the connection ends.
func (f *fuzzer) read(enough func() bool) {
	if f.end == nil && f.shaken != nil {
		f.end, f.shaken = f.shaken(), nil
	}
	for f.end == nil && !enough() {
		_ = f.wire.SetDeadline(time.Now().Add(patience))
		fr, err := readConformFrame(f.r, !f.client, f.deflate != nil)
		if err == nil {
			err = f.take(fr)
		}
		f.end = err
	}
}

// take judges a frame that has come.
func (f *fuzzer) take(fr conformFrame) error {
	if f.answered {
		return fmt.Errorf("a frame after the close frame: %#x %q", fr.b0, brief(string(fr.payload)))
	}
	switch op := fr.op(); op {
	case ping:
		return errors.New("a ping that nobody wants")
	case pong:
		if f.barrier != nil && bytes.Equal(fr.payload, f.barrier) {
			f.barrier = nil
			return nil
		}
		f.got = append(f.got, conformEvent{"pong", literally(fr.payload)})
	case cls:
		code, err := parseConformClose(fr.payload)
		f.answered, f.first, f.code = true, !f.closeSent, code
		if err == nil && !f.closeSent {
			// RFC 6455 5.5.1: whoever receives a close frame answers it.
			f.close(code)
		}
		return err
	default:
		if (op == cont) != f.inOpen {
			return fmt.Errorf("a frame with opcode %d, inside a message: %v", op, f.inOpen)
		}
		if op != cont {
			f.inOp, f.inRSV, f.in = op, fr.b0&0x40 != 0, nil
		}
		f.in, f.inOpen = append(f.in, fr.payload...), fr.b0&fin == 0
		if !f.inOpen {
			return f.takeMessage()
		}
	}
	return nil
}

func (f *fuzzer) takeMessage() (err error) {
	p := f.in
	f.in = nil
	if f.inRSV {
		f.shrunk++
		if p, err = f.deflate.inflate(p); err != nil {
			return err
		}
	}
	if f.inOp == text && !utf8.Valid(p) {
		return errors.New("a text that is not UTF-8")
	}
	f.got = append(f.got, conformEvent{conformKinds[f.inOp], literally(p)})
	return nil
}

// close sends a close frame.
func (f *fuzzer) close(code int) {
	var p []byte
	if code >= 0 {
		p = binary.BigEndian.AppendUint16(nil, uint16(code))
	}
	f.closeSent, f.closeCode = true, code
	f.frame(fin|cls, p, false, 0)
	f.flush(0)
}

// finish reads to the end of the connection. RFC 6455 7.1.1: the server closes
// the TCP connection first.
func (f *fuzzer) finish() {
	f.read(func() bool { return f.answered })
	if f.end == nil && !f.client {
		_ = f.wire.CloseWrite()
	}
	f.read(func() bool { return false })
	_ = f.wire.Close()
}

package websocket_test

import (
	"bytes"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// cannedWire is an endpoint that says the same whatever it hears.
type cannedWire struct {
	*bytes.Reader
	end error
}

func (w *cannedWire) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil {
		err = w.end
	}
	return n, err
}

func (*cannedWire) Write(p []byte) (int, error) { return len(p), nil }
func (*cannedWire) CloseWrite() error           { return nil }
func (*cannedWire) Close() error                { return nil }
func (*cannedWire) SetDeadline(time.Time) error { return nil }

// TestVerdicts: the fuzzer sees what endpoints do wrong.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	cases := map[string]*conformCase{}
	for _, c := range loadConformance(t, "testdata/conformance-cases.tsv") {
		cases[c.id] = c
	}
	var (
		hello  = plain(fin|pong, "Hello, world!")
		normal = plain(fin|cls, closing(1000, ""))
		failed = plain(fin|cls, closing(1002, ""))
		utf8   = plain(fin|cls, closing(1007, ""))
		here0  = plain(fin|pong, "still there 0?")
		here1  = plain(fin|pong, "still there 1?")
		reset  = os.NewSyscallError("read", syscall.ECONNRESET)
	)
	for _, tt := range []struct {
		id, said string
		end      error
		want     verdict
	}{
		{"2.2", hello + normal, io.EOF, verdictOK},
		{"2.2", hello + normal, reset, verdictUnclean},
		{"2.2", hello + normal, os.ErrDeadlineExceeded, verdictUnclean},
		{"2.2", hello + normal + hello, io.EOF, verdictUnclean},
		{"2.2", hello + normal + "\x81", io.EOF, verdictUnclean},
		{"2.2", hello, io.EOF, verdictUnclean},
		{"2.2", hello + failed, io.EOF, verdictWrongCode},
		{"2.2", hello + plain(fin|cls, ""), io.EOF, verdictWrongCode},
		{"2.2", hello + plain(fin|cls, "\x03"), io.EOF, verdictWrongCode},
		{"2.2", hello + plain(fin|cls, closing(1000, "\xff")), io.EOF, verdictWrongCode},
		{"2.2", hello + masked(fin|cls, closing(1000, "")), io.EOF, verdictUnclean},
		{"2.2", normal, io.EOF, verdictFailed},
		{"2.2", hello + hello + normal, io.EOF, verdictFailed},
		{"2.2", plain(fin|pong, "Hello") + normal, io.EOF, verdictFailed},
		{"2.2", plain(pong, "Hello, world!") + normal, io.EOF, verdictFailed},
		{"2.2", plain(fin|0x40|pong, "Hello, world!") + normal, io.EOF, verdictFailed},
		{"2.2", plain(fin|text, "Hello, world!") + normal, io.EOF, verdictFailed},
		{"2.2", plain(fin|ping, "Hello, world!") + normal, io.EOF, verdictFailed},
		{"2.2", masked(fin|pong, "Hello, world!") + normal, io.EOF, verdictFailed},
		{"2.5", failed, io.EOF, verdictOK},
		{"2.5", normal, io.EOF, verdictWrongCode},
		{"2.5", "", io.EOF, verdictUnclean},
		{"2.5", plain(fin|pong, string(conformNoise()[:125])) + failed, io.EOF, verdictFailed},
		{"3.2", plain(fin|text, "Hello, world!") + failed, io.EOF, verdictOK},
		{"3.2", failed, io.EOF, verdictNonStrict},
		{"5.3", plain(fin|text, "fragment1fragment2") + normal, io.EOF, verdictOK},
		{"5.3", plain(text, "fragment1") + plain(fin|cont, "fragment2") + normal, io.EOF, verdictOK},
		{"5.3", plain(text, "fragment1") + plain(fin|text, "fragment2") + normal, io.EOF, verdictFailed},
		{"5.3", plain(fin|cont, "fragment1fragment2") + normal, io.EOF, verdictFailed},
		{"5.3", "\x81\x7e\x00\x12fragment1fragment2" + normal, io.EOF, verdictFailed},
		{"5.3", plain(fin|bin, "fragment1fragment2") + normal, io.EOF, verdictFailed},
		{"1.1.2", plain(fin|text, string(cutText(conformText(), 0, 125))) + normal, io.EOF, verdictOK},
		{"1.1.2", plain(fin|text, string(cutText(conformText(), 1, 125))) + normal, io.EOF, verdictFailed},
		{"1.1.2", plain(fin|text, string(cutText(conformText(), 0, 124))) + normal, io.EOF, verdictFailed},
		{"6.4.1", here0 + utf8, io.EOF, verdictOK},
		{"6.4.1", here0 + here1 + utf8, io.EOF, verdictNonStrict},
		{"6.4.1", utf8, io.EOF, verdictFailed},
		{"6.4.3", utf8, io.EOF, verdictOK},
		{"6.4.3", "", os.ErrDeadlineExceeded, verdictNonStrict},
		{"7.1.5", normal, io.EOF, verdictOK},
		{"7.1.5", plain(fin|text, "fragment1fragment2") + normal, io.EOF, verdictFailed},
		{"7.3.1", plain(fin|cls, ""), io.EOF, verdictOK},
		{"7.3.1", normal, io.EOF, verdictOK},
		{"7.3.2", plain(fin|cls, ""), io.EOF, verdictWrongCode},
		{"7.5.1", utf8, io.EOF, verdictOK},
		{"7.13.1", failed, io.EOF, verdictInformational},
		{"7.13.1", utf8, io.EOF, verdictWrongCode},
		{"9.7.2", plain(fin|text, string(cutText(conformText(), 0, 16))) + normal, io.EOF, verdictOK},
		{"9.7.2", plain(fin|text, string(cutText(conformText(), 4, 16))) + normal, io.EOF, verdictFailed},
	} {
		f := newFuzzer(&cannedWire{bytes.NewReader([]byte(tt.said)), tt.end}, true, 1)
		f.run(cases[tt.id], 1)
		if got, detail := f.judge(cases[tt.id]); got != tt.want {
			t.Errorf("%s, endpoint says %q, then %v: %v (%s), want %v", tt.id, brief(tt.said), tt.end, got, detail, tt.want)
		}
	}
}

// TestVerdictsSkipUTF8: an endpoint that checks no UTF-8 fails where it must, and
// nowhere else.
func TestVerdictsSkipUTF8(t *testing.T) {
	t.Parallel()
	target := newConformMemory(t, func(echo *conformEcho) (engine.Handler, error) {
		return websocket.NewServer(echo, websocket.Options{SkipUTF8: true}), nil
	})
	m := &conformMode{}
	for _, c := range loadConformance(t, "testdata/conformance-cases.tsv") {
		if c.major() > 8 {
			continue
		}
		v, detail := m.try(target, c, 1)
		if bad, want := v > verdictInformational, c.codes[0] == 1007; bad != want {
			t.Errorf("%s: %v %s, want it to fail: %v", c.id, v, detail, want)
		}
	}
}

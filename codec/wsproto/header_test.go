package wsproto_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

var key = [4]byte{1, 2, 3, 4}

var headers = []struct {
	name string
	in   string
	want wsproto.Header
}{
	{"empty text", "\x81\x00", wsproto.Header{Fin: true, OpCode: wsproto.OpText}},
	{"masked", "\x81\x80\x01\x02\x03\x04", wsproto.Header{Fin: true, OpCode: wsproto.OpText, Masked: true, Mask: key}},
	{"fragment", "\x02\x7d", wsproto.Header{OpCode: wsproto.OpBinary, Length: 125}},
	{"all reserved bits", "\x70\x01", wsproto.Header{Rsv: 7, Length: 1}},
	{"reserved opcode", "\xcf\x01", wsproto.Header{Fin: true, Rsv: 4, OpCode: 15, Length: 1}},
	{"126", "\x82\x7e\x00\x7e", wsproto.Header{Fin: true, OpCode: wsproto.OpBinary, Length: 126}},
	{"65535 masked", "\x82\xfe\xff\xff\x01\x02\x03\x04", wsproto.Header{Fin: true, OpCode: wsproto.OpBinary, Length: 65535, Masked: true, Mask: key}},
	{"65536", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", wsproto.Header{Fin: true, OpCode: wsproto.OpBinary, Length: 65536}},
	{"2^63-1 masked", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", wsproto.Header{Fin: true, OpCode: wsproto.OpBinary, Length: math.MaxInt64, Masked: true, Mask: key}},
}

func TestHeader(t *testing.T) {
	for _, c := range headers {
		t.Run(c.name, func(t *testing.T) {
			for i := range len(c.in) {
				if h, n, err := wsproto.ParseHeader([]byte(c.in[:i])); h != (wsproto.Header{}) || n != 0 || err != nil {
					t.Fatalf("%d bytes of %d: %+v, %d, %v", i, len(c.in), h, n, err)
				}
			}
			got, n, err := wsproto.ParseHeader([]byte(c.in + "payload"))
			if err != nil || n != len(c.in) {
				t.Fatalf("n = %d of %d, error %v", n, len(c.in), err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if out := wsproto.AppendHeader([]byte("before"), c.want); string(out) != "before"+c.in {
				t.Errorf("AppendHeader gives % x", out)
			}
		})
	}
}

func TestParseHeaderErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		want error
	}{
		{"0 in 16 bits", "\x81\x7e\x00\x00", wsproto.ErrLengthNotMinimal},
		{"125 in 16 bits", "\x81\x7e\x00\x7d", wsproto.ErrLengthNotMinimal},
		{"before the key", "\x81\xfe\x00\x7d", wsproto.ErrLengthNotMinimal},
		{"125 in 64 bits", "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x7d", wsproto.ErrLengthNotMinimal},
		{"65535 in 64 bits", "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff", wsproto.ErrLengthNotMinimal},
		{"2^63", "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", wsproto.ErrLengthOverflow},
		{"2^64-1", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", wsproto.ErrLengthOverflow},
	} {
		t.Run(c.name, func(t *testing.T) {
			if h, n, err := wsproto.ParseHeader([]byte(c.in)); h != (wsproto.Header{}) || n != 0 || err != c.want {
				t.Errorf("%+v, %d, %v", h, n, err)
			}
			if _, n, err := wsproto.ParseHeader([]byte(c.in[:len(c.in)-1])); n != 0 || err != nil {
				t.Errorf("one byte less: %d, %v", n, err)
			}
		})
	}
}

func TestAppendHeaderNegative(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a negative length was written")
		}
	}()
	wsproto.AppendHeader(nil, wsproto.Header{Length: -1})
}

func TestAppendFrame(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 1000, 65535, 65536} {
		payload := rep(n)
		before := []byte("before")
		if got := wsproto.AppendFrame(before, wsproto.OpText, []byte(payload)); string(got) != "before"+plain(fin|text, payload) {
			t.Errorf("AppendFrame of %d bytes: % x...", n, got[:16])
		}
		source := []byte(payload)
		if got := wsproto.AppendMaskedFrame(before, wsproto.OpBinary, source, wireKey); string(got) != "before"+masked(fin|bin, payload) {
			t.Errorf("AppendMaskedFrame of %d bytes: % x...", n, got[:16])
		}
		if string(source) != payload {
			t.Errorf("AppendMaskedFrame of %d bytes changed its payload", n)
		}
	}
}

func TestHeaderAllocations(t *testing.T) {
	in := []byte(headers[len(headers)-1].in)
	bad := []byte("\x81\x7e\x00\x00")
	buf := make([]byte, 0, 256)
	payload := make([]byte, 125)
	if got := testing.AllocsPerRun(100, func() {
		h, _, _ := wsproto.ParseHeader(in)
		_, _, _ = wsproto.ParseHeader(bad)
		_ = wsproto.AppendHeader(buf, h)
		_ = wsproto.AppendFrame(buf, wsproto.OpPong, payload)
		_ = wsproto.AppendMaskedFrame(buf, wsproto.OpPing, payload, key)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// FuzzHeader reads what gobwas/ws reads, but for lengths that are not minimal,
// which gobwas/ws lets pass: those are the ones that it writes shorter.
func FuzzHeader(f *testing.F) {
	for _, c := range headers {
		f.Add([]byte(c.in))
		f.Add([]byte(c.in[:len(c.in)-1]))
	}
	f.Add([]byte("\x81\xfe\x00\x7d"))
	f.Add([]byte("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, n, err := wsproto.ParseHeader(in)
		rd := bytes.NewReader(in)
		want, wantErr := ws.ReadHeader(rd)
		size := len(in) - rd.Len()
		switch {
		case err == error(wsproto.ErrLengthOverflow):
			if len(in) < 10 || in[1]&0x7f != 127 || in[2] < 0x80 {
				t.Fatalf("% x: %v", in, err)
			}
		case err == error(wsproto.ErrLengthNotMinimal):
			// It may be known before the key has arrived: any key will do.
			h, err := ws.ReadHeader(io.MultiReader(bytes.NewReader(in), bytes.NewReader(key[:])))
			shortest := map[byte]int64{126: 126, 127: 65536}[in[1]&0x7f]
			if err != nil || h.Length >= shortest {
				t.Fatalf("% x: not minimal, gobwas/ws reads %+v, %v", in, h, err)
			}
		case err != nil:
			t.Fatalf("% x: %v", in, err)
		case n == 0:
			if !errors.Is(wantErr, io.EOF) && !errors.Is(wantErr, io.ErrUnexpectedEOF) {
				t.Fatalf("% x is incomplete, gobwas/ws says %v", in, wantErr)
			}
		default:
			if wantErr != nil || h != want || n != size {
				t.Fatalf("% x: %+v in %d bytes, gobwas/ws reads %+v in %d bytes, %v", in, h, n, want, size, wantErr)
			}
			if out := wsproto.AppendHeader(nil, h); !bytes.Equal(out, in[:n]) || !bytes.Equal(out, written(t, h)) {
				t.Fatalf("% x is written as % x", in[:n], out)
			}
		}
	})
}

func written(t *testing.T, h ws.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ws.WriteHeader(&b, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// BenchmarkAppendFrame is a message as a server sends it, and masked as a client
// does. Large ones are bound by memory.
func BenchmarkAppendFrame(b *testing.B) {
	for _, n := range []int{20, 125, 1000, 4096, 65536} {
		payload, buf := []byte(rep(n)), make([]byte, 0, n+wsproto.MaxHeaderSize)
		b.Run(fmt.Sprintf("size=%d/masked=false", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				_ = wsproto.AppendFrame(buf, text, payload)
			}
		})
		b.Run(fmt.Sprintf("size=%d/masked=true", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				_ = wsproto.AppendMaskedFrame(buf, text, payload, key)
			}
		})
	}
}

package original_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

const limit = 60_000 // of what is read

var seeds = flag.Uint64("seeds", 500, "how many conversations are read and written")

func frameText(h wsproto.Header) string {
	return fmt.Sprintf("op %d fin %t rsv %d length %d", h.OpCode, h.Fin, h.Rsv, h.Length)
}

func inflated(t testing.TB, z *wsproto.Inflater, p []byte) []byte {
	t.Helper()
	z.Reset(append(bytes.Clone(p), wsproto.DeflateTail...), nil)
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What one of them reads, the other reads too, until the drop-in refuses what the original lets through.
func TestReadSame(t *testing.T) {
	t.Parallel()
	told := map[string]int{}
	for seed := range *seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := &script{rng: rng, toServer: seed%2 == 0, deflate: seed%3 == 0}
		for range 1 + rng.IntN(8) {
			s.message()
			for s.chance(2) {
				s.control()
			}
		}
		if s.chance(4) {
			s.wire = s.wire[:rng.IntN(len(s.wire)+1)]
		}
		chunk := []int{1, 7, 4096, 1 << 20}[rng.IntN(4)]
		want, wrote := readAll(t, "original", s, seed, chunk)
		got, writes := readAll(t, "drop-in", s, seed, chunk)
		at := 0
		for at < len(got) && at < len(want) && got[at] == want[at] {
			at++
		}
		if at == len(got) && at == len(want) {
			told["the same"]++
			if !slices.Equal(wrote.Messages, writes.Messages) {
				t.Fatalf("seed %d: wrote %q, the original %q", seed, writes.Messages, wrote.Messages)
			}
			continue
		}
		if s.odd&corruptDeflate != 0 && at < len(want) && (strings.HasPrefix(want[at], "error flate:") || want[at] == "error unexpected EOF") {
			told["several streams, or none"]++ // what an Inflater takes
			continue
		}
		_, text, _ := strings.Cut(got[min(at, len(got)-1)], "error ")
		text, _, _ = strings.Cut(text, ", ") // of more than one fault
		if allowed[text]&s.odd == 0 {
			t.Fatalf("seed %d, odd %x: step %d of %d and %d\n got %.200q\nwant %.200q", seed, s.odd, at, len(got), len(want), got[min(at, len(got)-1)], want[min(at, len(want)-1)])
		}
		told[text]++
	}
	t.Log(told)
	for text := range allowed {
		if told[text] == 0 && *seeds >= 4000 {
			t.Errorf("%q was never seen: the script lacks it", text)
		}
	}
}

// readAll reads to the end, each message in a way that seed says, and writes down what happens.
func readAll(t *testing.T, name string, s *script, seed uint64, chunk int) (steps []string, writes sent) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	c, l := open(t, name, s.toServer, s.deflate, s.wire, chunk)
	note := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	c.SetReadLimit(limit)
	if rng.IntN(3) == 0 {
		bad := errors.New("bad")
		count := 0
		fail := func() error {
			if count++; count == 7 {
				return bad
			}
			return nil
		}
		c.SetPingHandler(func(s string) error { note("ping %x", s); return fail() })
		c.SetPongHandler(func(s string) error { note("pong %x", s); return fail() })
		c.SetCloseHandler(func(code int, s string) error { note("close %d %q", code, s); return fail() })
	}
	for errs := 0; errs < 3; {
		var err error
		way := rng.IntN(4)
		if s.deflate {
			way = 3 // how far a decompressor reads ahead is its own affair
		}
		switch way {
		case 0:
			err = readPart(c, rng, note)
		case 1:
			var v any
			if err = c.ReadJSON(&v); err != nil && !strings.HasPrefix(err.Error(), "websocket: ") {
				note("json: %v", err)
				err = nil
			}
		default:
			var (
				mt int
				p  []byte
			)
			mt, p, err = c.ReadMessage()
			if err == nil {
				note("message %d of %d bytes: %x", mt, len(p), p)
			}
		}
		if err != nil {
			note("error %v", err)
			errs++
		}
	}
	return steps, parse(t, l.out.Bytes())
}

// readPart reads a message with a reader, perhaps not to its end.
func readPart(c conn, rng *rand.Rand, note func(string, ...any)) error {
	mt, r, err := c.NextReader()
	if err != nil {
		return err
	}
	n := sizes[rng.IntN(len(sizes))]
	p := make([]byte, n)
	n, err = io.ReadFull(r, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if err == nil || err == io.EOF {
		note("part %d: %x", mt, p[:n])
		return nil
	}
	return err
}

// What one of them writes, the other writes too.
func TestWriteSame(t *testing.T) {
	t.Parallel()
	for seed := range *seeds / 4 {
		isServer, deflate := seed%2 == 0, seed%3 == 0
		var wants []string
		var want sent
		for _, name := range []string{"original", "drop-in"} {
			steps, got := writeAll(t, name, seed, isServer, deflate)
			if name == "original" {
				wants, want = steps, got
				continue
			}
			if !slices.Equal(steps, wants) {
				t.Fatalf("seed %d: %q\nwant %q", seed, steps, wants)
			}
			if !slices.Equal(got.Messages, want.Messages) {
				t.Fatalf("seed %d: %.50q\nwant %.50q\nby %q", seed, got.Messages, want.Messages, steps)
			}
			if !deflate && !slices.Equal(got.Frames, want.Frames) {
				t.Fatalf("seed %d:\n%s\nwant\n%s", seed, strings.Join(got.Frames, "\n"), strings.Join(want.Frames, "\n"))
			}
		}
	}
}

// writeAll writes in all ways there are, as seed says, and writes down what happens.
func writeAll(t *testing.T, name string, seed uint64, isServer, deflate bool) (steps []string, writes sent) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	c, l := open(t, name, isServer, deflate, nil, 1)
	note := func(what string, err error) { steps = append(steps, fmt.Sprint(what, " ", err)) }
	types := []int{1, 2, 1, 2, 1, 2, 9, 10, 8, 3, 0}
	var old io.WriteCloser
	for range 1 + rng.IntN(12) {
		mt := types[rng.IntN(len(types)-rng.IntN(5))]
		p := make([]byte, []int{0, 1, 125, 126, 999, 1000, 1001, 2000, 2029, 5000, 70_000}[rng.IntN(11)])
		for i := range p {
			p[i] = byte(rng.IntN(5))
		}
		switch rng.IntN(9) {
		case 0:
			note("control", c.WriteControl(mt, p, time.Now().Add(time.Hour)))
		case 1:
			note("late control", c.WriteControl(mt, p, time.Now().Add(-time.Hour)))
		case 2:
			if old != nil {
				note("old close", old.Close()) // the original's would come into the midst of its message
			}
			note("prepared", peers[name].write(c, mt, p))
		case 3:
			note("json", c.WriteJSON(map[string]int{"n": len(p)}))
		case 4, 5:
			w, err := c.NextWriter(mt)
			note("writer", err)
			if err != nil {
				continue
			}
			for len(p) > 0 && err == nil {
				k := 1 + rng.IntN(len(p))
				if rng.IntN(2) == 0 {
					_, err = w.Write(p[:k])
				} else {
					text := string(p[:k])
					_, err = io.WriteString(w, text)
				}
				p = p[k:]
			}
			note("wrote", err)
			if old = w; rng.IntN(3) > 0 {
				note("close", w.Close())
			}
		case 6:
			if old != nil {
				_, err := old.Write([]byte("x"))
				note("old writer", err)
				note("old close", old.Close())
			}
		case 7:
			c.EnableWriteCompression(rng.IntN(2) == 0)
			note("level", c.SetCompressionLevel(rng.IntN(14)-3))
		default:
			note("message", c.WriteMessage(mt, p))
		}
	}
	if deflate {
		_ = c.WriteMessage(1, nil) // ends a message that is open
	}
	wire := l.out.Bytes()
	if old != nil {
		_ = old.Close()
		wire = l.out.Bytes()
	}
	return steps, parse(t, wire)
}

package baseline_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// TestAllocations counts those of the whole process, so the peer must make none either.
func TestAllocations(t *testing.T) {
	_, addr := serve(t, "echo")
	tests := []struct {
		name  string
		frame string
		back  int // bytes
	}{
		{"small", masked(true, wsproto.OpText, "hello"), 7},
		{"ping", masked(true, wsproto.OpPing, "hello"), 7},
		{"16 at once", strings.Repeat(masked(true, wsproto.OpBinary, "hello"), 16), 16 * 7},
		{"4 KiB", masked(true, wsproto.OpBinary, strings.Repeat("x", 4096)), 4 + 4096},
		{"64 KiB", masked(true, wsproto.OpBinary, strings.Repeat("x", 65536)), 10 + 65536},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			nc, r := raw(t, addr, "")
			send, got := []byte(test.frame), make([]byte, test.back)
			turn := func() {
				if _, err := nc.Write(send); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(r, got); err != nil {
					t.Fatal(err)
				}
			}
			turn()
			// A collection empties the pools: less than one in ten, not none.
			if n := testing.AllocsPerRun(200, turn); n > 0 {
				t.Errorf("%v allocations per round", n)
			}
		})
	}
}

// TestMemoryIsGivenBack is that a large message does not leave its size behind.
func TestMemoryIsGivenBack(t *testing.T) {
	_, addr := serve(t, "echo")
	const conns, size = 8, 8 << 20
	body := strings.Repeat("x", size)
	before := heap()
	for range conns {
		nc, r := raw(t, addr, "")
		for _, p := range []string{body, "x", "x"} {
			go func() { _, _ = io.WriteString(nc, masked(true, wsproto.OpText, p)) }()
			if got := frame(r); len(got) != len("text ")+len(p) {
				t.Fatalf("%d bytes back: %.40q", len(got), got)
			}
		}
	}
	if now := heap(); now > before+conns*size/8 {
		t.Errorf("%d kB in use after %d messages of %d kB, %d before", now>>10, conns, size>>10, before>>10)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

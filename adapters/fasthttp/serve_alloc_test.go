package fasthttp_test

import (
	"io"
	"testing"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/valyala/fasthttp"
)

// hello is a handler that allocates nothing.
func hello(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("Hello, World!") }

// ask sends one request and reads its answer, whose size is known from the first one,
// and allocates nothing either.
func asking(t testing.TB, addr string) (ask func()) {
	c := dialed(t, addr)
	request := []byte("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nAccept: */*\r\n\r\n")
	var buf [4096]byte
	if _, err := c.Write(request); err != nil {
		t.Fatal(err)
	}
	n, err := c.Read(buf[:])
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf[:n]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServeAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("a sync.Pool drops what it is given now and then")
	}
	for name, o := range map[string]adapter.ServeOptions{"pool": {}, "loop": {OnLoop: true}} {
		addr, _ := started(t, hello, o)
		if n := testing.AllocsPerRun(2000, asking(t, addr)); n >= 1 {
			t.Errorf("%s: %v allocations for each request", name, n)
		}
	}
}

func BenchmarkServe(b *testing.B) {
	for name, o := range map[string]adapter.ServeOptions{"pool": {}, "loop": {OnLoop: true}} {
		b.Run("on="+name, func(b *testing.B) {
			addr, _ := started(b, hello, o)
			ask := asking(b, addr)
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}

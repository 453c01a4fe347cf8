package fasthttp_test

import (
	"bufio"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/valyala/fasthttp"
)

// Whatever clients send, and whenever they go, nothing is left of them.
func TestServeStorm(t *testing.T) {
	t.Parallel()
	shapes := make([]string, 0, len(differential)+2)
	for _, in := range differential {
		shapes = append(shapes, in)
	}
	slices.Sort(shapes)
	shapes = append(shapes, upgrade+"early", "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", "GET /panic HTTP/1.1\r\nHost: x\r\n\r\n")
	large := make([]byte, 1<<20)
	h := switching(func(c net.Conn) { _, _ = io.Copy(c, struct{ io.Reader }{c}) })
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = &fasthttp.Server{Logger: log.New(io.Discard, "", 0), ReadTimeout: time.Second}
		o.Workers, o.MaxDetached, o.MaxBuffered = 4, 8, 100
		o.Engine.MaxInbound = 4 << 10
		o.Engine.Linger = -1
		addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Path()) {
			case "/large":
				ctx.SetBody(large)
			case "/panic":
				panic("storm")
			case "/ws":
				h(ctx)
			default:
				mirror(ctx)
			}
		}, o)
		var clients sync.WaitGroup
		for i := range 16 {
			clients.Go(func() {
				r := rand.New(rand.NewPCG(1, uint64(i)))
				for range 60 {
					c, err := net.Dial("tcp", addr)
					if err != nil {
						t.Error(err)
						return
					}
					_ = c.SetDeadline(time.Now().Add(20 * time.Second))
					var in strings.Builder
					for range 1 + r.IntN(4) {
						in.WriteString(shapes[r.IntN(len(shapes))])
					}
					all := in.String()
					if r.IntN(2) == 0 {
						all = all[:r.IntN(len(all)+1)]
					}
					for len(all) > 0 {
						n := min(1+r.IntN(200), len(all))
						if _, err := io.WriteString(c, all[:n]); err != nil {
							break
						}
						all = all[n:]
						if r.IntN(4) == 0 {
							runtime.Gosched()
						}
					}
					switch r.IntN(3) {
					case 0:
						_ = c.(*net.TCPConn).SetLinger(0) // a reset
					case 1:
						_ = c.(*net.TCPConn).CloseWrite()
						_, _ = io.Copy(io.Discard, c)
					case 2:
						_, _ = bufio.NewReader(c).ReadString('\n')
					}
					_ = c.Close()
				}
			})
		}
		clients.Wait()
		for st := s.Stats(); st.Conns+st.Running+st.Waiting+st.Detached > 0; st = s.Stats() {
			runtime.Gosched()
		}
		t.Logf("%+v", s.Stats())
	})
}

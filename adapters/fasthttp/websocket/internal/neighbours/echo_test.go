package neighbours_test

import (
	"strings"
	"syscall"
	"testing"
)

var (
	echoServers = []example{
		{"nethttp", original, "_examples/echo", []string{"server.go"}},
		{"fasthttp", original, "_examples/echo/fasthttp", []string{"server.go"}},
		{"gorilla", gorillas, "examples/echo", []string{"server.go"}},
	}
	echoClients = []example{
		{"original's", original, "_examples/echo", []string{"client.go"}},
		{"gorilla's", gorillas, "examples/echo", []string{"client.go"}},
	}
)

func TestEcho(t *testing.T) {
	eachVariant(t, echoServers, func(t *testing.T, x example) {
		server := x.start(t)
		if status, body := fetch(t, "http://"+server.addr+"/"); status != 200 || !strings.Contains(body, "/echo") {
			t.Errorf("the page: %d %q", status, body)
		}
		eachPeer(t, func(t *testing.T, dial func(*testing.T, string) peer) {
			p := dial(t, "ws://"+server.addr+"/echo")
			for _, n := range []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20} {
				sent := strings.Repeat("x", n)
				p.send(sent)
				if got := p.receive(); got != sent {
					t.Fatalf("echo of %d bytes: %d bytes", n, len(got))
				}
			}
			if code := p.end(1000); code != 1000 {
				t.Errorf("the close frame was answered by %d", code)
			}
			server.waitFor(t, "read: websocket: close 1000 (normal)")
		})
		if status, _ := fetch(t, "http://"+server.addr+"/echo"); status != 400 {
			t.Errorf("without an upgrade: %d", status)
		}
	})
}

// TestEchoClient runs the client program against the server program, each on the package under test, and with the
// original on one side.
func TestEchoClient(t *testing.T) {
	eachVariant(t, echoServers, func(t *testing.T, x example) {
		for _, mixed := range []struct{ name, server, client string }{
			{"both", *underTest, *underTest},
			{"server", *underTest, original},
			{"client", original, *underTest},
		} {
			for _, c := range echoClients {
				t.Run(mixed.name+"/"+c.variant, func(t *testing.T) {
					t.Parallel()
					server := serve(t, x.build(t, mixed.server), x.home(t))
					client := run(t, c.build(t, mixed.client), c.home(t), "-addr", server.addr)
					client.waitFor(t, "recv: 20") // the year, after the first second
					server.waitFor(t, "recv: 20")
					if err := client.cmd.Process.Signal(syscall.SIGINT); err != nil {
						t.Fatal(err)
					}
					if code := client.waitEnd(t); code != 0 {
						t.Errorf("the client ended with %d", code)
					}
					client.waitFor(t, "read: websocket: close 1000 (normal)")
					server.waitFor(t, "read: websocket: close 1000 (normal)")
				})
			}
		}
	})
}

package neighbours_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gorilla "github.com/gorilla/websocket"
)

// eachFiber runs test with a server of each version of fiber.
func eachFiber(t *testing.T, test func(t *testing.T, server *program)) {
	t.Parallel()
	for _, name := range []string{"fiber2", "fiber3"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := modFlags(t)
			bin := builds.once(t, *underTest+" "+name, func(out string) error {
				return goBuild(out, append(flags, "./cmd/"+name)...)
			})
			test(t, serve(t, bin, t.TempDir()))
		})
	}
}

func TestFiberEcho(t *testing.T) {
	eachFiber(t, func(t *testing.T, server *program) {
		for _, path := range []string{"/echo", "/buffers", "/filtered?pass=yes"} {
			eachPeer(t, func(t *testing.T, dial func(*testing.T, string) peer) {
				p := dial(t, "ws://"+server.addr+path)
				for _, n := range []int{0, 1, 63, 64, 65, 1023, 1024, 1025, 65536, 1 << 20} {
					sent := strings.Repeat("x", n)
					p.send(sent)
					if got := p.receive(); got != sent {
						t.Fatalf("%s: echo of %d bytes: %d bytes", path, n, len(got))
					}
				}
				if code := p.end(1000); code != 1000 {
					t.Errorf("%s: the close frame was answered by %d", path, code)
				}
			})
		}
		c := gorillaConn(t, &gorilla.Dialer{EnableCompression: true}, "ws://"+server.addr+"/deflate", nil)
		echoes(t, c)
	})
}

// TestFiberCloseErrors is about the errors that gofiber's own functions take apart.
func TestFiberCloseErrors(t *testing.T) {
	eachFiber(t, func(t *testing.T, server *program) {
		for code, line := range map[int]string{
			1001: "going away: websocket: close 1001 (going away)",
			1002: "unexpected: websocket: close 1002 (protocol error)",
			4001: "unexpected: websocket: close 4001",
		} {
			p := dialGorilla(t, "ws://"+server.addr+"/echo")
			if got := p.end(code); got != code {
				t.Errorf("%d was answered by %d", code, got)
			}
			server.waitFor(t, line)
		}
		// A connection that ends without a close frame.
		c := gorillaConn(t, &gorilla.Dialer{}, "ws://"+server.addr+"/echo", nil)
		c.Close()
		server.waitFor(t, "unexpected: websocket: close 1006 (abnormal closure): unexpected EOF")
	})
}

func TestFiberRequest(t *testing.T) {
	eachFiber(t, func(t *testing.T, server *program) {
		h := http.Header{}
		h.Set("Cookie", "flavour=mint; other=1")
		h.Set("X-Seen", "yes")
		d := &gorilla.Dialer{Subprotocols: []string{"chat", "superchat"}}
		c := gorillaConn(t, d, "ws://"+server.addr+"/seen/lobby?a=1&c=2", h)
		_, text, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		ip, _, _ := strings.Cut(c.LocalAddr().String(), ":")
		want := map[string]any{
			"local":   "anna",
			"params":  []any{"lobby", ""}, // the parameter is there, and empty
			"queries": []any{"1", "none"}, "cookies": []any{"mint", "none"}, "headers": []any{"yes", "none"},
			"ip":          ip,
			"subprotocol": "superchat",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the handler has seen (-want +got):\n%s", d)
		}
		if c.Subprotocol() != "superchat" {
			t.Errorf("subprotocol %q", c.Subprotocol())
		}
	})
}

func TestFiberRefuses(t *testing.T) {
	eachFiber(t, func(t *testing.T, server *program) {
		refused := func(path, origin string) int {
			h := http.Header{}
			if origin != "" {
				h.Set("Origin", origin)
			}
			c, resp, err := gorilla.DefaultDialer.DialContext(t.Context(), "ws://"+server.addr+path, h)
			if err == nil {
				c.Close()
			}
			if resp == nil {
				t.Fatal(err)
			}
			return resp.StatusCode
		}
		for _, test := range []struct {
			path, origin string
			status       int
		}{
			{"/origins", "http://one.example", 101},
			{"/origins", "http://two.example", 101},
			{"/origins", "http://three.example", 426},
			{"/origins", "", 426},
			{"/echo", "http://three.example", 101},
			{"/filtered", "", 200},
			{"/filtered?pass=yes", "", 101},
		} {
			if got := refused(test.path, test.origin); got != test.status {
				t.Errorf("%s from %q: %d, want %d", test.path, test.origin, got, test.status)
			}
		}
		if status, body := fetch(t, "http://"+server.addr+"/filtered"); status != 200 || body != "upgrade: false" {
			t.Errorf("without an upgrade: %d %q", status, body)
		}
		if status, _ := fetch(t, "http://"+server.addr+"/echo"); status != 426 {
			t.Errorf("without an upgrade: %d", status)
		}
	})
}

func TestFiberRecovers(t *testing.T) {
	eachFiber(t, func(t *testing.T, server *program) {
		eachPeer(t, func(t *testing.T, dial func(*testing.T, string) peer) {
			p := dial(t, "ws://"+server.addr+"/panic")
			if got := p.receive(); got != `{"error":"on purpose"}`+"\n" {
				t.Errorf("received %q", got)
			}
			p.ended()
			p = dial(t, "ws://"+server.addr+"/panic/told")
			if got := p.receive(); got != "recovered from on purpose" {
				t.Errorf("received %q", got)
			}
			p.ended()
		})
		server.waitFor(t, "panic: on purpose")
	})
}

// TestFiberKept keeps connections after their handlers have returned, which gofiber forbids since it uses its own
// objects again. What they are made of must not reach into anybody else's connection all the same.
func TestFiberKept(t *testing.T) {
	if *underTest == original {
		t.Skip("the original's connection goes on with a net.Conn that fasthttp uses again for others")
	}
	eachFiber(t, func(t *testing.T, server *program) {
		const n = 8
		for range n {
			dialGorilla(t, "ws://"+server.addr+"/kept").ended()
		}
		others := make([]peer, n)
		for i := range others {
			others[i] = dialGorilla(t, "ws://"+server.addr+"/echo")
			others[i].send("first")
			if got := others[i].receive(); got != "first" {
				t.Fatalf("received %q", got)
			}
		}
		_, body := fetch(t, "http://"+server.addr+"/kept/use")
		var results []string
		if err := json.Unmarshal([]byte(body), &results); err != nil {
			t.Fatal(err)
		}
		if len(results) != 2*n {
			t.Errorf("%d results of %d connections: %q", len(results), n, results)
		}
		for _, r := range results {
			if r == "write: <nil>" || strings.HasPrefix(r, "read: ") && (!strings.HasPrefix(r, `read: "" `) || strings.HasSuffix(r, "<nil>")) {
				t.Errorf("a connection after its handler's return: %s", r)
			}
		}
		for _, p := range others {
			p.send("second")
			if got := p.receive(); got != "second" {
				t.Errorf("received %q", got)
			}
		}
	})
}

// TestFiberCallback lets a handler of gofiber's return with a callback registered: the connection lives on.
func TestFiberCallback(t *testing.T) {
	if *underTest == original {
		t.Skip("the original has no callbacks")
	}
	eachFiber(t, func(t *testing.T, server *program) {
		eachPeer(t, func(t *testing.T, dial func(*testing.T, string) peer) {
			p := dial(t, "ws://"+server.addr+"/callback")
			q := dial(t, "ws://"+server.addr+"/callback")
			for _, x := range []peer{p, q, p} {
				x.send("hello")
				if got := x.receive(); got != "anna: hello" {
					t.Errorf("received %q", got)
				}
			}
			for _, x := range []peer{p, q} {
				if code := x.end(1000); code != 1000 {
					t.Errorf("the close frame was answered by %d", code)
				}
			}
		})
	})
}

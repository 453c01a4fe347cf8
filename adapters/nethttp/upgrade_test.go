package nethttp_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestConversation is one in every mode, with what OnOpen knows of the request.
func TestConversation(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		seen := make(chan string, 1)
		a := &app{
			open: func(c *websocket.Conn, r *websocket.Request) error {
				v, _ := r.QueryValue("q")
				seen <- fmt.Sprintf("%s %s %s %s %s %s %v", r.Method, r.Pattern, r.PathValue("id"), v, r.Header("X-Own"), r.Subprotocol, c.User())
				return c.WriteMessage(websocket.Text, []byte("hi"))
			},
			closed: make(chan error, 1),
		}
		h := handler(t, a, websocket.Options{Paths: []string{"/room/{id}"}, Subprotocols: []string{"b"}})
		up, errs := returned(h, "somebody")
		s := m.serve(t, up)
		resp, w := s.ask(t, "/room/a%20b?q=1+2", "", "X-Own: own", "Sec-WebSocket-Protocol: a, b", "Origin: "+s.URL)
		diff(t, "subprotocol", "b", resp.Header.Get("Sec-WebSocket-Protocol"))
		w.expect(ws.OpText, "hi")
		diff(t, "OnOpen saw", "GET /room/{id} a b 1 2 own b somebody", wait(t, seen, "OnOpen"))
		for _, n := range []int{0, 1, 125, 126, 5000, 65535, 65536, 1 << 20} {
			msg := strings.Repeat("é", n/2)
			go func() { _, _ = io.WriteString(w, text(msg)) }()
			w.expect(ws.OpText, msg)
		}
		w.send(frame(ws.OpPing, "p") + text("one") + text("two"))
		w.expect(ws.OpPong, "p")
		w.expect(ws.OpText, "one")
		w.expect(ws.OpText, "two")
		w.send(frame(ws.OpClose, bye(1000, "bye")))
		w.expect(ws.OpClose, bye(1000, ""))
		w.ended()
		closedWith(t, wait(t, a.closed, "OnClose"), 1000, nil)
		if err := wait(t, errs, "end of Upgrade"); err != nil {
			t.Error(err)
		}
	})
}

// TestEarly sends frames before the answer: with HTTP/1.1 in one piece with the
// request, and with the rest of a frame behind.
func TestEarly(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		s := m.serve(t, handler(t, &app{}, websocket.Options{}))
		cut := text("cut")
		big := strings.Repeat("x", 3000)
		w := s.open(t, "/", text("early")+text(big)+cut[:3])
		w.expect(ws.OpText, "early")
		w.expect(ws.OpText, big)
		w.send(cut[3:])
		w.expect(ws.OpText, "cut")
	})
}

// TestPipelined upgrades on a connection that has served requests before.
func TestPipelined(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/ws", handler(t, &app{}, websocket.Options{}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	s := one.serve(t, mux)
	page := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	resp, w := s.raw(t, http.MethodGet, page+page+"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nHost: a\r\n\r\n"+text("early"))
	for want := range 3 {
		if want > 0 {
			var err error
			if resp, err = http.ReadResponse(w.r, nil); err != nil {
				t.Fatal(err)
			}
		}
		if b, _ := io.ReadAll(resp.Body); want < 2 && string(b) != "page" {
			t.Errorf("page %d: %q", want, b)
		}
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answered with %v", resp.Status)
	}
	w.expect(ws.OpText, "early")
}

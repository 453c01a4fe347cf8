package websocket_test

import (
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// FuzzServer sends anything after a handshake, cut anywhere, and wants what
// the model answers: the echoes and at most one close frame, after which there is
// a FIN and nothing else. What is answered is bounded by what was sent.
func FuzzServer(f *testing.F) {
	for _, v := range violations {
		f.Add([]byte(masked(text, "a")+masked(fin|ping, "b")+masked(fin|cont, "c")+v.send), []byte{3, 200})
	}
	f.Add([]byte(masked(fin|cls, closing(1000, "bye"))), []byte{})
	f.Add([]byte(masked(fin|text, "κόσμε")), []byte{8})
	f.Fuzz(func(t *testing.T, in, cuts []byte) {
		const limit = 1000
		l := memory(t)
		h := &app{}
		srv := websocket.NewServer(h, websocket.Options{MaxMessage: limit})
		p := join(t, l, srv, engine.Options{})
		for i, rest := 0, in; len(rest) > 0; i++ {
			n := len(rest)
			if len(cuts) > 0 {
				n = min(n, 1+int(cuts[i%len(cuts)]))
			}
			p.Send(rest[:n])
			rest = rest[n:]
		}
		answers := codes(show(p.Received()))
		diff(t, "answers", model(in, limit), answers)
		closes := 0
		for _, a := range answers {
			if len(a) > 6 && a[:6] == "close " {
				closes++
			}
		}
		if closes > 1 || p.SawFIN() != (closes == 1) {
			t.Errorf("%d close frames, FIN %v", closes, p.SawFIN())
		}
		if over := p.Taken() - len(welcome) - len(in); over > 127 {
			t.Errorf("answered with %d bytes more than were sent", over)
		}
		if l.Stats().HandlerPanics > 0 {
			t.Error("panic")
		}
		p.CloseWrite()
		if len(h.closed) != 1 || !p.Closed() {
			t.Errorf("OnClose %v, closed %v", h.closed, p.Closed())
		}
	})
}

package differential_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestHandshakes gives opening handshakes with one thing varied, and then with
// several, to our server and to those of gorilla and coder behind net/http. Who
// accepts each variation stands in variations; a handshake is accepted by whom
// accepts all that is varied in it.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	for _, part := range variations {
		for i := range part {
			tryHandshake(t, []int{i}, part)
		}
	}
	r := rand.New(rand.NewPCG(*seed, 4))
	for range *streams / 4 {
		choice := make([]int, len(variations))
		one, other := r.IntN(len(variations)), r.IntN(len(variations))
		if target(one) && target(other) {
			continue
		}
		for _, part := range []int{one, other} {
			choice[part] = r.IntN(len(variations[part]))
		}
		tryHandshake(t, choice, variations...)
	}
}

// target tells the parts that say together where a request goes: what is right in
// one depends on the others.
func target(part int) bool { return part == 0 || part == 1 || part == 6 }

// A variation is a way to write a part of the handshake, and the first letters
// of those who accept it.
type variation struct{ text, accept, reason string }

// tryHandshake puts the chosen variations of some parts and the first of the
// others together.
func tryHandshake(t *testing.T, choice []int, parts ...[]variation) {
	t.Helper()
	accept, reasons := "ogc", []string(nil)
	var head strings.Builder
	for _, all := range variations {
		v := all[0]
		for i, p := range parts {
			if &p[0] == &all[0] {
				v = all[choice[i]]
			}
		}
		accept = strings.Map(func(r rune) rune {
			if strings.ContainsRune(v.accept, r) {
				return r
			}
			return -1
		}, accept)
		if v.reason != "" {
			reasons = append(reasons, v.reason)
		}
		head.WriteString(v.text)
	}
	head.WriteString("\r\n")
	switch { // what net/http waits for before it answers
	case strings.Contains(head.String(), "Content-Length: 3"):
		head.WriteString("abc")
	case strings.Contains(head.String(), "chunked"):
		head.WriteString("0\r\n\r\n")
	}
	for _, peer := range []struct {
		name   string
		status func(*testing.T, string) (int, error)
	}{{"ours", ourStatus}, {"gorilla", gorillaStatus}, {"coder", coderStatus}} {
		status, err := peer.status(t, head.String())
		if want := strings.Contains(accept, peer.name[:1]); err != nil || (status == 101) != want {
			t.Errorf("%s answers %d, %v; accepting is %v (%s)\n%q", peer.name, status, err, want, strings.Join(reasons, "; "), head.String())
		}
	}
}

// ourStatus is the answer of our server.
func ourStatus(t *testing.T, head string) (int, error) {
	b := &brief{TB: t}
	defer b.over()
	l := enginetest.NewLoop(b, engine.Config{ReadBuffer: 8 << 10, Logger: slog.New(slog.DiscardHandler)})
	p := l.Connect(websocket.NewServer(&echo{}, websocket.Options{Subprotocols: []string{"chat"}}), engine.Options{})
	p.Send([]byte(head))
	return status(p.Received())
}

func gorillaStatus(_ *testing.T, head string) (int, error) {
	return overHTTP(head, func(w http.ResponseWriter, r *http.Request) {
		up := gorilla.Upgrader{Subprotocols: []string{"chat"}}
		if c, err := up.Upgrade(w, r, nil); err == nil {
			_ = c.Close()
		}
	})
}

func coderStatus(_ *testing.T, head string) (int, error) {
	return overHTTP(head, func(w http.ResponseWriter, r *http.Request) {
		if c, err := coder.Accept(w, r, &coder.AcceptOptions{Subprotocols: []string{"chat"}}); err == nil {
			_ = c.CloseNow()
		}
	})
}

// overHTTP lets a server of net/http answer; 0 is none.
func overHTTP(head string, h http.HandlerFunc) (int, error) {
	near, far := net.Pipe()
	ln := &one{conns: make(chan net.Conn, 1)}
	ln.conns <- far
	srv := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln)
	}()
	go func() { _, _ = near.Write([]byte(head)) }()
	resp, err := http.ReadResponse(bufio.NewReader(near), nil)
	_ = near.Close()
	_ = srv.Close()
	<-done
	if err != nil {
		return 0, nil //nolint:nilerr // closed without one
	}
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

// one is a listener of one connection.
type one struct{ conns chan net.Conn }

func (l *one) Accept() (net.Conn, error) {
	if nc, ok := <-l.conns; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}
func (l *one) Close() error   { close(l.conns); return nil }
func (l *one) Addr() net.Addr { return &net.UnixAddr{} }

func status(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil // waits for more
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", err, b)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

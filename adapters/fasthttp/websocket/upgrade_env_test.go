package websocket_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// upgradeRequest is a good request. Each change replaces the field that it names, or adds
// it; a field without a value is taken away.
func upgradeRequest(changes ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://example.com/a", nil)
	for _, line := range append([]string{
		"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}, changes...) {
		name, value, _ := strings.Cut(line, ":")
		if name, again := strings.CutPrefix(name, "+"); again {
			r.Header.Add(name, strings.TrimSpace(value))
		} else if r.Header.Set(name, strings.TrimSpace(value)); value == "" {
			r.Header.Del(name)
		}
	}
	return r
}

// hijackable is a http.ResponseWriter whose connection is one end of a pipe.
type hijackable struct {
	*httptest.ResponseRecorder
	nc  net.Conn
	brw *bufio.ReadWriter
}

func (w *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.nc, w.brw, nil }

// answered is what upgrade answers: the lines of a head, sorted but for the first, and
// a body.
func answered(t testing.TB, upgrade func(w http.ResponseWriter) error) (head []string, body string, err error) {
	t.Helper()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	w := &hijackable{httptest.NewRecorder(), ours, bufio.NewReadWriter(bufio.NewReader(strings.NewReader("")), bufio.NewWriter(io.Discard))}
	lines := make(chan []string, 1)
	go func() {
		var all []string
		s := bufio.NewScanner(theirs)
		for s.Scan() && s.Text() != "" {
			all = append(all, s.Text())
		}
		lines <- all
	}()
	err = upgrade(w)
	if err != nil {
		_ = theirs.Close()
		head = append(head, fmt.Sprint("HTTP/1.1 ", w.Code))
		for name, values := range w.Header() {
			head = append(head, fmt.Sprintf("%s: %q", name, values))
		}
		body = w.Body.String()
	} else {
		head = soon(t, lines)
	}
	slices.Sort(head[1:])
	return head, body, err
}

package websocket_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
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

// TestUpgradeAnswer: what is answered, and returned, is what gorilla does, from which the
// original descends. They differ where there is no Upgrade, and in that the client's order of
// subprotocols counts here.
func TestUpgradeAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		changes   []string
		method    string
		protocols []string
		compress  bool
		header    http.Header
	}{
		"good":                    {},
		"other case":              {changes: []string{"Connection: keep-alive, UPGRADE", "Upgrade: WebSocket"}},
		"two fields":              {changes: []string{"Connection: close", "+Connection: upgrade"}},
		"no Connection":           {changes: []string{"Connection:"}},
		"other Connection":        {changes: []string{"Connection: upgrades"}},
		"junk in Connection":      {changes: []string{"Connection: a b, upgrade"}},
		"POST":                    {method: http.MethodPost},
		"HEAD":                    {method: http.MethodHead},
		"no version":              {changes: []string{"Sec-WebSocket-Version:"}},
		"version 8":               {changes: []string{"Sec-WebSocket-Version: 8"}},
		"versions":                {changes: []string{"Sec-WebSocket-Version: 8, 13"}},
		"no key":                  {changes: []string{"Sec-WebSocket-Key:"}},
		"short key":               {changes: []string{"Sec-WebSocket-Key: eA=="}},
		"long key":                {changes: []string{"Sec-WebSocket-Key: " + strings.Repeat("A", 40)}},
		"not base64":              {changes: []string{"Sec-WebSocket-Key: " + strings.Repeat("!", 24)}},
		"own origin":              {changes: []string{"Origin: https://EXAMPLE.com"}},
		"other origin":            {changes: []string{"Origin: https://example.org"}},
		"other port":              {changes: []string{"Origin: https://example.com:8443"}},
		"null origin":             {changes: []string{"Origin: null"}},
		"bad origin":              {changes: []string{"Origin: :"}},
		"empty origin":            {changes: []string{"Origin: "}},
		"subprotocol":             {protocols: []string{"p", "q"}, changes: []string{"Sec-WebSocket-Protocol: x, q"}},
		"no subprotocol":          {protocols: []string{"p", "q"}, changes: []string{"Sec-WebSocket-Protocol: x"}},
		"subprotocol not offered": {protocols: []string{"p", "q"}},
		"empty list":              {protocols: []string{}, changes: []string{"Sec-WebSocket-Protocol: x"}, header: http.Header{"Sec-Websocket-Protocol": {"x"}}},
		"subprotocol in header":   {header: http.Header{"Sec-Websocket-Protocol": {"x", "y"}}},
		"subprotocol's case":      {protocols: []string{"p"}, changes: []string{"Sec-WebSocket-Protocol: P"}},
		"header":                  {header: http.Header{"Set-Cookie": {"a=b", "c=d"}, "x-own": {"y"}, "Empty": {""}, "None": nil}},
		"a line break":            {header: http.Header{"X": {"a\r\nb: c\x00\t\x7f"}}},
		"extensions in header":    {header: http.Header{"Sec-Websocket-Extensions": {"x"}}},
		"compression":             {compress: true, changes: []string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}},
		"compression not offered": {compress: true, changes: []string{"Sec-WebSocket-Extensions: x-webkit-deflate-frame"}},
		"compression second":      {compress: true, changes: []string{"Sec-WebSocket-Extensions: foo; a=b", "+Sec-WebSocket-Extensions: bar, permessage-deflate"}},
		"compression not enabled": {changes: []string{"Sec-WebSocket-Extensions: permessage-deflate"}},
	} {
		for _, own := range []bool{false, true} { // with an Error of the application's
			t.Run(fmt.Sprint(name, " ", own), func(t *testing.T) {
				t.Parallel()
				refused := func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
					http.Error(w, reason.Error(), status)
				}
				if !own {
					refused = nil
				}
				request := func() *http.Request {
					r := upgradeRequest(tt.changes...)
					if tt.method != "" {
						r.Method = tt.method
					}
					return r
				}
				var wantSub, sub string
				want, wantBody, wantErr := answered(t, func(w http.ResponseWriter) error {
					u := gorilla.Upgrader{Subprotocols: tt.protocols, EnableCompression: tt.compress, Error: refused}
					c, err := u.Upgrade(w, request(), tt.header)
					if c != nil {
						wantSub = c.Subprotocol()
					}
					return err
				})
				got, body, err := answered(t, func(w http.ResponseWriter) error {
					u := websocket.Upgrader{Subprotocols: tt.protocols, EnableCompression: tt.compress, Error: refused}
					c, err := u.Upgrade(w, request(), tt.header)
					if c != nil {
						sub = c.Subprotocol()
						_ = c.Close()
					}
					return err
				})
				if d := cmp.Diff(want, got); d != "" || body != wantBody || sub != wantSub {
					t.Errorf("subprotocol %q, gorilla's is %q; body %q, gorilla's is %q; the answer (-gorilla +ours):\n%s", sub, wantSub, body, wantBody, d)
				}
				if fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Errorf("error %v, gorilla's is %v", err, wantErr)
				}
				if err != nil {
					if _, ok := err.(websocket.HandshakeError); !ok {
						t.Errorf("the error is a %T", err)
					}
				}
			})
		}
	}
}

// TestUpgradeRequired: without an Upgrade the answer is 426, and says to what.
func TestUpgradeRequired(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"Upgrade:", "Upgrade: h2c", "Upgrade: web socket"} {
		head, body, err := answered(t, func(w http.ResponseWriter) error {
			_, err := new(websocket.Upgrader).Upgrade(w, upgradeRequest(change), nil)
			return err
		})
		if err == nil || err.Error() != "websocket: the client is not using the websocket protocol: 'websocket' token not found in 'Upgrade' header" ||
			head[0] != "HTTP/1.1 426" || !slices.Contains(head, `Upgrade: ["websocket"]`) || body != "Upgrade Required\n" {
			t.Errorf("%s: %q, %q, %v", change, head, body, err)
		}
	}
}

// TestUpgradeHeader: what responseHeader cannot do.
func TestUpgradeHeader(t *testing.T) {
	t.Parallel()
	upgrade := func(u websocket.Upgrader, header http.Header, changes ...string) []string {
		head, _, _ := answered(t, func(w http.ResponseWriter) error {
			c, err := u.Upgrade(w, upgradeRequest(changes...), header)
			if err == nil {
				_ = c.Close()
			}
			return err
		})
		return head
	}
	plain := upgrade(websocket.Upgrader{}, nil)
	if got := upgrade(websocket.Upgrader{}, http.Header{
		"Upgrade": {"x"}, "connection": {"close"}, "Sec-WebSocket-Accept": {"x"}, "a: b\r\nc": {"d"}, "": {"e"},
	}); !slices.Equal(got, plain) {
		t.Errorf("the answer is %q", got)
	}
	if got := upgrade(websocket.Upgrader{}, http.Header{"Sec-WebSocket-Extensions": {"x"}}); got[0] != "HTTP/1.1 500" {
		t.Errorf("extensions: %q", got)
	}
	if got := upgrade(websocket.Upgrader{}, http.Header{"Sec-WebSocket-Protocol": {"p\r\nA: b"}}); !slices.Contains(got, "Sec-WebSocket-Protocol: p  A: b") || len(got) != len(plain)+1 {
		t.Errorf("a subprotocol of two lines: %q", got)
	}
	if got := upgrade(websocket.Upgrader{Subprotocols: []string{"p"}}, nil, "Sec-WebSocket-Protocol: x", "+Sec-WebSocket-Protocol: p"); !slices.Contains(got, "Sec-WebSocket-Protocol: p") {
		t.Errorf("a subprotocol in the second line: %q", got)
	}
	if got := upgrade(websocket.Upgrader{Subprotocols: []string{"p", "q"}}, nil, "Sec-WebSocket-Protocol: x, q, p"); !slices.Contains(got, "Sec-WebSocket-Protocol: q") {
		t.Errorf("the client's order: %q", got)
	}
}

// TestUpgradeOld: the function lets every Origin through and answers nothing.
func TestUpgradeOld(t *testing.T) {
	t.Parallel()
	head, _, err := answered(t, func(w http.ResponseWriter) error {
		c, err := websocket.Upgrade(w, upgradeRequest("Origin: http://evil.example"), http.Header{"Sec-Websocket-Protocol": {"p"}}, 10, 10)
		if err != nil {
			return err
		}
		if c.Subprotocol() != "p" {
			t.Errorf("subprotocol %q", c.Subprotocol())
		}
		return c.Close()
	})
	if err != nil || !slices.Contains(head, "Sec-WebSocket-Protocol: p") {
		t.Errorf("%q, %v", head, err)
	}
	head, body, err := answered(t, func(w http.ResponseWriter) error {
		_, err := websocket.Upgrade(w, upgradeRequest("Sec-WebSocket-Key:"), nil, 0, 0)
		return err
	})
	if !errors.As(err, new(websocket.HandshakeError)) || len(head) > 1 || body != "" {
		t.Errorf("%q, %q, %v", head, body, err)
	}
}

// TestUpgradeTimeout: a client that does not read the answer is given up, and its
// connection is closed.
func TestUpgradeTimeout(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	w := &hijackable{httptest.NewRecorder(), ours, bufio.NewReadWriter(bufio.NewReader(ours), bufio.NewWriter(ours))}
	u := websocket.Upgrader{HandshakeTimeout: time.Millisecond}
	if c, err := u.Upgrade(w, upgradeRequest(), nil); c != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, %v", c, err)
	}
	_ = theirs.SetDeadline(time.Now().Add(bearing))
	if _, err := theirs.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection was not closed: %v", err)
	}
	// Without, or with one that was not met, nothing of it is left.
	for _, timeout := range []time.Duration{0, -1, time.Hour} {
		ours, theirs := net.Pipe()
		_ = ours.SetDeadline(time.Now().Add(-time.Hour)) // the HTTP server's
		w := &hijackable{httptest.NewRecorder(), ours, bufio.NewReadWriter(bufio.NewReader(ours), bufio.NewWriter(ours))}
		go func() {
			if _, err := http.ReadResponse(bufio.NewReaderSize(theirs, 16), nil); err == nil {
				_, _ = theirs.Write([]byte("\x81\x80\x00\x00\x00\x00"))
			}
		}()
		u.HandshakeTimeout = timeout
		c, err := u.Upgrade(w, upgradeRequest(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(); err != nil {
			t.Errorf("%v: %v", timeout, err)
		}
		_, _ = c.Close(), theirs.Close()
	}
}

// TestUpgradeEarly: frames that a client sends without waiting for the answer are not lost.
func TestUpgradeEarly(t *testing.T) {
	t.Parallel()
	var frames strings.Builder
	for i := range 200 {
		fmt.Fprintf(&frames, "\x81\xfe\x00\xc8\x00\x00\x00\x00%-200d", i)
	}
	got := make(chan string, 200)
	at := served(t, false, func(w http.ResponseWriter, r *http.Request) {
		c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for range cap(got) {
			_, p, err := c.ReadMessage()
			if err != nil {
				t.Error(err)
				return
			}
			got <- strings.TrimSpace(string(p))
		}
	})
	nc, err := net.Dial("tcp", strings.Trim(at, "ws:/"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var request strings.Builder
	if err := upgradeRequest().Write(&request); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(nc, request.String()+frames.String()); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if s := soon(t, got); s != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, s)
		}
	}
}

// TestUpgradeOffers: RFC 7692 section 7.1, seen from a server that compresses each message by
// itself, within any window.
func TestUpgradeOffers(t *testing.T) {
	t.Parallel()
	const yes = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	type test struct {
		offers []string
		answer string // empty: declined
	}
	tests := []test{
		{[]string{""}, ""},
		{[]string{"permessage-deflate"}, yes},
		{[]string{"Permessage-Deflate;Client_Max_Window_Bits"}, yes},
		{[]string{"permessage-deflate; server_no_context_takeover"}, yes},
		{[]string{"permessage-deflate; client_no_context_takeover"}, yes},
		{[]string{"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"}, yes},
		{[]string{"permessage-deflate; server_max_window_bits"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits="}, ""},
		{[]string{"permessage-deflate; client_max_window_bits="}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover=1"}, ""},
		{[]string{"permessage-deflate; client_no_context_takeover="}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits; client_max_window_bits=15"}, ""},
		{[]string{"permessage-deflate; x"}, ""},
		{[]string{"permessage-deflate; x=y"}, ""},
		{[]string{"permessage-deflate-not"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=10, permessage-deflate"}, yes + "; server_max_window_bits=10"},
		{[]string{"permessage-deflate; server_max_window_bits=16", "permessage-deflate; x", "permessage-deflate; client_max_window_bits"}, yes},
		{[]string{"permessage-deflate; x, permessage-deflate; server_max_window_bits=15"}, yes + "; server_max_window_bits=15"},
		{[]string{"foo; a=\"permessage-deflate, permessage-deflate\""}, ""},
	}
	for bits := range 20 {
		for _, form := range []string{"%d", `"%d"`, ` "%d" `} {
			value := fmt.Sprintf(form, bits)
			server, client, both := "", "", ""
			if bits >= 8 && bits <= 15 {
				client = yes
				server = fmt.Sprint(yes, "; server_max_window_bits=", bits)
				both = server
			}
			tests = append(
				tests,
				test{[]string{"permessage-deflate; server_max_window_bits=" + value}, server},
				test{[]string{"permessage-deflate; client_max_window_bits=" + value}, client},
				test{[]string{"permessage-deflate; client_max_window_bits=" + value + "; server_max_window_bits = " + value}, both},
			)
		}
		tests = append(
			tests,
			test{[]string{fmt.Sprintf("permessage-deflate; server_max_window_bits=0%d", bits)}, ""},
			test{[]string{fmt.Sprintf("permessage-deflate; client_max_window_bits=+%d", bits)}, ""},
			test{[]string{fmt.Sprintf("permessage-deflate; client_max_window_bits=%d.0", bits)}, ""},
			test{[]string{fmt.Sprintf("permessage-deflate; client_max_window_bits=\"%d", bits)}, ""},
		)
	}
	for _, tt := range tests {
		for _, enabled := range []bool{true, false} {
			var changes []string
			for _, offer := range tt.offers {
				changes = append(changes, "+Sec-WebSocket-Extensions: "+offer)
			}
			var deflated bool
			head, _, err := answered(t, func(w http.ResponseWriter) error {
				u := websocket.Upgrader{EnableCompression: enabled}
				c, err := u.Upgrade(w, upgradeRequest(changes...), nil)
				if err == nil {
					deflated = c.Deflated()
					_ = c.Close()
				}
				return err
			})
			got, want := "", tt.answer
			for _, line := range head {
				if value, ok := strings.CutPrefix(line, "Sec-WebSocket-Extensions: "); ok {
					got += value
				}
			}
			if !enabled {
				want = ""
			}
			if err != nil || got != want || deflated != (want != "") {
				t.Errorf("%q is answered with %q, deflated %t, %v; want %q", tt.offers, got, deflated, err, want)
			}
		}
	}
}

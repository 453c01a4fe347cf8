package websocket_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// requestLines is the head of the request that dial writes, sorted, with the key left
// out; and the address that it connected to.
func requestLines(t testing.TB, dial func(netDial func(network, addr string) (net.Conn, error)) error) (lines []string, err error) {
	t.Helper()
	got := make(chan []string, 1)
	err = dial(func(_, addr string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			lines := []string{"connected to " + addr}
			for s := bufio.NewScanner(theirs); s.Scan() && s.Text() != ""; {
				line := s.Text()
				if strings.HasPrefix(line, "Sec-WebSocket-Key: ") {
					line = line[:len("Sec-WebSocket-Key: ")]
				}
				lines = append(lines, line)
			}
			got <- lines
		}()
		return ours, nil
	})
	select {
	case lines = <-got:
		slices.Sort(lines[2:])
	default: // the error came before
	}
	return lines, err
}

// TestDialRequest: what is sent, and what is refused, is what gorilla does, from which
// the original descends.
func TestDialRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url       string
		header    http.Header
		protocols []string
		compress  bool
		cookies   bool
	}{
		"plain":                   {url: "ws://a"},
		"path and query":          {url: "ws://a/b%20c/ü?d=e&f#g"},
		"port":                    {url: "ws://a:80/"},
		"own port":                {url: "ws://a:8080/"},
		"IPv6":                    {url: "ws://[::1]/"},
		"IPv6 and port":           {url: "ws://[::1%25eth0]:8080/"},
		"no host":                 {url: "ws:///a"},
		"host with a space":       {url: "ws://a b/"},
		"subprotocols":            {url: "ws://a", protocols: []string{"p", "q"}},
		"subprotocol in header":   {url: "ws://a", header: http.Header{"Sec-Websocket-Protocol": {"p, q"}}},
		"written as in the RFC":   {url: "ws://a", header: http.Header{"Sec-WebSocket-Protocol": {"p, q"}}},
		"instead of the Dialer's": {url: "ws://a", protocols: []string{"r"}, header: http.Header{"Sec-WebSocket-Protocol": {"p, q"}}},
		"both":                    {url: "ws://a", protocols: []string{"r"}, header: http.Header{"Sec-Websocket-Protocol": {"p, q"}}},
		"compression":             {url: "ws://a", compress: true},
		"cookies":                 {url: "ws://a/b", cookies: true},
		"own cookies":             {url: "ws://a/b", cookies: true, header: http.Header{"Cookie": {"mine=1"}}},
		"Host":                    {url: "ws://a", header: http.Header{"Host": {"b:1", "c"}}},
		"no Host":                 {url: "ws://a", header: http.Header{"Host": {}}},
		"bad Host":                {url: "ws://a", header: http.Header{"Host": {"b\r\nX: y"}}},
		"Origin":                  {url: "ws://a", header: http.Header{"Origin": {"http://a"}}},
		"User-Agent":              {url: "ws://a", header: http.Header{"User-Agent": {"me"}}},
		"two values":              {url: "ws://a", header: http.Header{"X": {"y", "z"}}},
		"a line break":            {url: "ws://a", header: http.Header{"X": {"y\r\nZ: z"}}},
		"a bad name":              {url: "ws://a", header: http.Header{"X y": {"z"}}},
		"as it is written":        {url: "ws://a", header: http.Header{"x-OWN": {"y"}}},
		"a length":                {url: "ws://a", header: http.Header{"Content-Length": {"5"}, "Transfer-Encoding": {"chunked"}}},
		"Upgrade":                 {url: "ws://a", header: http.Header{"Upgrade": {"x"}}},
		"Connection":              {url: "ws://a", header: http.Header{"Connection": {"x"}}},
		"key":                     {url: "ws://a", header: http.Header{"Sec-Websocket-Key": {"x"}}},
		"version":                 {url: "ws://a", header: http.Header{"Sec-Websocket-Version": {"x"}}},
		"extensions":              {url: "ws://a", header: http.Header{"Sec-Websocket-Extensions": {"x"}}},
		"other scheme":            {url: "http://a"},
		"no scheme":               {url: "a"},
		"user":                    {url: "ws://b@a"},
		"user and password":       {url: "ws://b:c@a"},
		"not a URL":               {url: "ws://a:b"},
		"control character":       {url: "ws://a/\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jar := func() http.CookieJar {
				if !tt.cookies {
					return nil
				}
				j, _ := cookiejar.New(nil)
				j.SetCookies(&url.URL{Scheme: "http", Host: "a", Path: "/b"}, []*http.Cookie{{Name: "c", Value: "d"}, {Name: "e", Value: "f", Secure: true}})
				return j
			}
			want, wantErr := requestLines(t, func(netDial func(network, addr string) (net.Conn, error)) error {
				d := gorilla.Dialer{NetDial: netDial, Subprotocols: tt.protocols, EnableCompression: tt.compress, Jar: jar()}
				_, _, err := d.Dial(tt.url, tt.header)
				return err
			})
			got, err := requestLines(t, func(netDial func(network, addr string) (net.Conn, error)) error {
				d := websocket.Dialer{NetDial: netDial, Subprotocols: tt.protocols, EnableCompression: tt.compress, Jar: jar()}
				_, _, err := d.Dial(tt.url, tt.header)
				return err
			})
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the request (-gorilla +ours):\n%s", d)
			}
			if err == nil || wantErr == nil || err.Error() != wantErr.Error() {
				t.Errorf("error %v, gorilla's is %v", err, wantErr)
			}
		})
	}
}

// TestDialRequestNames: a field of the handshake is one however it is capitalised.
func TestDialRequestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"upgrade", "CONNECTION", "Sec-WebSocket-Key", "sec-websocket-version", "Sec-WebSocket-Extensions"} {
		_, _, err := new(websocket.Dialer).Dial("ws://a", http.Header{name: {"x"}})
		if want := "websocket: duplicate header not allowed: " + http.CanonicalHeaderKey(name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	lines, _ := requestLines(t, func(netDial func(network, addr string) (net.Conn, error)) error {
		d := websocket.Dialer{NetDial: netDial, Subprotocols: []string{"r"}}
		_, _, err := d.Dial("ws://a", http.Header{"host": {"b"}, "sec-websocket-protocol": {"p"}})
		return err
	})
	has := func(line string) bool { return slices.Contains(lines, line) }
	if !has("Host: b") || has("Host: a") || has("host: b") || !has("Sec-WebSocket-Protocol: p") || has("Sec-WebSocket-Protocol: r") {
		t.Errorf("the request is %q", lines)
	}
}

// TestDialNil: a nil *Dialer is the DefaultDialer, and NewClient uses what it is given.
func TestDialNil(t *testing.T) {
	t.Parallel()
	if d := websocket.DefaultDialer; d.HandshakeTimeout.Seconds() != 45 || d.Proxy == nil {
		t.Errorf("DefaultDialer is %+v", d)
	}
	at := answering(t, switching("Sec-WebSocket-Protocol: p"), "\x81\x02hi")
	var none *websocket.Dialer
	c, _, err := none.Dial(at, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, _, err := none.Dial("x://", nil); !errors.Is(err, websocket.ErrMalformedURL) || err.Error() != "malformed ws or wss URL" {
		t.Errorf("got %v", err)
	}
	u, err := url.Parse("ws://nowhere.invalid/")
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", strings.TrimPrefix(at, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	c, resp, err := websocket.NewClient(nc, u, http.Header{"Sec-Websocket-Protocol": {"p"}}, 10, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, p, err := c.ReadMessage(); string(p) != "hi" || err != nil || c.Subprotocol() != "p" || resp.StatusCode != 101 {
		t.Errorf("%q, %v, subprotocol %q", p, err, c.Subprotocol())
	}
}

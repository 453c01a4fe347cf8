package websocket_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

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

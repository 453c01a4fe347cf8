package websocket_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestDialBadHandshake: what is no upgrade is ErrBadHandshake, with the response.
func TestDialBadHandshake(t *testing.T) {
	t.Parallel()
	refusal := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for name, tt := range map[string]struct {
		answer string
		status int
		body   string
	}{
		"refused":       {refusal("no"), 403, "no"},
		"long body":     {refusal(strings.Repeat("b", 5000)), 403, strings.Repeat("b", 1024)},
		"chunked":       {"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 500, "abcde"},
		"redirect":      {"HTTP/1.1 302 \r\nLocation: ws://a/\r\nContent-Length: 0\r\n\r\n", 302, ""},
		"200":           {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x"},
		"no Upgrade":    {strings.ReplaceAll(switching(), "Upgrade: websocket\r\n", ""), 101, ""},
		"other Upgrade": {strings.ReplaceAll(switching(), "websocket", "websockets"), 101, ""},
		"no Connection": {strings.ReplaceAll(switching(), "Connection: Upgrade", "Connection: close"), 101, ""},
		"other accept":  {strings.ReplaceAll(switching(), "%ACCEPT%", "x%ACCEPT%"), 101, ""},
		"accept's case": {strings.ReplaceAll(switching(), "%ACCEPT%", "s3pplmbitxaq9kygzzhzrbk+xoo="), 101, ""},
		"no accept":     {strings.ReplaceAll(switching(), "Sec-WebSocket-Accept: %ACCEPT%\r\n", ""), 101, ""},
	} {
		c, resp, err := new(websocket.Dialer).Dial(answering(t, tt.answer), nil)
		if c != nil || err != websocket.ErrBadHandshake {
			t.Errorf("%s: %v, %v", name, c, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != tt.status || string(body) != tt.body {
			t.Errorf("%s: status %d, body %.100q, %v", name, resp.StatusCode, body, err)
		}
	}
}

// TestDialGoodHandshake: what is an upgrade in spite of its looks.
func TestDialGoodHandshake(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"plain":        switching(),
		"other case":   strings.NewReplacer("websocket", "WebSocket", "Connection: Upgrade", "CONNECTION:upgrade").Replace(switching()),
		"lists":        strings.NewReplacer("websocket", "foo, websocket", "Connection: Upgrade", "Connection: keep-alive ,Upgrade").Replace(switching()),
		"interim":      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switching(),
		"a length":     switching("Content-Length: 5"),
		"chunked":      switching("Transfer-Encoding: chunked"),
		"a large head": switching("X: " + strings.Repeat("x", 60_000)),
		"many lines":   switching(strings.Split(strings.Repeat("X: x\r\n", 9_000), "\r\n")[:9_000]...),
	} {
		c, resp, err := new(websocket.Dialer).Dial(answering(t, answer, "\x81\x05hello"), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, p, err := c.ReadMessage(); err != nil || string(p) != "hello" {
			t.Errorf("%s: ReadMessage = %q, %v", name, p, err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || len(body) > 0 || resp.StatusCode != 101 {
			t.Errorf("%s: status %d, body %q, %v", name, resp.StatusCode, body, err)
		}
		_ = c.Close()
	}
}

// TestDialExtensions: RFC 7692 section 7.1, seen from a client that offers no context
// takeover in both directions.
func TestDialExtensions(t *testing.T) {
	t.Parallel()
	const good = "permessage-deflate; server_no_context_takeover"
	invalid, bad := websocket.ErrInvalidCompression, websocket.ErrBadHandshake
	if invalid.Error() != "websocket: invalid compression negotiation" {
		t.Errorf("the error's text is %q", invalid)
	}
	for _, tt := range []struct {
		offer    bool
		lines    []string
		deflated bool
		err      error
	}{
		{true, nil, false, nil},
		{false, nil, false, nil},
		{true, []string{""}, false, nil},
		{true, []string{good}, true, nil},
		{true, []string{good + "; client_no_context_takeover"}, true, nil},
		{true, []string{"Permessage-Deflate; Server_No_Context_Takeover"}, true, nil},
		{true, []string{good + "; server_max_window_bits=8"}, true, nil},
		{true, []string{good + `; server_max_window_bits="15"`}, true, nil},
		{true, []string{"permessage-deflate"}, false, invalid},
		{true, []string{"permessage-deflate; client_no_context_takeover"}, false, invalid},
		{true, []string{good + "; client_max_window_bits=10"}, false, invalid},
		{true, []string{good + "; client_max_window_bits"}, false, invalid},
		{true, []string{good + "; server_max_window_bits"}, false, invalid},
		{true, []string{good + "; server_max_window_bits=7"}, false, invalid},
		{true, []string{good + "; server_max_window_bits=16"}, false, invalid},
		{true, []string{good + "; server_max_window_bits=08"}, false, invalid},
		{true, []string{good + "; server_no_context_takeover"}, false, invalid},
		{true, []string{"permessage-deflate; server_no_context_takeover=1"}, false, invalid},
		{true, []string{good + "; x"}, false, invalid},
		{true, []string{good + ";"}, false, invalid},
		{true, []string{good + ", " + good}, false, invalid},
		{true, []string{good, good}, false, invalid},
		{true, []string{"foo"}, false, bad},
		{true, []string{good + ", foo"}, false, bad},
		{true, []string{"foo; x=y, " + good}, false, bad},
		{false, []string{"foo"}, false, bad},
		{false, []string{good}, false, invalid},
		{false, []string{good + "; client_no_context_takeover"}, false, invalid},
	} {
		var lines []string
		for _, value := range tt.lines {
			lines = append(lines, "Sec-WebSocket-Extensions: "+value)
		}
		d := websocket.Dialer{EnableCompression: tt.offer}
		c, resp, err := d.Dial(answering(t, switching(lines...)), nil)
		if err != tt.err || (c != nil) != (err == nil) || resp == nil || resp.StatusCode != 101 {
			t.Errorf("%t, %q: %v, %v, want %v", tt.offer, tt.lines, resp, err, tt.err)
		}
		if c != nil {
			if c.Deflated() != tt.deflated {
				t.Errorf("%t, %q: deflated %t", tt.offer, tt.lines, c.Deflated())
			}
			_ = c.Close()
		}
	}
}

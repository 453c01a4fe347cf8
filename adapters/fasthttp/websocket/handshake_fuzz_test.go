package websocket_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// The grammar of RFC 6455 section 9.1 as it is written there, with a quoted-string of any bytes.
var (
	oracleToken  = "[-!#$%&'*+.^_`|~0-9A-Za-z]+"
	oracleQuoted = `"(?s:[^"\\]|\\.)*"`
	oracleParam  = regexp.MustCompile(`^[ \t]*;[ \t]*(` + oracleToken + `)[ \t]*(=[ \t]*(` + oracleToken + `|` + oracleQuoted + `))?[ \t]*`)
	oracleName   = regexp.MustCompile(`^[ \t]*(` + oracleToken + `)[ \t]*`)
	oracleEscape = regexp.MustCompile(`(?s)\\(.)`)
)

// oracleExtensions is parseExtensions for one line that has no fault; false means that it has one.
func oracleExtensions(line string) (list []map[string]string, ok bool) {
	for {
		m := oracleName.FindStringSubmatch(line)
		if m == nil {
			return list, false
		}
		ext := map[string]string{"": m[1]}
		line = line[len(m[0]):]
		for {
			m := oracleParam.FindStringSubmatch(line)
			if m == nil {
				break
			}
			value := m[3]
			if strings.HasPrefix(value, `"`) {
				value = oracleEscape.ReplaceAllString(value[1:len(value)-1], "$1")
			}
			ext[m[1]] = value
			line = line[len(m[0]):]
		}
		switch {
		case line == "":
			return append(list, ext), true
		case line[0] != ',':
			return list, false
		}
		list, line = append(list, ext), line[1:]
	}
}

// FuzzParseExtensions holds parseExtensions against the grammar, and what is answered to the same
// offers against what every answer must be.
func FuzzParseExtensions(f *testing.F) {
	for _, line := range []string{
		"", "foo", `foo; bar="b,a;z", baz`, "foo , bar; baz = 2", "foo junk, bar", `a; b="\"\\"`, `a; b="c`, "a;", "a,",
		"permessage-deflate; client_max_window_bits; server_max_window_bits=10 , permessage-deflate",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, c := range []byte(line) {
			if c >= 0x80 { // regexp knows characters, not bytes
				t.Skip()
			}
		}
		list := websocket.ParseExtensions(http.Header{"Sec-Websocket-Extensions": {line}})
		want, ok := oracleExtensions(line)
		if len(list) < len(want) || ok && len(list) > len(want) {
			t.Fatalf("%q: %q, want %q", line, list, want)
		}
		for i, ext := range want {
			if !maps.Equal(ext, list[i]) {
				t.Errorf("%q: %q, want %q", line, list, want)
			}
		}
		answer, bits, ok := websocket.AnswerDeflate([]string{line})
		const terms = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
		switch {
		case !ok && (answer != "" || bits != 0):
			t.Errorf("%q is declined with %q, %d", line, answer, bits)
		case ok && bits == 0 && answer != terms:
			t.Errorf("%q is answered with %q", line, answer)
		case ok && bits != 0 && (answer != fmt.Sprint(terms, "; server_max_window_bits=", bits) || bits < 8 || bits > 15 ||
			!strings.Contains(strings.ToLower(line), "server_max_window_bits")):
			t.Errorf("%q is answered with %q, %d", line, answer, bits)
		case ok && !strings.Contains(strings.ToLower(line), "permessage-deflate"):
			t.Errorf("%q does not offer %q", line, answer)
		}
	})
}

// FuzzDialResponse lets a Dialer read arbitrary bytes. %ACCEPT% among them is the key's answer.
func FuzzDialResponse(f *testing.F) {
	for _, s := range []string{
		"", switching(), switching("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover") + "\x81\x05hello",
		"HTTP/1.1 103 \r\n\r\n" + switching() + "\x81", "HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nbecause",
		"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n", "HTTP/1.1 1", "\x00\x00\x0a\x04",
	} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, p []byte, piece uint8) {
		nc := &recorded{answer: p, piece: int(piece)}
		d := websocket.Dialer{
			NetDial:           func(string, string) (net.Conn, error) { return nc, nil },
			EnableCompression: piece&1 > 0,
			HandshakeTimeout:  time.Duration(piece&2) * time.Hour,
		}
		c, resp, err := d.Dial("ws://a/", nil)
		if (c != nil) != (err == nil) || nc.closed != (err != nil) {
			t.Fatalf("%v, %v, closed %t", c, err, nc.closed)
		}
		if resp != nil {
			if body, err := io.ReadAll(resp.Body); err != nil || len(body) > 1024 {
				t.Errorf("the body is %d bytes, %v", len(body), err)
			}
		}
		if err != nil {
			return
		}
		if !bytes.Contains(p, []byte("%ACCEPT%")) || resp.StatusCode != 101 || !nc.deadline.IsZero() {
			t.Errorf("accepted: %v, deadline %v", resp, nc.deadline)
		}
		// All that came behind the head is read as frames.
		for err == nil {
			_, _, err = c.ReadMessage()
		}
		if left := len(nc.answer); left > 0 && websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
			t.Errorf("%d bytes were not read: %v", left, err)
		}
		_ = c.Close()
	})
}

// recorded is a connection whose peer has said all that it will say.
type recorded struct {
	request  bytes.Buffer
	answer   []byte
	piece    int // 0: no bound
	asked    bool
	closed   bool
	deadline time.Time
}

func (c *recorded) Write(p []byte) (int, error) { return c.request.Write(p) }

func (c *recorded) Read(p []byte) (int, error) {
	if !c.asked {
		c.asked = true
		_, rest, _ := strings.Cut(c.request.String(), "Sec-WebSocket-Key: ")
		key, _, _ := strings.Cut(rest, "\r\n")
		c.answer = bytes.Replace(slices.Clone(c.answer), []byte("%ACCEPT%"), []byte(websocket.ComputeAcceptKey(key)), 1)
	}
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case !c.deadline.IsZero() && c.deadline.Before(time.Now()):
		return 0, os.ErrDeadlineExceeded
	case len(c.answer) == 0:
		return 0, io.EOF
	}
	if c.piece > 0 {
		p = p[:min(len(p), c.piece)]
	}
	n := copy(p, c.answer)
	c.answer = c.answer[n:]
	return n, nil
}

func (c *recorded) Close() error                     { c.closed = true; return nil }
func (c *recorded) LocalAddr() net.Addr              { return nil }
func (c *recorded) RemoteAddr() net.Addr             { return nil }
func (c *recorded) SetDeadline(t time.Time) error    { c.deadline = t; return nil }
func (c *recorded) SetReadDeadline(time.Time) error  { return nil }
func (c *recorded) SetWriteDeadline(time.Time) error { return nil }

package main_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// curlHead runs curl and answers what the server said. After 101 curl waits for
// more until the end of the test; it holds back what --include prints, but not
// what --dump-header does.
func curlHead(t *testing.T, args ...string) (*http.Response, string) {
	t.Helper()
	c := talk(t, "curl", append([]string{"--silent", "--show-error", "--dump-header", "-", "--http1.1"}, args...)...)
	resp, err := http.ReadResponse(c.out, nil)
	if err != nil {
		t.Fatalf("curl: %v\n%s", err, c.errs.String())
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, code := c.end(); code != 0 {
		t.Fatalf("curl exited with %d\n%s", code, c.errs.String())
	}
	return resp, string(body)
}

func TestCurl(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	s := servePeers(t, "-l", "ws://127.0.0.1:0/chat")
	url := strings.Replace(s.urls[0], "ws:", "http:", 1)
	without := strings.TrimSuffix(url, "/chat")

	// The key and its answer are those of RFC 6455 section 1.3.
	upgrade := func(version string) []string {
		return []string{
			"-H", "Connection: keep-alive, Upgrade", "-H", "Upgrade: websocket",
			"-H", "Sec-WebSocket-Version: " + version, "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		}
	}
	for _, c := range []struct {
		name string
		args []string
		want string // status and the header fields that matter
	}{
		{"upgrade", append(upgrade("13"), url), "101 accept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo= upgrade=websocket connection=Upgrade version="},
		{"query", append(upgrade("13"), url+"?room=1"), "101 accept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo= upgrade=websocket connection=Upgrade version="},
		{"plain GET", []string{url}, "426 accept= upgrade=websocket connection=close version=13"},
		{"old version", append(upgrade("8"), url), "426 accept= upgrade=websocket connection=close version=13"},
		{"POST", append(upgrade("13"), "--data", "x", url), "405 accept= upgrade= connection=close version="},
		{"other path", append(upgrade("13"), without+"/other"), "404 accept= upgrade= connection=close version="},
		{"no path", append(upgrade("13"), without), "404 accept= upgrade= connection=close version="},
		{"no key", append(upgrade("13")[:6], url), "400 accept= upgrade= connection=close version="},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			resp, body := curlHead(t, c.args...)
			h := resp.Header
			connection := h.Get("Connection")
			if resp.Close && connection == "" { // net/http took it
				connection = "close"
			}
			got := fmt.Sprintf("%d accept=%s upgrade=%s connection=%s version=%s", resp.StatusCode, h.Get("Sec-WebSocket-Accept"),
				h.Get("Upgrade"), connection, h.Get("Sec-WebSocket-Version"))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
			if resp.StatusCode != 101 && int64(len(body)) != resp.ContentLength {
				t.Errorf("body %q with Content-Length %d", body, resp.ContentLength)
			}
		})
	}
}

// nc -N half-closes when its input ends.
func TestNetcat(t *testing.T) {
	t.Parallel()
	needs(t, "nc.openbsd")
	big := strings.Repeat("All work and no play makes Jack a dull boy.\n", 1<<20/44)
	socket := filepath.Join(t.TempDir(), "s")
	for _, c := range []struct{ name, handler, listen, say, want string }{
		{"greet", "greet", "tcp://127.0.0.1:0", hello, thanks},
		{"greet too much", "greet", "tcp://127.0.0.1:0", big[:5000], "Thanks! Got your message:" + big[:1024]},
		{"echo", "echo", "tcp://127.0.0.1:0", hello, hello},
		{"echo nothing", "echo", "tcp://127.0.0.1:0", "", ""},
		{"echo much", "echo", "tcp://127.0.0.1:0", big, big},
		{"echo over unix", "echo", "unix://" + socket, big, big},
		{"greet over unix", "greet", "unix://" + socket + "2", hello, thanks},
		{"discard", "discard", "tcp://127.0.0.1:0", big, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := servePeers(t, "-l", c.listen, "--handler", c.handler)
			to := []string{"-N", "-U", strings.TrimPrefix(s.urls[0], "unix://")}
			if !strings.HasPrefix(c.listen, "unix") {
				host, port := hostPort(t, s.urls[0])
				to = []string{"-N", host, port}
			}
			if got := output(t, c.say, "nc.openbsd", to...); got != c.want {
				t.Errorf("nc printed %d bytes, want %d: %q", len(got), len(c.want), shorten(got))
			}
		})
	}
}

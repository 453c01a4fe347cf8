package nethttp_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// visited is what page.html posts.
type visited struct {
	Error, Protocol, Extensions string
	Received                    []string
	Code                        int
	WasClean                    bool
}

// TestChromium is a browser that has the page over HTTP/2, and opens the WebSocket
// within the same connection; or, where HTTP/2 is switched off, another of HTTP/1.1.
func TestChromium(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("SOCKEYE_CI") == "1" {
			t.Fatal("needs chromium")
		}
		t.Skip("needs chromium")
	}
	for _, tt := range []struct {
		mode
		proto int32
	}{{two, 2}, {modes[1], 1}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var proto atomic.Int32
			outcome := make(chan visited, 1)
			h := handler(t, &app{}, websocket.Options{Subprotocols: []string{"v2.chat"}, Compression: &websocket.Compression{Takeover: true}})
			mux := http.NewServeMux()
			mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
				proto.Store(int32(r.ProtoMajor))
				h.ServeHTTP(w, r)
			})
			mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
				http.ServeFile(w, r, "testdata/page.html")
			})
			mux.HandleFunc("POST /outcome", func(_ http.ResponseWriter, r *http.Request) {
				var v visited
				if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
					t.Error(err)
				}
				outcome <- v
			})
			s := tt.serve(t, mux)
			b := openChromium(t, s.URL)
			var got visited
			select {
			case got = <-outcome:
			case <-b.ended:
				t.Fatalf("chromium ended: %v\n%s", b.cmd.ProcessState, b.errs.String())
			case <-time.After(3 * patience):
				b.stop()
				t.Fatalf("chromium has posted nothing\n%s", b.errs.String())
			}
			diff(t, "the page saw", visited{
				Protocol: "v2.chat", Extensions: "permessage-deflate",
				Received: []string{"Grüße, 世界 🐟", "true", "0 1 127 128 255"}, Code: 3001, WasClean: true,
			}, got)
			diff(t, "HTTP/", tt.proto, proto.Load())
		})
	}
}

// browser is a running Chromium, with its helpers in one process group.
type browser struct {
	cmd   *exec.Cmd
	errs  bytes.Buffer // after ended
	ended chan struct{}
}

func openChromium(t *testing.T, url string) *browser {
	t.Helper()
	b := &browser{ended: make(chan struct{})}
	b.cmd = exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-breakpad", "--ignore-certificate-errors", "--user-data-dir="+t.TempDir(), url)
	b.cmd.Env = append(b.cmd.Environ(), "TMPDIR="+t.TempDir())
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	b.cmd.Stderr = &b.errs
	b.cmd.WaitDelay = patience
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(b.ended)
		_ = b.cmd.Wait()
	}()
	t.Cleanup(b.stop)
	return b
}

// stop ends the browser, and its helpers: the folders that they write to are
// deleted next.
func (b *browser) stop() {
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.ended:
	case <-time.After(patience / 3):
		_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
		<-b.ended
	}
}

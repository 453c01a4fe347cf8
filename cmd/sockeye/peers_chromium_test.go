package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// visited is what page.html posts.
type visited struct {
	Error      string
	Extensions string
	Text       string
	LongText   bool
	Binary     []int
	BigBinary  bool
	Blob       int
	Close      closing
	Protocol   string
	PlainClose closing
	Lost       int
	Strange    int // by default a page of another origin is refused, and told nothing
}

type closing struct {
	Code     int
	Reason   string
	WasClean bool
}

// A page in a browser talks to sockeye serve, and to a server that speaks
// subprotocols.
func TestChromium(t *testing.T) {
	t.Parallel()
	needs(t, "chromium")
	echo := servePeers(t, "-l", "ws://127.0.0.1:0/chat", "--origin", anyPort).urls[0]
	query := url.Values{
		"echo":      {echo},
		"lost":      {echo + "/elsewhere"},
		"strange":   {servePeers(t, "-l", "ws://127.0.0.1:0/chat").urls[0]},
		"protocols": {serveProtocols(t, anyPort, "v1.chat", "v2.chat")},
	}

	want := visited{
		Text:       "Grüße, 世界 🐟",
		LongText:   true,
		Binary:     []int{0, 1, 127, 128, 255},
		BigBinary:  true,
		Blob:       4,
		Close:      closing{3001, "", true},
		Protocol:   "v2.chat",
		PlainClose: closing{1005, "", true},
		Lost:       1006,
		Strange:    1006,
	}
	if d := cmp.Diff(want, visit[visited](t, "page.html", query)); d != "" {
		t.Errorf("the page saw (-want +got):\n%s", d)
	}
}

// anyPort is the origin of a page whose port is not known yet.
const anyPort = "http://127.0.0.1:*"

// visit lets a browser open a page of testdata/peers, and answers what the page
// posts.
func visit[T any](t *testing.T, page string, query url.Values) T {
	t.Helper()
	outcomes := make(chan []byte, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/peers/"+page)
	})
	mux.HandleFunc("POST /outcome", func(_ http.ResponseWriter, r *http.Request) {
		p, _ := io.ReadAll(r.Body)
		select {
		case outcomes <- p:
		default: // one is enough
		}
	})
	site := httptest.NewServer(mux)
	defer site.Close()

	var outcome T
	browser := openChromium(t, site.URL+"/?"+query.Encode())
	select {
	case p := <-outcomes:
		if err := json.Unmarshal(p, &outcome); err != nil {
			t.Fatalf("the page posted %q: %v", p, err)
		}
	case <-browser.ended:
		t.Fatalf("chromium ended: %v\n%s", browser.cmd.ProcessState, browser.errs.String())
	case <-time.After(3 * patience):
		browser.stop()
		t.Fatalf("chromium has posted nothing\n%s", browser.errs.String())
	}
	return outcome
}

// serveProtocols is an echo server of this process; sockeye serve speaks no
// subprotocol.
func serveProtocols(t *testing.T, origin string, names ...string) (url string) {
	t.Helper()
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	o := websocket.Options{Origins: []string{origin}, Subprotocols: names}
	ln, err := e.Listen("tcp", "127.0.0.1:0", websocket.NewServer(echoing{}, o), engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.Serve(t.Context())
	}()
	t.Cleanup(func() {
		_ = e.Close()
		<-done
	})
	return "ws://" + ln.Addr().String() + "/"
}

type echoing struct{}

func (echoing) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }
func (echoing) OnClose(*websocket.Conn, error)                   {}
func (echoing) OnMessage(c *websocket.Conn, k websocket.MessageType, p []byte) {
	_ = c.WriteMessage(k, p)
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
		"--disable-sync", "--disable-breakpad", "--user-data-dir="+t.TempDir(), url)
	b.cmd.Env = append(b.cmd.Environ(), "TMPDIR="+t.TempDir())
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	b.cmd.Stderr = &b.errs // a pipe that the helpers have too: Wait waits for them
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

// stop ends the browser and waits until its helpers are gone too: the folders
// that they write to are deleted next.
func (b *browser) stop() {
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.ended:
	case <-time.After(patience / 3):
		_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
		<-b.ended
	}
}

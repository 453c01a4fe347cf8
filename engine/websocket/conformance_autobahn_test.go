package websocket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// autobahnOptions are those of TestConformance: what the suite does not negotiate
// is not compressed.
func autobahnOptions() websocket.Options { return conformOptions("tcp") }

// TestAutobahnServer lets our client be tested by the real suite, if there is one:
//
//	wstest -m fuzzingserver
//	SOCKEYE_AUTOBAHN=ws://127.0.0.1:9001 go test ./engine/websocket -run AutobahnServer -v -timeout 1h
func TestAutobahnServer(t *testing.T) {
	url := strings.TrimSuffix(os.Getenv("SOCKEYE_AUTOBAHN"), "/")
	if url == "" {
		t.Skip("to run it, let SOCKEYE_AUTOBAHN name a fuzzing server of the Autobahn test suite, ws://host:port")
	}
	driveAutobahn(t, url)
}

// TestAutobahnClient serves the real suite until it is told to end by an interrupt:
//
//	SOCKEYE_AUTOBAHN_LISTEN=127.0.0.1:9002 go test ./engine/websocket -run AutobahnClient -v -timeout 1h
//	wstest -m fuzzingclient # whose fuzzingclient.json has {"servers": [{"url": "ws://127.0.0.1:9002"}], "cases": ["*"]}
func TestAutobahnClient(t *testing.T) {
	addr := os.Getenv("SOCKEYE_AUTOBAHN_LISTEN")
	if addr == "" {
		t.Skip("to run it, let SOCKEYE_AUTOBAHN_LISTEN be an address, and point a fuzzing client of the Autobahn test suite at it")
	}
	srv := websocket.NewServer(&conformEcho{}, autobahnOptions())
	if _, err := start(t).Listen("tcp", addr, srv, engine.ListenOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t.Logf("listening on %s until interrupted", addr)
	<-ctx.Done()
	t.Logf("%+v", srv.Stats())
}

// driveAutobahn asks a fuzzing server how many cases it has, has each of them, and
// fails for those that are neither OK nor informational.
func driveAutobahn(t *testing.T, url string) {
	t.Helper()
	e := start(t)
	ask := func(path string) string {
		k := newTalk()
		if _, err := websocket.Dial(t.Context(), e, url+path, k, websocket.DialOptions{}); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		_ = wait(t, k.closed, "end of the connection")
		select {
		case s := <-k.messages:
			return s
		default:
			return ""
		}
	}
	number := ask("/getCaseCount")
	count, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil {
		t.Fatalf("getCaseCount said %q", number)
	}
	verdicts := map[string]int{}
	for i := 1; i <= count; i++ {
		k := autobahnEcho{closed: make(chan struct{})}
		path := fmt.Sprintf("/runCase?case=%d&agent=sockeye", i)
		if _, err := websocket.Dial(t.Context(), e, url+path, k, websocket.DialOptions{Options: autobahnOptions()}); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		<-k.closed // some cases take minutes
		var status struct{ Behavior string }
		if s := ask(fmt.Sprintf("/getCaseStatus?case=%d&agent=sockeye", i)); json.Unmarshal([]byte(s), &status) != nil {
			t.Errorf("getCaseStatus of case %d said %q", i, s)
		}
		verdicts[status.Behavior]++
		if status.Behavior != "OK" && status.Behavior != "INFORMATIONAL" {
			var info struct{ ID string }
			_ = json.Unmarshal([]byte(ask(fmt.Sprintf("/getCaseInfo?case=%d", i))), &info)
			t.Errorf("case %d, %s: %s", i, info.ID, status.Behavior)
		}
	}
	ask("/updateReports?agent=sockeye")
	t.Logf("%d cases: %v", count, verdicts)
}

// autobahnEcho echoes, and tells when it is over.
type autobahnEcho struct {
	echo
	closed chan struct{}
}

func (k autobahnEcho) OnClose(*websocket.Conn, error) { close(k.closed) }

// TestAutobahnDriver drives a stand-in for a fuzzing server, which has a few cases
// and no judgement.
func TestAutobahnDriver(t *testing.T) {
	t.Parallel()
	const count = 3
	paths := make(chan string, 100)
	srv := &app{open: func(c *websocket.Conn, r *websocket.Request) error {
		path := string(r.Target)
		paths <- path
		switch strings.Split(path, "?")[0] {
		case "/getCaseCount":
			_ = c.WriteMessage(websocket.Text, strconv.AppendInt(nil, count, 10))
		case "/getCaseStatus":
			_ = c.WriteMessage(websocket.Text, []byte(`{"behavior": "OK"}`))
		case "/runCase":
			_ = c.WriteMessage(websocket.Text, []byte("echo me"))
			return nil // until the echo has come
		}
		c.Close(websocket.CodeNormal, "")
		return nil
	}}
	srv.message = func(c *websocket.Conn, _ websocket.MessageType, p []byte) {
		if string(p) != "echo me" {
			t.Errorf("echoed %q", p)
		}
		c.Close(websocket.CodeNormal, "")
	}
	e, err := engine.New(engine.Config{Loops: 1}) // one loop: an app is not for several
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.Background()) }()
	defer func() {
		_ = e.Close()
		_ = wait(t, served, "end of Serve")
	}()
	url, _ := serve(t, e, srv, websocket.Options{})
	driveAutobahn(t, strings.TrimSuffix(url, "/"))
	want := []string{"/getCaseCount"}
	for i := 1; i <= count; i++ {
		want = append(want, fmt.Sprintf("/runCase?case=%d&agent=sockeye", i), fmt.Sprintf("/getCaseStatus?case=%d&agent=sockeye", i))
	}
	want = append(want, "/updateReports?agent=sockeye")
	var got []string
	for range want {
		got = append(got, wait(t, paths, "request"))
	}
	diff(t, "requests", want, got)
}

package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// patience is how long a test waits for the browser.
const patience = time.Minute

// tab is a page of a headless Chromium, told what to do by the DevTools protocol over our own WebSocket client, and all
// that it said meanwhile. It belongs to one goroutine.
type tab struct {
	t       *testing.T
	c       *websocket.Client
	session string
	calls   int

	requests []string // of the network, by URL
	errors   []string // of the console, uncaught, of the policy; and dialogs
}

// openTab starts a browser that talks to nobody, and ends it with the test.
func openTab(t *testing.T) *tab {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("SOCKEYE_CI") == "1" {
			t.Fatal("needs chromium")
		}
		t.Skip("needs chromium")
	}
	p := &tab{t: t}
	var err error
	o := websocket.DialOptions{Options: websocket.Options{MaxMessage: 256 << 20}} // screenshots
	if p.c, err = websocket.DialClient(t.Context(), startChromium(t), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.c.CloseNow)

	var target struct{ TargetID string }
	p.call("Target.createTarget", params{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	p.call("Target.attachToTarget", params{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		p.call(domain+".enable", nil, nil)
	}
	return p
}

type params map[string]any

// message is what comes from the browser: an answer to a call, or an event.
type message struct {
	ID     int
	Error  json.RawMessage
	Result json.RawMessage
	Method string
	Params json.RawMessage
}

// call does one thing and waits for its answer, which is put into answer unless that is nil.
func (p *tab) call(method string, how params, answer any) {
	p.t.Helper()
	p.calls++
	id := p.calls
	order := map[string]any{"id": id, "method": method}
	if how != nil {
		order["params"] = how
	}
	if p.session != "" {
		order["sessionId"] = p.session
	}
	text, err := json.Marshal(order)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.c.WriteMessage(ctx, websocket.Text, text); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
	p.await(method, func(m message) bool {
		if m.ID != id {
			return false
		}
		if m.Error != nil {
			p.t.Fatalf("%s: %s", method, m.Error)
		}
		if answer != nil {
			if err := json.Unmarshal(m.Result, answer); err != nil {
				p.t.Fatalf("%s: %v in %s", method, err, m.Result)
			}
		}
		return true
	})
}

// await takes messages until one is the one.
func (p *tab) await(what string, is func(message) bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		_, text, err := p.c.ReadMessage(ctx)
		if err != nil {
			p.t.Fatalf("%s: %v", what, err)
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			p.t.Fatalf("%s: %v", what, err)
		}
		p.note(m)
		if is(m) {
			return
		}
	}
}

// note remembers an event that a page should not cause.
func (p *tab) note(m message) {
	switch m.Method {
	case "Network.requestWillBeSent":
		var e struct{ Request struct{ URL string } }
		_ = json.Unmarshal(m.Params, &e)
		p.requests = append(p.requests, e.Request.URL)
	case "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening", "Runtime.consoleAPICalled":
		p.errors = append(p.errors, fmt.Sprintf("%s %s", m.Method, m.Params))
	}
}

// open goes to a file, forgets what was noted before, and returns when it is loaded.
func (p *tab) open(path string) {
	p.t.Helper()
	p.requests, p.errors = nil, nil
	p.call("Page.navigate", params{"url": "file://" + path}, nil)
	p.await("load", func(m message) bool { return m.Method == "Page.loadEventFired" })
	p.frame()
}

// frame waits until all that is due has been drawn.
func (p *tab) frame() {
	p.t.Helper()
	p.eval(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))`, nil)
}

// eval gives the value of an expression, of its promise if it is one.
func (p *tab) eval(expression string, value any) {
	p.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	p.call("Runtime.evaluate", params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if value != nil {
		if err := json.Unmarshal(answer.Result.Value, value); err != nil {
			p.t.Fatalf("%s: %v in %s", expression, err, answer.Result.Value)
		}
	}
}

// look sets the width of the window and the scheme of the colours, "light" or "dark".
func (p *tab) look(width int, scheme string) {
	p.t.Helper()
	p.call("Emulation.setDeviceMetricsOverride", params{
		"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false,
	}, nil)
	p.call("Emulation.setEmulatedMedia", params{
		"features": []params{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

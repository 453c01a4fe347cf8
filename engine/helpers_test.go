package engine_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockeye-io/sockeye/engine"
)

// patience bounds every wait of these tests; it only passes when one fails.
const patience = 30 * time.Second

// silent is for tests whose handlers panic on purpose.
var silent = slog.New(slog.DiscardHandler)

// funcs is a Handler made of functions; one that is nil does the least: OnData
// consumes everything.
type funcs struct {
	open  func(c *engine.Conn) error
	data  func(c *engine.Conn, p []byte) (int, error)
	close func(c *engine.Conn, err error)
}

func (f *funcs) OnOpen(c *engine.Conn) error {
	if f.open == nil {
		return nil
	}
	return f.open(c)
}

func (f *funcs) OnData(c *engine.Conn, p []byte) (int, error) {
	if f.data == nil {
		return len(p), nil
	}
	return f.data(c, p)
}

func (f *funcs) OnClose(c *engine.Conn, err error) {
	if f.close != nil {
		f.close(c, err)
	}
}

// The optional callbacks change what the engine does, so each is a type of its
// own.
type (
	eofFuncs struct {
		funcs
		eof func(c *engine.Conn)
	}
	timerFuncs struct {
		funcs
		timer func(c *engine.Conn)
	}
	writableFuncs struct {
		funcs
		writable func(c *engine.Conn)
	}
	drainFuncs struct {
		funcs
		drain func(c *engine.Conn)
	}
	mailFuncs struct {
		funcs
		mail func(c *engine.Conn, tag int, p []byte)
	}
)

func (f *eofFuncs) OnEOF(c *engine.Conn)                      { f.eof(c) }
func (f *timerFuncs) OnTimer(c *engine.Conn)                  { f.timer(c) }
func (f *writableFuncs) OnWritable(c *engine.Conn)            { f.writable(c) }
func (f *drainFuncs) OnDrain(c *engine.Conn)                  { f.drain(c) }
func (f *mailFuncs) OnMail(c *engine.Conn, tag int, p []byte) { f.mail(c, tag, p) }

// every has all callbacks and writes down, in order, which were called. It
// finds callbacks inside one another.
type every struct {
	mu     sync.Mutex
	events []string
	inside string
	do     map[string]func(c *engine.Conn) // by event, called inside it
}

func (e *every) event(name string, c *engine.Conn) {
	e.mu.Lock()
	if e.inside != "" {
		name = e.inside + " > " + name
	}
	e.events = append(e.events, name)
	outer := e.inside
	e.inside = name
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.inside = outer
		e.mu.Unlock()
	}()
	if f := e.do[name]; f != nil {
		f(c)
	}
}

func (e *every) log() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.events...)
}

func (e *every) OnOpen(c *engine.Conn) error { e.event("open", c); return nil }
func (e *every) OnData(c *engine.Conn, p []byte) (int, error) {
	e.event("data", c)
	return len(p), nil
}

func (e *every) OnClose(c *engine.Conn, err error) {
	e.event("close", c)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events[len(e.events)-1] += ": " + causeText(err)
}
func (e *every) OnWritable(c *engine.Conn)              { e.event("writable", c) }
func (e *every) OnDrain(c *engine.Conn)                 { e.event("drain", c) }
func (e *every) OnTimer(c *engine.Conn)                 { e.event("timer", c) }
func (e *every) OnEOF(c *engine.Conn)                   { e.event("eof", c) }
func (e *every) OnMail(c *engine.Conn, _ int, _ []byte) { e.event("mail", c) }

func causeText(err error) string {
	var p *engine.PanicError
	if errors.As(err, &p) {
		return fmt.Sprint("panic ", p.Value)
	}
	return fmt.Sprint(err)
}

// wait returns what ch brings.
func wait[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-ch:
		return v
	case <-timer.C:
		t.Fatalf("no %s within %v", what, patience)
		panic("not reached")
	}
}

// descriptors returns what the process has open, by descriptor.
func descriptors() map[string]string {
	open := make(map[string]string)
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range names {
		if to, err := os.Readlink(name); err == nil {
			open[filepath.Base(name)] = to
		}
	}
	return open
}

// equateEmpty takes nil and an empty slice for the same.
var equateEmpty = cmpopts.EquateEmpty()

// roundTrip sends msg and wants it back.
func roundTrip(t testing.TB, nc net.Conn, msg string) {
	t.Helper()
	if _, err := io.WriteString(nc, msg); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(msg))
	if _, err := io.ReadFull(nc, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != msg {
		t.Fatalf("received %q, want %q", got, msg)
	}
}

// wantAllocs counts the allocations of f. Under the race detector pools drop
// what they are given, so that nothing is counted there.
func wantAllocs(t testing.TB, want float64, f func()) {
	t.Helper()
	if raceEnabled {
		return
	}
	if got := testing.AllocsPerRun(200, f); got > want {
		t.Errorf("%v allocations a run, want %v", got, want)
	}
}

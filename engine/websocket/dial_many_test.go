package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// thousands is how many are dialled at once; both ends of each are ours.
const thousands = 4000

// TestDialThousands opens, uses and closes thousands of connections that are all
// dialled at once and all open at once.
func TestDialThousands(t *testing.T) {
	if testing.Short() {
		t.Skip("8,000 descriptors")
	}
	e := start(t)
	url, srv := serve(t, e, echo{}, websocket.Options{HandshakeTimeout: -1})
	var opened, done sync.WaitGroup
	opened.Add(thousands)
	for i := range thousands {
		done.Go(func() {
			k := newTalk()
			h, err := websocket.Dial(t.Context(), e, url, k, websocket.DialOptions{Options: websocket.Options{HandshakeTimeout: -1}})
			opened.Done()
			if err != nil {
				t.Error(err)
				return
			}
			opened.Wait() // for the others
			if err := h.WriteMessage(websocket.Text, fmt.Append(nil, i)); err != nil {
				t.Error(err)
			}
			if got := <-k.messages; got != fmt.Sprint(i) {
				t.Errorf("connection %d received %q", i, got)
			}
			if err := h.Close(websocket.CodeNormal, ""); err != nil {
				t.Error(err)
			}
			closedWith(t, <-k.closed, websocket.CodeNormal, nil)
		})
	}
	done.Wait()
	if s := srv.Stats(); s.Handshakes != thousands || s.MessagesIn != thousands {
		t.Errorf("stats %+v", s)
	}
	if err := e.Shutdown(t.Context()); err != nil || e.Stats().Open != 0 {
		t.Errorf("Shutdown: %v, %d connections are left", err, e.Stats().Open)
	}
}

// TestDialThousandsCancelled gives up when about half of them are open: each
// Dial either has a connection or the cause, and nothing is left of the others.
func TestDialThousandsCancelled(t *testing.T) {
	if testing.Short() {
		t.Skip("8,000 descriptors")
	}
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	server, client := start(t), start(t)
	url, _ := serve(t, server, echo{}, websocket.Options{HandshakeTimeout: -1})
	var opened, succeeded, failed atomic.Int64
	half := func() { // OnOpen of each
		if opened.Add(1) == thousands/2 {
			cancel(why)
		}
	}
	var done sync.WaitGroup
	for range thousands {
		done.Go(func() {
			k := newTalk()
			k.opened = func(*websocket.Conn) { half() }
			h, err := websocket.Dial(ctx, client, url, k, websocket.DialOptions{Options: websocket.Options{HandshakeTimeout: -1}})
			switch {
			case err == nil:
				succeeded.Add(1)
				if err := h.Close(websocket.CodeNormal, ""); err != nil {
					t.Error(err)
				}
				closedWith(t, <-k.closed, websocket.CodeNormal, nil)
			case errors.Is(err, why):
				failed.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	done.Wait()
	if opened.Load() != succeeded.Load() || succeeded.Load() < thousands/2 || failed.Load() == 0 {
		t.Errorf("%d opened, %d dials succeeded and %d failed", opened.Load(), succeeded.Load(), failed.Load())
	}
	for _, e := range []*engine.Engine{client, server} { // nobody needs to be waited for
		if err := e.Shutdown(t.Context()); err != nil || e.Stats().Open != 0 {
			t.Errorf("Shutdown: %v, %d connections are left", err, e.Stats().Open)
		}
	}
}

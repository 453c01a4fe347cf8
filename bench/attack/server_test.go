package attack_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// setupVariable holds the setup of a server, as JSON, in its environment.
const setupVariable = "SOCKEYE_ATTACK_SERVER"

// setup is what differs between the servers of the tests. Zero is the default of websocket.Options.
type setup struct {
	HandshakeTimeout time.Duration
	MaxMessage       int64
	WriteTimeout     time.Duration // of engine.Options
	Compression      bool          // with context takeover
	WindowBudget     int64
}

// counters is what the server tells of itself.
type counters struct {
	Engine    engine.Stats
	WebSocket websocket.Stats
}

// serve is the server's process. It prints its address, answers each line of in with its counters, and ends with in.
func serve(text string, in io.Reader, out io.Writer) error {
	var s setup
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	e, err := engine.New(engine.Config{})
	if err != nil {
		return err
	}
	o := websocket.Options{HandshakeTimeout: s.HandshakeTimeout, MaxMessage: s.MaxMessage}
	if s.Compression {
		o.Compression = &websocket.Compression{Takeover: true, WindowBudget: s.WindowBudget}
	}
	srv := websocket.NewServer(echo{}, o)
	ln, err := e.Listen("tcp", "127.0.0.1:0", srv, engine.ListenOptions{
		Options: engine.Options{WriteTimeout: s.WriteTimeout},
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- e.Serve(context.Background()) }()
	if _, err := fmt.Fprintln(out, ln.Addr()); err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if err := answers.Encode(counters{e.Stats(), srv.Stats()}); err != nil {
			return err
		}
	}
	_ = e.Close()
	if err := <-done; !errors.Is(err, engine.ErrServerClosed) {
		return err
	}
	return nil
}

// echo answers every message with itself.
type echo struct{}

func (echo) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }
func (echo) OnClose(*websocket.Conn, error)                   {}
func (echo) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, p) // the engine closes what fails
}

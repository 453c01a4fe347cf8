package second

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// Engine measures with Sockeye's client, on one loop.
func Engine(ctx context.Context, cfg Config) (Result, error) {
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		return Result{}, fmt.Errorf("second: %w", err)
	}
	defer e.Close()
	message := payload(cfg.Payload)
	clients := make([]*client, cfg.Connections)
	done := make(chan error, cfg.Connections) // each client sends once
	for i := range clients {
		clients[i] = &client{cfg: &cfg, message: message, done: done}
		clients[i].handle, err = websocket.Dial(ctx, e, cfg.URL, clients[i], websocket.DialOptions{})
		if err != nil {
			return Result{}, fmt.Errorf("second: connection %d: %w", i, err)
		}
	}
	cfg.ready()
	cpu, start := cpuTime(), time.Now()
	for _, c := range clients {
		c.start = start
		if err := c.handle.Post(c.send); err != nil {
			return Result{}, fmt.Errorf("second: %w", err)
		}
	}
	for range clients {
		if err := <-done; err != nil {
			return Result{}, fmt.Errorf("second: %w", err)
		}
	}
	elapsed := time.Since(start)
	cpu = cpuTime() - cpu
	latencies := make([][]time.Duration, len(clients))
	for i, c := range clients {
		latencies[i] = c.latencies
	}
	return sum(latencies, elapsed, cpu)
}

// client is one connection. All but handle and start belongs to the loop.
type client struct {
	cfg       *Config
	message   []byte
	handle    websocket.Handle
	start     time.Time
	sent      time.Time
	latencies []time.Duration
	over      bool
	done      chan<- error
}

func (c *client) send(conn *websocket.Conn) {
	c.sent = time.Now()
	if err := conn.WriteMessage(websocket.Binary, c.message); err != nil {
		c.finish(err)
	}
}

func (c *client) finish(err error) {
	if !c.over {
		c.over = true
		c.done <- err
	}
}

func (*client) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }

func (c *client) OnMessage(conn *websocket.Conn, _ websocket.MessageType, p []byte) {
	now := time.Now()
	if !bytes.Equal(p, c.message) {
		c.finish(fmt.Errorf("%q in place of an echo", p))
		return
	}
	c.latencies = append(c.latencies, now.Sub(c.sent))
	if c.cfg.more(len(c.latencies), now.Sub(c.start)) {
		c.send(conn)
		return
	}
	c.finish(nil)
}

func (c *client) OnClose(_ *websocket.Conn, err error) { c.finish(err) }

package second

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Gorilla measures with a goroutine for each connection.
func Gorilla(ctx context.Context, cfg Config) (Result, error) {
	conns := make([]*websocket.Conn, cfg.Connections)
	for i := range conns {
		c, _, err := websocket.DefaultDialer.DialContext(ctx, cfg.URL, nil)
		if err != nil {
			return Result{}, fmt.Errorf("second: connection %d: %w", i, err)
		}
		defer c.Close()
		conns[i] = c
	}
	latencies, errs := make([][]time.Duration, len(conns)), make([]error, len(conns))
	message := payload(cfg.Payload)
	cfg.ready()
	cpu, start := cpuTime(), time.Now()
	var running sync.WaitGroup
	for i, c := range conns {
		running.Go(func() {
			for cfg.more(len(latencies[i]), time.Since(start)) {
				sent := time.Now()
				if errs[i] = c.WriteMessage(websocket.BinaryMessage, message); errs[i] != nil {
					return
				}
				var p []byte
				if _, p, errs[i] = c.ReadMessage(); errs[i] != nil {
					return
				}
				if !bytes.Equal(p, message) {
					errs[i] = fmt.Errorf("second: %q in place of an echo", p)
					return
				}
				latencies[i] = append(latencies[i], time.Since(sent))
			}
		})
	}
	running.Wait()
	elapsed := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return Result{}, err
	}
	return sum(latencies, elapsed, cpuTime()-cpu)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// wsWire is a WebSocket client connection.
type wsWire struct {
	s    *session
	h    websocket.Handle
	kind websocket.MessageType
}

func dialWS(ctx context.Context, e *engine.Engine, s *session) (*wsWire, error) {
	w := &wsWire{s: s, kind: websocket.Text}
	if s.o.binary {
		w.kind = websocket.Binary
	}
	limit := s.o.timeout
	if limit == 0 {
		limit = -1
	}
	o := websocket.DialOptions{
		Options: websocket.Options{
			Subprotocols:     s.o.subprotocols,
			MaxMessage:       int64(s.o.maxMessage),
			HandshakeTimeout: -1, // ctx bounds it
			CloseTimeout:     limit,
		},
		Engine: engine.DialOptions{Options: engine.Options{HighWater: -1}}, // send keeps to window
		Origin: s.o.origin,
	}
	s.o.reach.apply(&o)
	if s.o.compress { // a window or two are nothing for one connection
		o.Compression = &websocket.Compression{Takeover: true}
	}
	for _, h := range s.o.headers {
		k, v, _ := strings.Cut(h, ":")
		o.Header = append(o.Header, strings.TrimSpace(k), strings.TrimSpace(v))
	}
	url := s.end.scheme + "://" + s.end.user + strings.ReplaceAll(s.end.addr, "%", "%25") + s.end.target // an IPv6 zone
	if s.end.network == "unix" {
		o.Network, o.Addr, url = "unix", s.end.addr, "ws://localhost"+s.end.target
	}
	h, err := websocket.Dial(ctx, e, url, w, o)
	w.h = h
	return w, err
}

func (w *wsWire) send(p []byte) error {
	done := make(chan error, 1)
	err := w.h.Post(func(c *websocket.Conn) {
		if c.Buffered() > window {
			done <- errBusy
		} else {
			done <- c.WriteMessage(w.kind, p)
		}
	})
	if err != nil {
		return err
	}
	select {
	case err = <-done:
	case <-w.s.over:
		err = engine.ErrClosed
	}
	return err
}

func (w *wsWire) finish() { w.close() }

func (w *wsWire) close() { _ = w.h.Close(websocket.CodeNormal, "") }

// OnOpen belongs to websocket.Handler, as the two below.
func (w *wsWire) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }

// OnMessage prints.
func (w *wsWire) OnMessage(_ *websocket.Conn, _ websocket.MessageType, p []byte) {
	w.s.received(p)
}

// OnClose judges the close code.
func (w *wsWire) OnClose(_ *websocket.Conn, err error) {
	var ce *websocket.CloseError
	if !errors.As(err, &ce) {
		w.s.ended(err, "")
		return
	}
	text := fmt.Sprintf("with %d", ce.Code)
	if ce.Reason != "" {
		text += " " + string(appendVisible(nil, []byte(ce.Reason)))
	}
	switch {
	case errors.Is(err, websocket.ErrCloseTimeout):
		err = fmt.Errorf("the server did not answer our close frame within %v", w.s.o.timeout.Round(time.Millisecond))
	case ce.Err != nil:
		err = fmt.Errorf("connection lost: %w", ce.Err)
	case ce.Code == websocket.CodeNormal, ce.Code == websocket.CodeGoingAway, ce.Code == websocket.CodeNoStatus:
		err = nil
	default:
		err = fmt.Errorf("closed by the server %s", text)
	}
	w.s.ended(err, text)
}

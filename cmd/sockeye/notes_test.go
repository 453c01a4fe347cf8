package main_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// The two programs of the course notes, in package net, against ours, over every
// network: their client greets sockeye serve, and their server greets our clients.

const (
	notesHello  = "Hello Server! Greetings."
	notesThanks = "Thanks! Got your message:" + notesHello
)

var networks = []string{"tcp", "tcp4", "tcp6", "unix", "unixpacket"}

// place is where to listen on a network.
func place(t *testing.T, network string) string {
	switch network {
	case "tcp":
		return "localhost:0"
	case "tcp4":
		return "127.0.0.1:0"
	case "tcp6":
		return "[::1]:0"
	}
	return t.TempDir() + "/s"
}

func TestNotesClient(t *testing.T) {
	t.Parallel()
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s := serve(t, "--handler", "greet", "-l", network+"://"+place(t, network))
			conn := dial(t, s.urls[0])
			if _, err := conn.Write([]byte(notesHello)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 1024)
			n, err := conn.Read(buf)
			if err != nil || string(buf[:n]) != notesThanks {
				t.Errorf("read %q (%v), want %q", buf[:n], err, notesThanks)
			}
			if n, err := conn.Read(buf); !errors.Is(err, io.EOF) {
				t.Errorf("then read %q (%v), want the end", buf[:n], err)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// notesServer accepts one connection, reads once, answers and closes.
func notesServer(t *testing.T, network string) (addr string) {
	t.Helper()
	ln, err := net.Listen(network, place(t, network))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			done <- err
			return
		}
		buf := make([]byte, 1024)
		n, err := conn.Read(buf)
		if err == nil {
			_, err = fmt.Fprintf(conn, "Thanks! Got your message:%s", buf[:n])
		}
		done <- errors.Join(err, conn.Close())
	}()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Errorf("the server: %v", err)
		}
		_ = ln.Close()
	})
	return ln.Addr().String()
}

// guest says hello and keeps the answer.
type guest struct {
	answer []byte
	closed chan error
}

func (g *guest) OnOpen(c *engine.Conn) error {
	_, err := c.Write([]byte(notesHello))
	return err
}

func (g *guest) OnData(_ *engine.Conn, p []byte) (int, error) {
	g.answer = append(g.answer, p...)
	return len(p), nil
}

func (g *guest) OnClose(_ *engine.Conn, err error) { g.closed <- err }

func TestNotesServer(t *testing.T) {
	t.Parallel()
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			e, err := engine.New(engine.Config{Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			g := &guest{closed: make(chan error, 1)}
			if _, err := e.Dial(ctx, network, notesServer(t, network), g, engine.DialOptions{}); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-g.closed:
				if !errors.Is(err, io.EOF) || string(g.answer) != notesThanks {
					t.Errorf("got %q, then %v; want %q, EOF", g.answer, err, notesThanks)
				}
			case <-ctx.Done():
				t.Error("the connection was not closed")
			}
		})
		t.Run(network+" connect", func(t *testing.T) {
			t.Parallel()
			c := connect(t, "-x", notesHello, "-n", "1", network+"://"+notesServer(t, network))
			if rest, code := c.end(); strings.ReplaceAll(rest, "\n", "") != notesThanks || code != 0 {
				t.Errorf("connect printed %q, exit code %d, want %q\n%s", rest, code, notesThanks, c.errs.String())
			}
		})
	}
}

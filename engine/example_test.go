package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/sockeye-io/sockeye/engine"
)

// greeter answers the first bytes of each connection and closes it.
type greeter struct{}

func (greeter) OnOpen(*engine.Conn) error { return nil }

func (greeter) OnData(c *engine.Conn, p []byte) (n int, err error) {
	_, err = c.Write(append([]byte("Thanks! Got your message:"), p...))
	c.Close() // when that has left
	return len(p), err
}

func (greeter) OnClose(*engine.Conn, error) {}

// A server on event loops, and a plain client of package net that dials, writes,
// reads and closes.
func ExampleEngine_Listen() {
	e, err := engine.New(engine.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := e.Listen("tcp", "localhost:0", greeter{}, engine.ListenOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.Background()) }()

	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(conn, "Hello Server! Greetings.")
	answer, err := io.ReadAll(conn)
	fmt.Printf("%s %v\n", answer, err)
	conn.Close()

	fmt.Println(e.Shutdown(context.Background()))
	fmt.Println(errors.Is(<-served, engine.ErrServerClosed))
	// Output:
	// Thanks! Got your message:Hello Server! Greetings. <nil>
	// <nil>
	// true
}

// caller says hello and prints what it hears.
type caller struct{ gone chan error }

func (caller) OnOpen(c *engine.Conn) error {
	_, err := c.Write([]byte("Hello Server! Greetings."))
	return err
}

func (caller) OnData(_ *engine.Conn, p []byte) (n int, err error) {
	fmt.Printf("received: %s\n", p)
	return len(p), nil
}

func (h caller) OnClose(_ *engine.Conn, err error) { h.gone <- err }

// A client on an event loop, and a plain server of package net that accepts,
// reads once, answers and closes.
func ExampleEngine_Dial() {
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ln.Close()
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 1024)
		n, err := conn.Read(buf)
		if err == nil {
			fmt.Fprintf(conn, "Thanks! Got your message:%s", buf[:n])
		}
	}()

	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	h := caller{gone: make(chan error, 1)}
	if _, err := e.Dial(context.Background(), "tcp", ln.Addr().String(), h, engine.DialOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the server closed:", errors.Is(<-h.gone, io.EOF))
	// Output:
	// received: Thanks! Got your message:Hello Server! Greetings.
	// the server closed: true
}

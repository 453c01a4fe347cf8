// Command coder holds the same conversation several times with an echo server,
// through github.com/coder/websocket. Its arguments are the URL, then for each
// conversation a compression mode. It prints a line for each thing that turned
// out right, and fails at the first that did not.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

var modes = map[string]websocket.CompressionMode{
	"none":        websocket.CompressionDisabled,
	"takeover":    websocket.CompressionContextTakeover,
	"no takeover": websocket.CompressionNoContextTakeover,
}

var sizes = []int{0, 1, 125, 126, 127, 65535, 65536, 200 << 10, 1 << 20}

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, name := range os.Args[2:] {
		mode, ok := modes[name]
		if !ok {
			log.Fatalf("no mode %q", name)
		}
		if err := converse(ctx, os.Args[1], mode); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
	}
}

// talk is one conversation.
type talk struct {
	*websocket.Conn
	ctx context.Context
	net *counted
}

func converse(ctx context.Context, url string, mode websocket.CompressionMode) error {
	t := talk{ctx: ctx, net: &counted{}}
	c, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient:           &http.Client{Transport: &http.Transport{DialContext: t.net.dial}},
		CompressionMode:      mode,
		CompressionThreshold: 1,
	})
	if err != nil {
		return err
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	t.Conn = c
	fmt.Println("extensions:", resp.Header.Get("Sec-WebSocket-Extensions"))
	for _, step := range []func() error{t.sizes, t.fragments, t.inOrder, t.costs} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := c.Close(4001, "so long"); err != nil { // it wants this code back
		return err
	}
	fmt.Println("close: 4001")
	return nil
}

func (t *talk) expect(kind websocket.MessageType, want []byte) error {
	got, p, err := t.Read(t.ctx)
	if err == nil && (got != kind || !bytes.Equal(p, want)) {
		err = fmt.Errorf("sent %d bytes, %v, and received %d, %v, or others", len(want), kind, len(p), got)
	}
	return err
}

func (t *talk) echo(kind websocket.MessageType, p []byte) error {
	if err := t.Write(t.ctx, kind, p); err != nil {
		return err
	}
	return t.expect(kind, p)
}

func (t *talk) sizes() error {
	for _, n := range sizes {
		if err := t.echo(websocket.MessageText, text(n)); err != nil {
			return fmt.Errorf("text of %d: %w", n, err)
		}
	}
	fmt.Println("text:", list(sizes))
	binary := sizes[:len(sizes)-1]
	for _, n := range binary {
		for _, period := range []int{300, 1100, 33_000} {
			if err := t.echo(websocket.MessageBinary, random(n, period)); err != nil {
				return fmt.Errorf("binary of %d: %w", n, err)
			}
		}
	}
	fmt.Println("binary:", list(binary))
	return nil
}

// fragments writes messages in pieces. A piece that does not compress becomes a
// frame or more of its own.
func (t *talk) fragments() error {
	for _, pieces := range [][]int{{1, 0, 2}, {700, 3000, 70_000}, {0, 0}} {
		w, err := t.Writer(t.ctx, websocket.MessageBinary)
		if err != nil {
			return err
		}
		var all []byte
		for _, n := range pieces {
			p := random(n, n+1)
			if _, err := w.Write(p); err != nil {
				return err
			}
			all = append(all, p...)
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := t.expect(websocket.MessageBinary, all); err != nil {
			return fmt.Errorf("fragments of %d: %w", pieces, err)
		}
	}
	fmt.Println("fragments: 3")
	return nil
}

// inOrder sends without waiting for answers. The pong arrives while what comes
// after it is read.
func (t *talk) inOrder() error {
	var list [200][]byte
	for i := range list {
		list[i] = text(i * i % 2003)
	}
	sent := make(chan error, 2)
	go func() {
		for i, p := range list {
			if err := t.Write(t.ctx, websocket.MessageText, p); err != nil {
				sent <- err
				return
			}
			if i == len(list)/2 {
				go func() { sent <- t.Ping(t.ctx) }()
			}
		}
		sent <- nil
	}()
	for i, p := range list {
		if err := t.expect(websocket.MessageText, p); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	fmt.Println("in order:", len(list))
	return <-sent
}

// cost is how many bytes the echo of p takes to be received, and to be sent.
func (t *talk) cost(p []byte) (in, out int64, err error) {
	r, w := t.net.read.Load(), t.net.written.Load()
	err = t.echo(websocket.MessageText, p)
	return t.net.read.Load() - r, t.net.written.Load() - w, err
}

func (t *talk) costs() error {
	in, out, err := t.cost(text(10_000))
	if err != nil {
		return err
	}
	fmt.Println("compressed by server, client:", in < 5000, out < 5000)
	// What comes again right away is almost free where the window is taken over. It
	// must be worth compressing the first time too.
	again := fmt.Appendf(nil, "%x", random(80, 40))
	if in, out, err = t.cost(again); err != nil {
		return err
	}
	in2, out2, err := t.cost(again)
	fmt.Println("taken over by server, client:", in2 < in/2, out2 < out/2)
	return err
}

func list(sizes []int) string { return strings.Trim(fmt.Sprint(sizes), "[]") }

// text has n bytes, in characters of one to four of them.
func text(n int) []byte {
	var b strings.Builder
	for i := 0; n-b.Len() > 40; i++ {
		fmt.Fprintf(&b, "%d Grüße, 世界 🐟; ", i)
	}
	b.WriteString(strings.Repeat("x", n-b.Len()))
	return []byte(b.String())
}

// random has n bytes, the same again after a period.
func random(n, period int) []byte {
	p := make([]byte, n)
	for i := range p {
		if i < period {
			p[i] = byte(rand.Uint32())
		} else {
			p[i] = p[i-period]
		}
	}
	return p
}

// counted counts the bytes of one connection.
type counted struct {
	net.Conn
	read, written atomic.Int64
}

func (c *counted) dial(ctx context.Context, network, addr string) (_ net.Conn, err error) {
	var d net.Dialer
	c.Conn, err = d.DialContext(ctx, network, addr)
	return c, err
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

package main_test

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// What our client offers.
var offers = [3]websocket.Compression{
	{}, // each message is compressed by itself
	{Takeover: true, Threshold: -1},
	{Takeover: true, Threshold: -1, WindowBits: 9, Level: 9},
}

// What becomes of that, as it shows in the bytes that messages take.
const (
	refused = "no connection"
	plain   = "not compressed"
	alone   = "each by itself"
	servers = "taken over by the server"
	clients = "taken over by the client"
	both    = "taken over by both"
)

// Our client talks to echo servers of other people that compress.
func TestDialDeflate(t *testing.T) {
	t.Parallel()
	type server struct {
		option string // an argument of the program
		want   [len(offers)]string
	}
	for _, c := range []struct {
		name    string
		line    func(t *testing.T) []string
		servers []server
	}{
		{"gorilla", func(t *testing.T) []string { return []string{filepath.Join(goPeers(t), "gorilla")} }, []server{
			// It does not read what is asked of it, so that we may not count on a
			// small window (RFC 7692 section 7.1.2.1).
			{"", [...]string{alone, alone, refused}},
		}},
		{"ws", func(t *testing.T) []string { return nodeWS(t, "ws_deflate_server.js") }, []server{
			{`{}`, [...]string{alone, both, both}},
			{`{"serverNoContextTakeover":true}`, [...]string{alone, clients, clients}},
			{`{"clientNoContextTakeover":true}`, [...]string{alone, servers, servers}},
			{`{"serverMaxWindowBits":9}`, [...]string{alone, both, both}},
			// It answers an offer of 9 bits with 10, against section 7.1.2.2.
			{`{"clientMaxWindowBits":10}`, [...]string{alone, both, refused}},
		}},
		{"bun", func(t *testing.T) []string { needs(t, "bun"); return []string{"bun", "testdata/peers/bun_server.js"} }, []server{
			{`true`, [...]string{alone, alone, plain}},
			{`{"compress":"dedicated","decompress":"dedicated"}`, [...]string{alone, both, both}},
			{`{"compress":"3KB","decompress":"shared"}`, [...]string{alone, servers, servers}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			line := c.line(t)
			for _, s := range c.servers {
				line = append(line, s.option)
			}
			for i, port := range peerPorts(t, len(c.servers), line) {
				for j, want := range c.servers[i].want {
					t.Run(c.servers[i].option+"/"+strconv.Itoa(j), func(t *testing.T) {
						t.Parallel()
						dialDeflate(t, "ws://127.0.0.1:"+port+"/", &offers[j], want)
						blockDeflate(t, "ws://127.0.0.1:"+port+"/", &offers[j], want)
					})
				}
			}
		})
	}
}

// peerPorts starts a program of servers, which prints a port for each of them
// and runs until the end of the test.
func peerPorts(t *testing.T, n int, line []string) (ports []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	var errs transcript
	cmd.Stderr, cmd.WaitDelay = &errs, patience
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	for sc := bufio.NewScanner(out); len(ports) < n && sc.Scan(); {
		ports = append(ports, sc.Text())
	}
	if len(ports) < n {
		t.Fatalf("%q printed %d ports of %d\n%s", line, len(ports), n, errs.String())
	}
	return ports
}

func dialDeflate(t *testing.T, url string, z *websocket.Compression, want string) {
	t.Helper()
	d, err := newDialed(t, url, z)
	if !connected(t, err, want) {
		return
	}
	d.converse()
	got := plain
	if d.compressed {
		server, client := d.again()
		got = map[[2]bool]string{{}: alone, {true, false}: servers, {false, true}: clients, {true, true}: both}[[2]bool{server, client}]
	}
	if got != want {
		t.Errorf("messages are %s, want %s", got, want)
	}
	d.close()
}

// blockDeflate does with a blocking client what dialDeflate does with a loop.
func blockDeflate(t *testing.T, url string, z *websocket.Compression, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	c, err := websocket.DialClient(ctx, url, websocket.DialOptions{Options: websocket.Options{Compression: z}})
	if !connected(t, err, want) {
		return
	}
	defer c.CloseNow()
	if c.Compressed() != (want != plain) {
		t.Errorf("compression agreed on: %t, but messages are %s", c.Compressed(), want)
	}
	var list []string
	for _, n := range deflateSizes {
		list = append(list, prose(n), periodic(n, 999))
	}
	for i := range 200 {
		list = append(list, prose(i*i%2003))
	}
	sent := make(chan error, 1)
	go func() {
		for _, m := range list {
			if err := c.WriteMessage(ctx, websocket.Binary, []byte(m)); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for i, m := range list {
		k, p, err := c.ReadMessage(ctx)
		if err != nil || k != websocket.Binary || string(p) != m {
			t.Fatalf("message %d of %d bytes came back as %d of type %v, %v", i, len(m), len(p), k, err)
		}
	}
	if err := errors.Join(<-sent, c.Close(4003, "so long")); err != nil {
		t.Error(err)
	}
}

// connected judges what dialling came to.
func connected(t *testing.T, err error, want string) bool {
	t.Helper()
	var bad *websocket.HandshakeError
	switch {
	case want == refused && (!errors.As(err, &bad) || bad.Status != 101):
		t.Errorf("dialled with %v, want a bad handshake", err)
	case want != refused && err != nil:
		t.Fatal(err)
	}
	return err == nil
}

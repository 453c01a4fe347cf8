package main_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNodeClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string // of the conversation in ws_client.js
		args []string
		want string
	}{
		{"echo", []string{"-l", "ws://127.0.0.1:0/chat", "--max-message", "1MiB"}, `
open: "" ""
text: 0 1 125 126 127 65535 65536 1048576
binary: 0 1 125 126 127 65535 65536 1048576
fragments: pong between, message fragmé
ping: 125 bytes
in order: 1000
close with reason: 4001
close without code: 1005
not UTF-8: 1007
not masked: 1002
too long: 1009
200 connections: 1000
elsewhere: 404
`},
		{"unix", []string{"-l", "ws+unix://" + t.TempDir() + "/s:/chat"}, `
over a Unix socket
1000
`},
		{"greet", []string{"-l", "ws://localhost:0/", "--handler", "greet"}, `
Thanks! Got your message:Hello Server! Greetings.
1000
`},
		{"broadcast", []string{"-l", "ws://127.0.0.1:0/", "--handler", "broadcast"}, `
50 heard: to all of you
`},
		{"pings", []string{"-l", "ws://127.0.0.1:0/", "--ping-interval", "100ms", "--pong-timeout", "5s"}, `
deaf: 1006
still there
1000
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			line := nodeWS(t, "ws_client.js", c.name)
			line = append(line, servePeers(t, c.args...).urls...)
			got := output(t, "", line[0], line[1:]...)
			if d := cmp.Diff(strings.TrimPrefix(c.want, "\n"), got); d != "" {
				t.Errorf("conversation (-want +got):\n%s", d)
			}
		})
	}
}

// A client that is there when the server drains is told that it goes away, and
// answers.
func TestNodeDrain(t *testing.T) {
	t.Parallel()
	line := nodeWS(t, "ws_client.js", "hold")
	s := servePeers(t, "-l", "ws://127.0.0.1:0/")
	c := talk(t, line[0], append(line[1:], s.urls[0])...)
	c.want("holding")
	s.signal(syscall.SIGTERM)
	c.want("1001")
	if _, code := c.end(); code != 0 {
		t.Errorf("node exited with %d\n%s", code, c.errs.String())
	}
	s.waitFor(t, "msg=drained connections=1 cut=0")
	if code := s.code(); code != 0 { // and not in the cleanup, whose signal would be the second
		t.Errorf("sockeye serve exited with %d", code)
	}
}

// nodeServer starts ws_server.js and answers its URL.
func nodeServer(t *testing.T) (node *client, url string) {
	t.Helper()
	line := nodeWS(t, "ws_server.js")
	node = talk(t, line[0], line[1:]...)
	port, err := node.out.ReadString('\n')
	if err != nil {
		t.Fatalf("ws_server.js: %v\n%s", err, node.errs.String())
	}
	return node, "ws://127.0.0.1:" + strings.TrimSpace(port)
}

func TestNodeServer(t *testing.T) {
	t.Parallel()
	node, url := nodeServer(t)
	c := connect(t, "-s", "v1.chat", "-s", "v2.chat", "-H", "X-Course: Go", "-o", "http://localhost", url+"/chat?room=1")
	node.want("open /chat?room=1 protocol=v2.chat extensions= origin=http://localhost x-course=Go")
	for _, turn := range []struct{ say, hear string }{
		{"Hello Server! Greetings.", "Hello Server! Greetings."},
		{"", ""},
		{"Grüße, 世界", "Grüße, 世界"},
		{"ping 1-2-3", "pong 1-2-3"},
		{"fragments", "one two three"},
		{"big 1048576", strings.Repeat("x", 1<<20)},
		{"still there", "still there"},
	} {
		c.send(turn.say + "\n")
		c.want(turn.hear)
	}
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, code := c.end(); rest != "" || code != 0 {
		t.Errorf("printed %q, exited with %d\n%s", rest, code, c.errs.String())
	}
	node.want("close 1000 after 50 bytes")
}

// How the server ends it decides the exit code.
func TestNodeServerEnds(t *testing.T) {
	t.Parallel()
	node, url := nodeServer(t)
	for _, c := range []struct {
		order string
		code  int
		err   string // on standard error
		event string // at the server
	}{
		{"close 1000 done", 0, "", "close 1000 after 0 bytes"},
		{"close 1001", 0, "", "close 1001 after 0 bytes"},
		{"close 4000 out of tea", 1, "sockeye: closed by the server with 4000 out of tea\n", "close 4000 after 0 bytes"},
		{"drop", 1, "sockeye: connection lost: EOF\n", "close 1006 after 0 bytes"},
		{"invalid", 1, "sockeye: connection lost: wsproto: text is not UTF-8\n", "close 1007 text is not UTF-8 after 0 bytes"},
	} {
		p := connect(t, url)
		node.want("open / protocol= extensions= origin= x-course=")
		p.send(c.order + "\n")
		rest, code := p.end()
		if rest != "" || code != c.code || p.errs.String() != c.err {
			t.Errorf("%s: printed %q and %q, exited with %d", c.order, rest, p.errs.String(), code)
		}
		node.want(c.event)
	}
}

// What goes in as a pipe comes out again, all of it, compressed on the way or
// not.
func TestNodeServerPipe(t *testing.T) {
	t.Parallel()
	node, url := nodeServer(t)
	in := make([]byte, 1<<20+7)
	for i := range in {
		in[i] = byte(i * 31 >> 3)
	}
	for flag, extension := range map[string]string{"--compress=false": "", "--compress": deflated} {
		out := output(t, string(in), "sockeye", "connect", "--binary", flag, url)
		if out != string(in) {
			t.Errorf("%s: %d bytes of %d came back, or others", flag, len(out), len(in))
		}
		node.want("open / protocol= extensions=" + extension + " origin= x-course=")
		node.want("close 1000 after " + strconv.Itoa(len(in)) + " bytes")
	}
}

func TestNodeHalfClose(t *testing.T) {
	t.Parallel()
	needs(t, "node")
	s := servePeers(t, "-l", "tcp://127.0.0.1:0", "--high-water", "8MiB")
	host, port := hostPort(t, s.urls[0])
	if got, want := output(t, "", "node", "testdata/peers/raw_client.js", "half", host, port), "bytes after FIN: 4194304\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestNodeUDP(t *testing.T) {
	t.Parallel()
	needs(t, "node")
	s := servePeers(t, "-l", "udp://127.0.0.1:0")
	host, port := hostPort(t, s.urls[0])
	got := output(t, "", "node", "testdata/peers/raw_client.js", "udp", host, port)
	if want := "datagram: 1\ndatagram: 1200\ndatagram: 9000\ndatagram: 65507\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

package load_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestEcho sends every shape of message to servers that are known to be right.
func TestEcho(t *testing.T) {
	ws, tcp := gorillaEcho(t, nil), tcpServer(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	tests := []struct {
		name string
		cfg  load.Config
	}{
		{"ws", load.Config{Payload: 20}},
		{"ws text", load.Config{Payload: 125, Text: true}},
		{"ws 16-bit length", load.Config{Payload: 126}},
		{"ws 64-bit length", load.Config{Payload: 70_000}},
		{"ws deep", load.Config{Payload: 20, Depth: 16}},
		{"ws in batches", load.Config{Payload: 20, Depth: 16, Batch: true}},
		{"ws more than the sockets hold", load.Config{Payload: 1 << 20, Depth: 8}},
		{"tcp", load.Config{Protocol: load.TCP, Payload: 20}},
		{"tcp deep", load.Config{Protocol: load.TCP, Payload: 4096, Depth: 16}},
		{"tcp more than the sockets hold", load.Config{Protocol: load.TCP, Payload: 1 << 20, Depth: 8}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := test.cfg
			cfg.Address, cfg.Check = tcp, 1
			if cfg.Protocol == "" {
				cfg.Protocol, cfg.Address = load.WebSocket, ws
			}
			l := newLoad(t, cfg)
			for _, connections := range []int{1, 5} {
				if err := l.Grow(connections); err != nil {
					t.Fatal(err)
				}
				got, err := l.Do(load.Order{Messages: 40})
				if err != nil {
					t.Fatal(err)
				}
				want := load.Result{Connections: connections, Messages: 40, Checked: 40}
				if diff := cmp.Diff(want, counts(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// counts is what of a result does not depend on time.
func counts(r load.Result) load.Result {
	r.Elapsed, r.CPU, r.Busy, r.Latency, r.Late, r.Course, r.Saturated = 0, 0, 0, "", "", nil, ""
	return r
}

func TestDurationEndsWithNothingInFlight(t *testing.T) {
	l := newLoad(t, load.Config{Address: gorillaEcho(t, nil), Protocol: load.WebSocket, Depth: 4})
	if err := l.Grow(3); err != nil {
		t.Fatal(err)
	}
	// If replies of the first window were left over, the second would count more than it sent.
	for range 2 {
		res, err := l.Do(load.Order{Duration: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if res.Messages < 12 || res.Elapsed < 20*time.Millisecond {
			t.Errorf("%+v", res)
		}
	}
	res, err := l.Do(load.Order{Messages: 7})
	if err != nil || res.Messages != 7 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestSourcesAreSpread looks at the addresses the server sees.
func TestSourcesAreSpread(t *testing.T) {
	var mu sync.Mutex
	hosts := map[string]int{}
	l := newLoad(t, load.Config{Protocol: load.TCP, Sources: 3, Address: tcpServer(t, func(c net.Conn) {
		mu.Lock()
		hosts[c.RemoteAddr().(*net.TCPAddr).IP.String()]++
		mu.Unlock()
		_, _ = io.Copy(c, c)
	})})
	if err := l.Grow(6); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Do(load.Order{Messages: 6}); err != nil { // so that all six were accepted
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(map[string]int{"127.0.1.1": 2, "127.0.1.2": 2, "127.0.1.3": 2}, hosts); diff != "" {
		t.Error(diff)
	}
}

// TestReplies plays a server that says what the test says, to one message "20 bytes".
func TestReplies(t *testing.T) {
	body := string(load.Payload(20))
	tests := []struct {
		name  string
		reply string
		fails string // part of the error; empty is success
	}{
		{"whole", "\x82\x14" + body, ""},
		{"fragments", "\x02\x05" + body[:5] + "\x00\x00" + "\x80\x0f" + body[5:], ""},
		{"an empty first fragment", "\x02\x00" + "\x80\x14" + body, ""},
		{"a ping and a pong between fragments", "\x02\x05" + body[:5] + "\x89\x02hi" + "\x8a\x00" + "\x80\x0f" + body[5:], ""},
		{"text for binary", "\x81\x14" + body, "0x81 in place of an echo"},
		{"a reserved bit", "\xc2\x14" + body, "0xc2 in place of an echo"},
		{"masked", "\x82\x94\x00\x00\x00\x00" + body, "masked"},
		{"too short", "\x82\x13" + body[:19], "reply of 19 bytes to a message of 20"},
		{"too long", "\x82\x15" + body + "x", "frame of 21 bytes"},
		{"too long in fragments", "\x02\x14" + body + "\x80\x01x", "frame of 1 bytes"},
		{"other content", "\x82\x14" + strings.ToLower(body), "differs"},
		{"a second message", "\x82\x14" + body + "\x82\x14" + body, "a reply to no message"},
		{"a message begun anew", "\x02\x05" + body[:5] + "\x82\x0f" + body[5:], "0x82 in place of an echo"},
		{"close", "\x88\x02\x03\xe8", "0x88 in place of an echo"},
		{"a long ping", "\x89\x7e\x00\x80", "control frame of 128 bytes"},
		{"a length of 8 bytes with the top bit", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "a frame of"},
		{"the end", "", "closed by the server"},
		{"the end within a message", "\x82\x14" + body[:7], "closed by the server"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, split := range []bool{false, true} {
				if split && strings.HasSuffix(test.name, "second message") {
					continue // byte by byte it is only unexpected, and may come after the window
				}
				err := converse(t, test.reply, split)
				switch {
				case test.fails == "" && err != nil:
					t.Errorf("split %v: %v", split, err)
				case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
					t.Errorf("split %v: error %v, want one with %q", split, err, test.fails)
				}
			}
		})
	}
}

// converse sends one message to a server that answers with reply, in one piece or byte by byte, and closes.
func converse(t *testing.T, reply string, split bool) error {
	t.Helper()
	addr := tcpServer(t, func(c net.Conn) {
		r := acceptUpgrade(t, c)
		if _, err := io.ReadFull(r, make([]byte, 26)); err != nil {
			return
		}
		step := max(len(reply), 1)
		if split {
			step = 1
		}
		for p := []byte(reply); len(p) > 0; p = p[min(step, len(p)):] {
			if _, err := c.Write(p[:min(step, len(p))]); err != nil {
				return
			}
		}
		// A close with a pong unread would be a reset, which may overtake the reply.
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, r)
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket, Payload: 20, Check: 1})
	if err := l.Grow(1); err != nil {
		t.Fatal(err)
	}
	_, err := l.Do(load.Order{Messages: 1})
	return err
}

func TestPingsAreAnswered(t *testing.T) {
	pongs := make(chan string, 1)
	addr := gorillaEcho(t, func(c *websocket.Conn) {
		c.SetPongHandler(func(data string) error { pongs <- data; return nil })
		if err := c.WriteControl(websocket.PingMessage, []byte("still there"), time.Now().Add(time.Second)); err != nil {
			t.Error(err)
		}
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket})
	if err := l.Grow(1); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if err := l.Rest(5 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		select {
		case data := <-pongs:
			if data != "still there" {
				t.Errorf("pong %q", data)
			}
			return
		default:
		}
	}
	t.Error("no pong in 5 s")
}

func TestStall(t *testing.T) {
	addr := tcpServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP, Stall: 20 * time.Millisecond})
	if err := l.Grow(1); err != nil {
		t.Fatal(err)
	}
	_, err := l.Do(load.Order{Messages: 1})
	if err == nil || !strings.Contains(err.Error(), "nothing arrived for 20ms, 1 messages in flight") {
		t.Errorf("error %v", err)
	}
}

func TestHandshakeThatFails(t *testing.T) {
	tests := []struct{ name, answer, fails string }{
		{"refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", `answered "HTTP/1.1 403 Forbidden"`},
		{"wrong accept", "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n", "no valid"},
		{"cut", "HTTP/1.1 101 Swi", "closed by the server after"},
		{"endless", strings.Repeat("HTTP/1.1 101 ", 1000), "has no end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			addr := tcpServer(t, func(c net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, test.answer)
				}
			})
			l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket})
			err := l.Grow(1)
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error %v, want one with %q", err, test.fails)
			}
		})
	}
}

func TestServe(t *testing.T) {
	l := newLoad(t, load.Config{Address: gorillaEcho(t, nil), Protocol: load.WebSocket, Check: -1})
	orders := `{"connections":2}
{"connections":1,"messages":10}
{"connections":3,"messages":9}
{"connections":5,"one_by_one":true}
`
	var out bytes.Buffer
	if err := l.Serve(strings.NewReader(orders), &out); err != nil {
		t.Fatal(err)
	}
	want := []load.Result{{Connections: 2}, {Connections: 1, Messages: 10}, {Connections: 3, Messages: 9}, {Connections: 5}}
	var got []load.Result
	for dec := json.NewDecoder(&out); dec.More(); {
		var r load.Reply
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.Error != "" {
			t.Error(r.Error)
		}
		got = append(got, counts(r.Result))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestServeTellsWhyItEnds(t *testing.T) {
	l := newLoad(t, load.Config{Address: tcpServer(t, func(net.Conn) {}), Protocol: load.TCP})
	var out bytes.Buffer
	err := l.Serve(strings.NewReader(`{"connections":1,"messages":1}`), &out)
	if err == nil {
		t.Error("no error")
	}
	var r load.Reply
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if err == nil || r.Error != err.Error() {
		t.Errorf("reply %q, error %v", r.Error, err)
	}
}

func TestConfig(t *testing.T) {
	addr := netip.MustParseAddrPort("127.0.0.1:9")
	for name, cfg := range map[string]load.Config{
		"no address":      {Protocol: load.TCP},
		"IPv6":            {Protocol: load.TCP, Address: netip.MustParseAddrPort("[::1]:9")},
		"no protocol":     {Address: addr},
		"text over tcp":   {Address: addr, Protocol: load.TCP, Text: true},
		"negative":        {Address: addr, Protocol: load.TCP, Depth: -1},
		"too many places": {Address: addr, Protocol: load.TCP, Sources: 251},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load.New(cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}

package load_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestChurn(t *testing.T) {
	t.Parallel()
	var clean, other atomic.Int64
	ws := gorillaEcho(t, func(c *websocket.Conn) {
		c.SetCloseHandler(func(code int, text string) error {
			if code == websocket.CloseNormalClosure {
				clean.Add(1)
			} else {
				other.Add(1)
			}
			return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
		})
	})
	tests := []struct {
		name  string
		cfg   load.Config
		order load.Order
		most  int64 // connections that there may be
	}{
		{"closed loop", load.Config{Address: ws, Protocol: load.WebSocket}, load.Order{Messages: 100}, 100},
		{"one at a time", load.Config{Address: ws, Protocol: load.WebSocket}, load.Order{Messages: 50, Concurrency: 1}, 50},
		{"for some time", load.Config{Address: ws, Protocol: load.WebSocket}, load.Order{Duration: 50 * ms}, 1e9},
		{"open loop", load.Config{Address: ws, Protocol: load.WebSocket}, load.Order{Rate: 500, Duration: 100 * ms}, 50},
		{"open loop of tcp", load.Config{Address: plainEcho(t), Protocol: load.TCP}, load.Order{Rate: 500, Messages: 50}, 50},
	}
	var all int64
	for _, test := range tests {
		test.order.Work, test.order.Connections, test.cfg.Check = load.Churn, 2, 1
		l := newLoad(t, test.cfg)
		for range 2 { // the places are used again
			res, err := l.Do(test.order)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			if res.Messages == 0 || test.most < 1e9 && res.Messages != test.most || res.Connections != 2 ||
				res.Failed != 0 || res.Lost != 0 || res.Checked != res.Messages {
				t.Errorf("%s: %+v", test.name, counts(res))
			}
			if n := histogram(t, res.Latency).TotalCount(); n != res.Messages {
				t.Errorf("%s: %d latencies of %d connections", test.name, n, res.Messages)
			}
			if test.cfg.Protocol == load.WebSocket {
				all += res.Messages
			}
		}
	}
	if clean.Load() != all || other.Load() != 0 {
		t.Errorf("%d connections, %d were closed as they should be, %d not", all, clean.Load(), other.Load())
	}
}

// TestChurnFailures: whatever the server does to one connection, the others go on and it is counted.
func TestChurnFailures(t *testing.T) {
	t.Parallel()
	body := string(load.Payload(20))
	const upgraded = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	tests := []struct{ name, answer, why string }{
		{"none", upgraded + "\x82\x14" + body + "\x88\x02\x03\xe8", ""},
		{"refuses", "HTTP/1.1 503 Service Unavailable\r\n\r\n", `answered "HTTP/1.1 503`},
		{"hangs up", "", "closed by the server after the answer"},
		{"hangs up after the upgrade", upgraded, "closed by the server"},
		{"hangs up in place of a close frame", upgraded + "\x82\x14" + body, "without the closing handshake"},
		{"closes by itself", upgraded + "\x88\x02\x03\xe9", "the server closes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			addr := tcpServer(t, func(c net.Conn) {
				r := bufio.NewReader(c)
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				_, _ = io.WriteString(c, test.answer)
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, r) // or what is unread would make a reset of it
			})
			l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket, Check: -1})
			res, err := l.Do(load.Order{Work: load.Churn, Messages: 20})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(res.Why, test.why) || (test.why == "") != (res.Why == "") {
				t.Errorf("why: %s", res.Why)
			}
			want := load.Result{Messages: 20}
			if test.why != "" {
				want = load.Result{Failed: 20}
			}
			got := counts(res)
			got.Why = ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestChurnWithoutServer: refused connections are failures, and the work ends.
func TestChurnWithoutServer(t *testing.T) {
	t.Parallel()
	l := newLoad(t, load.Config{Address: nobody(t), Protocol: load.WebSocket})
	res, err := l.Do(load.Order{Work: load.Churn, Messages: 20})
	if err != nil || res.Failed != 20 || !strings.Contains(res.Why, "connection refused") {
		t.Errorf("%+v, %v", counts(res), err)
	}
}

// TestServerClosesFirst looks at who has TIME_WAIT, by who saw the end first.
func TestServerClosesFirst(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	addr := tcpServer(t, func(c net.Conn) {
		r := acceptUpgrade(t, c)
		p := make([]byte, 26)
		if _, err := io.ReadFull(r, p); err != nil {
			ended <- err
			return
		}
		unmask(p)
		_, _ = c.Write(p[4:])
		if _, err := io.ReadFull(r, p[:8]); err != nil || p[0] != 0x88 {
			ended <- fmt.Errorf("%x in place of a close frame: %w", p[:8], err)
			return
		}
		_, _ = io.WriteString(c, "\x88\x02\x03\xe8")
		// The client must still be there: a read sees no end until ours.
		_ = c.SetReadDeadline(time.Now().Add(50 * ms))
		_, err := r.Read(p)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			err = nil
		}
		ended <- err
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket})
	res, err := l.Do(load.Order{Work: load.Churn, Messages: 1})
	if err != nil || res.Messages != 1 {
		t.Errorf("%+v, %v", counts(res), err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

package load_test

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestResize(t *testing.T) {
	t.Parallel()
	codes := make(chan int, 100)
	addr := gorillaEcho(t, func(c *websocket.Conn) {
		c.SetCloseHandler(func(code int, _ string) error {
			codes <- code
			return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
		})
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket})
	for _, step := range []struct{ connections, want, close int }{
		{100, 100, 0}, {0, 100, 0}, {40, 40, 60}, {1100, 1100, 0}, {1060, 1060, 40},
	} {
		res, err := l.Do(load.Order{Connections: step.connections})
		if err != nil || res.Connections != step.want {
			t.Fatalf("%d connections: %+v, %v", step.connections, res, err)
		}
		for range step.close {
			if code := <-codes; code != websocket.CloseNormalClosure {
				t.Errorf("closed with %d", code)
			}
		}
		if res, err = l.Do(load.Order{Messages: int64(step.want)}); err != nil || res.Messages != int64(step.want) {
			t.Fatalf("%+v, %v", counts(res), err)
		}
	}
	go func() { // as many as there is room for and more
		for range 1060 {
			<-codes
		}
	}()
	if res, err := l.Do(load.Order{Connections: -1}); err != nil || res.Connections != 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestConnectRate(t *testing.T) {
	t.Parallel()
	l := newLoad(t, load.Config{Address: plainEcho(t), Protocol: load.TCP})
	start := time.Now()
	res, err := l.Do(load.Order{Connections: 21, ConnectRate: 200})
	if err != nil || res.Connections != 21 || time.Since(start) < 100*ms { // the last is due after 20 intervals of 5 ms
		t.Errorf("%+v, %v after %v", res, err, time.Since(start))
	}
}

// TestIdleConnectionIsSmall: what a million of them cost, besides a descriptor.
func TestIdleConnectionIsSmall(t *testing.T) {
	t.Parallel()
	if load.BytesOfConn > 160 {
		t.Errorf("%d bytes for a connection", load.BytesOfConn)
	}
}

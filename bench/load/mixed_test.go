package load_test

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestMixed(t *testing.T) {
	t.Parallel()
	opened := make(chan struct{}, 1000)
	addr := gorillaEcho(t, func(*websocket.Conn) { opened <- struct{}{} })
	l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket, Check: 1})
	for range 2 {
		res, err := l.Do(load.Order{Connections: 30, Work: load.Mixed, Rate: 1000, ChurnRate: 200, Duration: 200 * ms})
		if err != nil {
			t.Fatal(err)
		}
		if res.Messages != 200 || res.Replaced != 40 || res.Connections != 30 || res.Lost != 0 || res.Failed != 0 {
			t.Errorf("%+v", counts(res))
		}
	}
	for range 30 + 2*40 {
		<-opened
	}
	// A tenth of few is one, and none is left to be replaced.
	if _, err := l.Do(load.Order{Connections: 1}); err != nil {
		t.Fatal(err)
	}
	res, err := l.Do(load.Order{Work: load.Mixed, Rate: 1000, ChurnRate: 200, Messages: 10})
	if err != nil || res.Messages != 10 || res.Replaced != 0 {
		t.Errorf("%+v, %v", counts(res), err)
	}
	if _, err := l.Do(load.Order{Work: load.Mixed, Messages: 10}); err == nil || !strings.Contains(err.Error(), "a rate") {
		t.Errorf("error %v", err)
	}
}

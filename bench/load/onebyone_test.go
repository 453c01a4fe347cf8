package load_test

import (
	"testing"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestOneByOne as the first thing a load does.
func TestOneByOne(t *testing.T) {
	t.Parallel()
	l := newLoad(t, load.Config{Address: plainEcho(t), Protocol: load.TCP})
	res, err := l.Do(load.Order{Connections: 20, OneByOne: true})
	if err != nil || res.Connections != 20 {
		t.Errorf("%+v, %v", res, err)
	}
}

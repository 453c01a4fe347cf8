package engine_test

import (
	"errors"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

func TestReady(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{MaxConns: 1})
	if err := e.Ready(); err != nil {
		t.Error(err)
	}
	nc, _ := pair(t)
	if _, err := e.Adopt(nc, nil, echo{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Ready(); !errors.Is(err, engine.ErrTooManyConns) {
		t.Errorf("a full engine: %v", err)
	}
	_ = e.Close()
	if err := e.Ready(); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("a closed engine: %v", err)
	}
}

package main_test

import (
	"testing"

	"github.com/sockeye-io/sockeye/bench/rig"
)

func TestServeTellsItsVitals(t *testing.T) {
	t.Parallel()
	s, err := rig.Start(t.Context(), rig.Command{
		Path: "sockeye", Args: []string{"serve", "-l", "ws://127.0.0.1:0"}, Env: []string{"SOCKEYE_VITALS=1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Collect(); err != nil {
		t.Error(err)
	}
	if v, err := s.Vitals(t.Context()); err != nil || v.Goroutines == 0 || v.GCForced < 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

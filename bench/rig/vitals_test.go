package rig_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/rig"
)

func startFake(t *testing.T, then string) *rig.Server {
	t.Helper()
	s, err := rig.Start(t.Context(), fake(t, "listening on 127.0.0.1:1", "stdout", then))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVitals(t *testing.T) {
	s := startFake(t, "vitals")
	before, err := s.Vitals(t.Context())
	if err != nil || before.Goroutines == 0 {
		t.Errorf("%+v, %v", before, err)
	}
	var asking sync.WaitGroup
	for range 4 { // they take turns
		asking.Go(func() {
			if _, err := s.Vitals(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if err := s.Collect(); err != nil {
		t.Error(err)
	}
	after, err := s.Vitals(t.Context())
	if n := after.Since(before).GCForced; err != nil || n != 2 {
		t.Errorf("%d forced collections, %v", n, err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Vitals(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("asked to hurry, it says: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := s.Vitals(t.Context()); err == nil {
		t.Error("vitals of a server that has ended")
	}
}

// TestVitalsOfAServerWithout: Go ignores the signal, what is written in C would end.
func TestVitalsOfAServerWithout(t *testing.T) {
	s := startFake(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Vitals(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func TestVitalsOfAnAttachedServer(t *testing.T) {
	t.Parallel()
	s := rig.Attach(netip.AddrPort{}, 0)
	if _, err := s.Vitals(t.Context()); err == nil {
		t.Error("Vitals: no error")
	}
	if err := s.Collect(); err == nil {
		t.Error("Collect: no error")
	}
}

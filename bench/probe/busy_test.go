package probe_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/probe"
)

func TestBusyRecorded(t *testing.T) {
	t.Parallel()
	got, err := probe.BusyAt("testdata/recorded")
	if err != nil {
		t.Fatal(err)
	}
	want := probe.Times{
		User: 12 * time.Second, System: 3870 * time.Millisecond, IOWait: 600 * time.Millisecond,
		Steal: 900 * time.Millisecond, Idle: 50 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := probe.BusyAt(recorded(t, "proc/stat")); err == nil {
		t.Error("no error without the file")
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	old := probe.Times{User: 10 * time.Second, System: 5 * time.Second, IOWait: time.Second, Steal: time.Second, Idle: 9 * time.Second}
	now := probe.Times{User: 12 * time.Second, System: 6 * time.Second, IOWait: 0, Steal: 2 * time.Second, Idle: 13 * time.Second}
	d := now.Sub(old)
	want := probe.Times{User: 2 * time.Second, System: time.Second, Steal: time.Second, Idle: 4 * time.Second}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if got := d.StealShare(); got != 0.125 {
		t.Errorf("steal share %v, want 1/8", got)
	}
	if got := d.Foreign(time.Second, 4*time.Second); got != 0.5 {
		t.Errorf("%v foreign processors, want 0.5", got)
	}
	if got := d.Foreign(4*time.Second, 4*time.Second); got != 0 {
		t.Errorf("%v foreign processors although all was our own", got)
	}
	var none probe.Times
	if none.StealShare() != 0 || none.Foreign(0, 0) != 0 {
		t.Error("an empty window is not zero")
	}
}

func TestBusyAlive(t *testing.T) {
	before, err := probe.Busy()
	if err != nil {
		t.Fatal(err)
	}
	burn(t, 300*time.Millisecond)
	after, err := probe.Busy()
	if err != nil {
		t.Fatal(err)
	}
	d := after.Sub(before)
	if d.User+d.System < 200*time.Millisecond || d.Total() < d.User+d.System {
		t.Errorf("%+v for 300 ms of work", d)
	}
}

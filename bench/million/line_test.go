package million_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/million"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]int{
		1: {1}, 3: {1, 3}, 4: {1, 2, 4}, 1000: {100, 250, 500, 1000},
		1_000_000: {100_000, 250_000, 500_000, 1_000_000},
	} {
		if diff := cmp.Diff(want, million.Marks(n)); diff != "" {
			t.Errorf("%d: %s", n, diff)
		}
	}
}

func TestLinesComeBack(t *testing.T) {
	t.Parallel()
	for _, l := range []million.Line{
		{Boot: &million.Boot{Kernel: "6.1.0", MemoryBytes: 1 << 30, Processors: 1, DescriptorLimit: 5}},
		{Note: "a note"},
		{Progress: &million.Progress{At: time.Second, Connections: 7, Available: 9}},
		{Stage: &million.Stage{Name: million.Connected, Connections: 7, Echoes: &million.Echoes{Messages: 3, P50: 1}}},
		{End: &million.End{Connections: 7, Error: "two\nlines \"quoted\"", Kills: []string{"Out of memory"}}},
	} {
		var b bytes.Buffer
		if err := l.Encode(&b); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "\n"); n != 1 {
			t.Errorf("%d lines: %q", n, b.String())
		}
		// The kernel may have been in the middle of a line.
		got, ours, err := million.ParseLine(append([]byte("[ 1.5] random: "), bytes.TrimSpace(b.Bytes())...))
		if err != nil || !ours {
			t.Fatalf("%v, %v", ours, err)
		}
		if diff := cmp.Diff(l, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestForeignLines(t *testing.T) {
	t.Parallel()
	if _, ours, err := million.ParseLine([]byte("Kernel panic - not syncing")); ours || err != nil {
		t.Errorf("%v, %v", ours, err)
	}
	if _, ours, err := million.ParseLine([]byte(`@million {"boot":`)); !ours || err == nil {
		t.Errorf("half a line: %v, %v", ours, err)
	}
}

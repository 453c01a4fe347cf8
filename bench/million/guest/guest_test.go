package guest_test

import (
	"io"
	"testing"

	"github.com/sockeye-io/sockeye/bench/million/guest"
)

func TestKilled(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		"3,500,912,-;Out of memory: Killed process 26 (server) total-vm:1kB\n SUBSYSTEM=x": "Out of memory: Killed process 26 (server) total-vm:1kB",
		"6,501,913,-;oom-kill:constraint=CONSTRAINT_NONE,task=server":                      "oom-kill:constraint=CONSTRAINT_NONE,task=server",
		"6,1,2,-;random: crng init done":                                                   "",
		"no semicolon, out of memory":                                                      "",
		"":                                                                                 "",
	} {
		if got, ok := guest.Killed(record); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", record, got, ok)
		}
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	const m = 1 << 20
	for _, c := range []struct {
		a, b int64
		want bool
	}{
		{10 * m, 10*m + 100<<10, true},
		{10*m + 100<<10, 10 * m, true},
		{10 * m, 11 * m, false},
		{5000 * m, 5004 * m, true},
		{5000 * m, 5006 * m, false},
	} {
		if guest.Near(c.a, c.b) != c.want {
			t.Errorf("%d and %d: not %v", c.a, c.b, c.want)
		}
	}
}

// TestMainRefuses: it would switch this machine off.
func TestMainRefuses(t *testing.T) {
	t.Parallel()
	if err := guest.Main(io.Discard); err == nil {
		t.Error("it took this for a guest")
	}
}

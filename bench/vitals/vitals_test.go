package vitals_test

import (
	"bufio"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/bench/vitals"
)

func TestMain(m *testing.M) {
	// Once a signal was asked for, os/signal keeps a goroutine for as long as the process lives.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/signal.signal_recv"), goleak.IgnoreTopFunction("os/signal.loop"))
}

// served asks this process. The signals are the whole process's, so the tests that use it do not run in parallel.
func served(t *testing.T) (ask func() vitals.Vitals) {
	t.Helper()
	r, w := io.Pipe()
	stop := vitals.Serve(w)
	t.Cleanup(func() {
		_ = r.Close()
		stop()
		stop()
	})
	lines := bufio.NewReader(r)
	return func() vitals.Vitals {
		t.Helper()
		send(t, syscall.SIGUSR2)
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		v, ok, err := vitals.Parse(line)
		if err != nil || !ok {
			t.Fatalf("line %q: %v, %v", line, ok, err)
		}
		return v
	}
}

func send(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

var sink []byte

func TestServeCountsMallocsAndGoroutines(t *testing.T) {
	ask := served(t)
	before := ask()
	const n, size = 5000, 4096
	for range n {
		sink = make([]byte, size)
	}
	hold := make(chan struct{})
	defer close(hold)
	for range 10 {
		go func() { <-hold }()
	}
	grown := ask().Since(before)
	if grown.Mallocs < n || grown.Mallocs > n+500 {
		t.Errorf("%d mallocs counted, made %d", grown.Mallocs, n)
	}
	if grown.MallocBytes < n*size || grown.MallocBytes > n*size*11/10 {
		t.Errorf("%d bytes counted, allocated %d", grown.MallocBytes, n*size)
	}
	if d := grown.Goroutines - before.Goroutines; d != 10 {
		t.Errorf("%d more goroutines, want 10", d)
	}
	if before.HeapBytes == 0 || before.HeapHeld < before.HeapBytes || before.StackBytes == 0 || before.OtherBytes == 0 {
		t.Errorf("%+v", before)
	}
}

func TestAnAnswerCostsLittle(t *testing.T) {
	ask := served(t)
	ask() // the first one makes the encoder
	before := ask()
	if n := ask().Since(before).Mallocs; n > 50 {
		t.Errorf("an answer and its reading took %d mallocs", n)
	}
}

func TestServeCollects(t *testing.T) {
	ask := served(t)
	sink = make([]byte, 64<<20)
	before := ask()
	sink = nil
	send(t, syscall.SIGUSR1)
	var grown vitals.Vitals
	for grown.GCForced < 2 { // the second signal may overtake the first: they go to any thread
		grown = ask().Since(before)
	}
	if grown.GCCycles < 2 || grown.GCPause <= 0 {
		t.Errorf("%d collections, stopped for %v", grown.GCCycles, grown.GCPause)
	}
	if grown.HeapBytes+60<<20 > before.HeapBytes || grown.HeapHeld+60<<20 > before.HeapHeld {
		t.Errorf("%d bytes in the heap of %d are left, %d of %d held",
			grown.HeapBytes, before.HeapBytes, grown.HeapHeld, before.HeapHeld)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, line string
		want       vitals.Vitals
		ok, fails  bool
	}{
		{name: "another line", line: "listening on 127.0.0.1:1\n"},
		{name: "nothing", line: ""},
		{name: "broken", line: "vitals {", ok: true, fails: true},
		{
			name: "an answer", line: `vitals {"goroutines":3,"mallocs":7,"gc_pause_ns":1500,"a_later_field":1}` + "\n", ok: true,
			want: vitals.Vitals{Goroutines: 3, Mallocs: 7, GCPause: 1500 * time.Nanosecond},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok, err := vitals.Parse(test.line)
			if ok != test.ok || (err != nil) != test.fails {
				t.Errorf("%v, %v", ok, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

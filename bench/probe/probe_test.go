package probe_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/probe"
)

func self() probe.Process { return probe.Process(os.Getpid()) }

// burn spends d of this process's processor time.
func burn(t *testing.T, d time.Duration) {
	t.Helper()
	start := cpuTime(t)
	for cpuTime(t)-start < d {
	}
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	d, err := self().CPUTime()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCPUTimeAgainstTheFiles(t *testing.T) {
	runtime.LockOSThread() // so that the tasks' file that moves is ours
	defer runtime.UnlockOSThread()
	stat0, err := self().Stat()
	if err != nil {
		t.Fatal(err)
	}
	tasks0, clock0 := schedstat(t), cpuTime(t)
	burn(t, 120*time.Millisecond)
	clock, tasks := cpuTime(t)-clock0, schedstat(t)-tasks0
	stat1, err := self().Stat()
	if err != nil {
		t.Fatal(err)
	}
	ticks := stat1.User + stat1.System - stat0.User - stat0.System

	t.Logf("cpu clock %v, sum of task schedstat %v, ticks %v", clock, tasks, ticks)
	if d := (clock - ticks).Abs(); d > 25*time.Millisecond {
		t.Errorf("cpu clock and ticks differ by %v", d)
	}
	// One tick of staleness at 100 Hz, the slowest kernel, on either side.
	if d := (clock - tasks).Abs(); d > 25*time.Millisecond {
		t.Errorf("cpu clock and task schedstat differ by %v", d)
	}
}

func schedstat(t *testing.T) time.Duration {
	t.Helper()
	paths, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

func TestMemorySeesAnAllocation(t *testing.T) {
	before, err := self().Memory()
	if err != nil {
		t.Fatal(err)
	}
	const size = 32 << 20
	// Not from Go's heap, which may have pages to spare.
	block, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Munmap(block); err != nil {
			t.Error(err)
		}
	}()
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	after, err := self().Memory()
	if err != nil {
		t.Fatal(err)
	}
	for name, grown := range map[string]int64{
		"RSS": after.RSS - before.RSS, "Anon": after.Anon - before.Anon, "PSS": after.PSS - before.PSS,
	} {
		if grown < size*9/10 || grown > size*2 {
			t.Errorf("%s grew by %d bytes for an allocation of %d", name, grown, size)
		}
	}
}

func TestPeakRSSOutlivesAnAllocation(t *testing.T) {
	const size = 64 << 20
	block, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	if err := unix.Munmap(block); err != nil {
		t.Fatal(err)
	}
	peak, err := self().PeakRSS()
	if err != nil {
		t.Fatal(err)
	}
	now, err := self().Memory()
	if err != nil {
		t.Fatal(err)
	}
	if peak < size || peak < now.RSS {
		t.Errorf("the peak is %d bytes, after an allocation of %d and with %d now", peak, size, now.RSS)
	}
}

func TestFDs(t *testing.T) {
	before, err := self().FDs()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	after, err := self().FDs()
	if err != nil {
		t.Fatal(err)
	}
	if after-before != 5 {
		t.Errorf("5 files opened, %d counted", after-before)
	}
}

func TestSwitchesCountEveryThread(t *testing.T) {
	before, err := self().Switches()
	if err != nil {
		t.Fatal(err)
	}
	// Two locked threads handing a token to and fro wait for each other each time.
	const rounds = 200
	ping, pong := make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		for range ping {
			pong <- struct{}{}
		}
		close(pong)
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range rounds {
		ping <- struct{}{}
		<-pong
	}
	after, err := self().Switches()
	if err != nil {
		t.Fatal(err)
	}
	close(ping)
	<-pong
	if n := after.Sub(before).Voluntary; n < rounds {
		t.Errorf("%d voluntary switches for %d waits", n, rounds)
	}
}

func TestAProcessThatIsGone(t *testing.T) {
	gone := probe.Process(1 << 22) // the kernel's largest pid is one below
	if _, err := gone.CPUTime(); err == nil {
		t.Error("CPUTime: no error")
	}
	if _, err := gone.Stat(); err == nil {
		t.Error("Stat: no error")
	}
	if _, err := gone.Memory(); err == nil {
		t.Error("Memory: no error")
	}
	if _, err := gone.FDs(); err == nil {
		t.Error("FDs: no error")
	}
	if _, err := gone.Switches(); err == nil {
		t.Error("Switches: no error")
	}
}

func TestParseStat(t *testing.T) {
	tests := []struct {
		name, text string
		want       probe.Stat
		fails      bool
	}{
		{
			name: "a name with a blank and a parenthesis",
			text: "17 (odd) name) S 1 17 17 0 -1 4194560 9 0 0 0 250 31 0 0 20 0 6 0 99 1 1\n",
			want: probe.Stat{User: 2500 * time.Millisecond, System: 310 * time.Millisecond, Threads: 6},
		},
		{name: "cut short", text: "17 (name) S 1 17", fails: true},
		{name: "not a number", text: "17 (n) S 1 17 17 0 -1 4194560 9 0 0 0 x 31 0 0 20 0 6 0 99", fails: true},
		{name: "empty", text: "", fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := probe.ParseStat([]byte(test.text))
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFields(t *testing.T) {
	text := []byte("header without\nRss:      12 kB\nPss_Anon: 7 kB\nPss:       3 kB\nBad:  x\nNone:\n")
	tests := []struct {
		name  string
		ask   []string
		want  []uint64
		fails bool
	}{
		{name: "in the order asked", ask: []string{"Pss", "Rss"}, want: []uint64{3, 12}},
		{name: "missing", ask: []string{"Rss", "Swap"}, fails: true},
		{name: "no number", ask: []string{"Bad"}, fails: true},
		{name: "no value", ask: []string{"None"}, fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := probe.Fields(text, test.ask...)
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

package probe_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/probe"
)

func sample(t testing.TB) probe.Sample {
	t.Helper()
	s, err := self().Sample()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSampleSplits works in user space and then in the kernel, and looks where the ticks found it.
func TestSampleSplits(t *testing.T) {
	const work = 400 * time.Millisecond
	before := sample(t)
	x := 1
	for start := cpuTime(t); cpuTime(t)-start < work; {
		for range 1_000_000 {
			x = x*7 + 1
		}
	}
	middle := sample(t)
	for start := cpuTime(t); cpuTime(t)-start < work; {
		zeroed, err := unix.Mmap(-1, 0, 8<<20, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Munmap(zeroed); err != nil {
			t.Fatal(err)
		}
	}
	user, system := middle.Since(before), sample(t).Since(middle)
	t.Logf("%v then %v; %d", user, system, x)
	for name, c := range map[string]probe.Cost{"user": user, "system": system} {
		if c.CPU < work || c.User+c.System != c.CPU || c.User < 0 || c.System < 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if user.User < work/2 || system.System < work/2 {
		t.Error("the split is not what was done")
	}
	if none := before.Since(before); none != (probe.Cost{}) {
		t.Errorf("an empty window cost %+v", none)
	}
}

func TestSampleOfAProcessThatIsGone(t *testing.T) {
	t.Parallel()
	if _, err := probe.Process(1 << 22).Sample(); err == nil {
		t.Error("no error")
	}
}

func BenchmarkSample(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sample(b)
	}
}

func BenchmarkKernel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := probe.Kernel(); err != nil {
			b.Fatal(err)
		}
	}
}

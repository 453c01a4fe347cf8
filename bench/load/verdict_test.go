package load_test

import (
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := []struct {
		name          string
		open          bool
		busy, cpu     time.Duration // of a second
		latency, late time.Duration // of all messages, but of the last in 50 if there is a second value
		tail, tails   time.Duration
		starved       time.Duration
		want          string // part of it; empty is not saturated
	}{
		{name: "a closed loop at rest", busy: 300 * ms, cpu: 300 * ms, latency: ms},
		{name: "a closed loop that is busy", busy: 950 * ms, cpu: 950 * ms, latency: ms, want: "busy 95 %"},
		{name: "a closed loop without a processor", busy: 700 * ms, cpu: 400 * ms, latency: ms, want: "cannot tell"},
		{name: "a closed loop that is woken up late", busy: 110 * ms, cpu: 60 * ms, starved: 400 * ms, latency: ms, want: "processor 40 %"},
		{name: "a closed loop that is rarely woken up late", busy: 110 * ms, cpu: 110 * ms, starved: 40 * ms, latency: ms},
		{name: "a fast server, in time", open: true, busy: 300 * ms, cpu: 300 * ms, latency: ms, late: ms / 100},
		{name: "a slow server, in time", open: true, busy: 20 * ms, cpu: 900 * ms, latency: 300 * ms, late: ms},
		{name: "an open loop that is busy and yet in time", open: true, busy: 950 * ms, cpu: 950 * ms, latency: ms, late: ms / 9},
		{name: "all are late", open: true, busy: 950 * ms, cpu: 950 * ms, latency: 100 * ms, late: 90 * ms, want: "p50 90ms of the 100ms"},
		{
			name: "some are late", open: true, busy: 300 * ms, cpu: 300 * ms, latency: ms, late: ms / 100, tail: 9 * ms, tails: 8 * ms,
			want: "p99 8",
		},
		{
			name: "some are late when it matters little", open: true, busy: 300 * ms, cpu: 300 * ms, latency: ms, late: ms / 100,
			tail: 90 * ms, tails: 8 * ms,
		},
		{name: "nothing came", open: true, busy: ms, cpu: ms},
	}
	fill := func(most, some time.Duration) *hdrhistogram.Histogram {
		h, err := load.Histogram("")
		if err != nil {
			t.Fatal(err)
		}
		if some == 0 {
			some = most
		}
		if most > 0 {
			_ = h.RecordValues(int64(most), 49)
			_ = h.RecordValue(int64(some))
		}
		return h
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := load.Verdict(test.open, second, test.busy, test.cpu, test.starved, fill(test.latency, test.tail), fill(test.late, test.tails))
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

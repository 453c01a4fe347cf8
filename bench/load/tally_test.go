package load_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/load"
)

const ms = time.Millisecond

func TestCourse(t *testing.T) {
	t.Parallel()
	type message struct{ at, took time.Duration }
	tests := []struct {
		name     string
		messages []message
		end      time.Duration
		want     []load.Piece
	}{
		{"nothing", nil, 250 * ms, []load.Piece{
			{At: 0, Length: 100 * ms}, {At: 100 * ms, Length: 100 * ms}, {At: 200 * ms, Length: 50 * ms},
		}},
		{"one", []message{{10 * ms, ms}}, 20 * ms, []load.Piece{{Length: 20 * ms, Messages: 1, P50: ms, P99: ms, Max: ms}}},
		{"a stall is a piece without messages", []message{{10 * ms, ms}, {310 * ms, 250 * ms}}, 400 * ms, []load.Piece{
			{At: 0, Length: 100 * ms, Messages: 1, P50: ms, P99: ms, Max: ms},
			{At: 100 * ms, Length: 100 * ms},
			{At: 200 * ms, Length: 100 * ms},
			{At: 300 * ms, Length: 100 * ms, Messages: 1, P50: 250 * ms, P99: 250 * ms, Max: 250 * ms},
		}},
		{
			"a short rest belongs to the piece before",
			[]message{{50 * ms, ms}, {110 * ms, 3 * ms}, {110 * ms, 3 * ms}},
			120 * ms,
			[]load.Piece{{Length: 120 * ms, Messages: 3, P50: 3 * ms, P99: 3 * ms, Max: 3 * ms}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tally := load.NewTally(100*ms, time.Second)
			for _, m := range test.messages {
				tally.Took(m.at, m.at-m.took)
			}
			got := tally.Finish(test.end)
			near := cmp.Comparer(func(a, b time.Duration) bool { // two digits
				return math.Abs(float64(a-b)) <= 0.01*float64(max(a, b))
			})
			if diff := cmp.Diff(test.want, got, near); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHistogram records, encodes, decodes and merges, with values at the edges of the range and beyond.
func TestHistogram(t *testing.T) {
	t.Parallel()
	tally := load.NewTally(0, 0)
	tally.Took(time.Second, 2*time.Second) // before it began: a clock that goes backwards is no reason to fail
	tally.Took(time.Second, 0)
	tally.Took(5*time.Hour, 0)
	tally.Lost(3*time.Second, time.Second, 7)
	text, err := load.Encode(tally.Latency())
	if err != nil {
		t.Fatal(err)
	}
	a, err := load.Histogram(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := load.Histogram("")
	if err != nil {
		t.Fatal(err)
	}
	if dropped := b.Merge(a); dropped != 0 {
		t.Errorf("%d dropped", dropped)
	}
	if dropped := b.Merge(a); dropped != 0 || b.TotalCount() != 20 {
		t.Errorf("%d dropped, %d in all", dropped, b.TotalCount())
	}
	for q, want := range map[float64]time.Duration{10: 1, 20: time.Second, 50: 2 * time.Second, 100: time.Hour} {
		if got := time.Duration(b.ValueAtQuantile(q)); math.Abs(float64(got-want)) > 0.001*float64(want) {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if _, err := load.Histogram("nonsense"); err == nil {
		t.Error("no error")
	}
}

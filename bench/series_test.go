package bench_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench"
)

func TestSeries(t *testing.T) {
	tests := []struct {
		name   string
		s      bench.Series
		median float64
		text   string
	}{
		{"empty", nil, 0, "none"},
		{"one", bench.Series{7}, 7, "7 (7..7)"},
		{"odd, out of order", bench.Series{9, 1, 3}, 3, "3 (1..9)"},
		{"large", bench.Series{99.6, 123456}, 61777.8, "61778 (100..123456)"},
		{"even", bench.Series{4, 1, 2, 100}, 3, "3 (1..100)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.s.Median(); got != test.median {
				t.Errorf("median %v, want %v", got, test.median)
			}
			if got := test.s.String(); got != test.text {
				t.Errorf("text %q, want %q", got, test.text)
			}
		})
	}
	got := bench.Series{2, 9, 8}.Over(bench.Series{1, 3, 4})
	if diff := cmp.Diff(bench.Series{2, 3, 2}, got); diff != "" {
		t.Error(diff)
	}
}

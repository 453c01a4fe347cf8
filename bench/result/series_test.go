package result_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/result"
)

func TestSeries(t *testing.T) {
	tests := []struct {
		name   string
		s      result.Series
		median float64
		text   string
	}{
		{"empty", nil, 0, "none"},
		{"one", result.Series{7}, 7, "7 (7..7)"},
		{"odd, out of order", result.Series{9, 1, 3}, 3, "3 (1..9)"},
		{"large", result.Series{99.6, 123456}, 61777.8, "61778 (100..123456)"},
		{"even", result.Series{4, 1, 2, 100}, 3, "3 (1..100)"},
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
	got := result.Series{2, 9, 8}.Over(result.Series{1, 3, 4})
	if diff := cmp.Diff(result.Series{2, 3, 2}, got); diff != "" {
		t.Error(diff)
	}
}

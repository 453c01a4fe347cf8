package result

import (
	"fmt"
	"slices"
)

// Series is one figure measured several times, in the order of measuring.
type Series []float64

// Median is the middle value, or the mean of the two in the middle. It is 0 for an empty series.
func (s Series) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(s))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// Over divides each value by the value of base from the same round. The neighbours in time share what the machine was
// doing then, so the median of these ratios is steadier than the ratio of the medians. Both must be as long.
func (s Series) Over(base Series) Series {
	if len(s) != len(base) {
		panic(fmt.Sprintf("result: a series of %d over one of %d", len(s), len(base)))
	}
	r := make(Series, len(s))
	for i := range s {
		r[i] = s[i] / base[i]
	}
	return r
}

// String shows the median and the spread: "8.01 (7.80..8.44)".
func (s Series) String() string {
	if len(s) == 0 {
		return "none"
	}
	format := "%.3g (%.3g..%.3g)"
	if slices.Max(s) >= 1000 {
		format = "%.0f (%.0f..%.0f)" // never as a power of ten
	}
	return fmt.Sprintf(format, s.Median(), slices.Min(s), slices.Max(s))
}

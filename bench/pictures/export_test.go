package pictures

import "gonum.org/v1/plot/vg"

// Apart is apart, for places in order.
func Apart(at []float64, gap, least, most float64) []float64 {
	in := make([]vg.Length, len(at))
	for i, y := range at {
		in[i] = vg.Length(y)
	}
	apart(in, vg.Length(gap), vg.Length(least), vg.Length(most))
	out := make([]float64, len(at))
	for i, y := range in {
		out[i] = float64(y)
	}
	return out
}

// Micros is micros.
func Micros(v float64) string { return micros(v) }

package load

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longest is the end of the range: what took longer counts as this long.
const longest = time.Hour

// newHistogram holds nanoseconds from 1 to longest with three digits, in 270 KB.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(longest), 3) }

// Histogram decodes Result.Latency or Result.Late: nanoseconds from 1 to one hour with three digits, all of one geometry,
// so that those of several results can be merged. Empty text gives an empty histogram.
func Histogram(s string) (*hdrhistogram.Histogram, error) {
	if s == "" {
		return newHistogram(), nil
	}
	h, err := hdrhistogram.Decode([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("load: histogram: %w", err)
	}
	return h, nil
}

// encode is the opposite of Histogram.
func encode(h *hdrhistogram.Histogram) (string, error) {
	if h.TotalCount() == 0 {
		return "", nil
	}
	p, err := h.EncodeV2()
	if err != nil {
		return "", fmt.Errorf("load: histogram: %w", err)
	}
	return string(p), nil
}

package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// figure is a series as it is shown: no digit more than its spread supports.
type figure struct {
	median, least, most string
}

func newFigure(s result.Series) figure {
	lo, hi := slices.Min(s), slices.Max(s)
	d := decimals(s.Median(), hi-lo)
	return figure{number(s.Median(), d), number(lo, d), number(hi, d)}
}

// spread is "(6.55..6.84)", and empty when all rounds look the same.
func (f figure) spread() string {
	if f.least == f.most {
		return ""
	}
	return "(" + f.least + ".." + f.most + ")"
}

// brief is the spread where there is little room: half of it, in percent of the median.
func brief(s result.Series) string {
	v := 50 * (slices.Max(s) - slices.Min(s)) / s.Median()
	if !finite(result.Series{v}) || v == 0 {
		return ""
	}
	if v < 0.1 {
		return "±0.1%"
	}
	return "±" + number(v, max(0, -int(math.Floor(math.Log10(v))))) + "%"
}

func (f figure) String() string {
	return strings.TrimSpace(f.median + " " + f.spread())
}

// decimals is how many digits behind the point v deserves (negative: so many zeros before it). The median of a few
// rounds is good to about a quarter of the distance between the least and the most: a digit below that is noise. Two
// digits are always shown, and never more than three, or four of thousands.
func decimals(v, spread float64) int {
	if v == 0 && spread == 0 {
		return 0
	}
	size := int(math.Floor(math.Log10(max(math.Abs(v), spread))))
	if spread == 0 {
		if v == math.Trunc(v) {
			return 0
		}
		return 2 - size
	}
	d := -int(math.Floor(math.Log10(spread / 4)))
	most := 2 - size
	if size >= 3 {
		most++
	}
	return min(max(d, 1-size), most)
}

// number is v with d decimals, and a comma between thousands.
func number(v float64, d int) string {
	if d < 0 {
		p := math.Pow(10, float64(-d))
		v = math.Round(v/p) * p
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', max(d, 0), 64)
	whole, rest := s, ""
	if i := strings.IndexByte(s, '.'); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		whole = "-" + whole
	}
	return whole + rest
}

// scale is a unit that people read, and what the metric's own is divided by for it.
type scale struct {
	unit string
	by   float64
}

var scales = map[string][]scale{
	"µs": {{"s", 1e6}, {"ms", 1e3}},
	"ms": {{"s", 1e3}},
	"B":  {{"GB", 1e9}, {"MB", 1e6}},
}

// scaleFor picks the unit in which the least of the values is at least 1, so that a column has one unit.
func scaleFor(unit string, least float64) scale {
	for _, s := range scales[unit] {
		if least >= s.by {
			return s
		}
	}
	return scale{unit, 1}
}

func scaled(s result.Series, by float64) result.Series {
	r := slices.Clone(s)
	for i := range r {
		r[i] /= by
	}
	return r
}

// finite is whether s can be shown: a ratio to nothing cannot.
func finite(s result.Series) bool {
	for _, v := range s {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return len(s) > 0
}

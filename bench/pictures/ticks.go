package pictures

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
)

// thin keeps at most 7 ticks: every second, or third, with the last.
func thin(ticks []plot.Tick) []plot.Tick {
	slices.SortFunc(ticks, func(a, b plot.Tick) int { return int(a.Value - b.Value) })
	every := (len(ticks) + 6) / 7
	var some []plot.Tick
	for i := len(ticks) - 1; i >= 0; i -= every {
		some = append(some, ticks[i])
	}
	return some
}

// steps are ticks of y at 1, 2 and 5 times the powers of ten, or at the powers alone when those would be too many.
func steps(lines []line, label func(float64) string) []plot.Tick {
	least, most := ends(nil, lines, func(l line) []float64 { return l.y })
	factors := []float64{1, 2, 5}
	if most/least > 300 {
		factors = []float64{1}
	}
	var ticks []plot.Tick
	for power := -3; power < 12; power++ {
		for _, by := range factors {
			v := by * math.Pow10(power)
			ticks = append(ticks, plot.Tick{Value: v, Label: label(v)})
		}
	}
	return trim(ticks, least, most)
}

// trim leaves one tick at or below the least value and one at or above the most.
func trim(ticks []plot.Tick, least, most float64) []plot.Tick {
	for len(ticks) > 1 && ticks[1].Value <= least {
		ticks = ticks[1:]
	}
	for len(ticks) > 1 && ticks[len(ticks)-2].Value >= most {
		ticks = ticks[:len(ticks)-1]
	}
	return ticks
}

// size is a number of bytes.
func size(v float64) string {
	switch {
	case v >= 99500:
		return fmt.Sprintf("%.0f KB", v/1000)
	case v >= 9950:
		return trimmed(v/1000, 1) + " KB"
	case v >= 995:
		return trimmed(v/1000, 2) + " KB"
	}
	return fmt.Sprintf("%.0f B", v)
}

// micros is a time, which is given in microseconds, with three digits.
func micros(v float64) string {
	for _, u := range []struct {
		by   float64
		unit string
	}{{1e6, "s"}, {1e3, "ms"}} {
		if v >= 0.9995*u.by {
			return digits(v/u.by) + " " + u.unit
		}
	}
	return digits(v) + " µs"
}

func digits(v float64) string {
	decimals := 2 - int(math.Floor(math.Log10(v)+0.0003)) // 9.996 is 10.0
	return fmt.Sprintf("%.*f", max(0, decimals), v)
}

// tickMicros is micros without zeros at the end.
func tickMicros(v float64) string {
	number, unit, _ := strings.Cut(micros(v), " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + " " + unit
}

// trimmed is v with at most so many decimals.
func trimmed(v float64, decimals int) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.*f", decimals, v), "0"), ".")
}

func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// Threshold is what a median must keep to. ParseThreshold makes one; it does not change after that.
type Threshold struct {
	text     string // as it was written
	scenario string // empty is every one that has the metric
	title    string // a part of it, in any case; empty is every one
	server   string // empty is the one that the run is about, * every one
	ratio    bool   // to the base
	keys     []string
	op       string
	limit    float64 // in the unit of the metric
}

// ThresholdHelp is the grammar, for the help of a command.
const ThresholdHelp = `[[SCENARIO[(PART OF THE TITLE)]][/SERVER]:][ratio:]METRIC OP VALUE, for example
  p99<5ms                      of the server that the run is about, wherever p99 was measured
  echo/gorilla:cpu<=9us        of one server in one scenario; /* is every server
  echo(64 KiB):ratio:cpu<0.9   of the ratio to the base; the title tells the parameters
METRIC is one of the names below or a key of the result file, OP is < <= > or >=.
VALUE has a unit: ns us ms s, or B KB MB GB KiB MiB GiB; counts, rates and ratios have none.`

// metricNames are short names. One can stand for several metrics that no scenario has both of.
var metricNames = []struct {
	name string
	keys []string
}{
	{"cpu", []string{"cpu_us_per_message", "cpu_us_per_connection"}},
	{"user", []string{"user_us_per_message"}},
	{"system", []string{"system_us_per_message"}},
	{"messages/s", []string{"messages_per_second"}},
	{"connections/s", []string{"connections_per_second"}},
	{"p50", []string{"latency_p50_us"}},
	{"p90", []string{"latency_p90_us"}},
	{"p99", []string{"latency_p99_us"}},
	{"p99.9", []string{"latency_p999_us"}},
	{"max", []string{"latency_max_us"}},
	{"rss", []string{"rss_bytes_per_connection"}},
	{"pss", []string{"pss_bytes_per_connection"}},
	{"kernel", []string{"kernel_bytes_per_connection"}},
	{"memory", []string{"rss_bytes"}},
	{"peak", []string{"peak_rss_bytes"}},
	{"recovery", []string{"recovery_ms"}},
	{"syscalls", []string{"syscalls_per_message"}},
	{"switches", []string{"switches_per_message"}},
	{"allocs", []string{"mallocs_per_message"}},
	{"lost", []string{"lost"}},
	{"failed", []string{"failed"}},
	{"dropped", []string{"dropped_connections"}},
}

// MetricNames are the short names that ParseThreshold takes.
func MetricNames() []string {
	var names []string
	for _, m := range metricNames {
		names = append(names, m.name)
	}
	return names
}

// String is the threshold as it was written.
func (t Threshold) String() string { return t.text }

// ParseThreshold reads what ThresholdHelp tells. Its errors name what would have been allowed.
func ParseThreshold(text string) (Threshold, error) {
	t := Threshold{text: text}
	bad := func(format string, args ...any) (Threshold, error) {
		return Threshold{}, fmt.Errorf("report: threshold %q: "+format, append([]any{text}, args...)...)
	}
	rest := strings.TrimSpace(text)
	if where, after, ok := cutWhere(rest); ok {
		if err := t.parseWhere(where); err != "" {
			return bad("%s", err)
		}
		rest = after
	}
	rest, t.ratio = strings.CutPrefix(rest, "ratio:")
	at := strings.IndexAny(rest, "<>")
	if at < 0 {
		return bad("want METRIC<VALUE, and there is none of < <= > >=")
	}
	name, value := strings.TrimSpace(rest[:at]), rest[at+1:]
	t.op = rest[at : at+1]
	if v, ok := strings.CutPrefix(value, "="); ok {
		t.op, value = t.op+"=", v
	}
	if t.keys = keysOf(name); t.keys == nil {
		return bad("no metric %q; there are %s", name, strings.Join(MetricNames(), ", "))
	}
	m, _ := result.MetricOf(t.keys[0])
	unit := m.Unit
	if t.ratio || unit == "1/s" {
		unit = ""
	}
	limit, err := parseValue(strings.TrimSpace(value), unit)
	if err != "" {
		return bad("%s", err)
	}
	t.limit = limit
	return t, nil
}

// cutWhere parts "echo(20 B)/sockeye:" from the rest. What is in brackets may have anything but a closing one.
func cutWhere(s string) (where, rest string, ok bool) {
	from := 0
	if open := strings.IndexByte(s, '('); open >= 0 {
		if end := strings.IndexByte(s[open:], ')'); end >= 0 && !strings.ContainsAny(s[:open], ":<>") {
			from = open + end
		}
	}
	colon := strings.IndexByte(s[from:], ':')
	if colon < 0 || s[:from+colon] == "ratio" {
		return "", s, false
	}
	return s[:from+colon], s[from+colon+1:], true
}

func (t *Threshold) parseWhere(s string) (problem string) {
	if open := strings.IndexByte(s, '('); open >= 0 {
		end := strings.IndexByte(s, ')')
		if end < open {
			return "the bracket is never closed"
		}
		t.title = s[open+1 : end]
		s = s[:open] + s[end+1:]
	}
	t.scenario, t.server, _ = strings.Cut(s, "/")
	if t.scenario == "" {
		return ""
	}
	var names []string
	for _, sh := range shapes {
		names = append(names, sh.scenario)
	}
	if !slices.Contains(names, t.scenario) {
		return fmt.Sprintf("no scenario %q; there are %s", t.scenario, strings.Join(names, ", "))
	}
	return ""
}

func keysOf(name string) []string {
	for _, m := range metricNames {
		if m.name == name {
			return m.keys
		}
	}
	if _, ok := result.MetricOf(name); ok {
		return []string{name}
	}
	return nil
}

// units are what values can be written in, in the unit of a metric.
var units = map[string]map[string]float64{
	"µs": {"ns": 1e-3, "us": 1, "µs": 1, "ms": 1e3, "s": 1e6},
	"ms": {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1, "s": 1e3},
	"B":  {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30},
	"":   {"": 1},
}

var unitsHelp = map[string]string{
	"µs": "one of ns, us, ms, s", "ms": "one of ns, us, ms, s", "B": "one of B, KB, MB, GB, KiB, MiB, GiB", "": "none",
}

func parseValue(s, unit string) (v float64, problem string) {
	end := len(s)
	for end > 0 && !strings.ContainsRune("0123456789.", rune(s[end-1])) {
		end--
	}
	v, err := strconv.ParseFloat(s[:end], 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0, fmt.Sprintf("%q does not begin with a number", s)
	}
	given := strings.TrimSpace(s[end:])
	by, ok := units[unit][given]
	if !ok {
		return 0, fmt.Sprintf("the unit is %q, want %s", given, unitsHelp[unit])
	}
	return v * by, ""
}

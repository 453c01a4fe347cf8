package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/sockeye-io/sockeye/bench/result"
)

// benchUnits are the units that benchstat shows. It knows ns and B, and makes µs and MB of them where that is shorter.
var benchUnits = map[string]struct {
	unit string
	by   float64
}{
	"rss_bytes_per_connection":    {"B/conn", 1},
	"pss_bytes_per_connection":    {"pss-B/conn", 1},
	"kernel_bytes_per_connection": {"kernel-B/conn", 1},
	"rss_bytes":                   {"rss-B", 1},
	"peak_rss_bytes":              {"peak-rss-B", 1},
	"cpu_us_per_message":          {"cpu-ns/msg", 1e3},
	"user_us_per_message":         {"user-ns/msg", 1e3},
	"system_us_per_message":       {"system-ns/msg", 1e3},
	"cpu_us_per_connection":       {"cpu-ns/conn", 1e3},
	"messages_per_second":         {"msg/s", 1},
	"connections_per_second":      {"conn/s", 1},
	"latency_p50_us":              {"p50-ns", 1e3},
	"latency_p90_us":              {"p90-ns", 1e3},
	"latency_p99_us":              {"p99-ns", 1e3},
	"latency_p999_us":             {"p99.9-ns", 1e3},
	"latency_max_us":              {"max-ns", 1e3},
	"recovery_ms":                 {"recovery-ns", 1e6},
	"lost":                        {"lost", 1},
	"failed":                      {"failed", 1},
	"dropped_connections":         {"dropped", 1},
	"syscalls_per_message":        {"syscalls/msg", 1},
	"switches_per_message":        {"switches/msg", 1},
	"preemptions_per_second":      {"preemptions/s", 1},
	"goroutines":                  {"goroutines", 1},
	"mallocs_per_message":         {"allocs/msg", 1},
	"gc_cycles":                   {"gc-cycles", 1},
	"gc_pause_us":                 {"gc-pause-ns", 1e3},
	"load_cpu_us_per_message":     {"load-cpu-ns/msg", 1e3},
	"load_busy_share":             {"load-busy", 1},
	"late_p99_us":                 {"late-p99-ns", 1e3},
}

// Gobench writes f in the format of Go benchmarks, one line for each round of a cell, for benchstat:
//
//	benchstat -filter .unit:cpu-ns/msg -col /server result.txt
//
// What means nothing (see Shown) is left out.
func Gobench(w io.Writer, f *result.File) error {
	b := bufio.NewWriter(w)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(b, format+"\n", args...) } // Flush tells
	for _, kv := range [][2]string{
		{"goos", goos(f.Machine.OS)},
		{"goarch", f.Machine.Arch},
		{"pkg", "github.com/sockeye-io/sockeye/bench"},
		{"cpu", f.Machine.CPU},
		{"kernel", f.Machine.Kernel},
		{"commit", f.Software.Commit},
		{"go", f.Software.Go},
	} {
		if kv[1] != "" {
			line("%s: %s", kv[0], kv[1])
		}
	}
	for _, m := range result.Metrics {
		if m.More {
			line("Unit %s better=higher", benchUnits[m.Key].unit)
		}
	}
	for _, g := range f.Groups() {
		for _, c := range g.Cells {
			name := benchName(c)
			for round := range rounds(c) {
				if figures := benchFigures(c, round); figures != "" {
					line("%s 1%s", name, figures)
				}
			}
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// goos is what Go calls an operating system, of which the name may be that of a distribution.
func goos(name string) string {
	if strings.Contains(strings.ToLower(name), "linux") {
		return "linux"
	}
	return name
}

func benchFigures(c *result.Cell, round int) string {
	var b strings.Builder
	for _, m := range result.Metrics {
		s, _ := Shown(c, m.Key)
		u := benchUnits[m.Key]
		if round >= len(s) || u.unit == "" {
			continue
		}
		fmt.Fprintf(&b, " %s %s", strconv.FormatFloat(s[round]*u.by, 'g', 8, 64), u.unit)
	}
	return b.String()
}

// benchName is the scenario, and the parameters and the server as the keys and values that benchstat sorts by. The
// title is one of them: two cells may have the same parameters otherwise.
func benchName(c *result.Cell) string {
	scenario := benchWord(c.Scenario)
	name := "Benchmark" + strings.ToUpper(scenario[:min(1, len(scenario))]) + scenario[min(1, len(scenario)):]
	title := benchWord(strings.NewReplacer("/", "_per_", ",", "").Replace(c.Title))
	for _, kv := range []struct {
		key   string
		value float64
	}{
		{"conns", float64(c.Params.Connections)},
		{"bytes", float64(c.Params.PayloadBytes)},
		{"depth", float64(c.Params.Depth)},
		{"rate", c.Params.Rate},
		{"mute", float64(c.Params.Mute)},
		{"churn", c.Params.ChurnRate},
		{"concurrency", float64(c.Params.Concurrency)},
	} {
		if kv.value != 0 {
			name += "/" + kv.key + "=" + strconv.FormatFloat(kv.value, 'f', -1, 64)
		}
	}
	return name + "/title=" + title + "/server=" + benchWord(c.Server)
}

// benchWord is s without what would end the name of a benchmark.
func benchWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, s)
}

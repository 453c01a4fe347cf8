package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

// TestHostileNames: a file of a stranger commands no terminal, and is no other file for benchstat.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	const evil = "\x1b[2J\x1b]0;x\x07\n\u009b1m"
	f := made(1)
	f.Machine.CPU += evil
	for i := range f.Servers {
		f.Servers[i].Name += evil
		f.Servers[i].About += evil
	}
	f.Method.Base += evil
	f.Skipped[0].Reason += evil
	for i := range f.Cells {
		c := &f.Cells[i]
		c.Server += evil
		c.Title += evil
		c.Doubts = append(c.Doubts, result.Doubt{Reason: evil})
		if i%2 == 0 {
			c.Scenario += evil
		}
	}
	for _, width := range []int{0, 40, 120} {
		var b bytes.Buffer
		if err := report.Table(&b, f, report.TableOptions{Width: width, Unicode: true}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\a\u009b") {
			t.Errorf("width %d: control characters get through", width)
		}
	}
	var b bytes.Buffer
	if err := report.Gobench(&b, f); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "Benchmark") && (len(fields) < 4 || fields[1] != "1") {
			t.Fatalf("%q is no line of a benchmark", line)
		}
	}
}

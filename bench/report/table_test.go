package report_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

func TestTable(t *testing.T) {
	t.Parallel()
	f := made(1)
	for name, o := range map[string]report.TableOptions{
		"wide.txt":   {Unicode: true},
		"narrow.txt": {Width: 80},
		"color.txt":  {Width: 120, Unicode: true, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, []byte(table(t, f, o)))
		})
	}
}

func table(t *testing.T, f *result.File, o report.TableOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Table(&b, f, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whatever the width, no line is longer unless a single figure is.
func TestTableFits(t *testing.T) {
	t.Parallel()
	f := made(2)
	for width := 70; width <= 200; width += 5 {
		text := table(t, f, report.TableOptions{Width: width, Unicode: width%2 == 0})
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("%d letters in a line of at most %d: %q", n, width, line)
			}
		}
		if width%2 == 1 && strings.ContainsFunc(text, func(r rune) bool { return r > 126 }) {
			t.Errorf("width %d: more than ASCII", width)
		}
	}
}

// A run may have ended before there was much to show.
func TestTableOfLittle(t *testing.T) {
	t.Parallel()
	f := &result.File{Schema: result.Schema, Interrupted: true, Servers: []result.Server{{Name: "one"}}}
	all := report.TableOptions{}
	if got := table(t, f, all); !strings.Contains(got, "Interrupted") {
		t.Errorf("not said to be interrupted:\n%s", got)
	}
	f.Cells = []result.Cell{{Scenario: "echo", Title: "nothing", Server: "one"}}
	table(t, f, all)
	f.Cells[0].Metrics = map[string]result.Series{"cpu_us_per_message": {0}, "messages_per_second": {}}
	table(t, f, all)
	f.Servers = append(f.Servers, result.Server{Name: "two"})
	f.Method.Base = "two"
	f.Cells = append(f.Cells, f.Cells[0])
	f.Cells[1].Server = "two"
	if got := table(t, f, all); strings.Contains(got, "NaN") {
		t.Errorf("a ratio of nothing to nothing:\n%s", got)
	}
	f.Cells[1].Scenario = "of the future"
	f.Cells[1].Metrics = map[string]result.Series{"cpu_us_per_message": {-1234567, 0, 2e9, 0.00001}}
	table(t, f, all)
}

// What needs headroom is not shown when the load generator had none, and who reads is told why.
func TestTableDoubt(t *testing.T) {
	t.Parallel()
	f := &result.File{
		Schema:  result.Schema,
		Servers: []result.Server{{Name: "a"}, {Name: "b"}},
		Method:  result.Method{Base: "b", Repetitions: 3},
	}
	for _, s := range f.Servers {
		f.Cells = append(f.Cells, result.Cell{
			Scenario: "latency", Title: "t", Server: s.Name,
			Metrics: map[string]result.Series{"latency_p99_us": {777, 778, 779}, "cpu_us_per_message": {5.11, 5.12, 5.13}},
		})
	}
	shown := table(t, f, report.TableOptions{})
	f.Cells[0].Doubts = []result.Doubt{{Round: 0, Reason: "busy"}, {Round: 2, Reason: "busy"}}
	doubted := table(t, f, report.TableOptions{})
	f.Cells[1].Doubts = f.Cells[0].Doubts
	if all := table(t, f, report.TableOptions{}); !strings.Contains(all, "us   us/message") {
		t.Errorf("a column without a figure has another unit:\n%s", all)
	}
	for text, want := range map[string][2]int{
		"778":             {2, 1}, // of both servers, then of b alone
		"5.12":            {2, 2}, // CPU needs no headroom
		"a: busy (2 of 3": {0, 1},
		"in doubt":        {0, 1},
		"no difference":   {1, 0},
		"p99.9":           {1, 1}, // the verdict that cannot be given
		"not measured":    {2, 2}, // that, and the legend
		"latency, t":      {1, 1},
	} {
		if got := [2]int{strings.Count(shown, text), strings.Count(doubted, text)}; got != want {
			t.Errorf("%q stands there %v times, want %v\n%s\n%s", text, got, want, shown, doubted)
		}
	}
}

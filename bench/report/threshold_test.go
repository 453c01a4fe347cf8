package report_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

func TestParseThreshold(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"p99<5ms", "cpu<8us", "cpu < 8 µs", "rss<700B", "rss<=0.7KiB", "ratio:cpu<0.9", "messages/s>100000",
		"echo/sockeye:p99<5ms", "/gorilla:p99<5ms", "echo:ratio:cpu<1", "echo(64 KiB)/*:cpu<1ms",
		"latency(20 B at 45,000/s: any):p99.9>=1ns", "latency_p99_us<1s", "lost<=0", "storm:recovery<1s",
	} {
		if got, err := report.ParseThreshold(good); err != nil {
			t.Error(err)
		} else if got.String() != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	for bad, want := range map[string]string{
		"":                   "none of <",
		"p99=5ms":            "none of <",
		"p95<5ms":            `no metric "p95"; there are cpu, user`,
		"eccho:p99<5ms":      `no scenario "eccho"; there are idle, echo`,
		"echo(20 B:p99<5ms":  "never closed",
		"p99<5":              `the unit is "", want one of ns, us, ms, s`,
		"p99<5MB":            `the unit is "MB", want one of ns`,
		"rss<700":            "want one of B, KB",
		"ratio:cpu<5us":      `the unit is "us", want none`,
		"messages/s>100k":    `the unit is "k", want none`,
		"p99<ms":             "does not begin with a number",
		"p99<-5ms":           "does not begin with a number",
		"p99<=<5ms":          "does not begin with a number",
		"ratio:ratio:cpu<.9": "no metric",
	} {
		if _, err := report.ParseThreshold(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", bad, err, want)
		}
	}
}

func FuzzParseThreshold(f *testing.F) {
	f.Add("echo(64 KiB)/*:ratio:cpu<=1.5")
	f.Add("p99<5ms")
	file := made(1)
	f.Fuzz(func(t *testing.T, text string) {
		th, err := report.ParseThreshold(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "report: threshold ") {
				t.Error(err)
			}
			return
		}
		for _, v := range th.Check(file) {
			if v.String() == "" {
				t.Error("nothing said")
			}
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	f := made(1)
	tests := []struct {
		threshold string
		want      []string // one of each violation
	}{
		{"idle:rss<700B", nil},
		{"rss<500B", []string{"idle, 16,000 connections: sockeye: RSS per idle connection is 521 (519..522) B"}},
		{"echo(20 b,)/*:cpu<10us", []string{"nbio", "ws"}},
		{"echo:ratio:cpu<1", []string{"64 KiB, 100 connections: sockeye: ratio of the server CPU per message is 1.1"}},
		{"echo(16 in flight)/*:ratio:cpu<1", []string{"gorilla", "gws", "nbio", "ws"}}, // not the base itself
		{"latency/ws:lost<=0", []string{"messages that never came is 40,"}},
		{"messages/s>1", nil},
		{"churn:cpu<1us", []string{"server CPU per connection"}}, // cpu is what the scenario has of it
		// Doubts: bun's speed with 16 in flight. With another cell to hold it to, the others decide.
		{"echo(16 in)/bun:messages/s>1", []string{"in doubt: the load generator was busy 97 %"}},
		{"echo(16 in)/bun:cpu<1us", nil}, // needs no headroom
		{"echo/bun:messages/s>1", nil},
		{"echo(16 in)/bun:ratio:messages/s>1", []string{"in doubt"}},
		// Nothing is never fine.
		{"/nobody:p99<5ms", []string{"nothing of the kind was measured; there are idle(16,000 connections), echo(20 B"}},
		{"idle:p99<5ms", []string{"nothing of the kind"}},
		{"echo(21 B):cpu<1s", []string{"nothing of the kind"}},
		{"broadcast/ws:cpu<1s", []string{"of sockeye, goroutines"}},
	}
	for _, test := range tests {
		t.Run(test.threshold, func(t *testing.T) {
			t.Parallel()
			check(t, f, test.threshold, test.want)
		})
	}
}

func check(t *testing.T, f *result.File, threshold string, want []string) {
	t.Helper()
	th, err := report.ParseThreshold(threshold)
	if err != nil {
		t.Fatal(err)
	}
	got := th.Check(f)
	if len(got) != len(want) {
		t.Fatalf("%d violations, want %d: %v", len(got), len(want), got)
	}
	for i, v := range got {
		if s := v.String(); !strings.Contains(s, want[i]) || !strings.HasPrefix(s, threshold+": ") {
			t.Errorf("%q, want %q in it", s, want[i])
		}
	}
}

package report_test

import (
	"regexp"
	"testing"

	"github.com/sockeye-io/sockeye/bench/report"
)

func TestColor(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{
		"sockeye", "goroutines", "gorilla", "gws", "nbio", "coder", "fasthttp", "gobwas", "rawnet", "rawgnet", "ws",
		"bun", "one that nobody thought of",
	} {
		c := report.Color(name)
		if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(c) {
			t.Errorf("%s: %q is not a colour", name, c)
		}
		if other, ok := seen[c]; ok {
			t.Errorf("%s and %s look the same", name, other)
		}
		seen[c] = name
	}
}

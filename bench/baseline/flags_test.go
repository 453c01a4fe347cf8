package baseline_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/baseline"
)

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"--handler greet", `handler "greet", want one of [echo broadcast]`},
		{"--port 1", "flag provided but not defined"},
		{"echo", `unexpected argument "echo"`},
		{"--listen 127.0.0.1:x", "listen tcp"},
	} {
		var out strings.Builder
		err := baseline.Main(strings.Fields(test.args), &out)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.args, err, test.want)
		}
		if strings.Contains(out.String(), "listening") {
			t.Errorf("%s: %q", test.args, out.String())
		}
	}
	var out strings.Builder
	if err := baseline.Main([]string{"--help"}, &out); err != nil || !strings.Contains(out.String(), "echo or broadcast") {
		t.Errorf("%q, %v", out.String(), err)
	}
}

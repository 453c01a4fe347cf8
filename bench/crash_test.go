package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-io/sockeye/bench"
)

// TestRunServerDies kills a server before its third round: the others go on, and the reason names it. It is not parallel,
// so that the only children of this process are those of its run.
func TestRunServerDies(t *testing.T) {
	env := environment(t)
	env.Progress = func(s bench.Step) {
		if strings.Contains(s.Text, "round 3 of 4, goroutines") {
			kill(t, "bench\x00server\x00goroutines")
		}
	}
	p := small
	p.Scenarios, p.Rounds, p.PayloadBytes, p.Base = []string{"echo"}, 4, 20, "sockeye"
	f, err := bench.Run(t.Context(), p, env)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Skipped) != 1 || !f.Skipped[0].Failed || f.Skipped[0].Server != "goroutines" || !strings.Contains(f.Skipped[0].Reason, "signal: killed") {
		t.Errorf("skipped %v", f.Skipped)
	}
	g := f.Groups()[0]
	for server, rounds := range map[string]int{"sockeye": 4, "goroutines": 2} {
		for key, s := range g.Of(server).Metrics {
			if len(s) != rounds && key != "syscalls_per_message" {
				t.Errorf("%s, %s: %d rounds", server, key, len(s))
			}
		}
	}
	if n := len(g.Of("goroutines").Ratio(g.Of("sockeye"), "cpu_us_per_message")); n != 2 {
		t.Errorf("%d ratios", n)
	}
}

// kill ends the children of this process that were called so.
func kill(t *testing.T, args string) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread may have ended
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if bytes.Contains(line, []byte(args)) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
				killed++
			}
		}
	}
	if killed != 1 {
		t.Errorf("killed %d", killed)
	}
}

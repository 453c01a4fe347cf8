package trace_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/trace"
)

// fakePerf acknowledges what it is told, and says at its end what it counted: that it was told both.
const fakePerf = `#!/bin/sh
while [ "$1" != -o ]; do shift; done
trap 'printf "# started\n\n%s,,raw_syscalls:sys_enter,1,100.00,,\n7,,syscalls:sys_enter_nanosleep,1,100.00,,\n" $n >"$2"; exit 130' INT
n=0
while read -r command <&3; do
	case $command in enable) n=$((n + 100)) ;; disable) n=$((n + 20)) ;; esac
	printf 'ack\n\000' >&4
done
while :; do sleep 0.01; done
`

// path makes a directory with such programs the only one.
func path(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/bin")
}

func TestTotalAsksPerf(t *testing.T) {
	path(t, map[string]string{"perf": fakePerf})
	worked := 0
	n, err := trace.Total(1, func() error { worked++; return nil })
	if err != nil || n != 113 || worked != 1 {
		t.Errorf("%d calls, worked %d times, %v", n, worked, err)
	}
	if _, err := trace.Total(1, func() error { return context.Canceled }); !errors.Is(err, context.Canceled) {
		t.Errorf("work that fails: %v", err)
	}
}

// TestTotalFallsBack: a perf that cannot count is as good as none.
func TestTotalFallsBack(t *testing.T) {
	e := start(t)
	path(t, map[string]string{"perf": "#!/bin/sh\nexit 255\n"})
	strace(t)
	n, err := trace.Total(e.Process, func() error { return e.messages(50) })
	if err != nil || n < 100 {
		t.Errorf("%d calls for 50 messages, %v", n, err)
	}
	e.free(t)
}

// strace must still be found, in /bin.
func strace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not in /bin")
	}
}

// TestTotalAlive takes whichever there is: a message is a read, a write, and perhaps a wait and a read in vain.
func TestTotalAlive(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.messages(1); err != nil {
		t.Fatal(err)
	}
	const messages = 500
	n, err := trace.Total(e.Process, func() error { return e.messages(messages) })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d calls for %d messages", n, messages)
	if n < 2*messages || n > 20*messages {
		t.Errorf("%d calls for %d messages", n, messages)
	}
	e.free(t)
}

func TestSumPerf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       int
		fails      bool
	}{
		{"both kinds", "# started on\n\n1204,,raw_syscalls:sys_enter,5,100.00,,\n4,,syscalls:sys_enter_nanosleep,5,100.00,,\n", 1200, false},
		{"nothing ran", "<not counted>,,raw_syscalls:sys_enter,0,100.00,,\n", 0, false},
		{"nothing", "# started on\n\n", 0, true},
	}
	for _, test := range tests {
		n, err := trace.SumPerf([]byte(test.text))
		if n != test.want || (err != nil) != test.fails || err != nil && !strings.HasPrefix(err.Error(), "trace: ") {
			t.Errorf("%s: %d, %v", test.name, n, err)
		}
	}
}

package rig_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/rig"
	"github.com/sockeye-io/sockeye/bench/vitals"
)

// TestMain makes this binary the server that the tests start: it says what SAY holds, on the output OUT, and then does
// what THEN says.
func TestMain(m *testing.M) {
	say, fake := os.LookupEnv("RIG_TEST_SAY")
	if !fake {
		os.Exit(m.Run())
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	out := os.Stdout
	if os.Getenv("RIG_TEST_OUT") == "stderr" {
		out = os.Stderr
	}
	if os.Getenv("RIG_TEST_THEN") == "vitals" {
		vitals.Serve(os.Stdout)
	}
	fmt.Fprintln(out, say)
	switch os.Getenv("RIG_TEST_THEN") {
	case "exit":
		os.Exit(1)
	case "143":
		<-stop
		os.Exit(143)
	case "fail":
		<-stop
		os.Exit(1)
	}
	<-stop
	os.Exit(0)
}

func fake(t *testing.T, say, out, then string) rig.Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return rig.Command{Path: self, Env: []string{"RIG_TEST_SAY=" + say, "RIG_TEST_OUT=" + out, "RIG_TEST_THEN=" + then}}
}

func TestStartFindsTheAddress(t *testing.T) {
	tests := []struct{ name, say, out string }{
		{"a rival's line", "listening on 127.0.0.1:4711", "stdout"},
		{"a URL in text", "serving echo on ws://127.0.0.1:4711/ and more", "stdout"},
		{"a URL in JSON", `{"time":"2026-01-02T03:04:05Z","msg":"listening","url":"ws://127.0.0.1:4711/"}`, "stderr"},
		{"not the first line", "hello\nws://127.0.0.1:0/\ntcp://127.0.0.1:4711", "stderr"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := rig.Start(t.Context(), fake(t, test.say, test.out, ""))
			if err != nil {
				t.Fatal(err)
			}
			if want := netip.MustParseAddrPort("127.0.0.1:4711"); s.Address != want {
				t.Errorf("address %v", s.Address)
			}
			if _, err := s.Process.CPUTime(); err != nil {
				t.Error(err)
			}
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStartSaysWhyNot(t *testing.T) {
	t.Run("it ended", func(t *testing.T) {
		_, err := rig.Start(t.Context(), fake(t, "cannot listen", "stderr", "exit"))
		if err == nil || !strings.Contains(err.Error(), "it ended\ncannot listen") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("it says nothing", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := rig.Start(ctx, fake(t, "", "stdout", ""))
		if err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("there is no such program", func(t *testing.T) {
		if _, err := rig.Start(t.Context(), rig.Command{Path: "/no/such/program"}); err == nil {
			t.Error("no error")
		}
	})
}

func TestStopTellsHowItEnded(t *testing.T) {
	for then, fails := range map[string]bool{"": false, "143": false, "fail": true} {
		s, err := rig.Start(t.Context(), fake(t, "listening on 127.0.0.1:1", "stdout", then))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); (err != nil) != fails || err != nil && !strings.HasPrefix(err.Error(), "rig: rig.test: exit status 1") {
			t.Errorf("then %q: error %v", then, err)
		}
	}
}

func TestPin(t *testing.T) {
	c := fake(t, "listening on 127.0.0.1:1", "stdout", "")
	c.Pin = "0"
	s, err := rig.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process))
	if err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(status), "\nCpus_allowed_list:\t0\n") {
		t.Error("not on processor 0 alone")
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// TestLoad drives a load that has nobody to talk to, which shows that orders and errors come through.
func TestLoad(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "load")
	if err := rig.Build(t.Context(), "../..", "./cmd/sockeye", bin); err != nil {
		t.Fatal(err)
	}
	l, err := rig.StartLoad(rig.Command{Path: bin, Args: []string{"bench", "load"}}, load.Config{
		Address: netip.MustParseAddrPort("127.0.0.1:1"), Protocol: load.TCP,
	})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := l.Do(load.Order{}); err != nil || res.Messages != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	if _, err := l.Do(load.Order{Connections: 1}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error %v", err)
	}
	if err := l.Stop(); err == nil {
		t.Error("a load that failed stopped without an error")
	}
}

func TestBuildSaysWhyNot(t *testing.T) {
	err := rig.Build(t.Context(), "../..", "./bench/no/such/command", filepath.Join(t.TempDir(), "x"))
	if err == nil || !strings.Contains(err.Error(), "go build ./bench/no/such/command") {
		t.Errorf("error %v", err)
	}
}

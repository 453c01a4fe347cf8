package contender_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// patience is how long anything that must happen may take on a busy machine.
const patience = time.Minute

// TestContenders starts every server in every role, talks to it, and stops it. Those that are compiled from other
// modules, or run on Node and Bun, wait until they are asked for: .ci/run rivals does.
func TestContenders(t *testing.T) {
	t.Parallel()
	for _, c := range contender.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if (c.Module != "" || c.Script != "") && os.Getenv("SOCKEYE_RIVALS") != "1" {
				t.Skip("a server of others: set SOCKEYE_RIVALS=1 to build and test it")
			}
			x, err := newBench(t, c.Name).Build(t.Context(), &c)
			if errors.Is(err, contender.ErrUnavailable) {
				lacks(t, err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %s: %q", x.Name, x.Version, x.Command)
			if x.Version == "" || len(x.Command) == 0 {
				t.Error("no version or no command")
			}
			for _, role := range c.Roles {
				s := start(t, x, role)
				switch {
				case role == "broadcast":
					testBroadcast(t, s)
				case c.Protocol == load.TCP:
					testBytes(t, s)
				default:
					testEcho(t, s)
				}
				if c.Go {
					testVitals(t, s)
				}
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func start(t *testing.T, x *contender.Built, role string) *rig.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := x.Start(ctx, role, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testVitals asks for a collection and for figures, which come in that order.
func testVitals(t *testing.T, s *rig.Server) {
	t.Helper()
	if err := s.Collect(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	v, err := s.Vitals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if v.Goroutines < 1 || v.Mallocs == 0 {
		t.Errorf("%+v", v)
	}
}

// TestPin is that a server in Go knows how many processors it has, whatever it thinks of affinity.
func TestPin(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("taskset"); err != nil {
		lacks(t, errors.New("needs taskset"))
	}
	list, err := contender.Named("goroutines")
	if err != nil {
		t.Fatal(err)
	}
	x, err := newBench(t, "goroutines").Build(t.Context(), &list[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range []string{"0", "0-0,0"} {
		s, err := x.Start(t.Context(), "echo", pin, "GOGC=77")
		if err != nil {
			t.Fatal(err)
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.Process))
		if err != nil {
			t.Error(err)
		}
		for _, want := range []string{"GOMAXPROCS=1", "GOGC=77"} {
			if !strings.Contains("\x00"+string(env), "\x00"+want+"\x00") {
				t.Errorf("pinned to %s: no %s in its environment", pin, want)
			}
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	list, err := contender.Named("gws", "sockeye", "gws")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	if d := cmp.Diff([]string{"sockeye", "gws"}, names); d != "" {
		t.Error(d)
	}
	want := "sockeye, goroutines, gorilla, gws, nbio, coder, fasthttp, gobwas, rawnet, rawgnet, ws, bun"
	if _, err := contender.Named("uws"); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Error(err)
	}
}

func TestBuildSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gorilla", "ws", "bun"} {
		list, err := contender.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, name)
		for _, tree := range []string{"", t.TempDir()} {
			b.Root = tree
			_, err := b.Build(t.Context(), &list[0])
			if !errors.Is(err, contender.ErrUnavailable) || !strings.Contains(err.Error(), name+": needs the source tree") {
				t.Error(err)
			}
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	list, err := contender.Named("goroutines")
	if err != nil {
		t.Fatal(err)
	}
	x, err := newBench(t, "goroutines").Build(t.Context(), &list[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Start(t.Context(), "greet", ""); err == nil || !strings.Contains(err.Error(), "it has echo, broadcast") {
		t.Error(err)
	}
	for _, pin := range []string{"x", "1-0", "0-", "0:0", "0,,1"} {
		if _, err := x.Start(t.Context(), "echo", pin); err == nil || !strings.Contains(err.Error(), "processors") {
			t.Errorf("%q: %v", pin, err)
		}
	}
}

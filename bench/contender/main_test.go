package contender_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/bench/baseline"
	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// TestMain lets this test binary be the server that cmd/sockeye has in it.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && slices.Equal(os.Args[1:4], []string{"bench", "server", "goroutines"}) {
		if err := baseline.Main(os.Args[4:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// root is the source tree.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// newBench has cmd/sockeye built when that is what is tested, and else this binary.
func newBench(t *testing.T, name string) *contender.Bench {
	t.Helper()
	b := &contender.Bench{Root: root(t), Dir: t.TempDir()}
	var err error
	if b.Self, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	if name == "sockeye" {
		b.Self = filepath.Join(b.Dir, "sockeye")
		if err := rig.Build(t.Context(), b.Root, "./cmd/sockeye", b.Self); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// lacks skips, or fails where everything must be there.
func lacks(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	text = text[max(0, strings.Index(text, "needs ")):] // which tells .ci/run
	if os.Getenv("SOCKEYE_CI") == "1" {
		t.Fatal(text)
	}
	t.Skip(text)
}

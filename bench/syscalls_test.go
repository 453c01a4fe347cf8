package bench_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/trace"
)

// TestSyscalls counts the system calls of an echo. They are counts: the machine may be as busy as it likes.
func TestSyscalls(t *testing.T) {
	requireCount(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace, which is not installed")
	}
	const times = 200
	tests := []struct {
		name  string
		c     contender.Contender
		depth int
	}{
		// gnet's own echo shows that the counting is right.
		{"rawgnet alone", rawGnet, 1},
		{"sockeye alone", sockeye, 1},
		{"sockeye 16 pipelined", sockeye, 16},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// One connection, and the next Depth messages leave in one segment only when all of the last are back.
			p := start(t, test.c, true, load.Config{Payload: 20, Depth: test.depth, Batch: true})
			messages := times * int64(test.depth)
			p.do(t, load.Order{Connections: 1, Messages: messages})

			tr, err := trace.Start(p.server.Process, filepath.Join(t.TempDir(), "strace"))
			if err != nil {
				t.Fatal(err)
			}
			p.do(t, load.Order{Messages: messages})
			calls, err := tr.Stop()
			if err != nil {
				t.Fatal(err)
			}

			t.Logf("%d messages, %d at a time: %d reads, %d writes, %d waits for events; on connections %v, else %v",
				messages, test.depth, calls.Reads(), calls.Writes(), calls.Waits(), calls.TCP, calls.Other)
			if calls.Reads() != times {
				t.Errorf("%d reads for %d segments", calls.Reads(), times)
			}
			if calls.Writes() != times {
				t.Errorf("%d writes for %d segments", calls.Writes(), times)
			}
		})
	}
}

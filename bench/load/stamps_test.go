package load_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestStamps compares it with a slice.
func TestStamps(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s load.Stamps
		var want []int64
		bias := r.IntN(9) + 1
		for at := range int64(500) {
			if r.IntN(10) < bias {
				s.Push(at)
				want = append(want, at)
			} else if len(want) > 0 {
				if got := s.Pop(); got != want[0] {
					t.Fatalf("%d, want %d", got, want[0])
				}
				want = want[1:]
			}
			if s.Len() != len(want) {
				t.Fatalf("%d are in it, want %d", s.Len(), len(want))
			}
		}
	}
}

// TestOneStampNeedsNoMemory, nor does a ring that has grown.
func TestOneStampNeedsNoMemory(t *testing.T) {
	var s load.Stamps
	if n := testing.AllocsPerRun(100, func() { s.Push(1); s.Pop() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

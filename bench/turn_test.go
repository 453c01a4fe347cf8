package bench_test

import (
	"testing"

	"github.com/sockeye-io/sockeye/bench"
)

// TestTurn: in every round each has one turn; over 2n rounds each has every place equally often, and comes after each
// other one.
func TestTurn(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 12; n++ {
		places := map[[2]int]int{}
		after := map[[2]int]bool{}
		for round := range 2 * n {
			seen := map[int]bool{}
			for k := range n {
				who := bench.Turn(round, k, n)
				seen[who] = true
				places[[2]int{who, k}]++
				if k > 0 {
					after[[2]int{who, bench.Turn(round, k-1, n)}] = true
				}
			}
			if len(seen) != n {
				t.Errorf("%d: %d have a turn in round %d", n, len(seen), round)
			}
		}
		for p, times := range places {
			if times != 2 {
				t.Errorf("%d: %d is in place %d %d times", n, p[0], p[1], times)
			}
		}
		if n > 2 && len(after) < 2*n {
			t.Errorf("%d: only %d pairs of neighbours", n, len(after))
		}
	}
}

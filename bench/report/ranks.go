package report

import (
	"cmp"
	"math"
	"slices"
)

// mannWhitney is the two-sided p of a and b coming from the same distribution, whatever that is: how often a random
// parting of all values would have rank sums at least as far from even as theirs. Ties are taken into account. It is
// exact up to 100 values and a normal approximation beyond, and 1 when there is nothing to compare.
func mannWhitney(a, b []float64) float64 {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return 1
	}
	ranks := doubledRanks(append(slices.Clone(a), b...))
	sum := 0
	for _, r := range ranks[:n] {
		sum += r
	}
	even := n * (n + m + 1) // the expected sum, doubled as the ranks are
	far := abs(sum - even)
	if n+m > 100 {
		return approximate(ranks, n, far)
	}
	// ways[k][s] is how many choices of k of the ranks seen so far have the sum s, as a share of all: there are more
	// than an integer can count.
	most := (n + m) * (n + m + 1)
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := n; k > 0; k-- {
			for s := most; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	all, extreme := 0.0, 0.0
	for s, w := range ways[n] {
		all += w
		if abs(s-even) >= far {
			extreme += w
		}
	}
	return extreme / all
}

// doubledRanks are the places of the values in their order, from 2 upwards in steps of 2; equal ones share the mean of
// theirs, which is why they are doubled.
func doubledRanks(v []float64) []int {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	ranks := make([]int, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			ranks[order[k]] = i + 1 + j
		}
		i = j
	}
	return ranks
}

func approximate(ranks []int, n, far int) float64 {
	mean := float64(len(ranks) + 1)
	variance := 0.0
	for _, r := range ranks {
		variance += (float64(r) - mean) * (float64(r) - mean)
	}
	all := float64(len(ranks))
	variance *= float64(n) * (all - float64(n)) / (all * (all - 1))
	if variance == 0 {
		return 1
	}
	return math.Erfc(float64(far) / math.Sqrt(2*variance))
}

func abs(n int) int { return max(n, -n) }

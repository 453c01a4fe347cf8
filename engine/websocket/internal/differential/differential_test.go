package differential_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

var (
	streams = flag.Int("streams", 2000, "how many random streams TestStreams tries")
	seed    = flag.Uint64("seed", 1, "the first seed of TestStreams")
)

// run gives the stream to one endpoint.
func run(t testing.TB, peer string, s *stream) (outcome, error) {
	switch {
	case peer == "ours" && s.client:
		return ourClient(s)
	case peer == "ours":
		return ourServer(t, s, false)
	case peer == "fragments":
		return ourServer(t, s, true)
	case peer == "gorilla" && s.client:
		return gorillaClient(s)
	case peer == "gorilla":
		return gorillaServer(s)
	case peer == "coder" && s.client:
		return coderClient(s)
	case peer == "coder":
		return coderServer(s)
	}
	panic(peer)
}

// allowed tells whether the model may do what a peer did.
func (m model) allowed(in []byte, got outcome) bool {
	want, others, until := m.run(in)
	if got.equal(want) || slices.ContainsFunc(others, got.equal) {
		return true
	}
	return until != nil && len(got.answers) >= len(until.answers) &&
		slices.Equal(got.answers[:len(until.answers)], until.answers)
}

// compare gives a stream to everybody and fails where somebody does what the
// model does not. It answers which rules explain how the others differ from ours.
func compare(t testing.TB, s *stream) (used rule) {
	strict := model{client: s.client, limit: s.limit, packing: s.packing}
	var our outcome
	for _, peer := range []string{"ours", "fragments", "gorilla", "coder"} {
		if s.packing == takeover && peer == "gorilla" || peer == "fragments" && s.client {
			continue
		}
		m := strict
		m.rules = rulesOf(peer)
		got, err := run(t, peer, s)
		if err != nil {
			t.Errorf("%s: %v", peer, err)
		}
		if !m.allowed(s.in, got) {
			want, others, _ := m.run(s.in)
			right, _, _ := strict.run(s.in)
			t.Errorf("%s:%v\nthe model of it:%v\nor %v\nunder the RFCs:%v", peer, got, want, others, right)
		}
		if peer == "ours" {
			our = got
			continue
		}
		if got.equal(our) {
			continue
		}
		// A rule explains the difference if without it the model would not do it.
		for r := rule(1); r < rulesEnd; r <<= 1 {
			if m.rules&r == 0 {
				continue
			}
			without := m
			without.rules &^= r
			if !without.allowed(s.in, got) {
				used |= r
			}
		}
	}
	if t.Failed() {
		t.Logf("to a client: %v, packing %d, limit %d, reads of %v, %d bytes: %.600x",
			s.client, s.packing, s.limit, s.cuts, len(s.in), s.in)
	}
	return used
}

// TestStreams compares what is made of random bytes. The same seed always makes
// the same stream, and FuzzDifferential the same of the same recipe.
func TestStreams(t *testing.T) {
	t.Parallel()
	const shards = 4
	var mu sync.Mutex
	count, different := map[rule]int{}, 0
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for i := shard; i < *streams; i += shards {
					n := *seed + uint64(i)
					recipe := random(n)
					used := compare(t, cook(recipe))
					if t.Failed() {
						t.Fatalf("seed %d, which as a corpus entry of FuzzDifferential is\ngo test fuzz v1\n[]byte(%q)", n, recipe)
					}
					mu.Lock()
					if used != 0 {
						different++
					}
					for r := rule(1); r < rulesEnd; r <<= 1 {
						if used&r != 0 {
							count[r]++
						}
					}
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("seeds %d to %d: %d streams differ", *seed, *seed+uint64(*streams)-1, different)
	for _, c := range catalogue {
		t.Logf("%6d explained: %s", count[c.rule], c.reason)
	}
}

// random makes a recipe of a seed.
func random(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 6455))
	b := make([]byte, 4+r.IntN(120))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// FuzzDifferential compares what is made of any bytes.
func FuzzDifferential(f *testing.F) {
	for n := range uint64(40) {
		f.Add(random(n))
	}
	f.Fuzz(func(t *testing.T, recipe []byte) { compare(t, cook(recipe)) })
}

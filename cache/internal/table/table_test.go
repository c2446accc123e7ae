package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// TestAgainstMap does the same to a table and a map, growing and shrinking.
func TestAgainstMap(t *testing.T) {
	for _, h := range hashers {
		for _, pairs := range []bool{false, true} {
			t.Run(fmt.Sprintf("%x/%v", h.mask, pairs), func(t *testing.T) {
				r := newRig(t, h, pairs)
				rng := rand.New(rand.NewPCG(1, h.mask))
				for _, keys := range []int{10, 100, 1000, 20, 1} {
					for i := range 3000 {
						r.random(rng, keys)
						if i%500 == 0 {
							r.check()
							r.store.Compact()
						}
					}
					for key := range r.model {
						if rng.IntN(3) > 0 {
							r.delete(key)
						}
					}
					r.check()
				}
				for key := range r.model {
					r.delete(key)
				}
				r.check()
			})
		}
	}
}

func TestLarge(t *testing.T) {
	const n = 200_000
	r := newRig(t, good, true)
	for i := range n {
		r.put(fmt.Sprint("key:", i), fmt.Sprint(i), 0)
	}
	r.check()
	for i := range n {
		r.get(fmt.Sprint("key:", i))
	}
	for i := range n {
		if i%17 != 0 {
			r.delete(fmt.Sprint("key:", i))
		}
	}
	r.check()
	freeAll(r.store.Store, r.root)
	assert.Zero(t, r.store.Len())
	assert.Zero(t, r.store.Held())
}

// TestScanGuarantee scans while elements come and go: those that stay are seen.
func TestScanGuarantee(t *testing.T) {
	for _, h := range []*keyed{good, crowded, narrow} {
		r := newRig(t, h, false)
		rng := rand.New(rand.NewPCG(7, 7))
		for i := range 2000 {
			r.put(fmt.Sprint("stays:", i), "", 0)
		}
		for round := range 6 {
			seen := map[string]bool{}
			for cursor := uint64(0); ; {
				table := r.open()
				cursor = table.Scan(cursor, func(key, _ []byte) { seen[string(key)] = true })
				require.Less(t, cursor, uint64(1)<<cursorBits)
				if cursor == 0 {
					break
				}
				for range 60 {
					key := fmt.Sprint("goes:", rng.IntN(9000))
					if _, had := r.model[key]; had && round%2 == 1 {
						r.delete(key)
					} else if !had && round%2 == 0 {
						r.put(key, "", 0)
					}
				}
			}
			for i := range 2000 {
				require.True(t, seen[fmt.Sprint("stays:", i)], "round %d, %d", round, i)
			}
		}
		r.check()
	}
}

// TestRandomIsFair draws many elements and looks at how often each comes
// (chi-squared; the bound has a probability of one in a million).
func TestRandomIsFair(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 10, 33, 100, 1000} {
		r := newRig(t, good, false)
		for i := range 3 * n { // grown larger first, so that some buckets are sparse
			r.put(fmt.Sprint(i), "", 0)
		}
		for i := range 2 * n {
			r.delete(fmt.Sprint(i))
		}
		table := r.open()
		draws := 400 * n
		counts := map[string]int{}
		for range draws {
			key, _ := table.Random(rng.Uint64)
			counts[string(key)]++
		}
		require.Len(t, counts, n)
		sum, want := 0.0, float64(draws)/float64(n)
		for _, c := range counts {
			sum += (float64(c) - want) * (float64(c) - want) / want
		}
		free := float64(n - 1)
		assert.Less(t, sum, free+5*math.Sqrt(2*free)+20, "%d elements", n)
	}
}

func TestRandomWithABadHash(t *testing.T) {
	for _, h := range hashers {
		r := newRig(t, h, false)
		for i := range 100 {
			r.put(fmt.Sprint(i), "", 0)
		}
		table := r.open()
		key, _ := table.Random(rand.New(rand.NewPCG(1, 1)).Uint64)
		assert.Contains(t, r.model, string(key))
	}
}

// TestClone copies a table by Children alone.
func TestClone(t *testing.T) {
	r := newRig(t, good, true)
	rng := rand.New(rand.NewPCG(5, 5))
	for range 3000 {
		r.random(rng, 5000)
	}
	s := r.store.Store
	root := append([]byte(nil), r.root...)
	var clone func(h nodes.Handle) nodes.Handle
	clone = func(h nodes.Handle) nodes.Handle {
		from := s.Bytes(h)
		c, to := s.Alloc(s.Kind(h), len(from))
		copy(to[nodes.HeaderSize:], from[nodes.HeaderSize:])
		to[1] = from[1]
		Children(s.Kind(c), to, clone)
		return c
	}
	Roots(root, clone)
	freeAll(s, r.root)
	r.root = root
	r.check()
}

func FuzzTable(f *testing.F) {
	f.Add(uint64(0), []byte("0123456789"))
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		r := newRig(t, hashers[seed%uint64(len(hashers))], seed/4%2 == 0)
		rng := rand.New(rand.NewPCG(seed, 0))
		for i, op := range ops {
			switch {
			case op < 200:
				r.random(rng, 1+int(op)*4)
			case op < 250:
				for range op {
					r.put(keyOf(rng.IntN(1000)), valueOf(rng), randomDue(rng))
				}
			case op < 253:
				r.store.Compact()
			default:
				for key := range r.model {
					r.delete(key)
				}
			}
			if i%16 == 0 {
				r.check()
			}
		}
		r.check()
	})
}

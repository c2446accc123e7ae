package table

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
)

// fixedRig is a table of fixed-size values with a model: what values each hash has.
type fixedRig struct {
	t     testing.TB
	store *nodestest.Store
	root  []byte
	model map[uint64]map[uint32]int
	count int
}

func newFixedRig(t testing.TB) *fixedRig {
	return &fixedRig{t: t, store: nodestest.New(t), root: make([]byte, RootSize), model: map[uint64]map[uint32]int{}}
}

func (r *fixedRig) add(hash uint64, value uint32, n int) {
	if r.model[hash] == nil {
		r.model[hash] = map[uint32]int{}
	}
	r.model[hash][value] += n
}

func (r *fixedRig) random(rng *rand.Rand, mask uint64) {
	t := OpenFixed(r.store.Store, r.root)
	// What the table does not know of a hash cannot tell the model's apart.
	hash, value := mix(rng.Uint64N(3000))&mask>>32<<32, rng.Uint32N(3)
	had := r.model[hash][value] > 0
	switch op := rng.IntN(10); {
	case op < 5:
		t.Insert(hash, value)
		r.add(hash, value, 1)
		r.count++
	case op < 9:
		require.Equal(r.t, had, t.Delete(hash, value))
		if had {
			r.add(hash, value, -1)
			r.count--
		}
	default:
		require.Equal(r.t, had, t.Replace(hash, value, value+1))
		if had {
			r.add(hash, value, -1)
			r.add(hash, value+1, 1)
		}
	}
}

// check compares all candidates with the model; wrong ones must be so few that
// here there are none.
func (r *fixedRig) check() {
	t := OpenFixed(r.store.Store, r.root)
	require.NoError(r.t, t.Check())
	require.Equal(r.t, r.count, t.Len())
	for hash, want := range r.model {
		got := map[uint32]int{}
		require.False(r.t, t.Candidates(hash, func(value uint32) bool { got[value]++; return false }))
		for value, n := range want {
			require.Equal(r.t, n, got[value])
			delete(got, value)
		}
		require.Empty(r.t, got)
	}
	if r.count == 0 {
		require.Zero(r.t, r.store.Len())
	}
}

func TestFixedAgainstMap(t *testing.T) {
	for _, mask := range []uint64{^uint64(0), 0xFF0000FF00000000, 0x0000000300000000, 0x000FFFFF00000000} {
		r := newFixedRig(t)
		rng := rand.New(rand.NewPCG(1, mask))
		for i := range 20_000 {
			r.random(rng, mask)
			if i%2000 == 0 {
				r.check()
				r.store.Compact()
			}
		}
		r.check()
		table := OpenFixed(r.store.Store, r.root)
		for hash, values := range r.model {
			for value, n := range values {
				for range n {
					require.True(t, table.Delete(hash, value))
					r.add(hash, value, -1)
					if r.count--; r.count%500 == 0 {
						r.check()
					}
				}
			}
		}
		r.check()
	}
}

func TestFixedLarge(t *testing.T) {
	const n = 300_000
	r := newFixedRig(t)
	table := OpenFixed(r.store.Store, r.root)
	for i := range uint32(n) {
		table.Insert(mix(uint64(i)), i)
	}
	require.NoError(t, table.Check())
	wrong := 0
	for i := range uint32(n) {
		require.True(t, table.Candidates(mix(uint64(i)), func(value uint32) bool {
			if value != i {
				wrong++
			}
			return value == i
		}))
	}
	assert.Less(t, wrong, 30, "one in 14,000 look-ups is expected to see a wrong candidate")
	for i := range uint32(n) {
		if i%13 != 0 {
			require.True(t, table.Delete(mix(uint64(i)), i))
		}
	}
	require.NoError(t, table.Check())
	freeAll(r.store.Store, r.root)
	assert.Zero(t, r.store.Held())
}

func FuzzFixed(f *testing.F) {
	f.Add(uint64(0xFFFF), []byte("0123456789"))
	f.Fuzz(func(t *testing.T, mask uint64, ops []byte) {
		r := newFixedRig(t)
		rng := rand.New(rand.NewPCG(mask, 0))
		// Where a mask leaves few hashes apart, each operation is linear in those before.
		ops = ops[:min(len(ops), 100)]
		for _, op := range ops {
			for range op {
				r.random(rng, mask)
			}
			if op%16 == 0 {
				r.store.Compact()
			}
		}
		r.check()
	})
}

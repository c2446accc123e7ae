package table

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
)

// keyed is a hash for tests: FNV with a finaliser, then cut down to the bits of
// mask, so that collisions can be had at will.
type keyed struct{ mask uint64 }

func (k *keyed) Hash(key []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return mix(h) & k.mask
}

func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

var (
	good    = &keyed{^uint64(0)}
	crowded = &keyed{0xFF000000000000FF} // few buckets can be told apart
	blind   = &keyed{0x0000000000000003} // no bits that count
	narrow  = &keyed{0x0000000003FF00FF} // only the deepest ones do
	hashers = []*keyed{good, crowded, blind, narrow}
)

// rig is a table, a model of it, and what it takes to compare the two.
type rig struct {
	t      testing.TB
	store  *nodestest.Store
	root   []byte
	hasher *keyed
	pairs  bool
	model  map[string]pair
}

type pair struct {
	value string
	due   int64
}

func newRig(t testing.TB, h *keyed, pairs bool) *rig {
	return &rig{t: t, store: nodestest.New(t), root: make([]byte, RootSize), hasher: h, pairs: pairs, model: map[string]pair{}}
}

// open opens the table for one operation.
func (r *rig) open() Table {
	if r.pairs {
		return Pairs(r.store.Store, r.root, r.hasher)
	}
	return Keys(r.store.Store, r.root, r.hasher)
}

func (r *rig) put(key, value string, due int64) {
	t := r.open()
	if !r.pairs {
		value, due = "", 0
	}
	old, had := r.model[key]
	require.Equal(r.t, !had, t.Put(r.hasher.Hash([]byte(key)), []byte(key), []byte(value), due), "key %.20q", key)
	if due == KeepDue {
		due = old.due
	}
	r.model[key] = pair{value, due}
}

func (r *rig) get(key string) {
	t := r.open()
	value, due, ok := t.Find(r.hasher.Hash([]byte(key)), []byte(key))
	want, had := r.model[key]
	require.Equal(r.t, had, ok)
	require.Equal(r.t, want, pair{string(value), due})
	require.Equal(r.t, had, t.Has(r.hasher.Hash([]byte(key)), []byte(key)))
}

func (r *rig) delete(key string) {
	t := r.open()
	_, had := r.model[key]
	require.Equal(r.t, had, t.Delete(r.hasher.Hash([]byte(key)), []byte(key)))
	delete(r.model, key)
}

func (r *rig) setDue(key string, due int64) {
	t := r.open()
	old, had := r.model[key]
	require.Equal(r.t, had, t.SetDue(r.hasher.Hash([]byte(key)), []byte(key), due))
	if had {
		r.model[key] = pair{old.value, due}
	}
}

// expire goes through the table once, some nodes at a time.
func (r *rig) expire(now int64, budget int) {
	t := r.open()
	for cursor, n := uint64(0), 0; ; {
		cursor, n = t.Expire(now, cursor, budget)
		require.LessOrEqual(r.t, n, budget+maxEntries)
		if cursor == 0 {
			break
		}
	}
	earliest := int64(0)
	for key, p := range r.model {
		if p.due != 0 && p.due <= now {
			delete(r.model, key)
			continue
		}
		earliest = sooner(earliest, p.due)
	}
	if due := t.Due(); earliest != 0 {
		require.Greater(r.t, due, now)
		require.LessOrEqual(r.t, due, earliest)
	} else {
		require.True(r.t, due == 0 || due > now)
	}
}

// check compares the whole table with the model.
func (r *rig) check() {
	t := r.open()
	require.NoError(r.t, t.Check())
	require.Equal(r.t, len(r.model), t.Len())
	seen := 0
	t.EachEntry(func(e Entry) bool {
		seen++
		want, had := r.model[string(e.Key)]
		require.True(r.t, had)
		require.Equal(r.t, want, pair{string(e.Value), e.Due})
		return true
	})
	require.Equal(r.t, len(r.model), seen)
	if len(r.model) == 0 {
		require.Zero(r.t, r.store.Len(), "an empty table has no nodes")
	}
}

// random is an operation chosen by b's bytes on a small set of keys.
func (r *rig) random(rng *rand.Rand, keys int) {
	key := keyOf(rng.IntN(keys))
	switch op := rng.IntN(100); {
	case op < 50:
		r.put(key, valueOf(rng), randomDue(rng))
	case op < 80:
		r.delete(key)
	case op < 90 && r.pairs:
		r.setDue(key, max(randomDue(rng), 0))
	case op == 90 && r.pairs:
		r.expire(rng.Int64N(1<<38), 1+rng.IntN(200))
	default:
		r.get(key)
	}
}

// keyOf is the key of a number: most short, some of several hundred bytes.
func keyOf(n int) string {
	size := 1 + n%9
	switch {
	case n%31 == 0:
		size = 100 + n%100
	case n%97 == 0:
		size = 300 + n%600
	}
	key := make([]byte, size, size+8)
	return string(binary.BigEndian.AppendUint32(key, uint32(n)))
}

func valueOf(rng *rand.Rand) string {
	size := rng.IntN(20)
	switch rng.IntN(40) {
	case 0:
		size = 100 + rng.IntN(300)
	case 1:
		size = 400 + rng.IntN(9000)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return string(b)
}

func randomDue(rng *rand.Rand) int64 {
	switch rng.IntN(8) {
	case 0:
		return 1 + rng.Int64N(1<<40)
	case 1:
		return KeepDue
	}
	return 0
}

// freeAll frees a table as the engine does: knowing nothing of it but Children.
func freeAll(s *nodes.Store, root []byte) {
	var free func(h nodes.Handle) nodes.Handle
	free = func(h nodes.Handle) nodes.Handle {
		Children(s.Kind(h), s.Bytes(h), free)
		s.Free(h)
		return 0
	}
	Roots(root, free)
}

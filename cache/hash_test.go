package cache

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// form is how a hash is kept.
func (r *hashRig) form(key string) item.Kind {
	r.c.BeginKey(&r.tx, 0, []byte(key))
	defer r.tx.End()
	var c coll
	err := r.tx.openPeek(&c, []byte(key), Hash)
	require.NoError(r.t, err)
	return c.kind()
}

func (r *hashRig) set(key string, pairs ...string) (added int) {
	r.c.BeginKey(&r.tx, 0, []byte(key))
	defer r.tx.End()
	list := make([][]byte, len(pairs))
	for i, p := range pairs {
		list[i] = []byte(p)
	}
	added, err := r.tx.HSet([]byte(key), list...)
	require.NoError(r.t, err)
	return added
}

// TestHashForms: the form goes by size, whatever Redis would call it.
func TestHashForms(t *testing.T) {
	limits := DefaultLimits()
	limits.HashMaxPackedEntries = 128
	r := newHashRig(t, 1, limits)
	r.set("k", "a", "1")
	require.Equal(t, item.HashPacked, r.form("k"))
	r.set("k", "b", string(make([]byte, 1000)))
	require.Equal(t, item.HashPacked, r.form("k"), "one long value makes no table")
	r.set("k", "c", string(make([]byte, 5000)))
	require.Equal(t, item.HashTable, r.form("k"))
	for i := range 128 {
		r.set("n", fmt.Sprintf("field:%057d", i), fmt.Sprintf("value:%057d", i))
	}
	require.Equal(t, item.HashPacked, r.form("n"), "what Redis's thresholds allow stays packed, and in order")
	r.set("n", "one more", "")
	require.Equal(t, item.HashTable, r.form("n"))
	r.set("big", "a", string(make([]byte, 100_000)))
	require.Equal(t, item.HashTable, r.form("big"))
}

// TestHashSetMany puts more at once than is put in one go.
func TestHashSetMany(t *testing.T) {
	r := newHashRig(t, 2, DefaultLimits())
	const n = 20_000
	var pairs []string
	for i := range n {
		pairs = append(pairs, strconv.Itoa(i), strconv.Itoa(i))
	}
	pairs = append(pairs, "7", "seven", "8", "eight")
	require.Equal(t, n, r.set("k", pairs...))
	r.c.BeginKey(&r.tx, 0, []byte("k"))
	defer r.tx.End()
	view, err := r.tx.HView([]byte("k"))
	require.NoError(t, err)
	require.Equal(t, n, view.Len())
	value, ok := view.Get([]byte("7"))
	require.True(t, ok)
	require.Equal(t, "seven", string(value))
}

func TestHashErrors(t *testing.T) {
	r := newHashRig(t, 3, DefaultLimits())
	require.NoError(t, r.c.Set([]byte("s"), []byte("x"), 0))
	r.set("h", "a", "x", "n", "1")
	s, h, a := []byte("s"), []byte("h"), []byte("a")
	r.c.Begin(&r.tx, 0, s, h)
	defer r.tx.End()
	tx := &r.tx
	_, err := tx.HSet(h, a)
	require.ErrorIs(t, err, ErrOddPairs)
	_, err = tx.HSetEx(h, 0, AnyFields, a)
	require.ErrorIs(t, err, ErrOddPairs)
	_, err = tx.HIncrBy(h, a, 1)
	require.ErrorIs(t, err, ErrNotInteger)
	_, err = tx.HIncrByFloat(nil, h, a, []byte("1"))
	require.ErrorIs(t, err, ErrNotFloat)
	_, err = tx.HIncrByFloat(nil, h, a, []byte("x"))
	require.ErrorIs(t, err, ErrBadDelta)
	_, err = tx.HIncrByFloat(nil, h, a, []byte("inf"))
	require.ErrorIs(t, err, ErrInfinite)
	_, err = tx.HIncrBy(h, []byte("n"), 1<<62)
	require.NoError(t, err)
	_, err = tx.HIncrBy(h, []byte("n"), 1<<62)
	require.ErrorIs(t, err, ErrOverflow)
	text, err := tx.HIncrByFloat([]byte("sum "), h, []byte("f"), []byte("0.1"))
	require.NoError(t, err)
	require.Equal(t, "sum 0.1", string(text))
	long := make([]byte, MaxValue+1)
	_, err = tx.HSet(h, long, a)
	require.ErrorIs(t, err, ErrTooLarge)
	for name, f := range map[string]func() error{
		"HSet":    func() error { _, err := tx.HSet(s, a, a); return err },
		"HSetNX":  func() error { _, err := tx.HSetNX(s, a, a); return err },
		"HGet":    func() error { _, err := tx.HGet(s, a); return err },
		"HLen":    func() error { _, err := tx.HLen(s); return err },
		"HExists": func() error { _, err := tx.HExists(s, a); return err },
		"HStrLen": func() error { _, err := tx.HStrLen(s, a); return err },
		"HDel":    func() error { _, err := tx.HDel(s, a); return err },
		"HIncrBy": func() error { _, err := tx.HIncrBy(s, a, 1); return err },
		"HView":   func() error { _, err := tx.HView(s); return err },
		"HScan": func() error {
			_, err := tx.HScan(s, 0, ScanOptions{}, func(_, _ []byte) {})
			return err
		},
		"HExpireAt": func() error { return tx.HExpireAt(s, 1, Always, [][]byte{a}, func(FieldChange) {}) },
		"HPersist":  func() error { return tx.HPersist(s, [][]byte{a}, func(FieldChange) {}) },
		"HGetDel":   func() error { return tx.HGetDel(s, [][]byte{a}, func([]byte, bool) {}) },
		"HGetEx":    func() error { return tx.HGetEx(s, 0, [][]byte{a}, func([]byte, bool) {}) },
		"HSetEx":    func() error { _, err := tx.HSetEx(s, 0, AnyFields, a, a); return err },
		"IncrByFloat": func() error {
			_, err := tx.HIncrByFloat(nil, s, a, []byte("1"))
			return err
		},
	} {
		require.ErrorIs(t, f(), ErrWrongType, name)
	}
}

// TestHashesAreEvicted: large hashes give way under the bound as strings do, and what
// is left is sound.
func TestHashesAreEvicted(t *testing.T) {
	const bound = 8 << 20
	for _, policy := range []Policy{AllKeysDensity, AllKeysLRU} {
		c := open(t, Options{MaxMemory: bound, Policy: policy, Shards: 2}, nil)
		rng := rand.New(rand.NewPCG(1, 1))
		value := make([]byte, 200)
		var tx Tx
		for i := range 150_000 {
			key := fmt.Appendf(nil, "hash:%d", rng.IntN(100+i/100))
			c.BeginKey(&tx, 0, key)
			_, err := tx.HSet(key, fmt.Appendf(nil, "field:%d", rng.IntN(3000)), value[:rng.IntN(200)])
			require.NoError(t, err)
			tx.End()
			if i%500 == 0 {
				c.Maintain(time.Millisecond)
			}
		}
		require.NoError(t, c.Check())
		require.Positive(t, c.Stats().Evicted)
		require.LessOrEqual(t, c.Stats().PeakResident, int64(bound+bound/10))
	}
}

func TestHashHotOperationsAllocateNothing(t *testing.T) {
	for _, n := range []int{1, 100, 10_000} {
		r := newHashRig(t, uint64(n), DefaultLimits())
		for i := range n {
			r.set("k", strconv.Itoa(i), "12345678")
		}
		key, field, value := []byte("k"), []byte("0"), []byte("87654321")
		tx := &r.tx
		run := func(f func()) func() {
			return func() {
				r.c.BeginKey(tx, 0, key)
				f()
				tx.End()
			}
		}
		assert.Zero(t, testing.AllocsPerRun(500, run(func() { _, _ = tx.HGet(key, field) })))
		assert.Zero(t, testing.AllocsPerRun(500, run(func() { _, _ = tx.HSet(key, field, value) })))
		assert.Zero(t, testing.AllocsPerRun(500, run(func() { _, _ = tx.HIncrBy(key, []byte("n"), 1) })))
		assert.Zero(t, testing.AllocsPerRun(500, run(func() {
			_, _ = tx.HSetNX(key, []byte("new"), value)
			_, _ = tx.HDel(key, []byte("new"))
		})))
	}
}

// FuzzHash takes its input as a list of operations on few hashes, and compares with
// the model.
func FuzzHash(f *testing.F) {
	f.Add(uint64(1), 5, 10, 200)
	f.Add(uint64(2), 128, 64, 300)
	f.Fuzz(func(t *testing.T, seed uint64, entries, length, steps int) {
		l := DefaultLimits()
		l.HashMaxPackedEntries, l.HashMaxPackedValue = max(entries, 0)%600, max(length, 0)%600
		r := newHashRig(t, seed, l)
		for range max(steps, 0) % 2000 {
			r.step()
		}
		require.NoError(t, r.c.Check())
	})
}

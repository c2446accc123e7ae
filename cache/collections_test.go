package cache

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rig is a cache whose clock and background work are the test's, and random changes
// to collections of all types in it. What the types themselves do is tested beside
// them; here it is what the engine does to all alike.
type rig struct {
	t      *testing.T
	c      *Cache
	tx     Tx
	now    int64
	random *rand.Rand
}

func newRig(t *testing.T, o Options, seed uint64) *rig {
	r := &rig{t: t, now: 1_700_000_000_000, random: rand.New(rand.NewPCG(seed, 1))}
	o.NoBackground, o.Clock = true, func() int64 { return r.now }
	c, err := New(o)
	require.NoError(t, err)
	r.c = c
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return r
}

func (r *rig) do(f func(tx *Tx)) {
	r.c.BeginAll(&r.tx, 0)
	f(&r.tx)
	r.tx.End()
}

func (r *rig) maintain() {
	for i := 0; i < 1000 && r.c.Maintain(time.Second); i++ {
	}
}

// show is a key's whole value as a text, "" if there is no such key.
func (r *rig) show(tx *Tx, key []byte) string {
	var parts []string
	switch tx.Type(key) {
	case String:
		v, _ := tx.Get(key)
		parts = append(parts, string(v))
	case Hash:
		v, _ := tx.HView(key)
		v.Each(func(field, value []byte) bool {
			at, _ := v.ExpireAt(field)
			parts = append(parts, fmt.Sprintf("%s=%s@%d", field, value, at))
			return true
		})
		slices.Sort(parts)
	case List:
		l, _ := tx.LRange(key, 0, -1)
		for e := range l.All() {
			parts = append(parts, string(e))
		}
	case Set:
		m, _ := tx.SMembers(key)
		m.Each(func(member []byte) bool {
			parts = append(parts, string(member))
			return true
		})
		slices.Sort(parts)
	case ZSet:
		span, _ := tx.ZRange(key, ZRange{Start: 0, Stop: -1})
		for member, score := range span.All() {
			parts = append(parts, fmt.Sprintf("%s:%v", member, score))
		}
	case Stream:
		entries, _ := tx.XRange(key, StreamID{}, StreamID{Ms: 1<<64 - 1, Seq: 1<<64 - 1})
		for entries.Next() {
			parts = append(parts, fmt.Sprint(entries.ID()))
			for range entries.Len() {
				f, v := entries.Pair()
				parts = append(parts, string(f)+"="+string(v))
			}
		}
	case None:
		return ""
	}
	return tx.Type(key).String() + " " + strings.Join(parts, " ")
}

// word is a short or, seldom, a long random string.
func (r *rig) word() []byte {
	n := 1 + r.random.IntN(12)
	switch r.random.IntN(60) {
	case 0:
		n = 100 + r.random.IntN(3000)
	case 1:
		n = 1
	}
	w := make([]byte, n)
	for i := range w {
		w[i] = 'a' + byte(r.random.IntN(20))
	}
	return w
}

func (r *rig) words(n int) [][]byte {
	w := make([][]byte, n)
	for i := range w {
		w[i] = r.word()
	}
	return w
}

// grow adds some elements to a key of a type: of whatever it is of, there or not.
func (r *rig) grow(tx *Tx, typ Type, key []byte, n int) (err error) {
	switch typ {
	case String:
		_, err = tx.Append(key, r.word())
	case Hash:
		_, err = tx.HSet(key, r.words(2*n)...)
	case List:
		_, err = tx.RPush(key, r.words(n)...)
	case Set:
		_, err = tx.SAdd(key, r.words(n)...)
	case ZSet:
		for range n {
			_, _, err = tx.ZAdd(key, 0, ZMember{Member: r.word(), Score: float64(r.random.IntN(1000))})
		}
	case Stream:
		for range n {
			_, err = tx.XAdd(key, StreamAdd{}, r.words(2)...)
		}
	}
	return err
}

var collectionTypes = []Type{Hash, List, Set, ZSet, Stream}

func TestCollectionsMoveWhole(t *testing.T) {
	for _, typ := range collectionTypes {
		for _, n := range []int{3, 300, 5000} {
			t.Run(fmt.Sprint(typ, n), func(t *testing.T) {
				r := newRig(t, Options{Shards: 4}, uint64(n))
				key := func(i int) []byte { return fmt.Appendf(nil, "key%d", i) }
				want := ""
				r.do(func(tx *Tx) {
					for left := n; left > 0; left -= 100 {
						require.NoError(t, r.grow(tx, typ, key(0), min(left, 100)))
					}
					want = r.show(tx, key(0))
				})
				for i := range 20 {
					r.do(func(tx *Tx) {
						require.NoError(t, tx.Rename(key(i), key(i+1)))
						require.Equal(t, want, r.show(tx, key(i+1)), "renamed, to another shard or not")
						require.Empty(t, r.show(tx, key(i)))
					})
				}
				require.NoError(t, r.c.Check())
				r.do(func(tx *Tx) {
					for i := range 6 {
						ok, err := tx.Copy(key(20), i%2, key(100+i), false)
						require.True(t, ok)
						require.NoError(t, err)
					}
					require.NoError(t, r.grow(tx, typ, key(20), 50))
					require.NotEqual(t, want, r.show(tx, key(20)))
					require.True(t, tx.Move(key(20), 5))
					require.Equal(t, want, r.show(tx, key(100)), "a copy is a copy")
					require.True(t, tx.SetExpireAt(key(100), r.now+1000))
					require.Equal(t, want, r.show(tx, key(100)))
					require.True(t, tx.Persist(key(100)))
					require.Equal(t, want, r.show(tx, key(100)))
					require.NoError(t, tx.Set(key(102), []byte("over it"), NoExpiry))
				})
				require.NoError(t, r.c.Check())
				r.c.Flush(-1)
				r.maintain()
				require.NoError(t, r.c.Check())
				for i := range r.c.shards {
					assert.Zero(t, r.c.shards[i].nodes.Len(), "a flush frees everything")
				}
			})
		}
	}
}

// TestCollectionsUnderPressure changes collections at random within a bound that is
// much too small for them, so that they are evicted, expired and compacted all the
// time, and looks at every invariant there is now and then.
func TestCollectionsUnderPressure(t *testing.T) {
	seeds, steps := uint64(6), 8000
	if testing.Short() {
		seeds, steps = 3, 4000 // each of the policies
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			policy := []Policy{AllKeysDensity, AllKeysLRU, VolatileTTL}[seed%3]
			r := newRig(t, Options{Shards: 1 << (seed % 3), MaxMemory: 6 << 20, Policy: policy}, seed)
			random := r.random
			key := func() []byte { return fmt.Appendf(nil, "key%d", random.IntN(200)) }
			for step := range steps {
				r.do(func(tx *Tx) { r.change(tx, key(), key()) })
				if step%50 == 0 {
					r.now += int64(random.IntN(300))
					r.maintain()
				}
				if step%500 == 0 {
					require.NoError(t, r.c.Check())
					for i := range r.c.shards {
						for r.c.shards[i].heap.CompactStep(false, &r.c.shards[i]) {
						}
					}
					require.NoError(t, r.c.Check())
				}
			}
			stats := r.c.Stats()
			assert.LessOrEqual(t, stats.Resident, int64(6<<20+1<<20))
			if policy != VolatileTTL {
				assert.NotZero(t, stats.Evicted, "there was pressure")
			}
			r.c.Flush(-1)
			r.maintain()
			require.NoError(t, r.c.Check())
		})
	}
}

// change does one random thing to one or two keys. Errors are part of it.
func (r *rig) change(tx *Tx, key, other []byte) {
	random := r.random
	at := r.now + int64(random.IntN(500))
	switch random.IntN(20) {
	case 0:
		tx.Delete(key)
	case 1:
		_ = tx.Rename(key, other)
	case 2:
		_, _ = tx.Copy(key, random.IntN(2), other, true)
	case 3:
		tx.SetExpireAt(key, at)
	case 4:
		tx.Persist(key)
	case 5:
		_ = tx.HExpireAt(key, at, 0, r.words(3), func(FieldChange) {})
	case 6:
		_, _ = tx.HSetEx(key, at, AnyFields, r.words(4)...)
	case 7:
		_, _ = tx.SPop(key, random.IntN(30), func([]byte) {})
	case 8:
		_, _ = tx.LPopN(key, Left, 1+random.IntN(30), func(int, int, []byte) {})
	case 9:
		_, _ = tx.ZPop(key, random.IntN(30), random.IntN(2) == 0, func([]byte, float64) {})
	case 10:
		_, _ = tx.SUnionStore(key, [][]byte{key, other})
	case 11:
		_, _ = tx.ZUnionStore(key, [][]byte{key, other}, ZCombine{})
	case 12:
		_ = tx.Set(key, r.word(), NoExpiry)
	default:
		typ := tx.Type(key)
		if typ == None || random.IntN(30) == 0 {
			typ = collectionTypes[random.IntN(len(collectionTypes))]
		}
		_ = r.grow(tx, typ, key, 1+random.IntN(600))
	}
}

package blocking

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// rig is a registry and a cache in which nothing happens by itself.
type rig struct {
	t     testing.TB
	cache *cache.Cache
	*Registry
	ids uint64
}

func newRig(t testing.TB) *rig {
	c, err := cache.New(cache.Options{NoBackground: true, Shards: 64})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return &rig{t: t, cache: c, Registry: New(c)}
}

func words(text string) (list [][]byte) {
	for _, w := range strings.Fields(text) {
		list = append(list, []byte(w))
	}
	return list
}

// wait adds a waiter whose command has all these keys, and waits for the first n of
// them.
func (r *rig) wait(keys string, n int, change ...func(*Waiter)) *Waiter {
	r.ids++
	list := words(keys)
	w := NewWaiter(&session.Session{ID: r.ids}, words("pop "+keys), list, list[:n])
	w.Type = cache.List
	for _, f := range change {
		f(w)
	}
	var tx cache.Tx
	r.cache.Begin(&tx, w.Session.DB, list...)
	defer tx.End()
	r.Add(&tx, w)
	return w
}

func at(deadline time.Duration) func(*Waiter) {
	return func(w *Waiter) { w.Deadline = deadline }
}

func gone(w *Waiter) { w.Gone = true }

// awaited tells whether a key is awaited in the cache.
func (r *rig) awaited() bool {
	var tx cache.Tx
	r.cache.BeginAll(&tx, 0)
	defer tx.End()
	return tx.Awaited()
}

func TestNextGoesInOrder(t *testing.T) {
	r := newRig(t)
	k := cache.ReadyKey{Key: "k"}
	a, b, c := r.wait("k", 1), r.wait("x k", 2), r.wait("k k", 2)
	z := r.wait("k", 1, func(w *Waiter) { w.Type = cache.ZSet })
	assert.Equal(t, Stats{Clients: 4, Keys: 2}, r.Stats())

	assert.Same(t, a, r.Next(k, cache.List, nil, false))
	assert.Same(t, b, r.Next(k, cache.List, a, false), "a keeps its place")
	assert.Same(t, c, r.Next(k, cache.List, b, true))
	assert.Nil(t, r.Next(k, cache.List, c, true))
	assert.Equal(t, Stats{Clients: 2, Keys: 1}, r.Stats(), "b is gone from x as well")

	assert.Same(t, a, r.Next(k, cache.List, nil, false))
	assert.Nil(t, r.Next(k, cache.None, a, true), "nothing is left")
	assert.Same(t, z, r.Next(k, cache.ZSet, nil, false))
	r.GiveBack(z)
	assert.Same(t, z, r.Next(k, cache.ZSet, nil, false))
	assert.Nil(t, r.Next(k, cache.ZSet, z, true))
	assert.Nil(t, r.Next(k, cache.ZSet, nil, false))
	assert.Zero(t, r.Stats())
	assert.False(t, r.awaited())
}

func TestWhoIsConcernedByAnEnd(t *testing.T) {
	r := newRig(t)
	k := cache.ReadyKey{Key: "k"}
	r.wait("k", 1)
	g, h := r.wait("k", 1, gone), r.wait("k j", 2, gone)
	assert.Equal(t, 2, r.Stats().GoneKeys)
	assert.Same(t, g, r.Next(k, cache.None, nil, false))
	assert.Same(t, h, r.Next(k, cache.String, g, true))
	assert.Nil(t, r.Next(k, cache.String, h, true))
	assert.Equal(t, Stats{Clients: 1, Keys: 1}, r.Stats())
}

func TestTakeAndDue(t *testing.T) {
	r := newRig(t)
	a, b, c := r.wait("k", 1, at(30)), r.wait("k l", 2, at(10)), r.wait("m", 1, at(20))
	forever := r.wait("k", 1)
	due, next := r.Due(5, nil)
	assert.Empty(t, due)
	assert.EqualValues(t, 10, next)
	due, next = r.Due(20, nil)
	assert.Equal(t, []*Waiter{b, c}, due)
	assert.EqualValues(t, 30, next)
	assert.Nil(t, r.Take(b.Session.ID))
	assert.Same(t, a, r.Take(a.Session.ID))
	assert.Nil(t, r.Take(a.Session.ID))
	due, next = r.Due(1000, nil)
	assert.Empty(t, due)
	assert.Zero(t, next)
	assert.Same(t, forever, r.Take(forever.Session.ID))
	assert.Zero(t, r.Stats())
	assert.False(t, r.awaited())
}

// TestTakeWaitsForServing: who is being served is nobody else's to end.
func TestTakeWaitsForServing(t *testing.T) {
	r := newRig(t)
	k := cache.ReadyKey{Key: "k"}
	for _, served := range []bool{true, false} {
		w := r.wait("k", 1, at(1))
		require.Same(t, w, r.Next(k, cache.List, nil, false))
		got := make(chan *Waiter, 2)
		go func() { got <- r.Take(w.Session.ID) }()
		go func() {
			due, _ := r.Due(5, nil)
			got <- append(due, nil)[0]
		}()
		time.Sleep(time.Millisecond)
		select {
		case <-got:
			t.Fatal("taken while it is being served")
		default:
		}
		assert.Nil(t, r.Next(k, cache.List, w, served))
		first, second := <-got, <-got
		if served {
			assert.Nil(t, first)
			assert.Nil(t, second)
		} else {
			assert.True(t, (first == w) != (second == w), "one of the two gets it")
		}
		assert.Zero(t, r.Stats())
	}
}

func TestChangedTellsOfEarlierDeadlines(t *testing.T) {
	r := newRig(t)
	told := func() bool {
		select {
		case <-r.Changed():
			return true
		default:
			return false
		}
	}
	r.wait("k", 1)
	assert.False(t, told())
	r.wait("k", 1, at(100))
	assert.True(t, told())
	r.Due(0, nil)
	r.wait("k", 1, at(200))
	assert.False(t, told(), "it looks before that anyway")
	r.wait("k", 1, at(50))
	assert.True(t, told())
	r.Later([]cache.ReadyKey{{Key: "k"}})
	assert.True(t, told())
	assert.Equal(t, []cache.ReadyKey{{Key: "k"}}, r.TakeLate())
	assert.Nil(t, r.TakeLate())
}

func TestWhatIsCopied(t *testing.T) {
	s := session.Session{ID: 1, DB: 3}
	args, key := words("pop k"), []byte("k")
	w := NewWaiter(&s, args, [][]byte{key}, [][]byte{key})
	r := newRig(t)
	var tx cache.Tx
	r.cache.BeginKey(&tx, 3, key)
	r.Add(&tx, w)
	tx.End()
	clear(args[0])
	clear(key)
	s.DB = 4
	assert.Equal(t, words("pop k"), w.Args)
	assert.Equal(t, words("k"), w.Keys)
	assert.Equal(t, "k", w.places[0].key)
	assert.Equal(t, 3, w.Session.DB)
}

// reach is what must be locked beside the keys given. want is what it ought to be if no
// two keys shared a shard: reach takes out of it what the lock of another key covers.
func (r *rig) reach(keys, want string) (missing, expected string, all bool) {
	var tx cache.Tx
	list := words(keys)
	r.cache.Begin(&tx, 0, list...)
	defer tx.End()
	more, all := r.Reach(&tx, list, nil)
	var names []string
	for _, key := range more {
		names = append(names, string(key))
	}
	slices.Sort(names)
	var open []string
	for _, key := range words(want) {
		if !tx.Covers(key) {
			open = append(open, string(key))
		}
	}
	return strings.Join(slices.Compact(names), " "), strings.Join(open, " "), all
}

func TestReach(t *testing.T) {
	r := newRig(t)
	r.wait("a", 1)
	r.wait("b c", 2)
	r.wait("c d", 1) // BLMOVE c d
	r.wait("d e", 1)
	r.wait("x y", 2, func(w *Waiter) { w.Session.DB = 2 })
	for keys, want := range map[string]string{
		"a": "", "nobody": "", "b": "c d e", "c": "b d e", "d": "e", "e": "", "a d": "e", "x": "y", "b c d e": "",
	} {
		missing, expected, all := r.reach(keys, want)
		assert.Equal(t, expected, missing, keys)
		assert.False(t, all)
	}
	for range 2 * reachMost {
		r.wait("a other", 2)
	}
	missing, expected, all := r.reach("a", "other")
	assert.Equal(t, expected, missing, "it does not matter how many wait for the same keys")
	assert.False(t, all)
	for i := range reachMost {
		r.wait("a other"+strconv.Itoa(i), 2)
	}
	_, _, all = r.reach("a", "")
	assert.True(t, all)
}

// TestDeadlines compares the heap with a sorted list.
func TestDeadlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var heap deadlines
		var list []*Waiter
		for _, n := range rapid.SliceOf(rapid.IntRange(-5, 40)).Draw(t, "operations") {
			if n >= 0 {
				w := &Waiter{Deadline: time.Duration(n)}
				heap.add(w)
				list = append(list, w)
			} else if len(list) > 0 {
				i := -n * 7 % len(list)
				heap.remove(list[i])
				heap.remove(list[i]) // again does nothing
				list = slices.Delete(list, i, i+1)
			}
			for i, w := range heap {
				require.Equal(t, i+1, w.heapAt)
			}
			if first := heap.first(); len(list) == 0 {
				require.Nil(t, first)
			} else {
				least := slices.MinFunc(list, func(a, b *Waiter) int { return int(a.Deadline - b.Deadline) })
				require.Equal(t, least.Deadline, first.Deadline)
			}
		}
	})
}

// TestRandomComingAndGoing checks the counters and the awaited keys against what is
// there.
func TestRandomComingAndGoing(t *testing.T) {
	r := newRig(t)
	rng := rand.New(rand.NewPCG(5, 6))
	var list []*Waiter
	for range 3000 {
		switch i := len(list); {
		case rng.IntN(2) == 0:
			var keys []string
			for range 1 + rng.IntN(4) {
				keys = append(keys, string('a'+rune(rng.IntN(10))))
			}
			w := r.wait(strings.Join(keys, " "), 1+rng.IntN(len(keys)), func(w *Waiter) {
				w.Gone = rng.IntN(2) == 0
				w.Deadline = time.Duration(rng.IntN(3))
			})
			list = append(list, w)
		case i > 0:
			i = rng.IntN(i)
			require.Same(t, list[i], r.Take(list[i].Session.ID))
			list = slices.Delete(list, i, i+1)
		}
		var want Stats
		queues, goneQueues := map[string]bool{}, map[string]bool{}
		for _, w := range list {
			want.Clients++
			if w.Deadline != 0 {
				want.Timed++
			}
			for i := range w.places {
				queues[w.places[i].key] = true
				if w.Gone {
					goneQueues[w.places[i].key] = true
				}
			}
		}
		want.Keys, want.GoneKeys = len(queues), len(goneQueues)
		require.Equal(t, want, r.Stats())
		require.Equal(t, len(list) > 0, r.awaited())
		shared := 0
		for _, set := range r.sets {
			shared += set.waiters
		}
		require.Equal(t, len(list), shared)
	}
}

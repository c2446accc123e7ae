package cache

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waitingRoom is a cache of several shards whose clock stands still.
type waitingRoom struct {
	t *testing.T
	*Cache
	now  atomic.Int64
	late []ReadyKey
}

func newWaitingRoom(t *testing.T) *waitingRoom {
	r := &waitingRoom{t: t}
	r.now.Store(1_000_000)
	c, err := New(Options{Shards: 8, NoBackground: true, Clock: r.now.Load})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	r.Cache = c
	c.OnReady(func(keys []ReadyKey) { r.late = append(r.late, keys...) })
	return r
}

// in runs f in a transaction on some keys of a database and returns what it made
// ready; "*" is all keys.
func (r *waitingRoom) in(db int, f func(tx *Tx), keys ...string) (ready []ReadyKey) {
	var tx Tx
	if keys[0] == "*" {
		r.BeginAll(&tx, db)
	} else {
		var list [][]byte
		for _, key := range keys {
			list = append(list, []byte(key))
		}
		r.Begin(&tx, db, list...)
	}
	defer tx.End()
	f(&tx)
	return tx.TakeReady(nil)
}

func (r *waitingRoom) await(db int, keys ...string) {
	for _, key := range keys {
		r.in(db, func(tx *Tx) {
			tx.Await([]byte(key))
			assert.True(r.t, tx.Awaits([]byte(key)))
		}, key)
	}
}

func push(keys ...string) func(*Tx) {
	return func(tx *Tx) {
		for _, key := range keys {
			if _, err := tx.RPush([]byte(key), []byte("x")); err != nil {
				panic(err)
			}
		}
	}
}

func TestReadyInOrderAndOnce(t *testing.T) {
	r := newWaitingRoom(t)
	assert.Empty(t, r.in(0, push("a", "b"), "a", "b"))
	r.await(0, "d", "c", "b", "a", "a")
	order := []string{"c", "a", "x", "d", "c", "b", "a"}
	assert.Equal(t, []ReadyKey{{0, "c"}, {0, "a"}, {0, "d"}, {0, "b"}}, r.in(0, push(order...), order...))
	assert.Equal(t, []ReadyKey{{0, "c"}}, r.in(0, push("c", "c"), "c"), "again in another transaction")
	assert.Empty(t, r.in(1, push("c"), "c"), "another database's")
	r.Unawait(0, []byte("a"))
	assert.Len(t, r.in(0, push("a"), "a"), 1)
	for _, key := range []string{"a", "b", "c", "d"} {
		r.Unawait(0, []byte(key))
		assert.Empty(t, r.in(0, push(key), key))
	}
	assert.Panics(t, func() { r.Unawait(0, []byte("a")) })
	r.in(0, func(tx *Tx) {
		assert.False(t, tx.Awaited())
		assert.False(t, tx.Awaits([]byte("a")))
	}, "*")
	assert.Empty(t, r.late)
}

func TestAwaitedInSeveralDatabases(t *testing.T) {
	r := newWaitingRoom(t)
	r.await(0, "k")
	r.await(2, "k")
	move := func(tx *Tx) { push("k")(tx); tx.Move([]byte("k"), 2) }
	assert.Equal(t, []ReadyKey{{1, "k"}, {2, "k"}}[1:], r.in(1, move, "k"))
	r.Unawait(2, []byte("k"))
	assert.Equal(t, []ReadyKey{{0, "k"}}, r.in(0, push("k"), "k"))
	assert.Panics(t, func() { r.Unawait(2, []byte("k")) })
	var many []string
	for i := range 100 * keepAwaits {
		many = append(many, fmt.Sprint(i))
	}
	r.await(0, many...)
	for _, key := range many {
		r.Unawait(0, []byte(key))
	}
	for i := range r.shards {
		if a := &r.shards[i].awaits; a.count.Load() == 0 {
			assert.Nil(t, a.keys, "what has grown is let go")
		}
	}
}

// TestWhatMakesAKeyReady: every way in which a key comes to be, gains something, is
// overwritten or goes.
func TestWhatMakesAKeyReady(t *testing.T) {
	key, other := []byte("k"), []byte("other")
	score := ZMember{Member: []byte("m"), Score: 1}
	for name, c := range map[string]struct{ before, what func(tx *Tx) }{
		"push":      {nil, push("k")},
		"more":      {push("k"), push("k")},
		"zadd":      {nil, func(tx *Tx) { _, _, _ = tx.ZAdd(key, 0, score) }},
		"lmove":     {push("other"), func(tx *Tx) { _ = tx.LMove(other, key, Left, Left, func([]byte) {}) }},
		"rename":    {push("other"), func(tx *Tx) { _ = tx.Rename(other, key) }},
		"away":      {push("k"), func(tx *Tx) { _ = tx.Rename(key, other) }},
		"copy":      {push("other"), func(tx *Tx) { _, _ = tx.Copy(other, 0, key, false) }},
		"delete":    {push("k"), func(tx *Tx) { tx.Delete(key) }},
		"expire":    {push("k"), func(tx *Tx) { tx.SetExpireAt(key, 5) }},
		"overwrite": {push("k"), func(tx *Tx) { _ = tx.Set(key, []byte("text"), NoExpiry) }},
		"the last":  {push("k"), func(tx *Tx) { _, _ = tx.LPop(nil, key) }},
		"flush":     {push("k"), func(tx *Tx) { tx.Flush(-1) }},
		"swap":      {nil, func(tx *Tx) { tx.Swap(0, 1) }},
		"from another": {
			func(tx *Tx) { tx.SelectDB(1); push("k")(tx) },
			func(tx *Tx) { tx.SelectDB(1); tx.Move(key, 0) },
		},
		"to another": {push("k"), func(tx *Tx) { tx.Move(key, 1) }},
	} {
		r := newWaitingRoom(t)
		if c.before != nil {
			r.in(0, c.before, "*")
		}
		r.await(0, "k")
		assert.Equal(t, []ReadyKey{{0, "k"}}, r.in(0, c.what, "*"), name)
	}
	r := newWaitingRoom(t)
	r.await(0, "k")
	for name, f := range map[string]func(tx *Tx){
		"a hash":   func(tx *Tx) { _ = tx.Set(other, nil, NoExpiry) },
		"a string": func(tx *Tx) { _ = tx.Set(key, nil, NoExpiry) },
		"reading":  func(tx *Tx) { _, _ = tx.Get(key) },
	} {
		assert.Empty(t, r.in(0, f, "*"), name)
	}
}

// TestReadyAside: keys that become ready while nobody asks are passed on.
func TestReadyAside(t *testing.T) {
	r := newWaitingRoom(t)
	r.await(0, "a", "b", "c")
	take := func() []ReadyKey {
		late := r.late
		r.late = nil
		return late
	}
	require.NoError(t, r.Update([][]byte{[]byte("a")}, func(tx *Tx) error { push("a")(tx); return nil }))
	assert.Equal(t, []ReadyKey{{0, "a"}}, take())
	require.NoError(t, r.Update([][]byte{[]byte("b"), []byte("c")}, func(tx *Tx) error { push("c", "b")(tx); return nil }))
	assert.Equal(t, []ReadyKey{{0, "c"}, {0, "b"}}, take())
	r.in(0, func(tx *Tx) { tx.SetExpireAt([]byte("a"), r.now.Load()+5) }, "a")
	r.now.Add(100)
	for r.Maintain(time.Second) {
	}
	assert.Equal(t, []ReadyKey{{0, "a"}}, take(), "it has expired")
	r.Flush(0)
	assert.Subset(t, take(), []ReadyKey{{0, "b"}, {0, "c"}})
}

func TestForgetReady(t *testing.T) {
	r := newWaitingRoom(t)
	r.await(0, "a", "b", "c", "d")
	r.in(0, push("c"), "c")
	got := r.in(0, func(tx *Tx) {
		push("a")(tx)
		kept := tx.CountReady()
		push("b")(tx)
		tx.Delete([]byte("c"))
		push("d")(tx)
		tx.ForgetReady(kept)
		assert.Equal(t, 2, tx.CountReady())
		push("d")(tx)
	}, "a", "b", "c", "d")
	assert.Equal(t, []ReadyKey{{0, "a"}, {0, "c"}, {0, "d"}}, got)
}

func TestCovers(t *testing.T) {
	r := newWaitingRoom(t)
	for _, keys := range [][]string{{"a"}, {"a", "b", "c"}} {
		r.in(0, func(tx *Tx) {
			assert.True(t, tx.Covers([]byte("a")))
			missing := 0
			for c := byte(0); c < 100; c++ {
				if !tx.Covers([]byte{c}) {
					missing++
				}
			}
			assert.NotZero(t, missing)
		}, keys...)
	}
	r.in(0, func(tx *Tx) { assert.True(t, tx.Covers([]byte("any"))) }, "*")
}

// BenchmarkSignal is what a write pays for those who might wait: nothing, or for one
// who waits for another key of the same shard.
func BenchmarkSignal(b *testing.B) {
	for _, waits := range []bool{false, true} {
		name := map[bool]string{false: "nobody waits", true: "somebody waits"}[waits]
		b.Run(name, func(b *testing.B) {
			c, err := New(Options{Shards: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			var tx Tx
			key := []byte("key")
			if waits {
				c.BeginKey(&tx, 0, []byte("another"))
				tx.Await([]byte("another"))
				tx.End()
			}
			b.ReportAllocs()
			for b.Loop() {
				c.BeginKey(&tx, 0, key)
				if tx.Awaited() {
					tx.one.signal(0, key)
				}
				tx.End()
			}
		})
	}
}

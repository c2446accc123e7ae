package watch

import (
	"fmt"
	"sync"
	"testing"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/stretchr/testify/assert"
)

func key(db int, name string) Key { return Key{db, name} }

func TestWatch(t *testing.T) {
	r := New()
	there := map[Key]bool{}
	look := func(k Key) bool { return there[k] }
	touched := func(id uint64) bool { return r.Touched(id, look) }
	there[key(0, "a")] = true
	r.Changed(0, []byte("a"), cache.Written) // nobody watches
	r.Watch(1, key(0, "a"), true)
	r.Watch(1, key(0, "a"), true)
	r.Watch(1, key(0, "b"), false)
	r.Watch(2, key(1, "a"), false)
	assert.Equal(t, 3, r.Total())
	assert.Equal(t, 2, r.Len(1))
	assert.Equal(t, 2, r.Clients())
	assert.ElementsMatch(t, [][]byte{[]byte("a"), []byte("b")}, r.Keys(1, nil))
	assert.False(t, touched(1))
	assert.False(t, touched(9))

	r.Changed(2, []byte("a"), cache.Written)
	assert.False(t, touched(1), "another database")
	r.Changed(1, []byte("a"), cache.Written)
	assert.False(t, touched(1))
	assert.True(t, touched(2))
	r.Forget(2)
	assert.False(t, touched(2))
	r.Watch(2, key(1, "a"), false)
	assert.False(t, touched(2), "it begins anew")

	r.Changed(1, nil, cache.Flushed)
	assert.False(t, touched(2), "what was not there is not flushed")
	r.Changed(0, nil, cache.Flushed)
	assert.True(t, touched(1))
	r.Forget(1)

	// A swap is not for the registry to judge.
	r.Watch(1, key(0, "a"), true)
	r.Watch(1, key(2, "b"), false)
	r.Changed(0, nil, cache.Swapped)
	assert.False(t, touched(1))
	assert.ElementsMatch(t, []Key{key(0, "a"), key(1, "a")}, r.In(0, 1))
	assert.ElementsMatch(t, []Key{key(2, "b")}, r.In(3, 2))

	r.Forget(1)
	r.Forget(2)
	r.Forget(3)
	assert.Zero(t, r.Total())
	assert.Empty(t, r.keys)
	assert.Empty(t, r.In(0, 1))
	assert.Empty(t, r.clients)
}

func TestExpiredMeanwhile(t *testing.T) {
	r := New()
	r.Watch(1, key(0, "k"), true)
	assert.True(t, r.Touched(1, func(Key) bool { return false }))
}

// TestManyGoroutines is for the race detector.
func TestManyGoroutines(t *testing.T) {
	r := New()
	var group sync.WaitGroup
	for id := range uint64(4) {
		group.Go(func() {
			for i := range 300 {
				r.Watch(id, key(0, fmt.Sprint(i%7)), true)
				r.Changed(0, []byte("3"), cache.Written)
				r.Changed(0, nil, cache.Flushed)
				r.Touched(id, func(Key) bool { return true })
				if i%5 == 0 {
					r.Forget(id)
				}
			}
			r.Forget(id)
		})
	}
	group.Wait()
	assert.Zero(t, r.Total())
}

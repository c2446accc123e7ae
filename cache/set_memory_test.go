package cache

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// boundedSets is a rig with a memory bound.
func boundedSets(t *testing.T, p Policy, bound int64) *setRig {
	c, err := New(Options{HashSeed: 1, Shards: 4, NoBackground: true, MaxMemory: bound, Policy: p})
	require.NoError(t, err)
	r := &setRig{t: t, c: c, tx: new(Tx)}
	c.BeginAll(r.tx, 0)
	t.Cleanup(func() {
		r.tx.End()
		require.NoError(t, c.Check())
		require.NoError(t, c.Close())
	})
	return r
}

// TestSetsAtTheBound fills the memory with sets of all sizes: adding is refused, what
// is there stays whole, and what takes no memory goes on.
func TestSetsAtTheBound(t *testing.T) {
	r := boundedSets(t, NoEviction, 8<<20)
	had := map[string]int{}
	var err error
	for i := 0; err == nil; i++ {
		key := fmt.Sprint("set", i%50)
		var n int
		n, err = r.tx.SAdd([]byte(key), setBytes(setWords(fmt.Sprint("member", i, ":"), 1+i%40))...)
		had[key] += n
	}
	require.ErrorIs(t, err, ErrOutOfMemory)
	for key, n := range had {
		assert.Len(t, r.members(key), n, key)
	}
	_, err = r.tx.SUnionStore([]byte("union"), setBytes([]string{"set1", "set2"}))
	assert.ErrorIs(t, err, ErrOutOfMemory)
	assert.Len(t, r.members("set1"), had["set1"])
	r.check()

	moved := 0
	for _, member := range r.members("set1") {
		ok, err := r.tx.SMove([]byte("set1"), []byte("new"), []byte(member))
		require.NoError(t, err)
		if ok {
			moved++
		}
	}
	assert.Equal(t, had["set1"], moved)
	assert.Len(t, r.members("new"), moved)
	n, err := r.tx.SRem([]byte("new"), setBytes(r.members("new"))...)
	require.NoError(t, err)
	assert.Equal(t, moved, n)
	r.check()
}

// TestSetsAreEvicted adds many times what fits, in large sets and small ones and by
// single calls and large ones; a set is there as it should be or not at all.
func TestSetsAreEvicted(t *testing.T) {
	r := boundedSets(t, AllKeysLRU, 8<<20)
	sizes := []int{1, 20, 500, 3000}
	for i := range 600 {
		key, n := "set"+strconv.Itoa(i), sizes[i%len(sizes)]
		members := setWords("a somewhat long member ", n)
		if i%3 == 0 {
			for _, m := range members {
				_, err := r.tx.SAdd([]byte(key), []byte(m))
				require.NoError(t, err)
			}
		} else {
			r.add(key, members...)
		}
		if i%5 == 0 {
			_, err := r.tx.SUnionStore([]byte("union"+key), setBytes([]string{key, "set" + strconv.Itoa(i/2)}))
			require.NoError(t, err)
		}
	}
	alive := 0
	for i := range 600 {
		if n := len(r.members("set" + strconv.Itoa(i))); n > 0 {
			assert.Equal(t, sizes[i%len(sizes)], n)
			alive++
		}
	}
	assert.NotZero(t, alive)
	r.check()
	r.tx.End()
	assert.NotZero(t, r.c.Stats().Evicted)
	r.c.BeginAll(r.tx, 0)

	// One that does not fit at all.
	huge := setWords("a rather long member of a set that fits into no memory ", 300_000)
	_, err := r.tx.SAdd([]byte("huge"), setBytes(huge)...)
	if err != nil {
		assert.ErrorIs(t, err, ErrOutOfMemory)
	}
	r.check()
}

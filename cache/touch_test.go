package cache

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// TestTouchElements: to touch changes nothing, whatever is there.
func TestTouchElements(t *testing.T) {
	c := open(t, Options{Shards: 1}, nil)
	var tx Tx
	keys := [][]byte{[]byte("hash"), []byte("set"), []byte("zset"), []byte("string"), []byte("small"), []byte("none")}
	element := func(i int) []byte { return fmt.Appendf(nil, "element:%d", i) }
	c.Begin(&tx, 0, keys...)
	for i := range touchFrom + 100 {
		_, err := tx.HSet(keys[0], element(i), element(i))
		require.NoError(t, err)
		_, err = tx.SAdd(keys[1], element(i))
		require.NoError(t, err)
	}
	require.NoError(t, tx.Set(keys[3], []byte("x"), 0))
	_, err := tx.HSet(keys[4], element(0), element(0))
	require.NoError(t, err)
	tx.End()
	var elements [][]byte
	for i := range 200 {
		elements = append(elements, element(i*997))
	}
	for _, key := range keys {
		for _, n := range []int{0, 1, 63, 64, 65, 200} {
			c.TouchElements(0, key, c.Hash(key), elements[:n], n%2 == 0)
			c.TouchElements(1, key, c.Hash(key), elements[:n], n%2 == 0)
		}
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		c.TouchElements(0, keys[0], c.Hash(keys[0]), elements[:64], true)
	}))
	c.Begin(&tx, 0, keys...)
	c.TouchElements(0, keys[0], c.Hash(keys[0]), elements, true) // the lock is taken: nothing happens
	tx.End()
	require.NoError(t, c.Check())
	require.Zero(t, table.Touch(nil, make([]byte, table.RootSize), []uint64{1}), "an empty table")
}

package cache

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTouchElements: to touch changes nothing, whatever is there.
func TestTouchElements(t *testing.T) {
	c := open(t, Options{Shards: 2}, nil)
	var tx Tx
	keys := [][]byte{[]byte("hash"), []byte("set"), []byte("zset"), []byte("string"), []byte("small"), []byte("none"), []byte("zset2")}
	element := func(i int) []byte { return fmt.Appendf(nil, "element:%d", i) }
	c.Begin(&tx, 0, keys...)
	long := bytes.Repeat([]byte("long"), 1000)
	n := touchFrom + 100
	if testing.Short() {
		n = touchFrom / 2 // the hash and the set are then left alone
	}
	for i := range n {
		_, err := tx.HSet(keys[0], element(i), element(i))
		require.NoError(t, err)
		_, err = tx.SAdd(keys[1], element(i))
		require.NoError(t, err)
		_, _, err = tx.ZAdd(keys[2], 0, ZMember{element(i), float64(i * 7919 % 10007)})
		require.NoError(t, err)
		_, _, err = tx.ZAdd(keys[6], 0, ZMember{append(element(i), long[:i%600]...), float64(i)})
		require.NoError(t, err)
	}
	require.NoError(t, tx.Set(keys[3], []byte("x"), 0))
	_, err := tx.HSet(keys[4], element(0), element(0))
	require.NoError(t, err)
	tx.End()
	require.Greater(t, c.shards[0].nodes.Held()+c.shards[1].nodes.Held(), int64(touchBytes), "all is worth touching")

	var list []ElementTouch
	add := func(key []byte, i int) {
		list = append(list, ElementTouch{Key: key, Element: element(i), Hash: c.Hash(key), Ranks: i%2 == 0})
	}
	for _, key := range keys {
		for i := range 9 {
			add(key, i*99_991)
		}
	}
	for i := range 200 {
		add(keys[i*i%len(keys)], i*991)
	}
	for _, n := range []int{0, 1, 2, 63, 64, 200, len(list)} {
		c.TouchElements(0, list[:n])
		c.TouchElements(1, list[:n])
		require.NoError(t, c.Check())
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { c.TouchElements(0, list[:64]) }))
	c.Begin(&tx, 0, keys...)
	c.TouchElements(0, list) // the locks are taken: nothing happens
	tx.End()
}

// TestTouchElementsUnderChange: handles that are read in one step are not followed in
// the next where nodes were freed meanwhile. The race detector and the invariants build
// make the most of it.
func TestTouchElementsUnderChange(t *testing.T) {
	c := open(t, Options{Shards: 1}, nil)
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("c")}
	const n = 30_000
	element := func(i int) []byte { return fmt.Appendf(nil, "%0400d", i) }
	var tx Tx
	c.Begin(&tx, 0, keys...)
	for i := range n {
		_, _, err := tx.ZAdd(keys[i%3], 0, ZMember{element(i), float64(i)})
		require.NoError(t, err)
	}
	tx.End()
	require.Greater(t, c.shards[0].nodes.Held(), int64(touchBytes), "all is worth touching")
	done := make(chan struct{})
	go func() {
		defer close(done)
		var tx Tx
		for i := range n / 10 {
			key := keys[i%3]
			c.BeginKey(&tx, 0, key)
			_, err := tx.ZRem(key, element(i*7%n))
			tx.End()
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	var list []ElementTouch
	for i := range 64 {
		j := i * 467 % n
		key := keys[j%3]
		list = append(list, ElementTouch{Key: key, Element: element(j), Hash: c.Hash(key), Ranks: true})
	}
	for {
		select {
		case <-done:
			require.NoError(t, c.Check())
			return
		default:
			c.TouchElements(0, list)
		}
	}
}

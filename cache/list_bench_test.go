package cache

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchLists makes lists of elements of 16 bytes.
func benchLists(b *testing.B, lists, each int) (c *Cache, keys [][]byte) {
	c, err := New(Options{NoBackground: true})
	require.NoError(b, err)
	b.Cleanup(func() { _ = c.Close() })
	var tx Tx
	for i := range lists {
		keys = append(keys, fmt.Appendf(nil, "key:%08d", i))
		c.BeginKey(&tx, 0, keys[i])
		for j := range each {
			_, err := tx.RPush(keys[i], fmt.Appendf(nil, "%016d", j))
			require.NoError(b, err)
		}
		tx.End()
	}
	return c, keys
}

func benchEach(b *testing.B, f func(tx *Tx, key []byte)) {
	for _, spread := range []struct{ lists, each int }{{100, 10_000}, {50_000, 20}} {
		b.Run(fmt.Sprintf("%dx%d", spread.lists, spread.each), func(b *testing.B) {
			c, keys := benchLists(b, spread.lists, spread.each)
			var tx Tx
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := keys[i*7919%len(keys)]
				c.BeginKey(&tx, 0, key)
				f(&tx, key)
				tx.End()
			}
		})
	}
}

func BenchmarkLPush(b *testing.B) {
	e := []byte("0123456789abcdef")
	benchEach(b, func(tx *Tx, key []byte) { _, _ = tx.LPush(key, e) })
}

// BenchmarkLPop pops an element and pushes it again.
func BenchmarkLPop(b *testing.B) {
	sum, e := 0, []byte("0123456789abcdef")
	benchEach(b, func(tx *Tx, key []byte) {
		_, _ = tx.LPopN(key, Left, 1, func(_, _ int, e []byte) { sum += len(e) })
		_, _ = tx.LPush(key, e)
	})
}

func BenchmarkLIndexMiddle(b *testing.B) {
	benchEach(b, func(tx *Tx, key []byte) {
		n, _ := tx.LLen(key)
		_, _ = tx.LIndex(key, n/2)
	})
}

func BenchmarkLRange600(b *testing.B) {
	sum := 0
	benchEach(b, func(tx *Tx, key []byte) {
		list, _ := tx.LRange(key, 0, 599)
		for e, ok := list.Next(); ok; e, ok = list.Next() {
			sum += len(e)
		}
	})
}

package cache

import (
	"fmt"
	"strconv"
	"testing"
)

// benchHash makes a hash of n fields, and the names of a thousand of them.
func benchHash(b *testing.B, n int) (*Cache, []byte, [][]byte) {
	c := open(b, Options{}, nil)
	key := []byte("myhash")
	fields := make([][]byte, 1024)
	var tx Tx
	for i := range n {
		field := fmt.Appendf(nil, "element:%012d", i)
		c.BeginKey(&tx, 0, key)
		if _, err := tx.HSet(key, field, []byte("12345678")); err != nil {
			b.Fatal(err)
		}
		tx.End()
	}
	for i := range fields {
		fields[i] = fmt.Appendf(nil, "element:%012d", i*7919%n)
	}
	return c, key, fields
}

func benchHashes(b *testing.B, f func(b *testing.B, c *Cache, key []byte, fields [][]byte)) {
	for _, n := range []int{10, 100, 1000, 1000000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c, key, fields := benchHash(b, n)
			b.ReportAllocs()
			b.ResetTimer()
			f(b, c, key, fields)
		})
	}
}

func BenchmarkHGet(b *testing.B) {
	benchHashes(b, func(b *testing.B, c *Cache, key []byte, fields [][]byte) {
		var tx Tx
		tx.SetClock(1_700_000_000_000) // as the protocol does, once a batch
		for i := range b.N {
			c.BeginKey(&tx, 0, key)
			if _, err := tx.HGet(key, fields[i%1024]); err != nil {
				b.Fatal(err)
			}
			tx.End()
		}
	})
}

func BenchmarkHSet(b *testing.B) {
	benchHashes(b, func(b *testing.B, c *Cache, key []byte, fields [][]byte) {
		var tx Tx
		tx.SetClock(1_700_000_000_000)
		value := []byte("87654321")
		for i := range b.N {
			c.BeginKey(&tx, 0, key)
			if _, err := tx.HSet(key, fields[i%1024], value); err != nil {
				b.Fatal(err)
			}
			tx.End()
		}
	})
}

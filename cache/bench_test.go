package cache

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
)

// benchKeys are made once: building a key costs as much as finding it.
func benchKeys(n int) [][]byte {
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key:%012d", i)
	}
	return keys
}

func benchCache(b *testing.B, keys [][]byte, valueLen int) *Cache {
	c, err := New(Options{NoBackground: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	value := make([]byte, valueLen)
	for _, key := range keys {
		if err := c.Set(key, value, 0); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{1000, 100_000, 2_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			keys := benchKeys(n)
			c := benchCache(b, keys, 64)
			r := rand.New(rand.NewPCG(1, 1))
			dst := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = c.Get(dst[:0], keys[r.IntN(n)])
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	for _, n := range []int{1000, 100_000, 2_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			keys := benchKeys(n)
			c := benchCache(b, keys, 64)
			r := rand.New(rand.NewPCG(1, 1))
			value := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				_ = c.Set(keys[r.IntN(n)], value, 0)
			}
		})
	}
}

// BenchmarkSetEvicting writes new keys into a full cache: each store evicts.
func BenchmarkSetEvicting(b *testing.B) {
	for _, policy := range []Policy{AllKeysDensity, AllKeysLRU, AllKeysRandom} {
		b.Run(policy.String(), func(b *testing.B) {
			c, err := New(Options{NoBackground: true, MaxMemory: 256 << 20, Policy: policy})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = c.Close() })
			value := make([]byte, 1000)
			r := rand.New(rand.NewPCG(1, 1))
			key, i := make([]byte, 0, 32), 0
			set := func() {
				key = strconv.AppendInt(append(key[:0], "key:"...), int64(i), 10)
				_ = c.Set(key, value[:100+r.IntN(900)], 0)
				i++
			}
			for range 600_000 {
				set()
			}
			b.ReportAllocs()
			for b.Loop() {
				set()
			}
		})
	}
}

// BenchmarkGetParallel reads from as many goroutines as there are processors, without
// the lock and with it; a few keys are read much more often than the others.
func BenchmarkGetParallel(b *testing.B) {
	const n = 1_000_000
	keys := benchKeys(n)
	c := benchCache(b, keys, 64)
	for _, way := range []struct {
		name string
		get  func(dst, key []byte) ([]byte, bool)
	}{
		{"free", c.Get},
		{"locked", func(dst, key []byte) ([]byte, bool) { return c.getLocked(dst, key, c.hash.sum(key)) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			var seed atomic.Uint64
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				r := rand.New(rand.NewPCG(seed.Add(1), 1))
				dst := make([]byte, 0, 64)
				for p.Next() {
					u := r.Float64()
					dst, _ = way.get(dst[:0], keys[int(u*u*u*n)])
				}
			})
		})
	}
}

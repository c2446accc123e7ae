package table

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
)

// sizes are the numbers of elements to measure at: what an operation costs must not
// grow by more than three from the first to the last.
var sizes = []int{1e3, 1e4, 1e5, 1e6, 1e7}

func sized(b *testing.B, f func(b *testing.B, n int)) {
	for _, n := range sizes {
		if testing.Short() && n > 1e5 {
			continue
		}
		b.Run(fmt.Sprintf("n=%.0e", float64(n)), func(b *testing.B) { f(b, n) })
	}
}

func benchKey(buf []byte, i int) []byte {
	return strconv.AppendInt(append(buf[:0], "element:"...), int64(i), 10)
}

// filled makes a table of n pairs, or keys, and reports its overhead: the bytes an
// element, handles included, over those of keys and values.
func filled(b *testing.B, n int, pairs bool) func() Table {
	s := nodestest.New(b)
	root := make([]byte, RootSize)
	open := func() Table {
		if pairs {
			return Pairs(s.Store, root, good)
		}
		return Keys(s.Store, root, good)
	}
	payload := 0
	var buf [32]byte
	for i := range n {
		t, key := open(), benchKey(buf[:], i)
		value := key[:8]
		if !pairs {
			value = nil
		}
		t.Put(good.Hash(key), key, value, 0)
		payload += len(key) + len(value)
	}
	b.ResetTimer()
	b.ReportMetric(float64(int(s.Held())+4*s.Len()-payload)/float64(n), "overhead/elem")
	return open
}

func BenchmarkGet(b *testing.B) {
	sized(b, func(b *testing.B, n int) {
		open := filled(b, n, true)
		rng := rand.New(rand.NewPCG(1, 1))
		var buf [32]byte
		for range b.N {
			key := benchKey(buf[:], rng.IntN(n))
			t := open()
			if _, ok := t.Get(good.Hash(key), key); !ok {
				b.Fatal("lost")
			}
		}
	})
}

func BenchmarkPutOver(b *testing.B) {
	sized(b, func(b *testing.B, n int) {
		open := filled(b, n, true)
		rng := rand.New(rand.NewPCG(1, 1))
		var buf [32]byte
		for range b.N {
			key := benchKey(buf[:], rng.IntN(n))
			t := open()
			t.Put(good.Hash(key), key, key[:8], 0)
		}
	})
}

// BenchmarkAddDelete adds a new key and deletes another.
func BenchmarkAddDelete(b *testing.B) {
	sized(b, func(b *testing.B, n int) {
		open := filled(b, n, false)
		var buf [32]byte
		for i := range b.N {
			t := open()
			key := benchKey(buf[:], n+i)
			t.Add(good.Hash(key), key)
			key = benchKey(buf[:], i)
			t.Delete(good.Hash(key), key)
		}
	})
}

func BenchmarkRandom(b *testing.B) {
	sized(b, func(b *testing.B, n int) {
		open := filled(b, n, false)
		rng := rand.New(rand.NewPCG(1, 1))
		for range b.N {
			t := open()
			t.Random(rng.Uint64)
		}
	})
}

// BenchmarkEach goes through the whole table; the time is an element's.
func BenchmarkEach(b *testing.B) {
	open := filled(b, 1e6, true)
	for done := 0; done < b.N; {
		t := open()
		t.Each(func(_, _ []byte) bool {
			done++
			return done < b.N
		})
	}
}

func BenchmarkFixed(b *testing.B) {
	sized(b, func(b *testing.B, n int) {
		s := nodestest.New(b)
		root := make([]byte, RootSize)
		for i := range uint32(n) {
			t := OpenFixed(s.Store, root)
			t.Insert(mix(uint64(i)), i)
		}
		overhead := float64(int(s.Held())+4*s.Len()) / float64(n)
		rng := rand.New(rand.NewPCG(1, 1))
		b.Run("candidates", func(b *testing.B) {
			b.ReportMetric(overhead, "B/elem")
			for range b.N {
				t := OpenFixed(s.Store, root)
				i := rng.Uint32N(uint32(n))
				t.Candidates(mix(uint64(i)), func(value uint32) bool { return value == i })
			}
		})
		b.Run("replace", func(b *testing.B) {
			for range b.N {
				t := OpenFixed(s.Store, root)
				i := rng.Uint32N(uint32(n))
				t.Replace(mix(uint64(i)), i, i)
			}
		})
		b.Run("delete-insert", func(b *testing.B) {
			for range b.N {
				t := OpenFixed(s.Store, root)
				i := rng.Uint32N(uint32(n))
				t.Delete(mix(uint64(i)), i)
				t.Insert(mix(uint64(i)), i)
			}
		})
	})
}

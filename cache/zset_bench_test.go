package cache

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// zbench is a sorted set of n elements, of members of 12 bytes.
type zbench struct {
	c       *Cache
	key     []byte
	members [][]byte
}

func newZBench(b testing.TB, n int) *zbench {
	c, err := New(Options{NoBackground: true, Shards: 1})
	require.NoError(b, err)
	b.Cleanup(func() { _ = c.Close() })
	z := &zbench{c: c, key: []byte("key"), members: make([][]byte, n)}
	random := rand.New(rand.NewPCG(1, 1))
	var tx Tx
	c.BeginKey(&tx, 0, z.key)
	defer tx.End()
	for i := range z.members {
		z.members[i] = fmt.Appendf(nil, "member%06d", i)
		_, _, err := tx.ZAdd(z.key, 0, ZMember{z.members[i], float64(random.IntN(n))})
		require.NoError(b, err)
	}
	return z
}

// benchZSets runs f, a transaction each, on sets of each size.
func benchZSets(b *testing.B, f func(b *testing.B, tx *Tx, z *zbench, i int)) {
	for _, n := range []int{20, 100, 1000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			z := newZBench(b, n)
			var tx Tx
			b.ReportAllocs()
			for b.Loop() {
				z.c.BeginKey(&tx, 0, z.key)
				f(b, &tx, z, rand.IntN(n))
				tx.End()
			}
		})
	}
}

func BenchmarkZScore(b *testing.B) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, i int) {
		if _, err := tx.ZScore(z.key, z.members[i]); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkZRank(b *testing.B) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, i int) {
		if _, _, err := tx.ZRank(z.key, z.members[i], false); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkZAddUpdate gives members other scores anywhere.
func BenchmarkZAddUpdate(b *testing.B) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, i int) {
		if _, _, err := tx.ZAdd(z.key, 0, ZMember{z.members[i], float64(rand.IntN(len(z.members)))}); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkZAddRem puts in a new member and takes it out.
func BenchmarkZAddRem(b *testing.B) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, i int) {
		var room [16]byte
		member := binary.BigEndian.AppendUint64(room[:0], rand.Uint64())
		if _, _, err := tx.ZAdd(z.key, 0, ZMember{member, float64(i)}); err != nil {
			b.Fatal(err)
		}
		if _, err := tx.ZRem(z.key, member); err != nil {
			b.Fatal(err)
		}
	})
}

func benchZRange(b *testing.B, n int, reverse bool) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, i int) {
		i = min(i, max(len(z.members)-n, 0))
		span, err := tx.ZRange(z.key, ZRange{Start: i, Stop: i + n - 1, Reverse: reverse})
		if err != nil {
			b.Fatal(err)
		}
		bytes := 0
		span.Each(func(member []byte, _ float64) bool {
			bytes += len(member)
			return true
		})
	})
}

func BenchmarkZRange10(b *testing.B)     { benchZRange(b, 10, false) }
func BenchmarkZRange600(b *testing.B)    { benchZRange(b, 600, false) }
func BenchmarkZRevRange10(b *testing.B)  { benchZRange(b, 10, true) }
func BenchmarkZRevRange600(b *testing.B) { benchZRange(b, 600, true) }

func BenchmarkZCountScore(b *testing.B) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, i int) {
		r := ZRange{By: ZByScore, Min: ZBound{Score: float64(i)}, Max: ZBound{Score: float64(i + 100)}}
		if _, err := tx.ZCount(z.key, r); err != nil {
			b.Fatal(err)
		}
	})
}

// TestZSetMemory holds the bytes an element over the members', scores included: the
// figures that the package promises.
func TestZSetMemory(t *testing.T) {
	for _, test := range []struct {
		n, most int
	}{{20, 7}, {100_000, 26}} {
		z := newZBench(t, test.n)
		var tx Tx
		z.c.BeginKey(&tx, 0, z.key)
		info, ok := tx.Object(z.key)
		tx.End()
		require.True(t, ok)
		each := float64(info.Bytes)/float64(test.n) - 12
		t.Logf("%d elements: %.1f bytes each", test.n, each)
		require.Less(t, each, float64(test.most))
	}
}

// TestZSetHotCallsDoNotAllocate: one member, small and large.
func TestZSetHotCallsDoNotAllocate(t *testing.T) {
	for _, n := range []int{20, 5000} {
		z := newZBench(t, n)
		var tx Tx
		i := 0
		require.Zero(t, testing.AllocsPerRun(500, func() {
			z.c.BeginKey(&tx, 0, z.key)
			defer tx.End()
			i++
			m := z.members[i%n]
			_, _, _ = tx.ZAdd(z.key, 0, ZMember{m, float64(i * 7 % n)})
			_, _ = tx.ZScore(z.key, m)
			_, _, _ = tx.ZRank(z.key, m, true)
			_, _, _ = tx.ZIncrBy(z.key, 0, m, 5)
			_, _ = tx.ZRem(z.key, m)
			span, _ := tx.ZRange(z.key, ZRange{Stop: 9})
			span.Each(func([]byte, float64) bool { return true })
		}))
	}
}

// BenchmarkZRangeSame asks for the same ten again and again.
func BenchmarkZRangeSame(b *testing.B) {
	benchZSets(b, func(b *testing.B, tx *Tx, z *zbench, _ int) {
		start := min(1000, len(z.members)/2)
		span, err := tx.ZRange(z.key, ZRange{Start: start, Stop: start + 9})
		if err != nil {
			b.Fatal(err)
		}
		bytes := 0
		span.Each(func(member []byte, _ float64) bool {
			bytes += len(member)
			return true
		})
	})
}

package cache

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHLLEmptyIsWhatItSays(t *testing.T) {
	require.NoError(t, checkHLL(hllEmpty))
	length, value, next := sparseRun(hllEmpty, hllHeader)
	require.Equal(t, []int{hllRegisters, 0, len(hllEmpty)}, []int{length, int(value), next})
	require.Equal(t, 12304, hllDenseSize)
}

// TestMurmur64A compares with the reference implementation. That the seed is right
// shows in the comparison with redis-server.
func TestMurmur64A(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		require.Equal(t, slowMurmur64A(b, hllSeed), murmur64A(b, hllSeed))
	})
}

// slowMurmur64A is Austin Appleby's function, as written.
func slowMurmur64A(b []byte, seed uint64) uint64 {
	const m = 0xc6a4a7935bd1e995
	h := seed ^ uint64(len(b))*m
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b)
		k *= m
		k ^= k >> 47
		k *= m
		h ^= k
		h *= m
	}
	for i := len(b) - 1; i >= 0; i-- {
		h ^= uint64(b[i]) << (8 * i)
		if i == 0 {
			h *= m
		}
	}
	h ^= h >> 47
	h *= m
	h ^= h >> 47
	return h
}

func TestHLLSelfTest(t *testing.T) { require.NoError(t, HLLSelfTest()) }

// registersOf reads all registers of either encoding.
func registersOf(t require.TestingT, b []byte) (regs [hllRegisters]uint8) {
	require.NoError(t, checkHLL(b))
	if isDense(b) {
		denseMax(&regs, b[hllHeader:])
	} else {
		require.True(t, sparseMax(&regs, b))
	}
	return regs
}

// TestSparseAgainstModel raises registers at random, many of them neighbours, so
// that runs are split and merged in all ways.
func TestSparseAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sp := newSparse(hllEmpty, nil, rapid.SampledFrom([]int{3000, 60, 20}).Draw(t, "limit"))
		var model [hllRegisters]uint8
		ascending := rapid.Bool().Draw(t, "ascending")
		at := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if ascending {
				at += rapid.SampledFrom([]int{1, 1, 1, 2, 3, 64, 65, 66, 500}).Draw(t, "further")
			} else {
				at = rapid.SampledFrom([]int{0, 5, 64, 65, 66, 1000, hllRegisters - 8}).Draw(t, "near") + rapid.IntRange(0, 7).Draw(t, "beside")
				sp.start = sparseHead
			}
			if at >= hllRegisters {
				return
			}
			count := uint8(rapid.SampledFrom([]int{1, 1, 1, 2, 3, 32}).Draw(t, "count"))
			before := sp.n
			switch sp.raise(at, count) {
			case raised:
				require.Less(t, model[at], count)
				model[at] = count
			case unraised:
				require.GreaterOrEqual(t, model[at], count)
			case tooDense:
				require.Equal(t, before, sp.n)
				require.Greater(t, before+3, sp.limit)
			default:
				t.Fatal("it is not corrupt")
			}
			if sp.n > max(sp.limit, len(hllEmpty)) || registersOf(t, sp.bytes()) != model {
				t.Fatalf("raising register %d to %d: %x", at, count, sp.bytes())
			}
		}
		var h, want histogram
		require.True(t, h.ofSparse(sp.bytes()))
		want.ofRegisters(&model)
		require.Equal(t, want, h)
		dense, ok := appendDense(nil, sp.bytes())
		require.True(t, ok)
		require.Equal(t, model, registersOf(t, dense))
		h = histogram{}
		h.ofDense(dense[hllHeader:])
		require.Equal(t, want, h)
	})
}

func TestSparseKeepsToItsEncoding(t *testing.T) {
	sp := newSparse(hllEmpty, nil, 3000)
	require.Equal(t, raised, sp.raise(0, 32))
	require.Equal(t, tooDense, sp.raise(1, 33))
	require.Equal(t, []byte{0x80 | 31<<2, 0x7f, 0xfe}, sp.bytes()[hllHeader:])
}

func elementsFrom(first, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, "element:%d", first+i)
	}
	return out
}

func TestPFCountIsNearTheTruth(t *testing.T) {
	c := open(t, Options{Shards: 4}, nil)
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("c")}
	near := func(want int, got uint64) {
		t.Helper()
		require.InDelta(t, want, float64(got), math.Ceil(0.04*float64(want)))
	}
	require.NoError(t, c.Update(keys, func(tx *Tx) error {
		for n := 1; n <= 300_000; n = n*3 + 1 {
			for at := 0; at < n; at += 1000 {
				_, err := tx.PFAdd(keys[0], elementsFrom(at, min(1000, n-at))...)
				require.NoError(t, err)
				_, err = tx.PFAdd(keys[1], elementsFrom(n/2+at, min(1000, n-at))...)
				require.NoError(t, err)
			}
			a, err := tx.PFCount(keys[0])
			require.NoError(t, err)
			near(n, a)
			changed, err := tx.PFAdd(keys[0], elementsFrom(0, 1)...)
			require.NoError(t, err)
			require.False(t, changed)
			both, err := tx.PFCount(keys...)
			require.NoError(t, err)
			require.NoError(t, tx.PFMerge(keys[2], keys[0], keys[1]))
			merged, err := tx.PFCount(keys[2])
			require.NoError(t, err)
			require.Equal(t, both, merged)
			again, err := tx.PFCount(keys[2])
			require.NoError(t, err)
			require.Equal(t, merged, again)
			tx.Delete(keys[1])
			tx.Delete(keys[2])
		}
		return nil
	}))
}

// TestPFMergeOfSparse: the same registers come out as by adding the elements.
func TestPFMergeOfSparse(t *testing.T) {
	c := open(t, Options{}, nil)
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("all"), []byte("dst")}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		require.NoError(t, c.Update(keys, func(tx *Tx) error {
			for _, key := range keys {
				tx.Delete(key)
			}
			n, m := rnd.IntN(700), rnd.IntN(900)
			_, _ = tx.PFAdd(keys[0], elementsFrom(0, n)...)
			_, _ = tx.PFAdd(keys[1], elementsFrom(rnd.IntN(900), m)...)
			require.NoError(t, tx.PFMerge(keys[3], keys[0], keys[1]))
			a, _ := tx.Peek(keys[0])
			b, _ := tx.Peek(keys[1])
			regs, other := registersOf(t, a), registersOf(t, b)
			for i, v := range other {
				regs[i] = max(regs[i], v)
			}
			merged, _ := tx.Peek(keys[3])
			require.Equal(t, regs, registersOf(t, merged))
			return nil
		}))
	}
}

func TestHLLErrors(t *testing.T) {
	c := open(t, Options{}, nil)
	key, other := []byte("k"), []byte("other")
	var tx Tx
	c.Begin(&tx, 0, key, other)
	defer tx.End()
	empty := string(hllEmpty)
	dense := append([]byte(hllMagic), make([]byte, hllDenseSize-4)...)
	for value, want := range map[string]error{
		"": ErrNotHLL, "HYLL": ErrNotHLL, "hyll" + empty[4:]: ErrNotHLL, hllMagic + "\x02" + empty[5:]: ErrNotHLL,
		string(dense[1:]): ErrNotHLL, string(dense) + "x": ErrNotHLL, string(dense): nil, empty: nil,
		empty[:hllHeader] + "\x00": ErrCorruptHLL, empty[:hllHeader]: ErrCorruptHLL,
	} {
		stale := []byte(value)
		if len(stale) > hllStaleAt {
			stale[hllStaleAt] |= hllStale
		}
		require.NoError(t, tx.Set(key, stale, NoExpiry))
		_, one := tx.PFCount(key)
		_, two := tx.PFCount(key, other)
		merge := tx.PFMerge(other, key)
		_, add := tx.PFAdd(key, elementsFrom(0, 100)...)
		for _, err := range []error{one, two, merge, add} {
			require.ErrorIs(t, err, want, "%.20q", value)
		}
		tx.Delete(other)
	}
	_, err := tx.HLLDense(other)
	require.ErrorIs(t, err, ErrNotFound)
	n, err := tx.PFCount(other)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestHLLDebugging(t *testing.T) {
	c := open(t, Options{}, nil)
	key := []byte("k")
	require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
		require.NoError(t, tx.Set(key, []byte(string(hllEmpty[:hllHeader])+"\x00\x41\x00\x89\x7e\xfb"), tx.Now()+1000))
		text, sparse, err := tx.HLLDecode(nil, key)
		require.NoError(t, err)
		require.True(t, sparse)
		require.Equal(t, "z:1 Z:257 v:3,2 Z:16124", string(text))
		regs, err := tx.HLLRegisters(nil, key)
		require.NoError(t, err)
		require.Len(t, regs, hllRegisters)
		require.Equal(t, []uint8{0, 3, 3, 0}, regs[257:261])
		dense, err := tx.HLLDense(key)
		require.NoError(t, err)
		require.True(t, dense, "GETREG puts it into the dense encoding")
		converted, err := tx.HLLToDense(key)
		require.NoError(t, err)
		require.False(t, converted)
		_, sparse, err = tx.HLLDecode(nil, key)
		require.NoError(t, err)
		require.False(t, sparse)
		at, _ := tx.ExpireAt(key)
		require.NotZero(t, at)
		return nil
	}))
}

func TestHLLDoesNotAllocate(t *testing.T) {
	c := open(t, Options{}, nil)
	keys := [][]byte{[]byte("sparse"), []byte("dense"), []byte("dst")}
	var tx Tx
	n := 0
	element := make([][]byte, 1)
	text := make([]byte, 0, 20)
	add := func(key []byte) {
		n++
		text = strconv.AppendInt(text[:0], int64(n), 10)
		element[0] = text
		_, _ = tx.PFAdd(key, element...)
		_, _ = tx.PFCount(key)
	}
	c.Begin(&tx, 0, keys...)
	_, _ = tx.PFAdd(keys[1], elementsFrom(0, 10_000)...)
	tx.End()
	for i, key := range keys[:2] {
		require.Zero(t, testing.AllocsPerRun(300, func() {
			c.BeginKey(&tx, 0, key)
			add(key)
			tx.End()
		}), "%s", keys[i])
	}
	require.Zero(t, testing.AllocsPerRun(30, func() {
		c.Begin(&tx, 0, keys...)
		_, _ = tx.PFCount(keys...)
		_ = tx.PFMerge(keys[2], keys[0], keys[1])
		tx.Delete(keys[2])
		_ = tx.PFMerge(keys[2], keys[0])
		tx.End()
	}))
}

// FuzzHLL works on values that may be anything: no operation may panic, and what it
// accepts must go on to be accepted.
func FuzzHLL(f *testing.F) {
	f.Add(hllEmpty, []byte("abc"))
	f.Add([]byte(string(hllEmpty[:hllHeader])+"\x00\x41\x00\x89\x7e\xfb"), []byte("abcdefghijklmnop"))
	f.Add([]byte(string(hllEmpty[:hllHeader])+"\x7f"), []byte("a"))
	f.Add([]byte(string(hllEmpty[:hllHeader])+"\x5f\xff\x80"), []byte("abcdefgh"))
	f.Fuzz(func(t *testing.T, value, elements []byte) {
		c, err := New(Options{NoBackground: true, Shards: 1})
		require.NoError(t, err)
		defer c.Close()
		a, b := []byte("a"), []byte("b")
		var tx Tx
		c.Begin(&tx, 0, a, b)
		defer tx.End()
		require.NoError(t, tx.Set(a, value, NoExpiry))
		_, single := tx.PFCount(a)
		_, merged := tx.PFCount(a, b)
		if merged == nil {
			require.NoError(t, single)
		}
		for i := range elements {
			if _, err := tx.PFAdd(a, elements[i:]); merged == nil {
				require.NoError(t, err)
			}
		}
		err = tx.PFMerge(b, a)
		if merged == nil {
			require.NoError(t, err)
			require.NoError(t, tx.PFMerge(b, b))
		}
		_, _, _ = tx.HLLDecode(nil, a)
		if merged == nil {
			now, err := tx.Get(a)
			require.NoError(t, err)
			regs := registersOf(t, bytes.Clone(now))
			got, err := tx.HLLRegisters(nil, a)
			require.NoError(t, err)
			require.Equal(t, regs[:], got)
		}
	})
}

func BenchmarkHLL(b *testing.B) {
	c, err := New(Options{})
	require.NoError(b, err)
	defer c.Close()
	keys := [][]byte{[]byte("sparse"), []byte("dense"), []byte("dst"), []byte("full")}
	var tx Tx
	c.Begin(&tx, 0, keys...)
	defer tx.End()
	_, _ = tx.PFAdd(keys[0], elementsFrom(0, 500)...)
	_, _ = tx.PFAdd(keys[1], elementsFrom(0, 100_000)...)
	_, _ = tx.PFAdd(keys[3], elementsFrom(0, 1200)...)
	some := elementsFrom(0, 1<<16)
	b.Run("add/dense", func(b *testing.B) {
		for i := range b.N {
			_, _ = tx.PFAdd(keys[1], some[i&(1<<16-1)])
		}
	})
	for _, key := range []int{0, 3} {
		b.Run(fmt.Sprintf("add/sparse/%d", []int{500, 0, 0, 1200}[key]), func(b *testing.B) {
			for i := range b.N {
				_, _ = tx.PFAdd(keys[key], some[i%500])
			}
		})
	}
	b.Run("add/new", func(b *testing.B) {
		for i := range b.N {
			_, _ = tx.PFAdd(keys[2], some[i&(1<<16-1)])
			if i%300 == 0 {
				tx.Delete(keys[2])
			}
		}
	})
	b.Run("count/cached", func(b *testing.B) {
		for range b.N {
			_, _ = tx.PFCount(keys[1])
		}
	})
	for _, key := range keys[:2] {
		b.Run("count/"+string(key), func(b *testing.B) {
			for range b.N {
				v, _ := tx.Peek(key)
				v[hllStaleAt] |= hllStale
				_, _ = tx.PFCount(key)
			}
		})
	}
	b.Run("count/both", func(b *testing.B) {
		for range b.N {
			_, _ = tx.PFCount(keys[:2]...)
		}
	})
	b.Run("merge/dense", func(b *testing.B) {
		for range b.N {
			_ = tx.PFMerge(keys[2], keys[0], keys[1])
		}
	})
	b.Run("merge/sparse", func(b *testing.B) {
		for range b.N {
			tx.Delete(keys[2])
			_ = tx.PFMerge(keys[2], keys[0], keys[3])
		}
	})
}

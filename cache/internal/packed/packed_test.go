package packed

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lengths crosses each number of bytes that a length takes but the last, which
// would need 256 MiB.
var lengths = []int{0, 1, 2, 63, 126, 127, 128, 129, 255, 256, 16383, 16384, 16385, 1<<21 - 1, 1 << 21, 3 << 20}

func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func TestLayout(t *testing.T) {
	b := Append(Append(Append(nil, []byte("ab")), nil), []byte("xyz"))
	assert.Equal(t, []byte{2, 'a', 'b', 0, 3, 'x', 'y', 'z'}, b)
	b = DoubleAppend(DoubleAppend(nil, []byte("ab")), nil)
	assert.Equal(t, []byte{2, 'a', 'b', 2, 0, 0}, b)
	b = DoubleAppend(nil, bytes.Repeat([]byte("x"), 200))
	require.Len(t, b, 204)
	assert.Equal(t, []byte{0xc8, 1, 'x'}, b[:3])
	assert.Equal(t, []byte{'x', 1, 0xc8}, b[201:])
}

func TestEntryOfEachLength(t *testing.T) {
	for _, n := range lengths {
		entry := random(n)
		single := Append(nil, entry)
		require.Len(t, single, Size(n))
		put := make([]byte, Size(n)+2)
		require.Equal(t, 1+Size(n), Put(put, 1, entry))
		assert.True(t, bytes.Equal(single, put[1:1+Size(n)]))
		got, next, ok := Next(single, 0)
		require.True(t, ok)
		assert.Equal(t, len(single), next)
		assert.True(t, bytes.Equal(entry, got))
		assert.True(t, Valid(single))

		double := DoubleAppend(nil, entry)
		require.Len(t, double, DoubleSize(n))
		put = make([]byte, DoubleSize(n)+2)
		require.Equal(t, 1+DoubleSize(n), DoublePut(put, 1, entry))
		assert.True(t, bytes.Equal(double, put[1:1+DoubleSize(n)]))
		got, next, ok = DoubleNext(double, 0)
		require.True(t, ok)
		assert.Equal(t, len(double), next)
		assert.True(t, bytes.Equal(entry, got))
		got, at, ok := DoublePrev(double, len(double))
		require.True(t, ok)
		assert.Equal(t, 0, at)
		assert.True(t, bytes.Equal(entry, got))
		assert.True(t, DoubleValid(double))
	}
}

// TestCutShort reads sequences of which the end is missing.
func TestCutShort(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 20000} {
		single, double := Append(nil, random(n)), DoubleAppend(nil, random(n))
		for cut := range single {
			assert.Zero(t, Count(single[:cut]))
			assert.Equal(t, cut == 0, Valid(single[:cut]))
		}
		for cut := range double {
			assert.Zero(t, DoubleCount(double[:cut]))
			assert.Equal(t, cut == 0, DoubleValid(double[:cut]))
			_, _, ok := DoublePrev(double[cut+1:], len(double)-cut-1)
			if ok && n < 128 && cut > 0 {
				t.Fatal("an entry without its beginning was read")
			}
		}
	}
	for _, off := range []int{-1, -1 << 62, 3, 1 << 62} {
		_, _, ok := Next([]byte{1, 'x'}, off)
		assert.False(t, ok, off)
		_, _, ok = DoubleNext([]byte{1, 'x', 1}, off+1)
		assert.False(t, ok && off != -1, off)
		_, _, ok = DoublePrev([]byte{1, 'x', 1}, off+1)
		assert.False(t, ok, off)
	}
	_, _, ok := DoublePrev(nil, 0)
	assert.False(t, ok)
}

func TestFind(t *testing.T) {
	b := []byte(nil)
	for _, s := range []string{"field", "a", "a", "field", "", "b", "x", ""} {
		b = Append(b, []byte(s))
	}
	for _, c := range []struct {
		want     string
		off      int
		step     int
		at, next int
		ok       bool
	}{
		{"field", 0, 1, 0, 6, true}, {"a", 0, 1, 6, 8, true}, {"a", 0, 2, 8, 10, true},
		{"field", 0, 2, 0, 6, true}, {"field", 8, 2, 0, 0, false}, {"field", 8, 1, 10, 16, true},
		{"", 0, 2, 16, 17, true}, {"", 19, 1, 21, 22, true}, {"b", 0, 2, 0, 0, false},
		{"b", 0, 5, 17, 19, true}, {"x", 0, 100, 0, 0, false}, {"c", 0, 1, 0, 0, false},
	} {
		at, next, ok := FindEvery(b, c.off, []byte(c.want), c.step)
		assert.Equal(t, []any{c.at, c.next, c.ok}, []any{at, next, ok}, "%+v", c)
		if c.off == 0 && c.step == 1 {
			at, next, ok = Find(b, []byte(c.want))
			assert.Equal(t, []any{c.at, c.next, c.ok}, []any{at, next, ok}, "%+v", c)
		}
	}
}

func TestNothingAllocates(t *testing.T) {
	b, d := []byte(nil), []byte(nil)
	for i := range 40 {
		b, d = Append(b, random(i*5)), DoubleAppend(d, random(i*5))
	}
	want := []byte("not there")
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		Find(b, want)
		FindEvery(b, 0, want, 2)
		DoubleFind(d, 0, want)
		Count(b)
		DoubleCount(d)
		Put(b, 0, want)
	}))
}

// sequence is a list of entries in both forms.
type sequence struct {
	model          [][]byte
	single, double []byte
}

// splice replaces del entries from the i-th on by the given ones.
func (s *sequence) splice(i, del int, entries ...[]byte) {
	model := append([][]byte(nil), s.model[:i]...)
	s.model = append(append(model, entries...), s.model[i+del:]...)
	var single, double []byte
	for _, e := range entries {
		single, double = Append(single, e), DoubleAppend(double, e)
	}
	from, _ := Skip(s.single, 0, i)
	to, _ := Skip(s.single, from, del)
	s.single = append(s.single[:from:from], append(single, s.single[to:]...)...)
	from, _ = DoubleSkip(s.double, 0, i)
	to, _ = DoubleSkip(s.double, from, del)
	s.double = append(s.double[:from:from], append(double, s.double[to:]...)...)
}

// check compares everything that can be read with the model.
func (s *sequence) check(t *testing.T, want []byte) {
	require.True(t, Valid(s.single) && DoubleValid(s.double))
	require.Equal(t, len(s.model), Count(s.single))
	require.Equal(t, len(s.model), DoubleCount(s.double))
	off, first, back := 0, -1, len(s.double)
	for i, e := range s.model {
		got, next, ok := Next(s.single, off)
		require.True(t, ok && bytes.Equal(e, got))
		off = next
		if first < 0 && bytes.Equal(e, want) {
			first = i
		}
		got, at, ok := DoublePrev(s.double, back)
		require.True(t, ok && bytes.Equal(s.model[len(s.model)-1-i], got))
		back = at
		skipped, ok := DoubleSkipBack(s.double, len(s.double), len(s.model)-i)
		there, ok2 := DoubleSkip(s.double, 0, i)
		require.True(t, ok && ok2 && skipped == there)
	}
	require.Equal(t, []int{len(s.single), 0}, []int{off, back})
	at, _, ok := Find(s.single, want)
	at2, _, ok2 := DoubleFind(s.double, 0, want)
	require.Equal(t, first >= 0, ok)
	require.Equal(t, first >= 0, ok2)
	if ok {
		i, _ := Skip(s.single, 0, first)
		j, _ := DoubleSkip(s.double, 0, first)
		require.Equal(t, []int{i, j}, []int{at, at2})
	}
	_, ok = Skip(s.single, 0, len(s.model)+1)
	require.False(t, ok)
}

// FuzzSequence runs a list of operations, four bytes each (index, entries taken
// out, length and content of the one put in), on both forms and a plain slice.
func FuzzSequence(f *testing.F) {
	f.Add([]byte{0, 0, 3, 'a', 0, 0, 130, 'b', 1, 1, 0, 'c'})
	f.Add([]byte{0, 0, 1, 1, 0, 0, 1, 2, 0, 2, 255, 3})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var s sequence
		for n := 0; len(ops) >= 4 && n < 100; n++ {
			i := int(ops[0]) % (len(s.model) + 1)
			del := min(int(ops[1]%4), len(s.model)-i)
			length := int(ops[2])
			if length > 250 {
				length *= 70
			}
			entry := bytes.Repeat(ops[3:4], length)
			s.splice(i, del, entry)
			s.check(t, bytes.Repeat(ops[3:4], int(ops[1])))
			s.check(t, entry)
			ops = ops[4:]
		}
	})
}

// FuzzBytes reads arbitrary bytes as a sequence: nothing may panic, and what is
// read must lie in them.
func FuzzBytes(f *testing.F) {
	f.Add([]byte{2, 'a', 'b', 0}, 0, []byte("ab"))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x7f}, 0, []byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 5, []byte{})
	f.Add([]byte{0x7f, 0xff, 0xff, 0xff, 0xff}, 5, []byte{})
	f.Fuzz(func(t *testing.T, b []byte, off int, want []byte) {
		if e, next, ok := Next(b, off); ok {
			require.True(t, next > off && next <= len(b) && len(e) < next-off)
		}
		if e, next, ok := DoubleNext(b, off); ok {
			require.True(t, next > off && next <= len(b) && len(e) < next-off)
		}
		if e, at, ok := DoublePrev(b, off); ok {
			require.True(t, at >= 0 && at < off && len(e) < off-at)
		}
		Skip(b, off, len(b)+1)
		DoubleSkip(b, off, len(b)+1)
		DoubleSkipBack(b, off, len(b)+1)
		DoubleCount(b)
		DoubleValid(b)
		if at, next, ok := Find(b, want); ok {
			require.True(t, bytes.HasSuffix(b[at:next], want))
		}
		FindEvery(b, off, want, 3)
		DoubleFind(b, off, want)
		if n := Count(b); Valid(b) {
			end, ok := Skip(b, 0, n)
			require.True(t, ok && end == len(b))
		}
	})
}

func benchSequence(n, length int) (single, double []byte) {
	for range n {
		e := random(length)
		single, double = Append(single, e), DoubleAppend(double, e)
	}
	return single, double
}

// BenchmarkFind looks for what is not there among 128 entries of 16 bytes.
func BenchmarkFind(b *testing.B) {
	single, _ := benchSequence(128, 16)
	want := random(16)
	for b.Loop() {
		Find(single, want)
	}
}

func BenchmarkFindEverySecond(b *testing.B) {
	single, _ := benchSequence(128, 16)
	want := random(16)
	for b.Loop() {
		FindEvery(single, 0, want, 2)
	}
}

func BenchmarkSkip(b *testing.B) {
	single, double := benchSequence(128, 16)
	b.Run("single", func(b *testing.B) {
		for b.Loop() {
			Skip(single, 0, 128)
		}
	})
	b.Run("double", func(b *testing.B) {
		for b.Loop() {
			DoubleSkip(double, 0, 128)
		}
	})
	b.Run("back", func(b *testing.B) {
		for b.Loop() {
			DoubleSkipBack(double, len(double), 128)
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	single, double := benchSequence(128, 16)
	b.Run("single", func(b *testing.B) {
		for b.Loop() {
			off, ok := 0, true
			for ok {
				_, off, ok = Next(single, off)
			}
		}
	})
	b.Run("double", func(b *testing.B) {
		for b.Loop() {
			off, ok := len(double), true
			for ok {
				_, off, ok = DoublePrev(double, off)
			}
		}
	})
}

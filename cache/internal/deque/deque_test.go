package deque

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rig is a list beside a slice.
type rig struct {
	t     testing.TB
	store *nodestest.Store
	list  List
	root  []byte
	later []nodes.Handle // cut off
	cuts  int
	model [][]byte
}

func newRig(t testing.TB) *rig {
	s := nodestest.New(t)
	return &rig{t: t, store: s, list: New(s.Store), root: make([]byte, RootSize)}
}

func (r *rig) push(e []byte, front bool) {
	r.list.Push(e, front)
	if front {
		r.model = slices.Insert(r.model, 0, e)
	} else {
		r.model = append(r.model, e)
	}
}

func (r *rig) pop(n int, front bool) {
	n = min(n, len(r.model))
	r.list.Pop(n, front, func(i, of int, e []byte) {
		require.Equal(r.t, n, of)
		want := r.model[i]
		if !front {
			want = r.model[len(r.model)-1-i]
		}
		require.True(r.t, bytes.Equal(want, e))
	})
	if front {
		r.model = slices.Delete(r.model, 0, n)
	} else {
		r.model = r.model[:len(r.model)-n]
	}
}

func (r *rig) insert(i int, e []byte) {
	r.list.Insert(i, e)
	r.model = slices.Insert(r.model, i, e)
}

func (r *rig) set(i int, e []byte) {
	r.list.Set(i, e)
	r.model[i] = e
}

func (r *rig) removeEqual(e []byte, n int, front bool) {
	want := 0
	if !front {
		slices.Reverse(r.model)
	}
	r.model = slices.DeleteFunc(r.model, func(m []byte) bool {
		if want < n && bytes.Equal(m, e) {
			want++
			return true
		}
		return false
	})
	if !front {
		slices.Reverse(r.model)
	}
	require.Equal(r.t, want, r.list.Remove(e, n, front))
}

func (r *rig) trim(start, stop int) {
	held := r.list.Trim(start, stop, func(h nodes.Handle) { r.later = append(r.later, h) })
	for len(r.later) > 0 {
		h := r.later[len(r.later)-1]
		r.later = r.later[:len(r.later)-1]
		if kind := r.store.Kind(h); kind != nodes.ListLeaf {
			tree.Children(r.store.Bytes(h), func(h nodes.Handle) nodes.Handle {
				r.later = append(r.later, h)
				return h
			})
		}
		r.store.Free(h)
	}
	if held > 0 {
		require.EqualValues(r.t, r.store.Held(), held)
		r.cuts++
	}
	r.model = slices.Clone(r.model[start:stop])
}

// save writes the root, and reads it: as between two operations.
func (r *rig) save() {
	if n := r.list.RootLen(); n != len(r.root) {
		r.root = bytes.Repeat([]byte{0xee}, n)
		r.list.Rehouse(r.root)
	}
	r.list.Mark = 7
	r.list.Save(r.root)
	var l List
	l.Load(r.store.Store, r.root)
	require.Equal(r.t, r.list, l)
	require.Equal(r.t, []int{r.list.Len(), 7}, []int{LenOf(r.root), int(MarkOf(r.root))})
}

// check compares the whole list with the slice, read in both directions.
func (r *rig) check() {
	require.NoError(r.t, r.list.CheckInvariants())
	require.Equal(r.t, len(r.model), r.list.Len())
	r.save()
	c := r.list.At(0)
	for _, want := range r.model {
		e, ok := c.Next()
		require.True(r.t, ok && bytes.Equal(want, e))
	}
	_, ok := c.Next()
	require.False(r.t, ok)
	for i := range r.model {
		e, ok := c.Prev()
		require.True(r.t, ok && bytes.Equal(r.model[len(r.model)-1-i], e))
	}
	_, ok = c.Prev()
	require.False(r.t, ok)
	for i := 0; i < len(r.model); i += 1 + len(r.model)/20 {
		require.True(r.t, bytes.Equal(r.model[i], r.list.Index(i)))
		c := r.list.At(i)
		for j := i - 1; j >= max(0, i-40); j-- {
			e, ok := c.Prev()
			require.True(r.t, ok && bytes.Equal(r.model[j], e))
		}
	}
	if data, single := r.list.Single(); single {
		require.Equal(r.t, r.list.Len(), packed.DoubleCount(data))
		require.Equal(r.t, r.list.Bytes(), len(data))
	}
	for i := 0; i < len(r.model); i += 1 + len(r.model)/20 {
		c := r.list.At(i)
		e, ok := c.Next()
		require.True(r.t, ok && bytes.Equal(r.model[i], e))
	}
}

// element is one of a few, so that some are equal; long ones are rare.
func element(random *rand.Rand, long int) []byte {
	n := random.IntN(20)
	switch random.IntN(40) {
	case 0:
		n = random.IntN(long)
	case 1:
		n = 120 + random.IntN(16)
	}
	return bytes.Repeat([]byte{byte('a' + random.IntN(4))}, n)
}

// step is one operation at random; grow is its inclination to add.
func (r *rig) step(random *rand.Rand, grow, long int) {
	front := random.IntN(2) == 0
	if len(r.model) == 0 || random.IntN(100) < grow {
		e := element(random, long)
		if i := random.IntN(len(r.model) + 1); random.IntN(3) == 0 {
			r.insert(i, e)
		} else {
			r.push(e, front)
		}
		return
	}
	switch i := random.IntN(len(r.model)); random.IntN(12) {
	case 0, 1, 2:
		r.pop(1, front)
	case 3:
		r.pop(1+random.IntN(50), front)
	case 4, 5, 6, 7, 8:
		r.set(i, element(random, long))
	case 9, 10:
		r.removeEqual(r.model[i], 1+random.IntN(4), front)
	case 11:
		cut := len(r.model) / 50
		start := random.IntN(cut + 1)
		r.trim(start, max(start+1, len(r.model)-random.IntN(cut+1)))
	}
}

func TestAgainstSlice(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(7, seed))
		r := newRig(t)
		long := []int{100, 1000, 10_000}[seed%3]
		for i := range 12_000 {
			grow := 80
			if i/2000%2 == 1 {
				grow = 20
			}
			r.step(random, grow, long)
			r.save()
			if i%200 == 0 {
				r.check()
				r.store.Compact()
			}
		}
		r.check()
		for len(r.model) > 0 {
			r.save()
			r.removeEqual(r.model[random.IntN(len(r.model))], 1000, seed%2 == 0)
		}
		r.check()
		assert.Zero(t, r.store.Len())
	}
}

// TestOneLeaf crosses the way between one leaf and several.
func TestOneLeaf(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	r := newRig(t)
	for i := range 6000 {
		r.step(random, 30+40*(i/300%2), 300)
		r.save()
		if i%10 == 0 {
			r.check()
		}
	}
}

func TestFill(t *testing.T) {
	r := newRig(t)
	var data []byte
	for i := range 60 {
		e := bytes.Repeat([]byte{byte(i)}, i)
		data = packed.DoubleAppend(data, e)
		r.model = append(r.model, e)
	}
	r.list.Fill(data, 60)
	r.check()
	for i := range 300 {
		r.push([]byte("new"), i%2 == 0)
	}
	r.check()
	r.list.Free()
	assert.Zero(t, r.store.Len())
	assert.Zero(t, r.list.Bytes())
}

func TestOver(t *testing.T) {
	data := packed.DoubleAppend(packed.DoubleAppend(nil, []byte("a")), []byte("b"))
	c := Over(data, 1, 2)
	e, ok := c.Next()
	assert.True(t, ok)
	assert.Equal(t, "b", string(e))
	_, ok = c.Next()
	assert.False(t, ok)
	c.Prev()
	e, _ = c.Prev()
	assert.Equal(t, "a", string(e))
	_, ok = c.Prev()
	assert.False(t, ok)
	c = Cursor{}
	_, ok = c.Next()
	assert.False(t, ok)
}

// TestLong has elements that get leaves of their own, and makes them short again.
func TestLong(t *testing.T) {
	r := newRig(t)
	for i := range 200 {
		r.push([]byte{byte(i)}, false)
	}
	long := bytes.Repeat([]byte("x"), 3<<20)
	for _, i := range []int{0, 100, 150, 199} {
		r.set(i, long)
		r.check()
	}
	r.insert(50, long)
	r.insert(51, long[:5000])
	r.push(long, true)
	r.push([]byte("first"), true)
	r.check()
	for i := range r.model {
		r.set(i, []byte("short"))
	}
	r.check()
	assert.Less(t, int(r.store.Held()), 20<<10)
}

// TestOverhead holds the promise that is made of a list of a million elements.
func TestOverhead(t *testing.T) {
	r := newRig(t)
	const n = 1_000_000
	for _, front := range []bool{false, true} {
		payload := 0
		for i := range n {
			var e [8]byte
			binary.LittleEndian.PutUint64(e[:], uint64(i))
			r.list.Push(e[:], front)
			payload += len(e)
		}
		held := float64(r.store.Held()) + 4*float64(r.store.Len())
		assert.Less(t, (held-float64(payload))/n, 2.1)
		require.NoError(t, r.list.CheckInvariants())
		r.list.Free()
	}
}

func TestNothingAllocates(t *testing.T) {
	r := newRig(t)
	for i := range 10_000 {
		r.push([]byte{1, 2, 3, 4, byte(i)}, false)
	}
	e, sum := []byte("element"), 0
	r.save()
	require.Len(t, r.root, LongRootSize)
	assert.Zero(t, testing.AllocsPerRun(2000, func() {
		r.list.Push(e, true)
		r.list.Push(e, true)
		r.list.Push(e, false)
		r.list.Pop(1, true, func(_, _ int, e []byte) { sum += len(e) })
		r.list.Pop(1, false, func(_, _ int, e []byte) { sum += len(e) })
		r.list.Set(5000, e)
		r.list.Insert(5000, e)
		c := r.list.At(5000)
		c.Next()
		r.list.Trim(1, r.list.Len(), nil)
	}))
	assert.NotZero(t, sum)
}

// TestEnds lives at both ends of a long list.
func TestEnds(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for _, long := range []int{30, 200, 400} {
		r := newRig(t)
		for range 2000 {
			r.push(element(random, long), true)
		}
		for i := range 8000 {
			front := random.IntN(2) == 0
			if random.IntN(100) < 40+20*(i/50%2) {
				r.push(bytes.Repeat([]byte{byte(i)}, random.IntN(long)), front)
			} else {
				r.pop(1, front)
			}
			r.save()
			if i%1000 == 0 {
				require.Len(t, r.root, LongRootSize)
				r.check()
			}
		}
		r.check()
		for len(r.model) > 0 {
			r.pop(1, len(r.model)%3 == 0)
			r.save()
		}
		r.check()
		assert.Zero(t, r.store.Len())
	}
}

// TestCut trims lists to a part of them.
func TestCut(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 12))
	for _, stay := range []int{1, 30, 5000, 40_000, 90_000} {
		r := newRig(t)
		for range 100_000 {
			r.push(element(random, 300), false)
		}
		for r.save(); len(r.model) > stay+2; {
			stop := len(r.model) - random.IntN(len(r.model)-stay+1)
			r.trim(random.IntN(stop-stay+1), stop)
			r.check()
			r.push([]byte("last"), false)
			r.push([]byte("first"), true)
			r.check()
		}
		assert.True(t, stay > 30 || r.cuts > 0, "%d of 100,000", stay)
		r.list.Free()
		assert.Zero(t, r.store.Len())
	}
}

// FuzzList runs operations, five bytes each: what, where, and with which element.
func FuzzList(f *testing.F) {
	f.Add([]byte{0, 0, 0, 5, 1, 200, 0, 0, 200, 1, 2, 128, 0, 255, 9})
	f.Add([]byte{240, 0, 0, 30, 1, 241, 0, 0, 30, 1, 4, 128, 0, 255, 255, 5, 0, 0, 30, 1, 6, 100, 0, 10, 0})
	f.Add([]byte{240, 0, 0, 30, 1, 242, 128, 0, 130, 2, 7, 20, 0, 30, 1, 3, 128, 0, 4, 4, 5, 0, 1, 30, 1})
	f.Fuzz(func(t *testing.T, ops []byte) {
		r := newRig(t)
		for n := 0; len(ops) >= 5 && n < 50; n++ {
			place := int(binary.BigEndian.Uint16(ops[1:])) * len(r.model) >> 16
			length := int(ops[3])
			if length > 200 {
				length = (length - 200) * 300
			}
			e := bytes.Repeat([]byte{ops[4] % 4}, length)
			for range 1 + int(ops[0]/8)*2 {
				r.operate(int(ops[0]%8), place, e, ops[4] >= 128)
				r.save()
			}
			r.check()
			ops = ops[5:]
		}
	})
}

// operate is one operation at element i.
func (r *rig) operate(op, i int, e []byte, front bool) {
	i = min(i, len(r.model))
	switch {
	case op == 0 || op == 1:
		r.push(e, op == 0)
	case op == 2:
		r.insert(i, e)
	case i == len(r.model):
	case op == 3:
		r.pop(1+i/4, front)
	case op == 4:
		r.set(i, e)
	case op == 5:
		r.removeEqual(e, 1+i, front)
	case op == 6:
		r.removeEqual(r.model[i], 2, front)
	case op == 7:
		if front {
			i /= 8
		}
		r.trim(i, max(i+1, len(r.model)-len(e)))
	}
}

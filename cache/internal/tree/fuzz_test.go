package tree

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/stretchr/testify/require"
)

// mostItems is how many elements a leaf of a keyed rig has before it is cut in two.
const mostItems = 3

// find is SeekKey for an element, compared with the model.
func (r *rig) find(item uint64) (Pos, int) {
	var p Pos
	r.tree.SeekKey(&p, keyOf(item), func(h nodes.Handle) bool {
		l := r.leaves[r.at(h)]
		require.Equal(r.t, keyOf(item), keyOf(l.items[0]), "asked without need")
		return l.items[0] <= item
	})
	want := 0
	for i, l := range r.leaves {
		if l.items[0] <= item {
			want = i
		}
	}
	require.Equal(r.t, r.leaves[want].h, p.Leaf)
	require.Equal(r.t, keyOf(r.leaves[want].items[0]), r.tree.Key(&p))
	return p, want
}

// add puts an element where it belongs, unless it is there.
func (r *rig) add(item uint64) {
	if len(r.leaves) == 0 {
		r.insert(0, r.newLeaf(item), false)
		return
	}
	p, i := r.find(item)
	l := &r.leaves[i]
	at, found := slices.BinarySearch(l.items, item)
	if found {
		return
	}
	l.items = slices.Insert(l.items, at, item)
	r.tree.Changed(&p, 1)
	if at == 0 {
		r.tree.SetKey(&p, keyOf(item))
	}
	if len(l.items) > mostItems {
		half := r.newLeaf(slices.Clone(l.items[2:])...)
		l.items = l.items[:2:2]
		r.tree.Changed(&p, -len(half.items))
		r.tree.InsertAfter(&p, half.h, len(half.items), keyOf(half.items[0]))
		r.leaves = slices.Insert(r.leaves, i+1, half)
	}
}

// drop takes an element out if it is there.
func (r *rig) drop(item uint64) {
	if len(r.leaves) == 0 {
		return
	}
	p, i := r.find(item)
	l := &r.leaves[i]
	at, found := slices.BinarySearch(l.items, item)
	switch {
	case !found:
	case len(l.items) == 1:
		r.remove(i)
	default:
		l.items = slices.Delete(l.items, at, at+1)
		r.tree.Changed(&p, -1)
		if at == 0 {
			r.tree.SetKey(&p, keyOf(l.items[0]))
		}
	}
}

// TestKeyed adds and drops elements at random until there are three levels, and
// back.
func TestKeyed(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for i, span := range []uint64{40, 400, 40_000, 40_000} {
		r := newRig(t, []Form{Keyed, Linked}[i%2])
		for i := range 12_000 {
			item := random.Uint64N(span)
			if random.IntN(100) < 30+60*(i/3000%2) {
				r.drop(item)
			} else {
				r.add(item)
			}
			if i%500 == 0 {
				r.check()
				r.store.Compact()
			}
		}
		r.check()
		for item := range span {
			r.drop(item)
		}
		require.Zero(t, r.store.Len())
	}
}

// FuzzRanked runs operations on leaves of a ranked tree, three bytes each: what, and
// where. Many of one kind come in a row, for a tree of a few levels.
func FuzzRanked(f *testing.F) {
	f.Add([]byte{0, 0, 0, 60, 255, 255, 1, 0, 1, 61, 0, 0, 2, 0, 9})
	f.Add([]byte{60, 255, 255, 60, 0, 0, 61, 0, 0, 61, 255, 255, 61, 128, 0})
	f.Add([]byte{60, 128, 0, 61, 100, 0, 60, 128, 0, 61, 200, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		r := newRig(t, Ranked)
		for n := 0; len(ops) >= 3 && n < 30; n++ {
			place := int(binary.BigEndian.Uint16(ops[1:]))
			for range 1 + int(ops[0]/4)*10 {
				r.step(int(ops[0]%4), place*(len(r.leaves)+1)>>16)
			}
			r.check()
			ops = ops[3:]
		}
	})
}

// step is one operation at leaf i, or behind the last.
func (r *rig) step(op, i int) {
	i = min(i, len(r.leaves))
	switch {
	case op == 0:
		r.insert(i, r.newLeaf(make([]uint64, 1+i%3)...), i%2 == 0)
	case i == len(r.leaves):
	case op == 1:
		r.remove(i)
	default:
		l, p := &r.leaves[i], r.seek(i)
		delta := 1
		if op == 3 && len(l.items) > 1 {
			delta = -1
		}
		r.tree.Changed(&p, delta)
		l.items = make([]uint64, len(l.items)+delta)
	}
}

// FuzzKeyed adds elements to a linked tree (even first byte) and drops them, in runs of ascending
// ones as long as the first byte.
func FuzzKeyed(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 0, 9, 1, 0, 1})
	f.Add([]byte{250, 0, 0, 250, 0, 100, 251, 0, 50, 250, 1, 0, 255, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		r := newRig(t, Linked)
		for n := 0; len(ops) >= 3 && n < 30; n++ {
			item := uint64(binary.BigEndian.Uint16(ops[1:]) % 2048)
			for i := range uint64(1 + ops[0]/2) {
				if ops[0]%2 == 0 {
					r.add(item + i)
				} else {
					r.drop(item + i)
				}
			}
			r.check()
			ops = ops[3:]
		}
	})
}

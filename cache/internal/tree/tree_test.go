package tree

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// leaf is what the model knows of a leaf. Its elements are numbers: in a keyed tree
// the number over four is the key, so that four elements share each.
type leaf struct {
	h     nodes.Handle
	items []uint64
}

// rig is a tree beside its model, the leaves in order.
type rig struct {
	t      testing.TB
	store  *nodestest.Store
	tree   Tree
	leaves []leaf
}

func newRig(t testing.TB, form Form) *rig {
	s := nodestest.New(t)
	return &rig{t: t, store: s, tree: New(s.Store, form)}
}

func keyOf(item uint64) Key { return Key{Hi: item / 4, Lo: 7} }

// newLeaf makes a leaf node with elements.
func (r *rig) newLeaf(items ...uint64) leaf {
	h, _ := r.store.Alloc(nodes.ListLeaf, 16)
	return leaf{h, items}
}

// at finds a leaf's number in the model.
func (r *rig) at(h nodes.Handle) int {
	i := slices.IndexFunc(r.leaves, func(l leaf) bool { return l.h == h })
	require.GreaterOrEqual(r.t, i, 0, "leaf %d is not in the tree", h)
	return i
}

// seek is a place by the number of a leaf.
func (r *rig) seek(i int) Pos {
	rank := 0
	for _, l := range r.leaves[:i] {
		rank += len(l.items)
	}
	var p Pos
	offset := r.tree.SeekRank(&p, rank)
	require.Zero(r.t, offset)
	require.Equal(r.t, r.leaves[i].h, p.Leaf)
	require.Equal(r.t, rank, r.tree.Rank(&p))
	return p
}

// insert adds a leaf to both, at place i.
func (r *rig) insert(i int, l leaf, after bool) {
	key := keyOf(l.items[0])
	switch {
	case len(r.leaves) == 0:
		r.tree.Add(l.h, len(l.items), key)
	case i == len(r.leaves) || after && i > 0:
		p := r.seek(i - 1)
		r.tree.InsertAfter(&p, l.h, len(l.items), key)
	default:
		p := r.seek(i)
		r.tree.InsertBefore(&p, l.h, len(l.items), key)
	}
	r.leaves = slices.Insert(r.leaves, i, l)
}

// remove takes leaf i out of both.
func (r *rig) remove(i int) {
	p := r.seek(i)
	r.tree.Remove(&p)
	r.store.Free(r.leaves[i].h)
	r.leaves = slices.Delete(r.leaves, i, i+1)
}

// check compares the whole tree with the model.
func (r *rig) check() {
	var root [RootSize]byte
	r.tree.Save(root[:])
	require.Equal(r.t, r.tree, Load(r.store.Store, root[:]))
	require.Equal(r.t, r.tree.Len(), LenOf(root[:]))
	i := 0
	require.NoError(r.t, r.tree.CheckInvariants(func(h nodes.Handle, count int, key Key) error {
		l := r.leaves[i]
		i++
		if h != l.h || count != len(l.items) || r.tree.form != Ranked && key != keyOf(l.items[0]) {
			return fmt.Errorf("leaf %d has %d elements from %v; expected %+v", h, count, key, l)
		}
		return nil
	}))
	require.Equal(r.t, len(r.leaves), i)
	require.Equal(r.t, len(r.leaves) == 0, r.tree.Empty())
	r.checkWalk()
}

// checkWalk goes from leaf to leaf in both directions.
func (r *rig) checkWalk() {
	if len(r.leaves) == 0 {
		return
	}
	p, rank := r.tree.First(), 0
	for i, l := range r.leaves {
		if r.tree.form == Linked {
			var q Pos
			require.Equal(r.t, rank, r.tree.Climb(&q, l.h))
			require.Equal(r.t, p, q)
			rank += len(l.items)
		}
		require.Equal(r.t, l.h, p.Leaf)
		require.Equal(r.t, len(l.items), p.Count)
		require.Equal(r.t, i < len(r.leaves)-1, r.tree.Next(&p))
	}
	require.Equal(r.t, r.tree.Last(), p)
	for i := range r.leaves {
		require.Equal(r.t, r.leaves[len(r.leaves)-1-i].h, p.Leaf)
		require.Equal(r.t, i < len(r.leaves)-1, r.tree.Prev(&p))
	}
	require.Equal(r.t, r.tree.First(), p)
}

// TestShapes grows and shrinks trees of three levels in every direction.
func TestShapes(t *testing.T) {
	const n = 20_000
	random := rand.New(rand.NewPCG(3, 4))
	grow := map[string]func(len int) int{
		"append": func(n int) int { return n }, "prepend": func(int) int { return 0 },
		"middle": func(n int) int { return n / 2 }, "random": func(n int) int { return random.IntN(n + 1) },
	}
	shrink := map[string]func(len int) int{
		"pop": func(n int) int { return n - 1 }, "shift": func(int) int { return 0 },
		"middle": func(n int) int { return n / 2 }, "random": func(n int) int { return random.IntN(n) },
	}
	for gn, g := range grow {
		for sn, s := range shrink {
			t.Run(gn+"/"+sn, func(t *testing.T) {
				r := newShape(t)
				for i := range n {
					r.insert(g(i), i%2 == 0)
				}
				r.check()
				if gn == "append" || gn == "prepend" {
					assert.Equal(t, 1+(n+rankedFan-1)/rankedFan+2, r.store.Len(), "nodes are full")
				}
				for i := n; i > 0; i-- {
					r.remove(s(i))
					if i%4999 == 0 || i < 10 {
						r.check()
					}
				}
				assert.Zero(t, r.store.Len(), "all nodes are freed")
			})
		}
	}
}

// shape is a tree whose leaves are no nodes, each of one element.
type shape struct {
	t     testing.TB
	store *nodestest.Store
	tree  Tree
}

func newShape(t testing.TB) *shape {
	s := nodestest.New(t)
	return &shape{t, s, New(s.Store, Ranked)}
}

func (r *shape) insert(i int, after bool) {
	h := nodes.Handle(1 << 30)
	switch {
	case r.tree.Empty():
		r.tree.Add(h, 1, Key{})
	case i == r.tree.Len() || after && i > 0:
		var p Pos
		r.tree.SeekRank(&p, i-1)
		r.tree.InsertAfter(&p, h, 1, Key{})
	default:
		var p Pos
		r.tree.SeekRank(&p, i)
		r.tree.InsertBefore(&p, h, 1, Key{})
	}
}

func (r *shape) remove(i int) {
	var p Pos
	offset := r.tree.SeekRank(&p, i)
	if offset != 0 || i%100 == 0 && r.tree.Rank(&p) != i {
		r.t.Fatalf("element %d is found as %d of the leaf at %d", i, offset, r.tree.Rank(&p))
	}
	r.tree.Remove(&p)
}

func (r *shape) check() {
	require.NoError(r.t, r.tree.CheckInvariants(func(_ nodes.Handle, count int, _ Key) error {
		if count != 1 {
			return fmt.Errorf("%d elements", count)
		}
		return nil
	}))
}

// TestDeep makes the highest tree that takes no long time, as a queue that lives at
// both ends and then loses its middle.
func TestDeep(t *testing.T) {
	r := newShape(t)
	const n = 2_100_000 // over 126^3
	for i := range n {
		at := 0
		if i%2 == 0 {
			at = i
		}
		r.insert(at, false)
	}
	assert.Equal(t, 4, r.tree.Height())
	r.check()
	for r.tree.Len() > 2 {
		r.remove(r.tree.Len() / 3)
	}
	r.check()
	assert.Equal(t, 1, r.tree.Height())
}

// TestChildren copies a tree node by node as the generic walks do.
func TestChildren(t *testing.T) {
	for _, form := range []Form{Ranked, Keyed, Linked} {
		r := newRig(t, form)
		for i := range 500 {
			r.insert(i, r.newLeaf(uint64(4*i), uint64(4*i+1)), true)
		}
		var root [RootSize]byte
		r.tree.Save(root[:])
		var clone func(h nodes.Handle) nodes.Handle
		clone = func(h nodes.Handle) nodes.Handle {
			kind, old := r.store.Kind(h), r.store.Bytes(h)
			if kind == nodes.ListLeaf {
				return h
			}
			to, b := r.store.Alloc(kind, len(old))
			b[1] = old[1]
			copy(b[nodes.HeaderSize:], old[nodes.HeaderSize:])
			Children(b, clone)
			return to
		}
		VisitRoot(root[:], clone)
		twin := Load(r.store.Store, root[:])
		if form == Linked {
			twin.Relink()
		}
		assert.NotEqual(t, r.tree.root, twin.root)
		for !r.tree.Empty() {
			p := r.tree.First()
			r.tree.Remove(&p)
		}
		r.tree = twin
		r.check()
	}
	clear := [RootSize]byte{}
	VisitRoot(clear[:], func(nodes.Handle) nodes.Handle { panic("there is none") })
}

// TestCut takes off large parts at either side, again and again.
func TestCut(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 10))
	for _, form := range []Form{Ranked, Keyed, Linked} {
		for range 12 {
			r := newRig(t, form)
			for i := range 1 + random.IntN(4000) {
				r.insert(i, r.newLeaf(uint64(4*i)), true)
			}
			for len(r.leaves) > 1 && random.IntN(8) > 0 {
				i, before := random.IntN(len(r.leaves)), random.IntN(2) == 0
				p := r.seek(i)
				if before {
					r.tree.CutBefore(&p, r.free)
					r.leaves = r.leaves[i:]
				} else {
					r.tree.CutAfter(&p, r.free)
					r.leaves = r.leaves[:i+1]
				}
				r.check()
			}
			nodes, leaves := 0, 0
			r.tree.Nodes(func(leaf bool, b []byte) {
				if nodes++; leaf {
					leaves++
				}
			})
			assert.Equal(t, len(r.leaves), leaves)
			assert.Equal(t, r.store.Len(), nodes, "what was cut off is freed, all of it")
			for range 200 {
				if form == Ranked {
					r.insert(random.IntN(len(r.leaves)+1), r.newLeaf(0), false)
				}
			}
			for len(r.leaves) > 0 {
				r.remove(random.IntN(len(r.leaves)))
			}
			assert.Zero(t, r.store.Len())
		}
	}
}

// free frees a node and all below it.
func (r *rig) free(h nodes.Handle) {
	if r.store.Kind(h) != nodes.ListLeaf {
		Children(r.store.Bytes(h), func(h nodes.Handle) nodes.Handle {
			r.free(h)
			return h
		})
	}
	r.store.Free(h)
}

func TestReplace(t *testing.T) {
	for _, form := range []Form{Ranked, Linked} {
		r := newRig(t, form)
		for range 3 {
			r.insert(0, r.newLeaf(1, 2, 3), false)
			for i := range r.leaves {
				p := r.seek(i)
				r.leaves[i] = r.newLeaf(1, 2, 3)
				r.tree.Replace(&p, r.leaves[i].h)
				r.check()
			}
		}
	}
}

func TestNothingAllocates(t *testing.T) {
	r := newRig(t, Keyed)
	for i := range 5000 {
		r.insert(i, r.newLeaf(uint64(4*i)), true)
	}
	asked := 0
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		var p Pos
		r.tree.SeekKey(&p, Key{100, 7}, func(nodes.Handle) bool { asked++; return true })
		r.tree.Changed(&p, 1)
		r.tree.Changed(&p, -1)
		r.tree.Next(&p)
		r.tree.SeekRank(&p, 4000)
		r.tree.Prev(&p)
		r.tree.Rank(&p)
		p = r.tree.Last()
		r.tree.InsertAfter(&p, 1<<30, 1, Key{1 << 40, 0})
		p = r.tree.Last()
		r.tree.Remove(&p)
	}))
	assert.NotZero(t, asked)
}

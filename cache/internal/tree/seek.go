package tree

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// Pos is a place in a tree: a leaf and the way to it. It is good until the tree's
// shape changes: after InsertAfter, InsertBefore or Remove, seek again.
type Pos struct {
	Leaf  nodes.Handle
	Count int // of elements in Leaf
	path  [maxHeight]step
}

// step is an inner node on the way down, and which of its children is the next.
type step struct {
	node nodes.Handle
	i    int32
}

// down follows entry i of the node b, which is at a level of the path. At the
// bottom it is the leaf.
func (t *Tree) down(p *Pos, level int, h nodes.Handle, b []byte, i int) nodes.Handle {
	p.path[level] = step{h, int32(i)}
	child := t.child(b, i)
	if level == t.height-1 {
		p.Leaf, p.Count = child, t.count(b, i)
	}
	return child
}

// top is the place that a search begins with, and ends with where there are no
// inner nodes.
func (t *Tree) top() Pos { return Pos{Leaf: t.root, Count: t.len} }

// First is the first leaf of a tree that is not empty.
func (t *Tree) First() Pos {
	p := t.top()
	t.edge(&p, 0, t.root, false)
	return p
}

// Last is the last leaf of a tree that is not empty.
func (t *Tree) Last() Pos {
	p := t.top()
	t.edge(&p, 0, t.root, true)
	return p
}

// edge goes down to the first or the last leaf below a node.
func (t *Tree) edge(p *Pos, level int, h nodes.Handle, last bool) {
	for ; level < t.height; level++ {
		b, i := t.store.Bytes(h), 0
		if last {
			i = width(b) - 1
		}
		h = t.down(p, level, h, b, i)
	}
}

// EndLeaf is the first or the last leaf of a tree that is not empty, and the number
// of elements in it: First and Last for who needs no place.
func (t *Tree) EndLeaf(last bool) (leaf nodes.Handle, count int) {
	h, n := t.root, t.len
	for range t.height {
		b, i := t.store.Bytes(h), 0
		if last {
			i = width(b) - 1
		}
		h, n = t.child(b, i), t.count(b, i)
	}
	return h, n
}

// SeekRank finds the leaf with element i of a tree that is not empty, and which
// element in it that is; p is set to it. Len itself is found behind the last element.
func (t *Tree) SeekRank(p *Pos, i int) (offset int) {
	p.Leaf, p.Count = t.root, t.len
	h := t.root
	for level := range t.height {
		b := t.store.Bytes(h)
		var at int
		at, i = t.byRank(b, i)
		h = t.down(p, level, h, b, at)
	}
	return i
}

// byRank finds the entry of a node with the i-th element below it, and that
// element's rank within the entry.
func (t *Tree) byRank(b []byte, i int) (at, rest int) {
	last := width(b) - 1
	for off := pairAt(0) + 4; at < last; off += rankedStride {
		n := int(binary.LittleEndian.Uint32(b[off:]))
		if i < n {
			break
		}
		i -= n
		at++
	}
	return at, i
}

// Rank is the number of elements in the leaves before p's.
func (t *Tree) Rank(p *Pos) int {
	rank := 0
	for level := range t.height {
		st := p.path[level]
		rank += t.sum(t.store.Bytes(st.node), 0, int(st.i))
	}
	return rank
}

// SeekKey finds the leaf of a keyed tree, which is not empty, where key belongs: the
// last one whose first element is not above it, or the first leaf if there is none; p
// is set to it.
// Where a leaf's key equals key, notAbove is asked whether the first element of that
// leaf is not above what is sought; nil means that equal keys are equal elements.
func (t *Tree) SeekKey(p *Pos, key Key, notAbove func(leaf nodes.Handle) bool) {
	p.Leaf, p.Count = t.root, t.len
	h := t.root
	for level := range t.height {
		b := t.store.Bytes(h)
		h = t.down(p, level, h, b, t.byKey(b, level, key, notAbove))
	}
}

// byKey finds the entry of a node where key belongs. The first entry's key is never
// looked at: what is below it belongs there too, or the search would not be here.
func (t *Tree) byKey(b []byte, level int, key Key, notAbove func(leaf nodes.Handle) bool) int {
	n := width(b)
	hi, _ := columns(b)
	upper := b[hi:]
	upper = upper[:8*n]
	// Up to below, entries' Hi is not above the key's; from above on it is.
	below, above := 0, n
	for above-below > 1 {
		i := int(uint(below+above) / 2)
		if binary.LittleEndian.Uint64(upper[8*i:]) <= key.Hi {
			below = i
		} else {
			above = i
		}
	}
	if below == 0 || binary.LittleEndian.Uint64(upper[8*below:]) != key.Hi {
		return below
	}
	return t.byLo(b, level, above, key, notAbove)
}

// byLo is byKey where some entries' Hi is the key's; above is behind them.
func (t *Tree) byLo(b []byte, level, above int, key Key, notAbove func(leaf nodes.Handle) bool) int {
	below := 0 // up to it entries have keys below key, from above on they are above it
	for above-below > 1 {
		i := int(uint(below+above) / 2)
		k := t.key(b, i)
		belongs := !key.Less(k)
		if k == key && notAbove != nil {
			// Leaves are in order, so their answers are as well.
			belongs = notAbove(t.leftmost(b, i, level))
		}
		if belongs {
			below = i
		} else {
			above = i
		}
	}
	return below
}

// leftmost is the first leaf below entry i of a node.
func (t *Tree) leftmost(b []byte, i, level int) nodes.Handle {
	h := t.child(b, i)
	for level++; level < t.height; level++ {
		h = t.child(t.store.Bytes(h), 0)
	}
	return h
}

// Key is the key of p's leaf in a keyed tree.
func (t *Tree) Key(p *Pos) Key {
	st := p.path[t.height-1]
	return t.key(t.store.Bytes(st.node), int(st.i))
}

// KeyAfter is the key from which on everything belongs behind p's leaf, in a keyed tree;
// false if that is the last one.
func (t *Tree) KeyAfter(p *Pos) (Key, bool) {
	for level := t.height - 1; level >= 0; level-- {
		st := &p.path[level]
		if b := t.store.Bytes(st.node); int(st.i)+1 < width(b) {
			return t.key(b, int(st.i)+1), true
		}
	}
	return Key{}, false
}

// Next moves p to the next leaf; where there is none it stays and Next is false.
func (t *Tree) Next(p *Pos) bool {
	for level := t.height - 1; level >= 0; level-- {
		st := p.path[level]
		if b := t.store.Bytes(st.node); int(st.i)+1 < width(b) {
			h := t.down(p, level, st.node, b, int(st.i)+1)
			t.edge(p, level+1, h, false)
			return true
		}
	}
	return false
}

// Prev moves p to the leaf before; where there is none it stays and Prev is false.
func (t *Tree) Prev(p *Pos) bool {
	for level := t.height - 1; level >= 0; level-- {
		st := p.path[level]
		if st.i > 0 {
			h := t.down(p, level, st.node, t.store.Bytes(st.node), int(st.i)-1)
			t.edge(p, level+1, h, true)
			return true
		}
	}
	return false
}

// atEdge tells whether the node at a level of the path is at the tree's left or
// right edge.
func (t *Tree) atEdge(p *Pos, level int, right bool) bool {
	for l := range level {
		last := 0
		if right {
			last = width(t.store.Bytes(p.path[l].node)) - 1
		}
		if int(p.path[l].i) != last {
			return false
		}
	}
	return true
}

package tree

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
)

// Climb finds the way to a leaf of a linked tree from below, and the number of elements
// before it; p is set to it. No keys are looked at: where leaves are found by another
// index as well, this is what their ranks cost.
func (t *Tree) Climb(p *Pos, leaf nodes.Handle) (rank int) {
	h := leaf
	for level := t.height - 1; level >= 0; level-- {
		up := Above(t.store.Bytes(h))
		b := t.store.Bytes(up)
		i, before := t.byChild(b, h)
		if level == t.height-1 {
			p.Leaf, p.Count = leaf, t.count(b, i)
		}
		p.path[level] = step{up, int32(i)}
		rank += before
		h = up
	}
	return rank
}

// Above is the node above one of a linked tree, of which b is the block; 0 above the
// topmost.
func Above(b []byte) nodes.Handle { return nodes.Handle(binary.LittleEndian.Uint32(b[above:])) }

// byChild finds the entry of a child, which there must be, and how many elements are
// before it.
func (t *Tree) byChild(b []byte, h nodes.Handle) (at, before int) {
	b = b[pairAt(0):pairAt(width(b))]
	for ; len(b) >= rankedStride; b = b[rankedStride:] {
		pair := binary.LittleEndian.Uint64(b)
		if uint32(pair) == uint32(h) {
			return at, before
		}
		before += int(pair >> 32)
		at++
	}
	panic("tree: a node is not below the one that it says is above it")
}

// Relink tells every node of a linked tree what is above it, after all nodes have been
// copied to others.
func (t *Tree) Relink() {
	if t.root != 0 && t.height > 0 {
		t.setAbove(t.root, 0)
		t.relink(t.root, 0)
	}
}

func (t *Tree) relink(h nodes.Handle, level int) {
	b := t.store.Bytes(h)
	t.adopt(b, 0, width(b))
	if level == t.height-1 {
		return
	}
	for i := range width(b) {
		t.relink(t.child(b, i), level+1)
	}
}

// GoAhead names what Climb will read of the node above one of a linked tree, of which b is
// the block.
func GoAhead(store *nodes.Store, b []byte, q *prefetch.Queue) {
	if up := Above(b); up != 0 {
		q.Add(store.Address(up), pairAt(keyedFan)/prefetch.LineSize+1)
	}
}

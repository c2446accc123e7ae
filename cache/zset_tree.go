package cache

import (
	"encoding/binary"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// A large sorted set has its entries in the leaves of a counted tree, in order, and
// an index from members to leaves beside it. Its root, the item's value:
//
//	byte  0          7 8           23 24          39 40
//	    ┌─────────────┬──────────────┬──────────────┬───────┐
//	    │ node bytes  │ tree         │ index        │ flags │
//	    └─────────────┴──────────────┴──────────────┴───────┘
//
//	flags  1: by Redis's thresholds this is a skiplist, and not a listpack that is
//	       only too large to be packed here
//	       2: the index's values are marked
//
// The tree finds leaves by rank and by separator, which is the score, as 64 bits in
// the same order, and the first 8 bytes of the member; where these are equal, the
// leaf's first entry is looked at.
const (
	zsetTreeAt   = 8
	zsetIndexAt  = zsetTreeAt + tree.RootSize
	zsetFlagsAt  = zsetIndexAt + table.RootSize
	zsetRootSize = zsetFlagsAt + 1

	zsetSkiplist = 1 // flags
	zsetMarked   = 2
)

var _ [0]struct{} = [zsetRootSize - 41]struct{}{}

// zplace is an entry of a large set, or where one would be: its leaf, the way there, and
// how many of the leaf's entries are before it.
type zplace struct {
	tree.Pos
	i int
}

// coldLeaf opens a leaf that is about to be searched by halving, and probably in no cache.
func (z *zset) coldLeaf(h nodes.Handle) zleaf {
	l := openZLeaf(z.nodes(), h)
	prefetch.Bytes(l.node, len(l.node))
	return l
}

// separator is the key of a leaf that begins with (score, member).
func separator(score float64, member []byte) tree.Key {
	return tree.Key{Hi: scoreBits(score), Lo: memberPrefix(member)}
}

// scoreBits maps scores to numbers of the same order; -0 and 0 are one.
func scoreBits(f float64) uint64 {
	if f == 0 {
		return 1 << 63
	}
	bits := math.Float64bits(f)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func memberPrefix(member []byte) uint64 {
	if len(member) >= 8 {
		return binary.BigEndian.Uint64(member)
	}
	var b [8]byte
	copy(b[:], member)
	return binary.BigEndian.Uint64(b[:])
}

// leafOf finds the leaf where (score, member) is or belongs.
func (z *zset) leafOf(p *tree.Pos, score float64, member []byte) {
	s := z.nodes()
	z.tree.SeekKey(p, separator(score, member), func(h nodes.Handle) bool {
		l := openZLeaf(s, h)
		first, fs := l.at(0)
		return compareElements(fs, first, score, member) <= 0
	})
}

// seekTree finds where (score, member) is or belongs.
func (z *zset) seekTree(p *zplace, score float64, member []byte) (found bool) {
	z.leafOf(&p.Pos, score, member)
	l := z.coldLeaf(p.Leaf)
	p.i, found = l.seek(score, member)
	return found
}

// insertTree puts in an element that is not there; p is where.
func (z *zset) insertTree(p *zplace, score float64, member []byte) {
	size := entrySize(member, score, true)
	end := zleafEnd(z.nodes().Bytes(p.Leaf))
	if end+size+zleafSlot > zleafMax && p.Count > 1 && z.split(p, score, member) {
		return
	}
	s, hash := z.nodes(), z.hashOf(member)
	b, at := insertZLeaf(s, p.Leaf, p.i, size, zleafTag(hash))
	z.putEntry(b, at, score, member)
	z.tree.Changed(&p.Pos, 1)
	if p.i == 0 {
		z.tree.SetKey(&p.Pos, separator(score, member))
	}
	z.indexInsert(hash, p.Leaf)
}

// putEntry writes an entry into a leaf with block b.
func (z *zset) putEntry(b []byte, at int, score float64, member []byte) {
	if len(member) > maxInline {
		b[1] |= zleafLarge
	}
	putEntry(b, at, member, score, z.nodes())
}

// split cuts p's leaf in two and moves p to the half where the entry belongs. At
// either end of the set the entry gets a leaf of its own instead, and all is done: so
// a set that grows there has full leaves.
func (z *zset) split(p *zplace, score float64, member []byte) (done bool) {
	s := z.nodes()
	if p.i == p.Count || p.i == 0 {
		edge := p.Pos
		after := p.i != 0
		if after && !z.tree.Next(&edge) || !after && !z.tree.Prev(&edge) {
			h, key := z.newLeaf(score, member), separator(score, member)
			if after {
				z.tree.InsertAfter(&p.Pos, h, 1, key)
			} else {
				z.tree.InsertBefore(&p.Pos, h, 1, key)
			}
			return true
		}
	}
	l := openZLeaf(s, p.Leaf)
	keep := l.half()
	right := splitZLeaf(s, p.Leaf, keep)
	r := openZLeaf(s, right)
	z.relink(r.zseq, p.Leaf, right)

	first, fs := r.at(0)
	z.tree.Changed(&p.Pos, -r.n)
	z.tree.InsertAfter(&p.Pos, right, r.n, separator(fs, first))
	z.seekTree(p, score, member)
	return false
}

// newLeaf makes a leaf of one element, indexed.
func (z *zset) newLeaf(score float64, member []byte) nodes.Handle {
	size, hash := entrySize(member, score, true), z.hashOf(member)
	end := zleafFirst(1) + size
	h, b := z.nodes().Alloc(nodes.ZSetLeaf, end)
	b[zleafHead] = zleafTag(hash)
	binary.LittleEndian.PutUint16(b[zleafOffsets(1):], 0)
	setZLeaf(b, 1, end)
	z.putEntry(b, zleafFirst(1), score, member)
	z.indexInsert(hash, h)
	return h
}

// moveTree gives a member of a large set, which is at a spot, another score.
func (z *zset) moveTree(at zspot, score float64, member []byte) {
	p := zplace{i: at.i}
	z.tree.Climb(&p.Pos, at.leaf)
	if z.staysIn(&p.Pos, separator(score, member)) && z.moveWithin(p.Leaf, p.i, score, member) {
		if p.i == 0 {
			z.rekey(&p.Pos)
		}
		return
	}
	var to zplace
	z.seekTree(&to, score, member)
	z.moved = p.Leaf
	if reshaped := z.cutLeaf(&p, 1); reshaped || to.Leaf == p.Leaf {
		if z.tree.Empty() {
			z.tree.Add(z.newLeaf(score, member), 1, separator(score, member))
			return
		}
		z.seekTree(&to, score, member)
	}
	z.insertTree(&to, score, member)
}

// staysIn tells whether what has this key belongs into p's leaf, and not to its
// beginning; where keys are equal it does not say so.
func (z *zset) staysIn(p *tree.Pos, key tree.Key) bool {
	if !z.tree.Key(p).Less(key) {
		return false
	}
	next, more := z.tree.KeyAfter(p)
	return !more || key.Less(next)
}

// moveWithin gives entry i, of a leaf that does not become too large and where it stays,
// another score.
func (z *zset) moveWithin(h nodes.Handle, i int, score float64, member []byte) bool {
	s := z.nodes()
	l := openZLeaf(s, h)
	del, ins := l.offset(i+1)-l.offset(i), entrySize(member, score, true)
	if len(member) > maxInline || ins > del && zleafEnd(l.node)+ins-del > zleafMax {
		return false
	}
	to, _ := l.seek(score, member)
	if to > i { // the entry itself was counted
		to--
	}
	tag := l.node[zleafHead+i]
	l.cut(i, 1)
	b, at := insertZLeaf(s, h, to, ins, tag)
	putEntry(b, at, member, score, nil)
	shrinkZLeaf(s, h, b, zleafEnd(b))
	return true
}

// rekey gives p's leaf the key of its first entry.
func (z *zset) rekey(p *tree.Pos) {
	l := openZLeaf(z.nodes(), p.Leaf)
	first, score := l.at(0)
	z.tree.SetKey(p, separator(score, first))
}

// deleteTree takes out the element at p, and from the index.
func (z *zset) deleteTree(p *zplace, member []byte) {
	z.indexDelete(member, p.Leaf)
	z.cutLeaf(p, 1)
}

// cutLeaf takes n entries from p on, which are in the index no more, out of p's leaf.
// A leaf that has become small is joined with a neighbour. If the tree's shape has
// changed, p and all other places are no longer good.
func (z *zset) cutLeaf(p *zplace, n int) (reshaped bool) {
	s := z.nodes()
	l := openZLeaf(s, p.Leaf)
	if l.node[1]&zleafLarge != 0 {
		z.freeLarge(l.b[l.offset(p.i):l.offset(p.i+n)])
	}
	if n == p.Count {
		h := p.Leaf
		z.tree.Remove(&p.Pos)
		s.Free(h)
		return true
	}
	l.cut(p.i, n)
	end := zleafEnd(l.node)
	shrinkZLeaf(s, p.Leaf, l.node, end)
	z.tree.Changed(&p.Pos, -n)
	if p.i == 0 {
		z.rekey(&p.Pos)
	}
	return end < zleafLow && z.join(p)
}

// freeLarge frees the nodes of the long members among entries.
func (z *zset) freeLarge(entries []byte) {
	q := zseq{entries, z.nodes()}
	for off := 0; off < len(entries); {
		next := q.end(off)
		if at := largeHandle(entries, off); at != 0 {
			z.nodes().Free(nodes.Handle(binary.LittleEndian.Uint32(entries[at:])))
		}
		off = next
	}
}

// join puts p's leaf and a neighbour together where that makes no leaf that is soon
// to be cut again, and reports whether it did.
func (z *zset) join(p *zplace) bool {
	s := z.nodes()
	left, right := p.Pos, p.Pos
	if !z.tree.Next(&right) {
		if !z.tree.Prev(&left) {
			return false
		}
	}
	more := zleafEnd(s.Bytes(right.Leaf)) - zleafHead
	if zleafEnd(s.Bytes(left.Leaf))+more > zleafMax*3/4 {
		return false
	}
	z.relink(zleafSeq(s, right.Leaf), right.Leaf, left.Leaf)
	joinZLeaf(s, left.Leaf, right.Leaf)
	z.tree.Changed(&left, right.Count)
	z.tree.Remove(&right)
	s.Free(right.Leaf)
	return true
}

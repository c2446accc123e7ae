package cache

import (
	"encoding/binary"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
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
// A leaf:
//
//	byte  0        7 8      9 10
//	    ┌───────────┬────────┬─────────┬─────────┬ …
//	    │ header    │ end    │ entry   │ entry   │       up to end, from the node's start
//	    └───────────┴────────┴─────────┴─────────┴ …
//	      byte 1: 1 if a member in it has a node of its own
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

	zleafHead  = nodes.HeaderSize + 2
	zleafLarge = 1       // flag in byte 1 of a leaf
	zleafMax   = 1 << 10 // a leaf that would be larger is cut in two
	zleafLow   = zleafMax / 4

	// A leaf's block has some bytes to spare, so that not every change needs another:
	// it grows by zleafStep more than it must, and shrinks when zleafSlack are too many.
	zleafStep  = 40
	zleafSlack = 120
)

var _ [0]struct{} = [zsetRootSize - 41]struct{}{}

// zplace is an entry of a large set, or where one would be: its leaf, the way there,
// the entry's offset among the leaf's and how many are before it.
type zplace struct {
	tree.Pos
	off, i int
}

func zleafEnd(b []byte) int { return int(binary.LittleEndian.Uint16(b[nodes.HeaderSize:])) }

func setZLeafEnd(b []byte, end int) { binary.LittleEndian.PutUint16(b[nodes.HeaderSize:], uint16(end)) }

// zleafSeq is the entries of a leaf.
func zleafSeq(s *nodes.Store, h nodes.Handle) zseq {
	b := s.Bytes(h)
	return zseq{b[zleafHead:zleafEnd(b)], s}
}

// growZLeaf makes a leaf's block hold what ends at end, and keeps what ends at keep.
func growZLeaf(s *nodes.Store, h nodes.Handle, b []byte, end, keep int) []byte {
	if end <= len(b) {
		return b
	}
	return s.Resize(h, end+zleafStep, keep)
}

// shrinkZLeaf gives back what a leaf's block has too much behind end.
func shrinkZLeaf(s *nodes.Store, h nodes.Handle, b []byte, end int) {
	if len(b)-end > zleafSlack {
		s.Resize(h, end+zleafStep, end)
	}
}

// coldLeaf is zleafSeq for a leaf that is about to be searched and probably in no cache.
func (z *zset) coldLeaf(h nodes.Handle) zseq {
	q := zleafSeq(z.nodes(), h)
	z.s.touched += touchLines(q.b)
	return q
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
		q := zleafSeq(s, h)
		first, fs, _ := q.entry(0)
		return compareElements(fs, first, score, member) <= 0
	})
}

// seekTree finds where (score, member) is or belongs.
func (z *zset) seekTree(p *zplace, score float64, member []byte) (found bool) {
	z.leafOf(&p.Pos, score, member)
	q := z.coldLeaf(p.Leaf)
	p.off, p.i, found = q.seek(score, member)
	return found
}

// insertTree puts in an element that is not there; p is where.
func (z *zset) insertTree(p *zplace, score float64, member []byte) {
	size := entrySize(member, score, true)
	end := zleafEnd(z.nodes().Bytes(p.Leaf))
	if end+size > zleafMax && p.Count > 1 && z.split(p, score, member) {
		return
	}
	z.insertLeaf(p, size, score, member)
}

// insertLeaf puts an entry of size bytes into p's leaf.
func (z *zset) insertLeaf(p *zplace, size int, score float64, member []byte) {
	s := z.nodes()
	b := s.Bytes(p.Leaf)
	end := zleafEnd(b)
	b = growZLeaf(s, p.Leaf, b, end+size, end)
	off := zleafHead + p.off
	copy(b[off+size:end+size], b[off:end])
	setZLeafEnd(b, end+size)
	if len(member) > maxInline {
		b[1] |= zleafLarge
	}
	putEntry(b, off, member, score, s)
	z.tree.Changed(&p.Pos, 1)
	if p.i == 0 {
		z.tree.SetKey(&p.Pos, separator(score, member))
	}
	z.indexInsert(member, p.Leaf)
}

// split cuts p's leaf in two and moves p to the half where the entry belongs. At
// either end of the set the entry gets a leaf of its own instead, and all is done: so
// a set that grows there has full leaves.
func (z *zset) split(p *zplace, score float64, member []byte) (done bool) {
	s := z.nodes()
	b := s.Bytes(p.Leaf)
	end := zleafEnd(b)
	key := separator(score, member)
	if p.i == p.Count || p.i == 0 {
		edge := p.Pos
		after := p.i != 0
		if after && !z.tree.Next(&edge) || !after && !z.tree.Prev(&edge) {
			h := z.newLeaf(score, member)
			if after {
				z.tree.InsertAfter(&p.Pos, h, 1, key)
			} else {
				z.tree.InsertBefore(&p.Pos, h, 1, key)
			}
			return true
		}
	}
	q := zseq{b[zleafHead:end], s}
	half, keep := 0, 0
	for half < len(q.b)/2 || keep == 0 {
		half = q.end(half)
		keep++
	}
	if keep == p.Count { // the last entry is half of it all
		keep, half = keep-1, q.lastOffset()
	}
	right, rb := s.Alloc(nodes.ZSetLeaf, zleafHead+len(q.b)-half)
	rb[1] = b[1] & zleafLarge
	setZLeafEnd(rb, zleafHead+copy(rb[zleafHead:], q.b[half:]))
	setZLeafEnd(b, zleafHead+half)
	s.Resize(p.Leaf, zleafHead+half, zleafHead+half)
	z.relink(zleafSeq(s, right), p.Leaf, right)

	moved := p.Count - keep
	rq := zleafSeq(s, right)
	first, fs, _ := rq.entry(0)
	z.tree.Changed(&p.Pos, -moved)
	z.tree.InsertAfter(&p.Pos, right, moved, separator(fs, first))
	z.seekTree(p, score, member)
	return false
}

// lastOffset is where the last entry begins.
func (q *zseq) lastOffset() int {
	last := 0
	for off := 0; off < len(q.b); off = q.end(off) {
		last = off
	}
	return last
}

// newLeaf makes a leaf of one element, indexed.
func (z *zset) newLeaf(score float64, member []byte) nodes.Handle {
	s := z.nodes()
	size := entrySize(member, score, true)
	h, b := s.Alloc(nodes.ZSetLeaf, zleafHead+size)
	setZLeafEnd(b, zleafHead+size)
	if len(member) > maxInline {
		b[1] = zleafLarge
	}
	putEntry(b, zleafHead, member, score, s)
	z.indexInsert(member, h)
	return h
}

// moveTree gives a member of a large set, which is at a spot, another score.
func (z *zset) moveTree(at zspot, score float64, member []byte) {
	p := zplace{off: at.off, i: at.i}
	z.leafOf(&p.Pos, at.score, member)
	if z.staysIn(&p.Pos, separator(score, member)) {
		q := zleafSeq(z.nodes(), p.Leaf)
		to, _, _ := q.seek(score, member)
		if z.moveWithin(p.Leaf, p.off, to, score, member) {
			if p.i == 0 {
				z.rekey(&p.Pos)
			}
			return
		}
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

// moveWithin gives the entry at from, of a leaf that does not become too large,
// another score; to is where it belongs then, by the entries as they are.
func (z *zset) moveWithin(h nodes.Handle, from, to int, score float64, member []byte) bool {
	s := z.nodes()
	b := s.Bytes(h)
	end := zleafEnd(b)
	q := zseq{b[zleafHead:end], s}
	del, ins := q.end(from)-from, entrySize(member, score, true)
	grown := end + ins - del
	if len(member) > maxInline || grown > zleafMax && ins > del {
		return false
	}
	b = growZLeaf(s, h, b, grown, end)
	e := b[zleafHead:]
	last, newLast := end-zleafHead, grown-zleafHead
	if to <= from {
		copy(e[from+ins:newLast], e[from+del:last])
		copy(e[to+ins:], e[to:from])
	} else {
		copy(e[from:], e[from+del:to])
		copy(e[to+ins-del:newLast], e[to:last])
		to -= del
	}
	putEntry(e, to, member, score, nil)
	setZLeafEnd(b, grown)
	shrinkZLeaf(s, h, b, grown)
	return true
}

// rekey gives p's leaf the key of its first entry.
func (z *zset) rekey(p *tree.Pos) {
	q := zleafSeq(z.nodes(), p.Leaf)
	first, score, _ := q.entry(0)
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
	b := s.Bytes(p.Leaf)
	q := zseq{b[zleafHead:zleafEnd(b)], s}
	to := q.skip(p.off, n)
	if b[1]&zleafLarge != 0 {
		z.freeLarge(q.b[p.off:to])
	}
	if n == p.Count {
		h := p.Leaf
		z.tree.Remove(&p.Pos)
		s.Free(h)
		return true
	}
	left := len(q.b) - (to - p.off)
	copy(q.b[p.off:], q.b[to:])
	setZLeafEnd(b, zleafHead+left)
	shrinkZLeaf(s, p.Leaf, b, zleafHead+left)
	z.tree.Changed(&p.Pos, -n)
	if p.i == 0 {
		z.rekey(&p.Pos)
	}
	return left < zleafLow && z.join(p)
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
	lb, rb := s.Bytes(left.Leaf), s.Bytes(right.Leaf)
	end, more := zleafEnd(lb), zleafEnd(rb)-zleafHead
	if end+more > zleafMax*3/4 {
		return false
	}
	z.relink(zleafSeq(s, right.Leaf), right.Leaf, left.Leaf)
	large := rb[1] & zleafLarge
	lb = s.Resize(left.Leaf, end+more, end)
	copy(lb[end:], rb[zleafHead:zleafHead+more])
	setZLeafEnd(lb, end+more)
	lb[1] |= large
	z.tree.Changed(&left, right.Count)
	z.tree.Remove(&right)
	s.Free(right.Leaf)
	return true
}

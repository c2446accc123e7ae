package cache

import (
	"bytes"
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// A leaf of a large sorted set is a slotted page: its entries in order, one behind the
// other, and in front of them where each begins, and a byte of each member's hash:
//
//	byte  0        7 8      11 12   13 14  15   16      16 + n   16 + 3n
//	    ┌───────────┬─────────┬───────┬───┬───┬────────┬─────────┬─────────┬─────────┬ …
//	    │ header    │ above   │ end   │ n │   │ tags   │ offsets │ entry   │ entry   │
//	    └───────────┴─────────┴───────┴───┴───┴────────┴─────────┴─────────┴─────────┴ …
//	      byte 1: 1 if a member in it            n × 1     n × 2   up to end, from the
//	              has a node of its own                            node's start
//
// A member is found by its tag, and a place in the order by halving: both read three or
// four lines of a leaf that is in no cache, where a walk from entry to entry reads half
// of it. That takes three bytes an element.
const (
	zleafHead  = tree.Head + 4
	zleafEndAt = tree.Head
	zleafLenAt = tree.Head + 2
	zleafSlot  = 3 // bytes in front of the entries for each
	zleafFront = 3 // lines with tags and offsets, mostly

	zleafLarge = 1       // flag in byte 1 of a leaf
	zleafMax   = 1 << 10 // a leaf that would be larger is cut in two
	zleafLow   = zleafMax / 4

	// A leaf's block has some bytes to spare, so that not every change needs another:
	// it grows by zleafStep more than it must, and shrinks when zleafSlack are too many.
	zleafStep  = 40
	zleafSlack = 120

	// The shortest entries take three bytes: a length, a byte of member, a score; with
	// members of one byte there are at most 257, which do not come together.
	zleafMost = zleafMax / (zleafSlot + 3)
)

var _ [255 - zleafMost]struct{} // n is a byte

// zleaf is a leaf opened for an operation. What changes its block invalidates it.
type zleaf struct {
	zseq        // the entries
	node []byte // the whole block
	n    int    // entries
}

func openZLeaf(s *nodes.Store, h nodes.Handle) zleaf {
	b := s.Bytes(h)
	n := zleafLen(b)
	return zleaf{zseq{b[zleafFirst(n):zleafEnd(b)], s}, b, n}
}

func zleafLen(b []byte) int { return int(b[zleafLenAt]) }
func zleafEnd(b []byte) int { return int(binary.LittleEndian.Uint16(b[zleafEndAt:])) }

// setZLeaf writes how many entries there are and where they end.
func setZLeaf(b []byte, n, end int) {
	binary.LittleEndian.PutUint16(b[zleafEndAt:], uint16(end))
	b[zleafLenAt] = byte(n)
}

// zleafFirst is where the first of n entries begins, zleafOffsets where their offsets do.
func zleafFirst(n int) int   { return zleafHead + n*zleafSlot }
func zleafOffsets(n int) int { return zleafHead + n }

// zleafSeq is the entries of a leaf.
func zleafSeq(s *nodes.Store, h nodes.Handle) zseq { return openZLeaf(s, h).zseq }

// zleafTag is the byte of a member's hash that a leaf keeps: one that the index does not
// know, so that what it finds wrongly is told apart here.
func zleafTag(hash uint64) byte { return byte(hash) }

// offset is where entry i begins, among the entries; for i = n, where they end.
func (l *zleaf) offset(i int) int {
	if i == l.n {
		return len(l.b)
	}
	return int(binary.LittleEndian.Uint16(l.node[zleafOffsets(l.n)+2*i:]))
}

// at is entry i.
func (l *zleaf) at(i int) (member []byte, score float64) {
	member, score, _ = l.entry(l.offset(i))
	return member, score
}

// tags are the entries' tags.
func (l *zleaf) tags() []byte { return l.node[zleafHead : zleafHead+l.n] }

// find looks for a member by its hash.
func (l *zleaf) find(hash uint64, member []byte) (i int, score float64, ok bool) {
	for tags := l.tags(); ; i++ {
		next := bytes.IndexByte(tags[i:], zleafTag(hash))
		if next < 0 {
			return 0, 0, false
		}
		i += next
		if m, score := l.at(i); string(m) == string(member) {
			return i, score, true
		}
	}
}

// ahead names the first entry that has the hash's tag.
func (l *zleaf) ahead(hash uint64, q *prefetch.Queue) {
	if i := bytes.IndexByte(l.tags(), zleafTag(hash)); i >= 0 {
		q.AddBytes(l.b[l.offset(i):], 1)
	}
}

// seek finds the first entry that is not below (score, member), and whether it is the
// one sought; n if all are below.
func (l *zleaf) seek(score float64, member []byte) (i int, found bool) {
	lo, hi := 0, l.n
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		m, s := l.at(mid)
		switch c := compareElements(s, m, score, member); {
		case c == 0:
			return mid, true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}

// below is the number of entries with scores below one, or, if with, up to it.
func (l *zleaf) below(score float64, with bool) int {
	lo, hi := 0, l.n
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if _, s := l.at(mid); s < score || s == score && with {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// half is how many of the entries, two at least, make up about half of the bytes.
func (l *zleaf) half() int {
	keep := 1
	for keep < l.n-1 && l.offset(keep) < len(l.b)/2 {
		keep++
	}
	return keep
}

// insertZLeaf makes room for an entry of size bytes at place i of a leaf, whose block
// may be another then, and returns where it has to be written.
func insertZLeaf(s *nodes.Store, h nodes.Handle, i, size int, tag byte) (b []byte, at int) {
	l := openZLeaf(s, h)
	n, off, end := l.n, l.offset(i), zleafEnd(l.node)
	b = growZLeaf(s, h, l.node, end+size+zleafSlot, end)
	old, first := zleafFirst(n), zleafFirst(n+1)
	copy(b[first+off+size:], b[old+off:end])
	copy(b[first:], b[old:old+off])
	from, to := zleafOffsets(n), zleafOffsets(n+1)
	copy(b[to+2*i+2:first], b[from+2*i:from+2*n])
	addOffsets(b[to+2*i+2:first], size)
	copy(b[to:], b[from:from+2*i])
	binary.LittleEndian.PutUint16(b[to+2*i:], uint16(off))
	tags := b[zleafHead : zleafHead+n+1]
	copy(tags[i+1:], tags[i:])
	tags[i] = tag
	setZLeaf(b, n+1, end+size+zleafSlot)
	return b, first + off
}

// cut takes k entries out of a leaf, from place i on, and leaves its block as it is.
func (l *zleaf) cut(i, k int) {
	b, n := l.node, l.n-k
	off, behind, end := l.offset(i), l.offset(i+k), zleafEnd(l.node)
	old, first := zleafFirst(l.n), zleafFirst(n)
	from, to := zleafOffsets(l.n), zleafOffsets(n)
	copy(b[zleafHead+i:], b[zleafHead+i+k:zleafHead+l.n])
	copy(b[to:], b[from:from+2*i])
	copy(b[to+2*i:], b[from+2*(i+k):from+2*l.n])
	addOffsets(b[to+2*i:first], off-behind)
	copy(b[first:], b[old:old+off])
	copy(b[first+off:], b[old+behind:end])
	end -= old - first + behind - off
	setZLeaf(b, n, end)
	l.n, l.b = n, b[first:end]
}

// addOffsets adds to offsets of two bytes, four at a time while there are so many: none
// of them overflows.
func addOffsets(b []byte, delta int) {
	d := uint16(delta)
	if delta > 0 {
		each := uint64(d) * 0x0001000100010001
		for ; len(b) >= 8; b = b[8:] {
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)+each)
		}
	} else {
		each := uint64(-d) * 0x0001000100010001
		for ; len(b) >= 8; b = b[8:] {
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)-each)
		}
	}
	for ; len(b) > 0; b = b[2:] {
		binary.LittleEndian.PutUint16(b, binary.LittleEndian.Uint16(b)+d)
	}
}

// splitZLeaf moves what is behind the first keep entries of a leaf to a new one.
func splitZLeaf(s *nodes.Store, h nodes.Handle, keep int) (right nodes.Handle) {
	l := openZLeaf(s, h)
	moved, half := l.n-keep, l.offset(keep)
	end := zleafFirst(moved) + len(l.b) - half
	right, rb := s.Alloc(nodes.ZSetLeaf, end)
	rb[1] = l.node[1] & zleafLarge
	copy(rb[zleafHead:], l.node[zleafHead+keep:zleafHead+l.n])
	offsets := rb[zleafOffsets(moved):zleafFirst(moved)]
	copy(offsets, l.node[zleafOffsets(l.n)+2*keep:])
	addOffsets(offsets, -half)
	copy(rb[zleafFirst(moved):], l.b[half:])
	setZLeaf(rb, moved, end)
	l.cut(keep, moved)
	end = zleafEnd(l.node)
	s.Resize(h, end, end)
	return right
}

// joinZLeaf puts the entries of a leaf behind those of another.
func joinZLeaf(s *nodes.Store, left, right nodes.Handle) {
	l, r := openZLeaf(s, left), openZLeaf(s, right)
	n, size, was := l.n+r.n, len(l.b), zleafEnd(l.node)
	end := zleafFirst(n) + size + len(r.b)
	b := s.Resize(left, end, was)
	first := zleafFirst(n)
	copy(b[first:], b[zleafFirst(l.n):was])
	copy(b[first+size:], r.b)
	offsets := b[zleafOffsets(n):first]
	copy(offsets, b[zleafOffsets(l.n):zleafFirst(l.n)])
	copy(offsets[2*l.n:], r.node[zleafOffsets(r.n):zleafFirst(r.n)])
	addOffsets(offsets[2*l.n:], size)
	copy(b[zleafHead+l.n:], r.node[zleafHead:zleafHead+r.n])
	b[1] |= r.node[1] & zleafLarge
	setZLeaf(b, n, end)
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

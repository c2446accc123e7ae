package cache

import (
	"bytes"
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// zseq is a sequence of entries of a sorted set: those of a packed set, or of a leaf
// of a large one, whose long members are in nodes of their own. Offsets are within b.
type zseq struct {
	b     []byte
	nodes *nodes.Store // nil where all members are in place
}

// maxInline is the longest member that stands within a leaf.
const maxInline = 512

// entry is the entry at off, which there must be, and the offset behind it.
func (q *zseq) entry(off int) (member []byte, score float64, next int) {
	if n := int(q.b[off]); n < 0x80 {
		end := off + 1 + n
		score, next = readScore(q.b, end)
		return q.b[off+1 : end : end], score, next
	}
	return q.longEntry(off)
}

// longEntry is entry for lengths of more than a byte.
func (q *zseq) longEntry(off int) (member []byte, score float64, next int) {
	n, size := binary.Uvarint(q.b[off:])
	off += size
	if q.nodes == nil || n <= maxInline {
		end := off + int(n)
		score, next = readScore(q.b, end)
		return q.b[off:end:end], score, next
	}
	h := nodes.Handle(binary.LittleEndian.Uint32(q.b[off:]))
	score, next = readScore(q.b, off+4)
	return largeMember(q.nodes, h, int(n)), score, next
}

// largeMember is a member of n bytes in a node of its own.
func largeMember(s *nodes.Store, h nodes.Handle, n int) []byte {
	return s.Bytes(h)[nodes.HeaderSize : nodes.HeaderSize+n : nodes.HeaderSize+n]
}

// compareElements is the order of entry and (score, member): by score, then byte by byte.
func compareElements(aScore float64, a []byte, bScore float64, b []byte) int {
	switch {
	case aScore < bScore:
		return -1
	case aScore > bScore:
		return 1
	}
	return bytes.Compare(a, b)
}

// seek finds the first entry that is not below (score, member): its offset, how many
// are before it, and whether it is the one sought.
func (q *zseq) seek(score float64, member []byte) (off, i int, found bool) {
	for off < len(q.b) {
		var (
			m    []byte
			s    float64
			next int
		)
		if n := int(q.b[off]); n < 0x80 {
			end := off + 1 + n
			s, next = readScore(q.b, end)
			m = q.b[off+1 : end]
		} else {
			m, s, next = q.longEntry(off)
		}
		if s >= score {
			if s > score {
				return off, i, false
			}
			if c := bytes.Compare(m, member); c >= 0 {
				return off, i, c == 0
			}
		}
		off = next
		i++
	}
	return off, i, false
}

// find looks for a member, wherever it is. Members mostly are of one length and differ
// in their last bytes, so those of eight or more are told apart by these.
func (q *zseq) find(member []byte) (off, i int, score float64, ok bool) {
	n := len(member)
	if n >= 0x80 || n < 8 {
		return q.findOther(member)
	}
	b, last := q.b, binary.LittleEndian.Uint64(member[n-8:])
	for off < len(b) {
		m := int(b[off])
		if m >= 0x80 {
			_, _, off = q.longEntry(off)
			i++
			continue
		}
		end := off + 1 + m
		if m == n && binary.LittleEndian.Uint64(b[end-8:]) == last && string(b[off+1:end]) == string(member) {
			score, _ = readScore(b, end)
			return off, i, score, true
		}
		if c := b[end]; c < scoreTwo {
			off = end + 1
		} else {
			off = skipScore(b, end)
		}
		i++
	}
	return 0, 0, 0, false
}

// findOther is find for a member that is very short, or whose length takes more than a
// byte.
func (q *zseq) findOther(member []byte) (off, i int, score float64, ok bool) {
	for off < len(q.b) {
		m, s, next := q.entry(off)
		if string(m) == string(member) {
			return off, i, s, true
		}
		off = next
		i++
	}
	return 0, 0, 0, false
}

// end is the offset behind the entry at off.
func (q *zseq) end(off int) int {
	n := int(q.b[off])
	if n < 0x80 {
		return skipScore(q.b, off+1+n)
	}
	_, _, next := q.longEntry(off)
	return next
}

// skip is the offset n entries behind off.
func (q *zseq) skip(off, n int) int {
	for ; n > 0; n-- {
		off = q.end(off)
	}
	return off
}

// offsets appends where each entry begins.
func (q *zseq) offsets(dst []uint16) []uint16 {
	for off := 0; off < len(q.b); off = q.end(off) {
		dst = append(dst, uint16(off))
	}
	return dst
}

// entrySize is the number of bytes that an entry takes; inLeaf says that a long
// member is put in a node of its own.
func entrySize(member []byte, score float64, inLeaf bool) int {
	n := len(member)
	if n < 0x80 {
		return 1 + n + scoreSize(score)
	}
	size := uvarintSize(n) + scoreSize(score)
	if inLeaf && n > maxInline {
		return size + 4
	}
	return size + n
}

func uvarintSize(n int) int {
	size := 1
	for n >= 0x80 {
		n >>= 7
		size++
	}
	return size
}

// putEntry writes an entry over b at off. In a leaf, with s, a long member gets a
// node.
func putEntry(b []byte, off int, member []byte, score float64, s *nodes.Store) int {
	off += binary.PutUvarint(b[off:], uint64(len(member)))
	if s == nil || len(member) <= maxInline {
		off += copy(b[off:], member)
		return putScore(b, off, score)
	}
	h, node := s.Alloc(nodes.Large, nodes.HeaderSize+len(member))
	copy(node[nodes.HeaderSize:], member)
	binary.LittleEndian.PutUint32(b[off:], uint32(h))
	return putScore(b, off+4, score)
}

// largeHandle is where the handle of the entry's member stands; 0 if the member is
// in place.
func largeHandle(b []byte, off int) int {
	if b[off] < 0x80 {
		return 0
	}
	n, size := binary.Uvarint(b[off:])
	if n <= maxInline {
		return 0
	}
	return off + size
}

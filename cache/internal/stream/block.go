package stream

import (
	"math/bits"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// Offsets in a block; see the diagram in doc.go.
const (
	blockFirst  = nodes.HeaderSize // ID of the first entry it ever had
	blockEnd    = blockFirst + 16  // offset behind the last entry
	blockLast   = blockEnd + 4     // offset of the last entry
	blockPacked = blockLast + 4    // bytes it would take in Redis, counters left out
	blockLive   = blockPacked + 4  // entries
	blockDead   = blockLive + 2    // entries that were deleted
	blockBody   = blockDead + 2    // offset of the first entry
	blockFields = blockBody + 4    // number of fields, and their names
)

var _ [blockFields - 44]struct{}
var _ [44 - blockFields]struct{}

// Flags of an entry, in its first byte.
const (
	flagDead = 1 << 0 // it was deleted
	flagSame = 1 << 1 // its fields are the block's
)

// entry is the head of an entry, decoded.
type entry struct {
	off  int // of its first byte
	data int // of what is behind the head
	id   ID
	dead bool
	same bool
}

// packedSize is the bytes that a block would take in Redis.
func packedSize(b []byte) int {
	return get32(b, blockPacked) + packedInt(int64(get16(b, blockLive))) + packedInt(int64(get16(b, blockDead)))
}

// varintSize is the length of n as a base-128 varint.
func varintSize(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

func putVarint(b []byte, off int, n uint64) int {
	for n >= 0x80 {
		b[off] = byte(n) | 0x80
		n >>= 7
		off++
	}
	b[off] = byte(n)
	return off + 1
}

func varint(b []byte, off int) (n uint64, next int) {
	if c := b[off]; c < 0x80 {
		return uint64(c), off + 1
	}
	for shift := 0; ; shift += 7 {
		c := b[off]
		off++
		n |= uint64(c&0x7F) << shift
		if c < 0x80 {
			return n, off
		}
	}
}

func putBytes(b []byte, off int, s []byte) int {
	off = putVarint(b, off, uint64(len(s)))
	return off + copy(b[off:], s)
}

// bytesAt is the string at off, and the offset behind it.
func bytesAt(b []byte, off int) (s []byte, next int) {
	n, off := varint(b, off)
	next = off + int(n)
	return b[off:next:next], next
}

func skipBytes(b []byte, off int) int {
	n, off := varint(b, off)
	return off + int(n)
}

// putBack writes the length of an entry behind it, to be read from its end: the low
// seven bits stand last, and each byte says whether one more is before it.
func putBack(b []byte, off, n int) int {
	size := varintSize(uint64(n))
	for i := size - 1; i >= 0; i-- {
		b[off+i] = byte(n) & 0x7F
		if i > 0 {
			b[off+i] |= 0x80
		}
		n >>= 7
	}
	return off + size
}

// entryBefore is the offset of the entry that ends at end.
func entryBefore(b []byte, end int) int {
	n, shift, at := 0, 0, end-1
	for ; ; at-- {
		n |= int(b[at]&0x7F) << shift
		if b[at] < 0x80 {
			return at - n
		}
		shift += 7
	}
}

// headSize is the number of bytes of an entry's ID.
func headSize(first, id ID) int {
	ms, seq := distance(first, id)
	if ms > 0x1F {
		return 1 + varintSize(ms>>5) + varintSize(seq)
	}
	return 1 + varintSize(seq)
}

// distance is how an ID is written: milliseconds since the block's first, and the
// sequence number, since the first's in the same millisecond.
func distance(first, id ID) (ms, seq uint64) {
	if ms = id.Ms - first.Ms; ms == 0 {
		return 0, id.Seq - first.Seq
	}
	return ms, id.Seq
}

// putHead writes an entry's flags and ID.
func putHead(b []byte, off int, first, id ID, flags byte) int {
	ms, seq := distance(first, id)
	b[off] = flags | byte(ms&0x1F)<<2
	off++
	if ms > 0x1F {
		b[off-1] |= 0x80
		off = putVarint(b, off, ms>>5)
	}
	return putVarint(b, off, seq)
}

// readHead decodes the head of the entry at off.
func readHead(b []byte, off int) entry {
	e := entry{off: off, dead: b[off]&flagDead != 0, same: b[off]&flagSame != 0}
	ms, more := uint64(b[off]>>2&0x1F), b[off] >= 0x80
	off++
	if more {
		var high uint64
		high, off = varint(b, off)
		ms |= high << 5
	}
	first := readID(b, blockFirst)
	seq, off := varint(b, off)
	if ms == 0 {
		seq += first.Seq
	}
	e.id, e.data = ID{first.Ms + ms, seq}, off
	return e
}

// fieldCount is the number of fields of an entry, and the offset of the first of
// them, or of the first value where its fields are the block's.
func fieldCount(b []byte, e entry) (n, off int) {
	switch {
	case e.dead:
		return 0, e.data
	case e.same:
		count, _ := varint(b, blockFields)
		return int(count), e.data
	}
	count, off := varint(b, e.data)
	return int(count), off
}

// entryEnd is the offset behind an entry.
func entryEnd(b []byte, e entry) int {
	n, off := fieldCount(b, e)
	if !e.same {
		n *= 2
	}
	for ; n > 0; n-- {
		off = skipBytes(b, off)
	}
	return off + varintSize(uint64(off-e.off))
}

// sameFields tells whether an entry has the block's fields, in their order.
func sameFields(b []byte, pairs [][]byte) bool {
	n, off := varint(b, blockFields)
	if int(n) != len(pairs)/2 {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		var field []byte
		if field, off = bytesAt(b, off); string(field) != string(pairs[i]) {
			return false
		}
	}
	return true
}

// entrySize is the number of bytes of an entry.
func entrySize(first, id ID, pairs [][]byte, same bool) int {
	n := headSize(first, id)
	if !same {
		n += varintSize(uint64(len(pairs) / 2))
	}
	for i := 0; i < len(pairs); i += 2 {
		if !same {
			n += varintSize(uint64(len(pairs[i]))) + len(pairs[i])
		}
		n += varintSize(uint64(len(pairs[i+1]))) + len(pairs[i+1])
	}
	return n + varintSize(uint64(n))
}

// appendEntry writes an entry at a block's end, where there must be room.
func appendEntry(b []byte, id ID, pairs [][]byte, same bool) {
	first, start := readID(b, blockFirst), get32(b, blockEnd)
	flags := byte(0)
	if same {
		flags = flagSame
	}
	off := putHead(b, start, first, id, flags)
	if !same {
		off = putVarint(b, off, uint64(len(pairs)/2))
	}
	for i := 0; i < len(pairs); i += 2 {
		if !same {
			off = putBytes(b, off, pairs[i])
		}
		off = putBytes(b, off, pairs[i+1])
	}
	off = putBack(b, off, off-start)
	put32(b, blockEnd, off)
	put32(b, blockLast, start)
	put32(b, blockPacked, get32(b, blockPacked)+packedEntry(first, id, pairs, same))
	put16(b, blockLive, get16(b, blockLive)+1)
}

// newBlock makes a block of one entry.
func newBlock(s *nodes.Store, id ID, pairs [][]byte) nodes.Handle {
	n := blockFields + varintSize(uint64(len(pairs)/2))
	for i := 0; i < len(pairs); i += 2 {
		n += varintSize(uint64(len(pairs[i]))) + len(pairs[i])
	}
	h, b := s.Alloc(nodes.StreamLeaf, n+entrySize(id, id, pairs, true))
	writeID(b, blockFirst, id)
	off := putVarint(b, blockFields, uint64(len(pairs)/2))
	for i := 0; i < len(pairs); i += 2 {
		off = putBytes(b, off, pairs[i])
	}
	put32(b, blockBody, off)
	put32(b, blockEnd, off)
	put32(b, blockPacked, packedMaster(pairs))
	put16(b, blockLive, 0)
	put16(b, blockDead, 0)
	appendEntry(b, id, pairs, true)
	return h
}

// extend adds an entry to a block, which gets a larger place where it must: half as
// large again, but no larger than the block will get if it goes on like this.
func extend(s *nodes.Store, h nodes.Handle, id ID, pairs [][]byte, l Limits) {
	b := s.Bytes(h)
	dropTail(b)
	same := sameFields(b, pairs)
	end := get32(b, blockEnd)
	if size := entrySize(readID(b, blockFirst), id, pairs, same); end+size > len(b) {
		more := max(size, min((end+size)/2, size*room(b, l)))
		b = s.Resize(h, end+more, end)
	}
	appendEntry(b, id, pairs, same)
}

// room is about how many more entries a block may get.
func room(b []byte, l Limits) int {
	n := get16(b, blockLive) + get16(b, blockDead)
	most := l.maxBytes()
	left := (most - packedSize(b)) * n / packedSize(b)
	if l.MaxEntries > 0 {
		left = min(left, l.MaxEntries-n)
	}
	return max(left, 1)
}

// dropTail takes away what is left of a last entry that was deleted: it keeps the
// place of the last ID, and will not be that any more.
func dropTail(b []byte) {
	if last := get32(b, blockLast); b[last]&flagDead != 0 {
		put32(b, blockEnd, last)
	}
}

// notBelow is the offset of a block's first entry that is not below an ID, or its end.
// Walking from the end needs no look at fields and values, and most often is short.
func notBelow(b []byte, id ID) int {
	first, body, next := readID(b, blockFirst), get32(b, blockBody), get32(b, blockEnd)
	if !first.Less(id) {
		return body
	}
	ms := id.Ms - first.Ms
	for next > body {
		at := entryBefore(b, next)
		if here := distanceAt(b, at); here < ms || here == ms && readHead(b, at).id.Less(id) {
			break
		}
		next = at
	}
	return next
}

// distanceAt is the milliseconds of the entry at off since the block's first.
func distanceAt(b []byte, off int) uint64 {
	ms := uint64(b[off] >> 2 & 0x1F)
	if b[off] >= 0x80 {
		high, _ := varint(b, off+1)
		ms |= high << 5
	}
	return ms
}

// find is the entry with an ID in a block.
func find(b []byte, id ID) (e entry, next int, ok bool) {
	off := notBelow(b, id)
	if off == get32(b, blockEnd) {
		return e, off, false
	}
	e = readHead(b, off)
	return e, entryEnd(b, e), e.id == id && !e.dead
}

// erase deletes an entry that ends at next. The last one of a block leaves its ID
// behind, which approximate trims look at; all others leave nothing.
func erase(b []byte, e entry, next int) {
	end := get32(b, blockEnd)
	switch {
	case e.off == get32(b, blockLast):
		b[e.off] |= flagDead
		b[e.off] &^= flagSame
		put32(b, blockEnd, putBack(b, e.data, e.data-e.off))
	case e.off == get32(b, blockBody):
		put32(b, blockBody, next)
	default:
		copy(b[e.off:], b[next:end])
		put32(b, blockEnd, end-(next-e.off))
		put32(b, blockLast, get32(b, blockLast)-(next-e.off))
	}
	put16(b, blockLive, get16(b, blockLive)-1)
	put16(b, blockDead, get16(b, blockDead)+1)
}

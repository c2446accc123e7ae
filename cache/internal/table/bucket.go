package table

import (
	"encoding/binary"
	"math/bits"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// bucket is the bytes of a node of elements with keys; doc.go draws it.
type bucket []byte

const (
	hasPairs = 0x10 // in byte 1: entries have values
	hasLarge = 0x20 // some entry may be in a node of its own
	hasDue   = 0x40 // some entry may expire: the earliest time stands in the header

	bucketHeader = nodes.HeaderSize + 4
	dueSize      = 6

	groupLen  = 8            // elements of a group
	sizesAt   = groupLen     // in a group: behind the tags
	offsetAt  = 2 * groupLen // and behind the sizes
	groupSize = offsetAt + 2

	maxShort  = sizeLarge - 1 // the largest size that says itself
	sizeLarge = 0xFE          // a key in a node of its own
	sizeLong  = 0xFF          // the size stands before the entry, in two bytes

	handleSize = 4
)

// The first byte of an entry of a pair, if it is not the key's length.
const (
	longForm  = 0x80
	largeForm = 0x40 // with longForm: a handle takes the place of key and value
	dueForm   = 0x20 // with longForm: an expiry follows
	highBits  = 0x07 // with longForm: the key's length / 256
)

// A tag and a size for each element of a group, and the offset, as doc.go has them.
var _ [0]struct{} = [groupSize - 18]struct{}{}

// maxInline is the most bytes of key and value together that stand in a bucket. A
// longer element gets a node of its own.
const maxInline = 512

var _ [highBits<<8 | 0xFF - maxInline]struct{} // lengths of keys fit an entry's first bytes

func (b bucket) len() int     { return int(binary.LittleEndian.Uint16(b[8:])) }
func (b bucket) setLen(n int) { binary.LittleEndian.PutUint16(b[8:], uint16(n)) }

// end is where the last entry ends.
func (b bucket) end() int       { return int(binary.LittleEndian.Uint16(b[10:])) }
func (b bucket) setEnd(end int) { binary.LittleEndian.PutUint16(b[10:], uint16(end)) }

// head is where the groups begin.
func (b bucket) head() int {
	if b[1]&hasDue != 0 {
		return bucketHeader + dueSize
	}
	return bucketHeader
}

// start is where the entries begin.
func (b bucket) start() int { return b.head() + groupsFor(b.len())*groupSize }

func groupsFor(n int) int { return (n + groupLen - 1) / groupLen }

func (b bucket) pairs() bool { return b[1]&hasPairs != 0 }

// tagAt is where entry i's tag stands, sizesAt before its size.
func (b bucket) tagAt(i int) int { return b.head() + i/groupLen*groupSize + i%groupLen }

func (b bucket) tag(i int) byte { return b[b.tagAt(i)] }

// mark sets an entry's tag and the byte of its size.
func (b bucket) mark(i int, tag, size byte) {
	at := b.tagAt(i)
	b[at], b[at+sizesAt] = tag, size
}

// groupStart is where the entries of group g begin, counted from start.
func (b bucket) groupStart(g int) int {
	return int(binary.LittleEndian.Uint16(b[b.head()+g*groupSize+offsetAt:]))
}

func (b bucket) setGroupStart(g, off int) {
	binary.LittleEndian.PutUint16(b[b.head()+g*groupSize+offsetAt:], uint16(off))
}

// moveGroups adds delta to the beginnings of the groups behind g.
func (b bucket) moveGroups(g, delta int) {
	if delta == 0 {
		return
	}
	for g++; g < groupsFor(b.len()); g++ {
		b.setGroupStart(g, b.groupStart(g)+delta)
	}
}

// span is where the bytes of the entry at pos begin and end, if its size says size.
func (b bucket) span(pos int, size byte) (from, end int) {
	switch size {
	case sizeLarge:
		return pos, pos + handleSize
	case sizeLong:
		pos += 2
		return pos, pos + int(binary.LittleEndian.Uint16(b[pos-2:]))
	}
	return pos, pos + int(size)
}

// at is where entry i begins.
func (b bucket) at(i int) int {
	group := b.head() + i/groupLen*groupSize
	return b.within(group, b.start(), i%groupLen)
}

// within is where the j-th entry of the group at group begins; entries begin at start.
func (b bucket) within(group, start, j int) int {
	pos := start + int(binary.LittleEndian.Uint16(b[group+offsetAt:]))
	before := binary.LittleEndian.Uint64(b[group+sizesAt:]) & (1<<(8*j) - 1)
	if !hasSpecial(before) {
		return pos + sum(before)
	}
	for k := range j {
		_, pos = b.span(pos, b[group+sizesAt+k])
	}
	return pos
}

// hasSpecial tells whether one of eight sizes is no size but sizeLarge or sizeLong: the
// bytes that are 0 once bit 0 is set and all are inverted.
func hasSpecial(sizes uint64) bool {
	x := ^(sizes | lowBits)
	return (x-lowBits)&^x&highOnes != 0
}

// sum adds up eight bytes: in pairs, then all pairs at once.
func sum(sizes uint64) int {
	const even, every = 0x00FF00FF00FF00FF, 0x0001000100010001
	return int((sizes&even + sizes>>8&even) * every >> 48)
}

// entry is an entry that was taken apart.
type entry struct {
	key, value []byte // nil where large
	due        int64  // 0: never expires
	large      nodes.Handle
	largeAt    int // where the handle stands, if there is one
	dueAt      int // where the expiry stands, if there is one
	next       int // where the next entry begins
}

// entry reads entry i, which begins at pos. What lies in a node of its own is not read.
func (b bucket) entry(i, pos int) (e entry) {
	size := b[b.tagAt(i)+sizesAt]
	pos, e.next = b.span(pos, size)
	switch {
	case size == sizeLarge:
		e.large, e.largeAt = b.handle(pos), pos
	case !b.pairs():
		e.key = b[pos:e.next:e.next]
	case b[pos] < longForm:
		split := pos + 1 + int(b[pos])
		e.key, e.value = b[pos+1:split:split], b[split:e.next:e.next]
	default:
		b.long(&e, pos)
	}
	return e
}

// long reads the entry of a pair in the long form.
func (b bucket) long(e *entry, pos int) {
	form := int(b[pos])
	pos++
	length := 0
	if form&largeForm == 0 {
		length = (form&highBits)<<8 | int(b[pos])
		pos++
	}
	if form&dueForm != 0 {
		e.dueAt = pos
		e.due = int64(getDue(b[pos:]))
		pos += dueSize
	}
	if form&largeForm != 0 {
		e.large, e.largeAt = b.handle(pos), pos
		return
	}
	split := pos + length
	e.key, e.value = b[pos:split:split], b[split:e.next:e.next]
}

func (b bucket) handle(pos int) nodes.Handle {
	return nodes.Handle(binary.LittleEndian.Uint32(b[pos:]))
}

// shape is what is decided about an entry before it is written.
type shape struct {
	large nodes.Handle
	due   int64
	pairs bool
	mark  byte // what stands for its size
	size  int  // all of it
}

// shapeOf computes the size of an entry. A large one must have got its handle.
func shapeOf(keyLen, valueLen int, pairs bool, due int64, large nodes.Handle) (s shape) {
	s.due, s.large, s.pairs = due, large, pairs
	switch {
	case large != 0 && !pairs:
		s.mark, s.size = sizeLarge, handleSize
		return s
	case large != 0:
		s.size = 1 + handleSize
	case !pairs:
		s.size = keyLen
	default:
		s.size = 1 + keyLen + valueLen
		if due != 0 || keyLen >= longForm {
			s.size++
		}
	}
	if due != 0 {
		s.size += dueSize
	}
	if s.mark = byte(s.size); s.size > maxShort {
		s.mark = sizeLong
		s.size += 2
	}
	return s
}

// write lays an entry of this shape out over b.
func (s *shape) write(b []byte, key, value []byte) {
	if s.mark == sizeLong {
		binary.LittleEndian.PutUint16(b, uint16(s.size-2))
		b = b[2:]
	}
	switch {
	case s.mark == sizeLarge:
		binary.LittleEndian.PutUint32(b, uint32(s.large))
		return
	case !s.pairs:
	case s.due == 0 && s.large == 0 && len(key) < longForm:
		b[0] = byte(len(key))
		b = b[1:]
	default:
		b = s.writeLong(b, len(key))
		if s.large != 0 {
			return
		}
	}
	copy(b[copy(b, key):], value)
}

// writeLong writes what stands before the key of a pair, or all if it is large, and
// returns the rest of b.
func (s *shape) writeLong(b []byte, keyLen int) []byte {
	form := &b[0]
	*form = longForm
	b = b[1:]
	if s.large != 0 {
		*form |= largeForm
	} else {
		*form |= byte(keyLen >> 8)
		b[0] = byte(keyLen)
		b = b[1:]
	}
	if s.due != 0 {
		*form |= dueForm
		putDue(b, uint64(s.due))
		b = b[dueSize:]
	}
	if s.large != 0 {
		binary.LittleEndian.PutUint32(b, uint32(s.large))
	}
	return b
}

func getDue(b []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
}

func putDue(b []byte, due uint64) {
	binary.LittleEndian.PutUint32(b, uint32(due))
	binary.LittleEndian.PutUint16(b[4:], uint16(due>>32))
}

// due is the earliest time at which an entry expires, or an earlier one; 0 if none does.
func (b bucket) due() int64 {
	if b[1]&hasDue == 0 {
		return 0
	}
	return int64(getDue(b[bucketHeader:]))
}

const (
	lowBits  = 0x0101010101010101
	highOnes = 0x8080808080808080
)

// matches finds a tag among the eight of a word: the high bit of each byte that is
// equal is set in the result. A byte above an equal one may be marked wrongly.
func matches(tags uint64, tag byte) uint64 {
	x := tags ^ lowBits*uint64(tag)
	return (x - lowBits) &^ x & highOnes
}

// first is the number of the lowest byte that is marked.
func first(marks uint64) int { return bits.TrailingZeros64(marks) / 8 }

// live masks the marks of the elements of a group that there are, if left is the
// number of elements from the group on.
func live(left int) uint64 {
	if left >= groupLen {
		return highOnes
	}
	return 1<<(8*left) - 1
}

package index

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Peek is the second half of what Touch begins: the reference that a lookup of
// hash would most likely find, or 0, read without a lock from the home bucket's
// line, which is best touched before. It may be out of date, and so lead to
// memory that holds something else by now: good for touching that memory, and for
// nothing else.
func (t *Table) Peek(hash uint64) uint32 {
	d := t.shared.Load()
	pos := spread(hash)
	l := leaf(atomic.LoadUint32((*uint32)(&d.leaves[pos>>(d.shift&63)])))
	if l.steps() == 0 {
		return 0
	}
	x := l.within(pos)
	b := (*bucket)(unsafe.Pointer(t.pool.bucket(l.id(), l.home(x))))
	m := b.match(uint8(x>>b.stale())) & occupiedMask
	if m == 0 {
		return 0
	}
	return b.refs[bits.TrailingZeros32(m)%slotsPerBucket]
}

package index

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// An Ahead goes the way of a lookup ahead of it, a line of memory at a time, without a
// lock: each step reads what the one before has named. Who has many lookups before him
// takes a step of each in turn and asks the processor for what they name, so that their
// waits for memory overlap. The table may change meanwhile: then lines and references may
// be out of date, and so lead to memory that holds something else by now. They are good
// for asking for that memory, and for nothing else.
type Ahead struct {
	bucket *bucket // where the next step looks
	leaf   leaf
	x      uint32 // the position within the leaf
	guest  bool   // it is the alternate bucket
}

// GoAhead begins the way to hash, and returns the line of the home bucket, or nil where
// there are no entries.
func (t *Table) GoAhead(a *Ahead, hash uint64) (line unsafe.Pointer) {
	d := t.shared.Load()
	pos := spread(hash)
	l := leaf(atomic.LoadUint32((*uint32)(&d.leaves[pos>>(d.shift&63)])))
	if l.steps() == 0 {
		return nil
	}
	x := l.within(pos)
	*a = Ahead{bucket: t.pool.bucket(l.id(), l.home(x)), leaf: l, x: x}
	return unsafe.Pointer(a.bucket)
}

// Step reads the line that was named last. It returns the reference that the lookup will
// most likely find or, where there is none, the line of the alternate bucket if the entry
// may be there; else 0 and nil.
func (a *Ahead) Step() (ref uint32, line unsafe.Pointer) {
	b := a.bucket
	from := b.natives()
	if a.guest {
		from = b.displaced() & b.occupied()
	}
	if m := b.match(uint8(a.x>>b.stale())) & from; m != 0 {
		return b.refs[bits.TrailingZeros32(m)%slotsPerBucket], nil
	}
	if a.guest || b.overflow() == 0 {
		return 0, nil
	}
	home := a.leaf.home(a.x)
	there := other(home, a.x>>1&0x7f, a.leaf.buckets())
	a.bucket = (*bucket)(unsafe.Add(unsafe.Pointer(b), (int(there)-int(home))*bucketSize))
	a.guest = true
	return 0, unsafe.Pointer(a.bucket)
}

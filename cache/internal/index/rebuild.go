package index

import (
	"math/bits"
	"sync"
	"unsafe"
)

// scratch is what a rebuild reads from while it writes the segment anew.
type scratch struct {
	buckets [maxBuckets]bucket
	pending [maxBuckets * slotsPerBucket]pendingEntry
}

// pendingEntry is one whose home had no room.
type pendingEntry struct{ x, ref uint32 }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// enlarge makes room in a full segment by adding a step or splitting it. grown is
// false if it may not be split further, or if err says that there is no memory.
func (t *Table) enlarge(pos uint64, l leaf) (grown bool, err error) {
	if l.steps() == maxSteps {
		return t.split(pos, l)
	}
	if err := t.resize(pos, l, l.steps()+1); err != nil {
		return false, err
	}
	return true, nil
}

// resize rebuilds a segment with another number of steps.
func (t *Table) resize(pos uint64, l leaf, steps uint32) error {
	if steps > l.steps() {
		if err := t.pool.resize(l.id(), l.steps(), steps); err != nil {
			return err
		}
	}
	sc := scratches.Get().(*scratch)
	old := sc.buckets[:l.buckets()]
	copy(old, t.pool.buckets(l.id(), l.buckets()))
	stashed := t.empty(l, min(l.steps(), steps))
	if steps < l.steps() {
		t.pool.resize(l.id(), l.steps(), steps)
	}
	grown := makeLeaf(l.id(), l.depth(), steps)
	t.begin(grown, steps > l.steps())
	t.setLeaf(pos, grown)
	t.settle(grown, sc, t.pour(source{buckets: old, leaf: l}, grown, sc, 0))
	if stashed {
		t.restash(pos, grown)
	}
	scratches.Put(sc)
	return nil
}

// empty clears the first steps of a segment and forgets its entries. It tells
// whether some of the leaf's entries are in the stash.
func (t *Table) empty(l leaf, steps uint32) (stashed bool) {
	s := t.seg(l)
	stashed = s.stashed > 0
	clear(t.pool.buckets(l.id(), steps*stepBuckets))
	t.count -= int(s.count)
	*s = segment{}
	return stashed
}

// begin prepares an empty segment for pour. Where a segment has just grown to a
// power of two buckets, the bit that its entries' tags need now is in the items
// alone: instead of reading them all at once, all buckets begin stale.
func (t *Table) begin(l leaf, growing bool) {
	if n := l.buckets(); growing && n&(n-1) == 0 {
		for b := range n {
			t.bucket(l, b).meta = staleFlag
		}
		t.seg(l).stale = uint16(n)
	}
}

// source is a segment as it was before a rebuild.
type source struct {
	buckets []bucket
	leaf    leaf
	// Positions in the new leaf have, compared with those in the old one, more
	// (1, in a merge) or fewer (-1, in a split) bits at the top: this one.
	more int32
	side uint32
}

// pour puts the entries of a source that belong to a new leaf where they are at
// home, and those whose home is full behind the first n that are pending. It
// returns the number pending then.
func (t *Table) pour(from source, to leaf, sc *scratch, n int) int {
	f := filler{leaf: to, first: t.bucket(to, 0), buckets: to.buckets(), width: to.width(), pending: &sc.pending, n: n}
	need := to.width()
	if t.seg(to).stale > 0 {
		f.stale = 1
		need--
	}
	for i := range from.buckets {
		b := &from.buckets[i]
		have := from.leaf.width() - b.stale()
		known := uint32(int32(have) + from.more)
		if known < need {
			t.pourByHash(from, uint32(i), &f)
			continue
		}
		var keep, top = ^uint32(0), uint32(0) // bits to keep, and to add, of x
		switch from.more {
		case 1:
			top = from.side << have
		case -1:
			keep = 1<<known - 1
		}
		drop := known - need
		if from.takes(uint32(i)) {
			first := firstOf(uint32(i), from.leaf.steps(), have)
			for m := b.natives(); m != 0; m &= m - 1 {
				slot := bits.TrailingZeros32(m)
				x := first + (uint32(b.tags[slot])-first)&0xff
				f.add((x&keep|top)>>drop<<f.stale, b.refs[slot])
			}
		}
		for m := b.displaced(); m != 0; m &= m - 1 {
			slot := uint32(bits.TrailingZeros32(m))
			home := other(uint32(i), b.pair(slot), from.leaf.buckets())
			if from.takes(home) {
				first := firstOf(home, from.leaf.steps(), have)
				x := first + (uint32(b.tags[slot])-first)&0xff
				f.add((x&keep|top)>>drop<<f.stale, b.refs[slot])
			}
		}
	}
	t.seg(to).count += uint16(f.added)
	t.count += f.added
	return f.n
}

// takes tells whether entries whose home is bucket home go to the new leaf.
func (s *source) takes(home uint32) bool {
	return s.more >= 0 || (home >= s.leaf.buckets()/2) == (s.side == 1)
}

// filler puts entries into a new segment's buckets.
type filler struct {
	leaf    leaf
	first   *bucket
	buckets uint32
	width   uint32
	stale   uint32 // 1 if the buckets are stale
	added   int
	pending *[maxBuckets * slotsPerBucket]pendingEntry
	n       int // the number of them
}

// add puts an entry into its home bucket, or among those that are pending.
func (f *filler) add(x, ref uint32) {
	b := (*bucket)(unsafe.Add(unsafe.Pointer(f.first), uintptr(x*f.buckets>>f.width)*bucketSize))
	i := bits.TrailingZeros32(^b.meta)
	if i >= slotsPerBucket {
		f.pending[f.n] = pendingEntry{x, ref}
		f.n++
		return
	}
	b.tags[i], b.refs[i] = uint8(x>>f.stale), ref
	b.meta |= 1 << i
	f.added++
}

// pourByHash is pour for bucket i if its tags do not tell enough.
func (t *Table) pourByHash(from source, i uint32, f *filler) {
	b := &from.buckets[i]
	for m := b.occupied(); m != 0; m &= m - 1 {
		slot, home := uint32(bits.TrailingZeros32(m)), i
		if b.displaced()>>slot&1 != 0 {
			home = other(i, b.pair(slot), from.leaf.buckets())
		}
		if ref := b.refs[slot]; from.takes(home) {
			f.add(f.leaf.within(spread(t.rehash(ref))), ref)
		}
	}
}

// settle finds places for the n pending entries, in the stash at the worst.
func (t *Table) settle(l leaf, sc *scratch, n int) {
	for _, e := range sc.pending[:n] {
		if !t.place(l, e.x, e.ref) {
			t.toStash(l, t.rehash(e.ref), e.ref)
		}
	}
}

// restash brings the stash's entries of a rebuilt leaf to it where there is room,
// and flags the homes of the others.
func (t *Table) restash(pos uint64, l leaf) {
	s := t.seg(l)
	s.stashed = 0
	for i := uint32(1); i < uint32(len(t.stash.nodes)); i++ {
		n := t.stash.nodes[i]
		if n.ref == 0 || l.start(spread(n.hash)) != l.start(pos) {
			continue
		}
		x := l.within(spread(n.hash))
		if uint32(s.count) < limitOf(l.steps()) && t.placeSimply(l, x, n.ref) {
			if t.stash.take(i) > i {
				i-- // what is in this node now was not looked at yet
			}
			continue
		}
		t.bucket(l, l.home(x)).meta |= stashFlag
		s.stashed++
	}
}

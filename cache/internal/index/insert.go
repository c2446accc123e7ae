package index

import "math/bits"

// fillPercent is the share of a segment's slots above which it grows.
const fillPercent = 98

// limitOf is the number of entries above which a segment of so many steps grows.
func limitOf(steps uint32) uint32 {
	return steps * stepBuckets * slotsPerBucket * fillPercent / 100
}

// stepsFor is the least number of steps for so many entries.
func stepsFor(entries uint32) uint32 {
	const limit1 = stepBuckets * slotsPerBucket * fillPercent / 100
	return min(entries/limit1+1, maxSteps)
}

// Insert adds an entry, whose key must not be in the table. The error, if any, is
// that of the pool and means that nothing has changed. Rehash may be called for
// any entry of the table. ref is not 0.
func (t *Table) Insert(hash uint64, ref uint32) error {
	pos := spread(hash)
	for {
		l := t.at(pos)
		if l.steps() == 0 {
			id, err := t.pool.alloc(1)
			if err != nil {
				return err
			}
			t.setLeaf(pos, makeLeaf(id, l.depth(), 1))
			continue
		}
		s := t.seg(l)
		if s.stale > 0 {
			t.refresh(l)
		}
		if uint32(s.count) >= limitOf(l.steps()) {
			grown, err := t.enlarge(pos, l)
			if grown {
				continue
			}
			if err != nil {
				if t.place(l, l.within(pos), ref) {
					return nil
				}
				return err
			}
		}
		// A segment below its limit that has no place has a flood of hashes that
		// are alike, for which growing would do nothing.
		if !t.place(l, l.within(pos), ref) {
			t.toStash(l, hash, ref)
		}
		return nil
	}
}

// place puts an entry into the segment: at home, in its alternate bucket, or after
// moving others to their alternates.
func (t *Table) place(l leaf, x, ref uint32) bool {
	home := l.home(x)
	if t.bucket(l, home).full() {
		t.sendGuestHome(l, home)
	}
	if t.placeSimply(l, x, ref) {
		return true
	}
	if b := t.bucket(l, home); b.overflow() == overflowMax || b.meta&stashFlag != 0 && t.stash.len() > 0 {
		return false // a flood: further search is in vain
	}
	alt := other(home, x>>1&0x7f, l.buckets())
	return t.displace(l, home, alt) && t.placeSimply(l, x, ref)
}

// placeSimply is place without moving others.
func (t *Table) placeSimply(l leaf, x, ref uint32) bool {
	home := l.home(x)
	b := t.bucket(l, home)
	switch {
	case !b.full():
		b.put(uint8(x>>b.stale()), ref, false)
	case b.overflow() == overflowMax:
		return false
	default:
		a := t.bucket(l, other(home, x>>1&0x7f, l.buckets()))
		if a.full() {
			return false
		}
		a.put(uint8(x>>a.stale()), ref, true)
		b.addOverflow(1)
	}
	t.seg(l).count++
	t.count++
	return true
}

// sendGuestHome moves a guest out of a full bucket if its home has room by now.
// Without it, deletions and insertions in turn would make ever more entries guests.
func (t *Table) sendGuestHome(l leaf, i uint32) {
	b := t.bucket(l, i)
	for m := b.displaced(); m != 0; m &= m - 1 {
		slot := uint32(bits.TrailingZeros32(m))
		if home := other(i, b.pair(slot), l.buckets()); !t.bucket(l, home).full() {
			t.move(l, i, slot, home)
			return
		}
	}
}

// maxPaths bounds the search of displace: buckets whose entries are looked at.
const maxPaths = 160

// path is a step of displace: the entry in that slot of the bucket of path parent
// could move to this bucket.
type path struct {
	bucket uint16
	parent int16 // -1: home or alt itself
	slot   uint8
}

// displace frees a slot in bucket home or alt by moving entries along the shortest
// chain of other buckets, found breadth first. It returns false if there is none
// short enough.
func (t *Table) displace(l leaf, home, alt uint32) bool {
	var queue [maxPaths]path
	queue[0] = path{bucket: uint16(home), parent: -1}
	n := 1
	if alt != home {
		queue[1] = path{bucket: uint16(alt), parent: -1}
		n = 2
	}
	for i := 0; i < n; i++ {
		from := uint32(queue[i].bucket)
		b := t.bucket(l, from)
		for slot := range uint32(slotsPerBucket) {
			to := other(from, b.pair(slot), l.buckets())
			if b.displaced()>>slot&1 == 0 && b.overflow() >= overflowMax-4 || onPath(queue[:], i, to) {
				continue
			}
			if !t.bucket(l, to).full() {
				t.makeWay(l, queue[:], i, slot, to)
				return true
			}
			if n < maxPaths {
				queue[n] = path{bucket: uint16(to), parent: int16(i), slot: uint8(slot)}
				n++
			}
		}
	}
	return false
}

// onPath tells whether the chain that ends with step i comes through bucket b.
func onPath(queue []path, i int, b uint32) bool {
	for ; i >= 0; i = int(queue[i].parent) {
		if uint32(queue[i].bucket) == b {
			return true
		}
	}
	return false
}

// makeWay moves the entry in slot of step i's bucket to bucket to, that of the step
// before into its place, and so on.
func (t *Table) makeWay(l leaf, queue []path, i int, slot, to uint32) {
	for {
		from := uint32(queue[i].bucket)
		t.move(l, from, slot, to)
		if queue[i].parent < 0 {
			return
		}
		to, slot = from, uint32(queue[i].slot)
		i = int(queue[i].parent)
	}
}

// move moves an entry to its other bucket, which has room.
func (t *Table) move(l leaf, from, slot, to uint32) {
	b, o := t.bucket(l, from), t.bucket(l, to)
	if b.stale() > o.stale() {
		t.refreshBucket(l, from)
	}
	guest := b.displaced()>>slot&1 != 0
	tag := b.tags[slot]
	if b.stale() < o.stale() {
		// The tag loses its lowest bit and gets at the top the bit that the
		// number of the home bucket ends with.
		home := from
		if guest {
			home = to
		}
		tag = tag>>1 | uint8(home<<7)
	}
	o.put(tag, b.refs[slot], !guest)
	b.clear(slot)
	if guest {
		o.addOverflow(-1)
	} else {
		b.addOverflow(1)
	}
}

// refresh refreshes the next stale bucket of a segment that has one.
func (t *Table) refresh(l leaf) {
	s := t.seg(l)
	for {
		b := uint32(s.cursor) % l.buckets()
		s.cursor = uint16(b + 1)
		if t.bucket(l, b).stale() != 0 {
			t.refreshBucket(l, b)
			return
		}
	}
}

// refreshBucket gives the tags of a stale bucket their lowest bit. The items are
// read one after the other without a step in between that depends on them, so that
// their cache misses overlap.
func (t *Table) refreshBucket(l leaf, i uint32) {
	b := t.bucket(l, i)
	b.meta &^= staleFlag
	t.seg(l).stale--
	for m := b.occupied(); m != 0; m &= m - 1 {
		slot := bits.TrailingZeros32(m)
		b.tags[slot] = uint8(l.within(spread(t.rehash(b.refs[slot]))))
	}
}

// toStash stores an entry that its segment has no place for.
func (t *Table) toStash(l leaf, hash uint64, ref uint32) {
	b := t.bucket(l, l.home(l.within(spread(hash))))
	b.meta |= stashFlag
	t.seg(l).stashed++
	t.stash.add(hash, ref)
}

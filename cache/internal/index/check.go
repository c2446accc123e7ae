package index

import (
	"fmt"
	"math/bits"
)

// CheckInvariants verifies the whole table, hashing every item again, and returns
// what is wrong first. It is for tests and the invariants build.
func (t *Table) CheckInvariants() error {
	count, deepest, stashed := 0, 0, 0
	var err error
	t.leaves(func(start uint64, l leaf) {
		if err != nil {
			return
		}
		if l.depth() > t.dirBits() || l.start(start) != start {
			err = fmt.Errorf("index: leaf %#x at %#x: not where its depth says", uint32(l), start)
			return
		}
		if l.depth() == t.dirBits() {
			deepest++
		}
		for pos := start; l.start(pos) == start && pos >= start; pos += 1 << t.shift {
			if t.at(pos) != l {
				err = fmt.Errorf("index: leaf %#x at %#x: %#x in its interval", uint32(l), start, uint32(t.at(pos)))
				return
			}
			if pos+1<<t.shift == 0 {
				break
			}
		}
		if l.steps() > 0 {
			count += int(t.seg(l).count)
			stashed += int(t.seg(l).stashed)
			if err = t.checkSegment(start, l); err != nil {
				err = fmt.Errorf("index: leaf %#x at %#x: %w", uint32(l), start, err)
			}
		}
	})
	switch {
	case err != nil:
		return err
	case count != t.count:
		return fmt.Errorf("index: %d entries in segments, %d counted", count, t.count)
	case deepest != t.deepest:
		return fmt.Errorf("index: %d deepest leaves, %d counted", deepest, t.deepest)
	case stashed != t.stash.len():
		return fmt.Errorf("index: %d entries in the stash, %d counted by segments", t.stash.len(), stashed)
	}
	return t.checkStash()
}

// checkSegment verifies the buckets of one leaf.
func (t *Table) checkSegment(start uint64, l leaf) error {
	var overflow [maxBuckets]uint32
	count, stale := uint32(0), uint32(0)
	for i := range l.buckets() {
		b := t.bucket(l, i)
		stale += b.stale()
		count += uint32(bits.OnesCount32(b.occupied()))
		if b.displaced()&^b.occupied() != 0 {
			return fmt.Errorf("bucket %d: a free slot with a guest", i)
		}
		for slot := range uint32(slotsPerBucket) {
			home, err := t.checkSlot(start, l, i, slot)
			if err != nil {
				return fmt.Errorf("bucket %d slot %d: %w", i, slot, err)
			}
			if b.displaced()>>slot&1 != 0 {
				overflow[home]++
			}
		}
	}
	for i := range l.buckets() {
		if n := t.bucket(l, i).overflow(); n != overflow[i] {
			return fmt.Errorf("bucket %d: overflow is %d, not %d", i, n, overflow[i])
		}
	}
	s := t.seg(l)
	if uint32(s.count) != count || uint32(s.stale) != stale {
		return fmt.Errorf("%d entries, %d stale buckets; %d and %d counted", count, stale, s.count, s.stale)
	}
	if n := l.buckets(); stale > 0 && n&(n-1) != 0 {
		return fmt.Errorf("%d stale buckets of %d", stale, n)
	}
	return nil
}

// checkSlot verifies that an entry is where its item's hash belongs.
func (t *Table) checkSlot(start uint64, l leaf, i, slot uint32) (home uint32, err error) {
	b := t.bucket(l, i)
	if b.occupied()>>slot&1 == 0 {
		if b.refs[slot] != 0 || b.tags[slot] != 0 {
			return 0, fmt.Errorf("free, but has tag %#x, ref %#x", b.tags[slot], b.refs[slot])
		}
		return 0, nil
	}
	if b.refs[slot] == 0 {
		return 0, fmt.Errorf("occupied by ref 0")
	}
	pos := spread(t.rehash(b.refs[slot]))
	x := l.within(pos)
	if l.start(pos) != start {
		return 0, fmt.Errorf("position %#x is not in the leaf", pos)
	}
	if tag := uint8(x >> b.stale()); tag != b.tags[slot] {
		return 0, fmt.Errorf("tag %#x, not %#x", b.tags[slot], tag)
	}
	at, home := l.home(x), l.home(x)
	if b.displaced()>>slot&1 != 0 {
		at = other(home, x>>1&0x7f, l.buckets())
	}
	if at != i {
		return 0, fmt.Errorf("belongs into bucket %d", at)
	}
	return home, nil
}

// checkStash verifies that the stash's entries will be found.
func (t *Table) checkStash() error {
	chained, used := 0, 0
	for hash, at := range t.stash.heads {
		for ; at != 0; at = t.stash.nodes[at].next {
			if node := t.stash.nodes[at]; node.ref == 0 || node.hash != hash {
				return fmt.Errorf("index: stash node %d: not of the chain of %#x", at, hash)
			}
			chained++
		}
		pos := spread(hash)
		l := t.at(pos)
		if l.steps() == 0 || t.bucket(l, l.home(l.within(pos))).meta&stashFlag == 0 {
			return fmt.Errorf("index: hash %#x is in the stash, but its home has no flag", hash)
		}
	}
	for _, node := range t.stash.nodes {
		if node.ref != 0 {
			used++
		}
	}
	if chained != t.stash.len() || used != t.stash.len() {
		return fmt.Errorf("index: %d stash nodes in chains, %d in use, %d counted", chained, used, t.stash.len())
	}
	return nil
}

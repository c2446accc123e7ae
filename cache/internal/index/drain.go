package index

import "math/bits"

// bucketsAnEntry is how many buckets looked at count as one entry removed.
const bucketsAnEntry = 32

// Drain removes up to limit entries, fewer from a table that has lost most of its
// entries, and calls f with each one's reference, which may free the item. done tells that the table is empty, and holds no segment then.
// Between calls the table is as good as any, lookups included.
func (t *Table) Drain(f func(ref uint32), limit int) (done bool) {
	for t.drained != 0 || t.count > 0 {
		l := t.at(t.drained)
		if l.steps() > 0 {
			for b := range l.buckets() {
				if limit -= t.drainBucket(l, b, f, limit); limit <= 0 {
					return false
				}
			}
			limit -= int(l.buckets() / bucketsAnEntry)
			if t.seg(l).stashed == 0 {
				t.pool.release(l.id(), l.steps())
				t.setLeaf(t.drained, makeLeaf(0, l.depth(), 0))
			}
		}
		if t.drained = l.end(t.drained); t.drained != 0 && limit <= 0 {
			return false
		}
	}
	return t.drainStash(f, limit)
}

// drainBucket removes up to limit entries from a bucket.
func (t *Table) drainBucket(l leaf, i uint32, f func(ref uint32), limit int) (n int) {
	b := t.bucket(l, i)
	for slots := b.occupied(); slots != 0 && n < limit; slots &= slots - 1 {
		slot := uint32(bits.TrailingZeros32(slots))
		ref := b.refs[slot%slotsPerBucket]
		if b.displaced()>>slot&1 != 0 {
			t.bucket(l, other(i, b.pair(slot), l.buckets())).addOverflow(-1)
		}
		b.clear(slot)
		t.seg(l).count--
		t.count--
		n++
		f(ref)
	}
	return n
}

// drainStash removes up to limit entries from the stash, and at last the segments
// that were kept for it.
func (t *Table) drainStash(f func(ref uint32), limit int) (done bool) {
	for t.stash.len() > 0 {
		i := len(t.stash.nodes) - 1
		node := t.stash.nodes[i]
		if node.ref == 0 {
			t.stash.nodes, t.stash.free = t.stash.nodes[:i], 0
			continue
		}
		if limit--; limit < 0 {
			return false
		}
		t.stash.take(uint32(i))
		t.seg(t.at(spread(node.hash))).stashed--
		f(node.ref)
	}
	t.leaves(func(start uint64, l leaf) {
		if l.steps() > 0 {
			t.pool.release(l.id(), l.steps())
		}
	})
	t.deepest = 0
	t.setDirectory(make([]leaf, 2))
	return true
}

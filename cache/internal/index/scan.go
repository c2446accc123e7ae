package index

import "math/bits"

// Scan calls f with the reference of each entry whose home is the bucket that
// position cursor falls into, and returns the position where the next bucket
// begins, 0 at the end. The low 16 bits of a cursor are 0.
//
// A scan begins and ends with cursor 0. It visits each entry that is there from
// its beginning to its end, whatever else is inserted or deleted and whatever
// becomes of the segments: an entry's position never changes, and the calls of a
// scan cover all positions. An entry may be visited more than once.
func (t *Table) Scan(cursor uint64, f func(ref uint32)) (next uint64) {
	l := t.at(cursor)
	if l.steps() == 0 {
		return l.end(cursor)
	}
	home := l.home(l.within(cursor))
	b := t.bucket(l, home)
	for m := b.natives(); m != 0; m &= m - 1 {
		f(b.refs[bits.TrailingZeros32(m)%slotsPerBucket])
	}
	if n := b.overflow(); n > 0 {
		t.guests(l, home, n, f)
	}
	if b.meta&stashFlag != 0 {
		for _, node := range t.stash.nodes {
			pos := spread(node.hash)
			if node.ref != 0 && l.start(pos) == l.start(cursor) && l.home(l.within(pos)) == home {
				f(node.ref)
			}
		}
	}
	if home+1 == l.buckets() {
		return l.end(cursor)
	}
	first := firstOf(home+1, l.steps(), l.width())
	return l.start(cursor) | uint64(first)<<(64-l.width()-l.depth())
}

// guests calls f for the n entries with this home that are in other buckets: for
// each of the values that the pairing depends on, one bucket.
func (t *Table) guests(l leaf, home, n uint32, f func(ref uint32)) {
	for pair := range uint32(128) {
		b := t.bucket(l, other(home, pair, l.buckets()))
		for m := b.occupied() & b.displaced(); m != 0; m &= m - 1 {
			slot := uint32(bits.TrailingZeros32(m))
			if b.pair(slot) != pair {
				continue
			}
			f(b.refs[slot%slotsPerBucket])
			if n--; n == 0 {
				return
			}
		}
	}
}

// Sample fills dst, of up to 200 references, from the bucket where an entry with
// hash r would be and those behind it, and returns how many it found. It looks at
// few buckets: in a sparse table it may find less than there is room for in dst,
// or nothing. Every entry is about equally likely to be found for a random r.
func (t *Table) Sample(r uint64, dst []uint32) (n int) {
	if t.sampleStash(r) {
		return t.anyStashed(r, dst)
	}
	pos := spread(r)
	for lines := len(dst)/4 + 4; lines > 0 && n < len(dst); {
		l := t.at(pos)
		lines--
		if l.steps() > 0 {
			lines++
			for i := l.home(l.within(pos)); i < l.buckets() && lines > 0 && n < len(dst); i++ {
				n += t.bucket(l, i).sample(uint32(r), dst[n:])
				lines--
			}
		}
		pos = l.end(pos)
	}
	return n
}

// sample copies references to dst, beginning with a random slot.
func (b *bucket) sample(r uint32, dst []uint32) (n int) {
	low := uint32(1)<<(r%slotsPerBucket) - 1
	for _, m := range [...]uint32{b.occupied() &^ low, b.occupied() & low} {
		for ; m != 0 && n < len(dst); m &= m - 1 {
			dst[n] = b.refs[bits.TrailingZeros32(m)%slotsPerBucket]
			n++
		}
	}
	return n
}

// Any returns the reference of some entry, by and large at random, or 0 if the
// table is empty. In a sparse table it may look at every bucket of a segment, and
// at every leaf.
func (t *Table) Any(r uint64) uint32 {
	var one [1]uint32
	if t.sampleStash(r) || t.count == 0 {
		t.anyStashed(r, one[:])
		return one[0]
	}
	pos := spread(r)
	l := t.at(pos)
	for t.entries(l) == 0 {
		pos = l.end(pos)
		l = t.at(pos)
	}
	for i := l.home(l.within(pos)); ; i = (i + 1) % l.buckets() {
		if t.bucket(l, i).sample(uint32(r), one[:]) > 0 {
			return one[0]
		}
	}
}

// sampleStash tells whether a sample should be from the stash, which is as likely
// as the share of the entries that it has.
func (t *Table) sampleStash(r uint64) bool {
	if t.stash.len() == 0 {
		return false
	}
	high, _ := bits.Mul64(r*0x9e3779b97f4a7c15, uint64(t.Len()))
	return high < uint64(t.stash.len())
}

// anyStashed fills dst from a random node of the stash on.
func (t *Table) anyStashed(r uint64, dst []uint32) (n int) {
	nodes := t.stash.nodes
	for i := range nodes {
		if n == len(dst) {
			break
		}
		if ref := nodes[(r+uint64(i))%uint64(len(nodes))].ref; ref != 0 {
			dst[n] = ref
			n++
		}
	}
	return n
}

package table

// sides says of each of a bucket's elements on which side of a split it comes to
// lie, and where its entry stands. A bucket that can be split has no more elements
// than one bucket may have, whatever the hashes.
type sides struct {
	n     int
	right uint64 // bit i: element i
	pos   [maxEntries + 1]uint16
	tags  [maxEntries]byte
	sizes [maxEntries]byte
	count [2]int
	bytes [2]int
}

// split divides a place's bucket by the next bit of its keys' hashes.
func (t *Table) split(p *place) {
	b := bucket(p.bucket)
	local := p.local()
	base, newLocal := p.forked()
	var s sides
	t.divide(b, 63-(base+newLocal-1), &s)

	due := b.due()
	h, right := t.newBucket(roomy(t.sizeOf(s.count[1], s.bytes[1], due)))
	right[1] = b[1]
	right.take(b, &s, s.right, due)
	b.take(b, &s, ^s.right, due)
	setLocal(b, newLocal)
	setLocal(right, newLocal)
	p.bucket = t.store.Resize(p.handle, roomy(b.end()), b.end())
	t.fork(p, local, h, due)
}

// divide fills in s, by bit number bit of the hashes.
func (t *Table) divide(b bucket, bit int, s *sides) {
	s.n = b.len()
	pos := b.start()
	for i := range s.n {
		e := b.entry(i, pos)
		t.resolve(&e)
		side := int(t.hasher.Hash(e.key) >> bit & 1)
		s.right |= uint64(side) << i
		s.pos[i], s.tags[i], s.sizes[i] = uint16(pos), b.tag(i), b[b.tagAt(i)+sizesAt]
		s.count[side]++
		s.bytes[side] += e.next - pos
		pos = e.next
	}
	s.pos[s.n] = uint16(pos)
}

// sizeOf is the size of a bucket of n entries of so many bytes.
func (t *Table) sizeOf(n, bytes int, due int64) int {
	size := bucketHeader + groupsFor(n)*groupSize + bytes
	if due != 0 {
		size += dueSize
	}
	return size
}

// take fills a bucket with those elements of from whose bits are set in which.
// Where it is the same bucket nothing is written before it has been read: entries
// only move towards the beginning, and there are no more groups than before.
func (b bucket) take(from bucket, s *sides, which uint64, due int64) {
	n := 0
	for i := range s.n {
		n += int(which >> i & 1)
	}
	b.setLen(n)
	if due != 0 {
		putDue(b[bucketHeader:], uint64(due))
	}
	start := b.start()
	end := start
	n = 0
	for i := range s.n {
		if which>>i&1 == 0 {
			continue
		}
		b.mark(n, s.tags[i], s.sizes[i])
		if n%groupLen == 0 {
			b.setGroupStart(n/groupLen, end-start)
		}
		end += copy(b[end:], from[s.pos[i]:s.pos[i+1]])
		n++
	}
	b.setEnd(end)
}

package table

// Delete removes a key and tells whether it was there. Unlike elsewhere, the key
// may lie in the table's own nodes.
func (t *Table) Delete(hash uint64, key []byte) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	p := t.descend(hash)
	i, pos := t.find(p.bucket, hash, key)
	if i < 0 {
		return false
	}
	t.drop(&p, i, pos)
	t.tidy(&p, hash)
	return true
}

// drop takes entry i at pos out of a bucket; the last one takes its place.
func (t *Table) drop(p *place, i, pos int) {
	b := bucket(p.bucket)
	e := b.entry(i, pos)
	if e.large != 0 {
		t.store.Free(e.large)
	}
	last, end, size := b.len()-1, b.end(), e.next-pos
	if i != last {
		from := b.at(last)
		var moved [maxInline + 16]byte
		n := copy(moved[:], b[from:end])
		copy(b[pos+n:], b[pos+size:from])
		copy(b[pos:], moved[:n])
		b.mark(i, b.tag(last), b[b.tagAt(last)+sizesAt])
		b.moveGroups(i/groupLen, n-size)
	}
	end -= size
	if last%groupLen == 0 {
		start := b.start()
		copy(b[start-groupSize:], b[start:end])
		end -= groupSize
	}
	b.setLen(last)
	b.setEnd(end)
	addLen(t.root, -1)
}

const (
	// Two buckets that have been one are made one again if they hold no more elements
	// and bytes than this: half of what would have it split again.
	mergeEntries = maxEntries / 2
	mergeBytes   = maxBytes / 2
)

// tidy makes a place fit after elements have gone: the bucket is merged with its
// buddy for as long as there is little in both, and its block made smaller.
func (t *Table) tidy(p *place, hash uint64) {
	for {
		h, buddy := t.buddy(p)
		b := bucket(p.bucket)
		if h == 0 || b.len()+bucket(buddy).len() > mergeEntries || b.end()+bucket(buddy).end() > mergeBytes {
			break
		}
		t.absorb(p, buddy)
		t.join(p, hash, h)
	}
	if p.parent == 0 && bucket(p.bucket).len() == 0 {
		t.store.Free(p.handle)
		setRootNode(t.root, 0)
		return
	}
	t.shrink(p)
}

// absorb copies a bucket's entries into a place's bucket.
func (t *Table) absorb(p *place, from bucket) {
	if due := from.due(); due != 0 {
		if bucket(p.bucket).due() == 0 {
			t.addDue(p)
		}
		bucket(p.bucket).lowerDue(due)
	}
	p.bucket[1] |= from[1] & hasLarge
	pos := from.start()
	for i := range from.len() {
		mark := from[from.tagAt(i)+sizesAt]
		_, next := from.span(pos, mark)
		copy(t.extend(p, from.tag(i), mark, next-pos), from[pos:next])
		pos = next
	}
}

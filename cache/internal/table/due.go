package table

import "github.com/ashlar-cache/ashlar/cache/internal/nodes"

// Each bucket and each directory knows the earliest expiry below it, or one that is
// earlier still: what takes an expiry away leaves it as it is, and the next visit of
// Expire puts it right. So what expires is found without looking at what does not.

// MaxDue is the latest expiry that an element can have.
const MaxDue = never - 1

// never stands in a bucket for an earliest expiry that has not been told yet.
const never = 1<<(8*dueSize) - 1

// sooner is the earlier of two expiries, 0 being none.
func sooner(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// dueOf is the earliest expiry of a node, bucket or directory.
func dueOf(node []byte) int64 {
	if kindOf(node) == nodes.TableDir {
		return dirDue(node)
	}
	return bucket(node).due()
}

// Due is the time at which Expire should be called, 0 for never: no element expires
// before it.
func (t *Table) Due() int64 {
	top := rootNode(t.root)
	if top == 0 {
		return 0
	}
	return dueOf(t.store.Bytes(top))
}

// addDue gives a bucket a place for its earliest expiry.
func (t *Table) addDue(p *place) {
	end := bucket(p.bucket).end()
	b := t.ensure(p, end+dueSize)
	copy(b[bucketHeader+dueSize:], b[bucketHeader:end])
	b[1] |= hasDue
	b.setEnd(end + dueSize)
	putDue(b[bucketHeader:], never)
}

// setDue changes a bucket's earliest expiry; 0 takes its place away.
func (b bucket) setDue(due int64) {
	if due != 0 {
		putDue(b[bucketHeader:], uint64(due))
		return
	}
	end := b.end()
	copy(b[bucketHeader:], b[bucketHeader+dueSize:end])
	b[1] &^= hasDue
	b.setEnd(end - dueSize)
}

// lowerDue makes a bucket's earliest expiry this one, if it is earlier.
func (b bucket) lowerDue(due int64) {
	if due < b.due() {
		putDue(b[bucketHeader:], uint64(due))
	}
}

// noteDue tells the bucket that an element's hash leads to, and the directories on
// the way, when the element expires.
func (t *Table) noteDue(hash uint64, due int64) {
	if due == 0 {
		return
	}
	node := t.store.Bytes(rootNode(t.root))
	for used := 0; kindOf(node) == nodes.TableDir; {
		setDirDue(node, sooner(dirDue(node), due))
		bits := int(node[1])
		h := slotAt(node, int(hash<<used>>(64-bits)))
		used += bits
		node = t.store.Bytes(h)
	}
	bucket(node).lowerDue(due)
}

// SetDue changes an element's expiry, unix ms, 0 for none, and tells whether it is
// there.
func (t *Table) SetDue(hash uint64, key []byte, due int64) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	p := t.descend(hash)
	i, pos := t.find(p.bucket, hash, key)
	if i < 0 {
		return false
	}
	if due != 0 && bucket(p.bucket).due() == 0 {
		t.addDue(&p)
		i, pos = t.find(p.bucket, hash, key)
	}
	b := bucket(p.bucket)
	e := b.entry(i, pos)
	if e.due != 0 && due != 0 {
		putDue(b[e.dueAt:], uint64(due))
	} else if e.due != due {
		var room [maxInline]byte
		n := copy(room[:], e.key)
		copied := room[:n+copy(room[n:], e.value)]
		s := shapeOf(n, len(copied)-n, t.pairs, due, e.large)
		s.write(t.reshape(&p, i, pos, e.next-pos, &s), copied[:n], copied[n:])
	}
	t.noteDue(hash, due)
	return true
}

// Expire removes elements that expire at now or before. It goes through the table in
// the order of Scan, from cursor on, leaves out what is not due, and stops after
// some budget of nodes; it returns the cursor to go on at, 0 if it came to the end,
// and how many elements it removed. Then Due is right until something changes.
func (t *Table) Expire(now int64, cursor uint64, budget int) (next uint64, removed int) {
	for hash := cursor << (64 - cursorBits); rootNode(t.root) != 0; {
		if budget <= 0 && hash != 0 { // 0 would say that it is through
			return hash >> (64 - cursorBits), removed
		}
		budget--
		var n, looked int
		next, n, looked = t.expireAt(hash, now)
		removed += n
		budget -= n + looked
		if next == 0 && n == 0 {
			break
		}
		hash = next
	}
	return 0, removed
}

// expireAt works on the bucket that a hash leads to, or finds that nothing is due
// in a directory on the way. It returns the hash to go on at, which is the same
// where it has removed something, and 0 at the end.
func (t *Table) expireAt(hash uint64, now int64) (next uint64, removed, looked int) {
	node := t.store.Bytes(rootNode(t.root))
	used := 0
	for kindOf(node) == nodes.TableDir {
		if due := dirDue(node); due == 0 || due > now {
			return t.leave(hash, used)
		}
		bits := int(node[1])
		node = t.store.Bytes(slotAt(node, int(hash<<used>>(64-bits))))
		used += bits
	}
	p := t.descend(hash)
	if due := bucket(p.bucket).due(); due != 0 && due <= now {
		if removed = t.expireIn(&p, now); removed > 0 {
			// The bucket may now be merged with one that has not been looked at.
			t.tidy(&p, hash)
			return hash, removed, 0
		}
	}
	next, _, looked = t.leave(hash, p.depth())
	return next, 0, looked
}

// leave goes on behind what is at depth on a hash's way. The directories that end
// there have been seen to their end: they learn their earliest expiry anew.
func (t *Table) leave(hash uint64, depth int) (next uint64, removed, looked int) {
	free := 64 - depth
	next = (hash>>free + 1) << free
	node := t.store.Bytes(rootNode(t.root))
	var dirs [maxDepth/dirBits + 1][]byte
	n := 0
	for used := 0; kindOf(node) == nodes.TableDir && used < depth; {
		if next<<used == 0 {
			dirs[n] = node
			n++
		}
		bits := int(node[1])
		h := slotAt(node, int(hash<<used>>(64-bits)))
		used += bits
		node = t.store.Bytes(h)
	}
	for n--; n >= 0; n-- { // the lowest first
		setDirDue(dirs[n], t.earliest(dirs[n]))
		looked += slots(dirs[n]) / 16
	}
	return next, 0, looked
}

// earliest is the earliest expiry of a directory's children.
func (t *Table) earliest(dir []byte) (due int64) {
	last := nodes.Handle(0)
	for i := range slots(dir) {
		if h := slotAt(dir, i); h != last {
			last = h
			due = sooner(due, dueOf(t.store.Bytes(h)))
		}
	}
	return due
}

// expireIn removes what is due from a bucket, and has it learn its earliest expiry
// anew.
func (t *Table) expireIn(p *place, now int64) (removed int) {
	due := int64(0)
	for i := 0; i < bucket(p.bucket).len(); {
		b := bucket(p.bucket)
		pos := b.at(i)
		e := b.entry(i, pos)
		if e.due != 0 && e.due <= now {
			t.drop(p, i, pos) // and another takes its number
			removed++
			continue
		}
		due = sooner(due, e.due)
		i++
	}
	bucket(p.bucket).setDue(due)
	return removed
}

// dirsDue is the latest of the earliest expiries of the directories on a hash's
// way; never if one of them knows of none.
func (t *Table) dirsDue(hash uint64) (latest int64) {
	node := t.store.Bytes(rootNode(t.root))
	for used := 0; kindOf(node) == nodes.TableDir; {
		if dirDue(node) == 0 {
			return never
		}
		latest = max(latest, dirDue(node))
		bits := int(node[1])
		h := slotAt(node, int(hash<<used>>(64-bits)))
		used += bits
		node = t.store.Bytes(h)
	}
	return latest
}

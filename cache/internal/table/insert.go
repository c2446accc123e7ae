package table

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

const (
	// A bucket that would have more elements or bytes is split first.
	maxEntries = 32
	maxBytes   = 2048

	// maxEnd bounds a bucket that cannot be split, because its hashes agree in all the
	// bits that count, so that its offsets fit their two bytes.
	maxEnd = 60_000

	// KeepDue as an expiry leaves an element's as it is.
	KeepDue = -1

	largeHeader = nodes.HeaderSize + 8 // key's and value's lengths
)

func tagOf(hash uint64) byte { return byte(hash) }

// find looks for a key in a bucket: its number, or -1, and where its entry begins.
// What bucket.within and bucket.entry do is done here again for the commonest entries:
// all look-ups come this way.
func (t *Table) find(b bucket, hash uint64, key []byte) (i, pos int) {
	tag, n, group, start := tagOf(hash), b.len(), b.head(), b.start()
	for i := 0; i < n; i += groupLen {
		g := b[group : group+groupSize : group+groupSize]
		marks := matches(binary.LittleEndian.Uint64(g), tag) & live(n-i)
		for ; marks != 0; marks &= marks - 1 {
			j := first(marks)
			size := g[sizesAt+j]
			if !t.pairs && size <= maxShort && int(size) != len(key) {
				continue
			}
			before := binary.LittleEndian.Uint64(g[sizesAt:]) & (1<<(8*j) - 1)
			pos := start + int(binary.LittleEndian.Uint16(g[offsetAt:]))
			if hasSpecial(before) {
				pos = b.within(group, start, j)
			} else {
				pos += sum(before)
			}
			at := pos
			if t.pairs && size != sizeLong {
				if c := b[pos]; c < longForm && int(c) != len(key) {
					continue
				}
				at++
			}
			if size > maxShort || len(key) >= longForm || t.pairs && b[pos] >= longForm {
				if !t.same(b, i+j, pos, key) {
					continue
				}
			} else if string(b[at:at+len(key)]) != string(key) {
				continue
			}
			return i + j, pos
		}
		group += groupSize
	}
	return -1, 0
}

// same tells whether entry i, which begins at pos, has this key.
func (t *Table) same(b bucket, i, pos int, key []byte) bool {
	e := b.entry(i, pos)
	t.resolve(&e)
	return string(e.key) == string(key)
}

// resolve reads key and value of an entry that has a node of its own.
func (t *Table) resolve(e *entry) {
	if e.large == 0 {
		return
	}
	node := t.store.Bytes(e.large)
	keyEnd := largeHeader + int(binary.LittleEndian.Uint32(node[nodes.HeaderSize:]))
	valueEnd := keyEnd + int(binary.LittleEndian.Uint32(node[nodes.HeaderSize+4:]))
	e.key, e.value = node[largeHeader:keyEnd:keyEnd], node[keyEnd:valueEnd:valueEnd]
}

// Put gives a key a value and an expiry, unix ms (0: none, KeepDue: the one it
// has), and tells whether the key is new.
func (t *Table) Put(hash uint64, key, value []byte, due int64) (added bool) {
	if rootNode(t.root) == 0 {
		t.begin()
	}
	p := t.descend(hash)
	i, pos := t.find(p.bucket, hash, key)
	for t.crowded(&p, i, pos, len(key)+len(value)) {
		t.split(&p)
		p = t.descend(hash)
		i, pos = t.find(p.bucket, hash, key)
	}
	if due > 0 && bucket(p.bucket).due() == 0 {
		t.addDue(&p)
		i, pos = t.find(p.bucket, hash, key)
	}
	if i < 0 {
		due = max(due, 0)
		t.insert(&p, hash, key, value, due)
	} else {
		due = t.replace(&p, i, pos, key, value, due)
	}
	t.noteDue(hash, due)
	return i < 0
}

// Overwrite gives a key of a pair another value if that is as long as the one it has
// and nothing else is to be done, and tells whether it did so. It is Put's short way.
func (t *Table) Overwrite(hash uint64, key, value []byte) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	b := bucket(t.seek(hash))
	i, pos := t.find(b, hash, key)
	if i < 0 {
		return false
	}
	size := b[b.tagAt(i)+sizesAt]
	if size > maxShort || b[pos] >= longForm || int(size) != 1+len(key)+len(value) {
		return false
	}
	copy(b[pos+1+len(key):pos+int(size)], value)
	return true
}

// begin gives an empty table its first bucket.
func (t *Table) begin() {
	h, _ := t.newBucket(bucketHeader)
	setRootNode(t.root, h)
}

// newBucket makes an empty bucket in a block for n bytes.
func (t *Table) newBucket(n int) (nodes.Handle, bucket) {
	h, node := t.store.Alloc(nodes.TableBucket, n)
	b := bucket(node)
	if t.pairs {
		b[1] = hasPairs
	}
	b.setLen(0)
	b.setEnd(bucketHeader)
	return h, b
}

// crowded tells whether a place's bucket must be split before an element of so many
// bytes is put in, in the place of entry i at pos if there is one.
func (t *Table) crowded(p *place, i, pos, payload int) bool {
	b := bucket(p.bucket)
	n, end := b.len(), b.end()
	if i < 0 {
		n++
	} else if end+payload <= maxBytes {
		return false
	} else {
		end -= b.entry(i, pos).next - pos
	}
	if payload > maxInline {
		payload = 4
	}
	if n <= maxEntries && end+payload+4 <= maxBytes {
		return false
	}
	return n > 2 && p.depth() < maxDepth
}

// insert puts a new element into a place's bucket, which has room for it by the
// rules, if not in its block.
func (t *Table) insert(p *place, hash uint64, key, value []byte, due int64) {
	var large nodes.Handle
	if payload := len(key) + len(value); payload > maxInline || bucket(p.bucket).end()+payload > maxEnd {
		large = t.newLarge(p, key, value)
	}
	s := shapeOf(len(key), len(value), t.pairs, due, large)
	s.write(t.extend(p, tagOf(hash), s.mark, s.size), key, value)
	addLen(t.root, 1)
}

// extend adds an entry of size bytes, for which mark stands, to a bucket and returns
// its bytes, to be filled in.
func (t *Table) extend(p *place, tag, mark byte, size int) []byte {
	b := bucket(p.bucket)
	n, end, room := b.len(), b.end(), size
	if n%groupLen == 0 {
		room += groupSize
	}
	if end+room > maxEnd+groupSize+maxInline {
		panic("table: too many elements whose hashes agree in 50 bits")
	}
	b = t.ensure(p, end+room)
	if n%groupLen == 0 {
		start := b.start()
		copy(b[start+groupSize:], b[start:end])
		end += groupSize
		b.setLen(n + 1)
		b.setGroupStart(n/groupLen, end-start-groupSize)
	}
	b.setLen(n + 1)
	b.mark(n, tag, mark)
	b.setEnd(end + size)
	return b[end : end+size]
}

// ensure makes a bucket's block hold n bytes.
func (t *Table) ensure(p *place, n int) bucket {
	if n > len(p.bucket) {
		p.bucket = t.store.Resize(p.handle, roomy(n), bucket(p.bucket).end())
	}
	return p.bucket
}

// roomy is the size of the block for a bucket that has grown to n bytes: what comes
// next often finds room, and a bucket wastes a fortieth of itself.
func roomy(n int) int { return n + n/20 }

// newLarge makes the node of an element that is too long for a bucket.
func (t *Table) newLarge(p *place, key, value []byte) nodes.Handle {
	p.bucket[1] |= hasLarge
	h, node := t.store.Alloc(nodes.Large, largeHeader+len(key)+len(value))
	writeLarge(node, key, value)
	return h
}

func writeLarge(node, key, value []byte) {
	binary.LittleEndian.PutUint32(node[nodes.HeaderSize:], uint32(len(key)))
	binary.LittleEndian.PutUint32(node[nodes.HeaderSize+4:], uint32(len(value)))
	copy(node[largeHeader:], key)
	copy(node[largeHeader+len(key):], value)
}

// replace changes value and expiry of entry i at pos, and returns the expiry.
func (t *Table) replace(p *place, i, pos int, key, value []byte, due int64) int64 {
	b := bucket(p.bucket)
	e := b.entry(i, pos)
	if due == KeepDue {
		due = e.due
	}
	large := e.large
	switch payload := len(key) + len(value); {
	case payload <= maxInline && large != 0 && b.end()+payload <= maxEnd:
		t.store.Free(large)
		large = 0
	case large != 0:
		node := t.store.Resize(large, largeHeader+payload, nodes.HeaderSize)
		writeLarge(node, key, value)
	case payload > maxInline || b.end()+payload > maxEnd:
		large = t.newLarge(p, key, value)
	}
	if (due == 0) == (e.due == 0) && large == e.large && len(value) == len(e.value) {
		copy(e.value, value)
		if due != 0 {
			putDue(b[e.dueAt:], uint64(due))
		}
		return due
	}
	s := shapeOf(len(key), len(value), t.pairs, due, large)
	s.write(t.reshape(p, i, pos, e.next-pos, &s), key, value)
	return due
}

// reshape gives entry i at pos, of old bytes, another shape and returns its bytes,
// undefined.
func (t *Table) reshape(p *place, i, pos, old int, s *shape) []byte {
	end := bucket(p.bucket).end()
	b := t.ensure(p, end+s.size-old)
	copy(b[pos+s.size:], b[pos+old:end])
	b.setEnd(end + s.size - old)
	b.mark(i, b.tag(i), s.mark)
	b.moveGroups(i/groupLen, s.size-old)
	if s.size < old {
		b = t.shrink(p)
	}
	return b[pos : pos+s.size]
}

// shrink gives back what a bucket's block has too much.
func (t *Table) shrink(p *place) bucket {
	if end := bucket(p.bucket).end(); len(p.bucket) > end+end/8+16 {
		p.bucket = t.store.Resize(p.handle, end, end)
	}
	return p.bucket
}

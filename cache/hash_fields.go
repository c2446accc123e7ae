package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// What follows works on the fields of an opened hash, in whichever form it is.

// keepDue as an expiry leaves a field's as it is.
const keepDue = table.KeepDue

// expired tells whether a field's time has come: then it is not there.
func (c *coll) expired(due int64) bool { return due != 0 && due <= c.now }

// hashFind finds a field's value and its expiry.
func (c *coll) hashFind(field []byte) (value []byte, due int64, ok bool) {
	return c.s.hashFind(c.kind(), c.value(), field, c.now)
}

// hashFind finds a field's value and its expiry in a hash of this kind and value.
func (s *shard) hashFind(kind item.Kind, v, field []byte, now int64) (value []byte, due int64, ok bool) {
	switch kind {
	case item.HashTable:
		t := table.Pairs(s.nodes, v[hashTableAt:hashDueAt], &s.c.hash)
		value, due, ok = t.Find(s.c.hash.sum(field), field)
	case item.HashPacked:
		var at int
		if _, at, ok = packed.FindEvery(v, hashHeader, field, 2); ok {
			value, _, _ = packed.Next(v, at)
		}
		return value, 0, ok
	default:
		var at spot
		if at, ok = packedSpot(v, field, 3); ok {
			value, due = at.read(v)
		}
	}
	if due != 0 && due <= now {
		return nil, 0, false
	}
	return value, due, ok
}

// hashPut gives a field a value and an expiry (0: none), and tells whether it is new.
// It makes the key where there is none, and another form of the hash where it is
// time for one.
func (c *coll) hashPut(l *Limits, field, value []byte, due int64) (added bool) {
	if !c.there() {
		c.hashCreate(l, field, value, max(due, 0))
		return true
	}
	if c.kind() == item.HashTable {
		return c.tablePut(l, field, value, due)
	}
	if due > 0 && c.kind() == item.HashPacked {
		c.packedExpiring()
	}
	v := c.value()
	at, there := packedSpot(v, field, hashStep(c.kind()))
	n, size := packedHashLen(v), len(v)+packed.Size(len(value))
	added = !there
	if there {
		size -= at.due - at.value
		if _, was := at.read(v); c.expired(was) {
			added, due = true, max(due, 0)
		} else if due == keepDue {
			due = was
		}
	} else {
		n, due = n+1, max(due, 0)
		size += packed.Size(len(field)) + 1 + dueBytes
	}
	outgrown := l.hashOutgrown(n, len(field), len(value))
	if hashTooLarge(l, n, size, outgrown || hashHead(v)&hashIsTable != 0) {
		c.hashPromote()
		c.tablePut(l, field, value, due)
		return added
	}
	c.packedPut(at, there, field, value, due)
	if outgrown {
		c.hashName()
	}
	return added
}

// tablePut is hashPut in a table.
func (c *coll) tablePut(l *Limits, field, value []byte, due int64) (added bool) {
	root := c.value()
	t, hash := c.hashTable(), c.hashOf(field)
	late := false // the field is there, but its time has come
	if hashNextDue(item.HashTable, root) != 0 {
		if _, was, ok := t.Find(hash, field); ok && c.expired(was) {
			late, due = true, max(due, 0)
		}
	}
	added = t.Put(hash, field, value, due)
	if due > 0 {
		c.tableDue(due)
	}
	if l.hashOutgrown(t.Len(), len(field), len(value)) {
		root[hashNameAt] = byte(EncodingHashTable)
	}
	return added || late
}

// tableDue tells the root of a table that a field expires.
func (c *coll) tableDue(due int64) {
	root := c.value()
	if next := hashNextDue(item.HashTable, root); next == 0 || due < next {
		setHashDue(root, due)
	}
	if root[hashNameAt] == byte(EncodingListpack) {
		root[hashNameAt] = byte(EncodingListpackEx)
	}
}

// hashSetDue gives a field that is there another expiry; 0: none.
func (c *coll) hashSetDue(field []byte, due int64) {
	if c.kind() == item.HashTable {
		t := c.hashTable()
		t.SetDue(c.hashOf(field), field, due)
		if due != 0 {
			c.tableDue(due)
		}
		return
	}
	if c.kind() == item.HashPacked {
		if due == 0 {
			return
		}
		c.packedExpiring()
	}
	v := c.value()
	at, _ := packedSpot(v, field, hashStep(c.kind()))
	if _, was := at.read(v); was != due {
		c.packedMove(at, due)
	}
}

// hashDelete takes a field out and tells whether it was there.
func (c *coll) hashDelete(field []byte) bool {
	if c.kind() == item.HashTable {
		t := c.hashTable()
		hash := c.hashOf(field)
		if hashNextDue(item.HashTable, c.value()) != 0 {
			if _, due, _ := t.Find(hash, field); c.expired(due) {
				return false // its hash might go along with it: that is for expireFields
			}
		}
		return t.Delete(hash, field)
	}
	v := c.value()
	at, ok := packedSpot(v, field, hashStep(c.kind()))
	if !ok {
		return false
	}
	if _, due := at.read(v); c.expired(due) {
		return false
	}
	c.packedDelete(at)
	return true
}

// hashEnd ends a change: a hash without fields is removed.
func (c *coll) hashEnd() {
	if hashLen(c.kind(), c.value()) == 0 {
		c.remove()
		return
	}
	c.done()
}

// hashFields hands all fields that have not expired to f until it returns false.
func (c *coll) hashFields(f func(field, value []byte, due int64) bool) {
	if c.kind() == item.HashTable {
		t := c.hashTable()
		t.EachEntry(func(e table.Entry) bool {
			return c.expired(e.Due) || f(e.Key, e.Value, e.Due)
		})
		return
	}
	packedFields(c.value(), c.kind(), func(field, value []byte, due int64) bool {
		return c.expired(due) || f(field, value, due)
	})
}

// hashLive is the number of fields that have not expired.
func (c *coll) hashLive() int {
	if !c.expired(hashNextDue(c.kind(), c.value())) {
		return hashLen(c.kind(), c.value())
	}
	n := 0
	c.hashFields(func(_, _ []byte, _ int64) bool { n++; return true })
	return n
}

// expireFields removes fields of a hash whose time has come, at most budget of
// them, and tells whether more are due.
func (s *shard) expireFields(db int, e entry, budget int) (more bool) {
	key := e.item.Key()
	c := coll{s: s, db: db, now: s.now, key: append([]byte(nil), key...), hash: s.c.indexHash(s.c.hash.sum(key)), e: e}
	v := c.value()
	switch {
	case c.kind() == item.HashTable:
		t := c.hashTable()
		cursor, n := t.Expire(s.now, binary.LittleEndian.Uint64(v[hashCursorAt:]), budget)
		binary.LittleEndian.PutUint64(v[hashCursorAt:], cursor)
		if cursor == 0 {
			setHashDue(v, t.Due())
		}
		s.counts.expiredFields += int64(n)
		if n == 0 {
			return c.expired(hashNextDue(c.kind(), v))
		}
	case c.kind() == item.HashPackedTTL:
		off, n := hashHeader, 0
		packedFields(v, c.kind(), func(field, value []byte, due int64) bool {
			if !c.expired(due) || n == budget {
				return false
			}
			off += packed.Size(len(field)) + packed.Size(len(value)) + dueSize(due)
			n++
			return true
		})
		if n == 0 {
			return false
		}
		s.counts.expiredFields += int64(n)
		v = c.splice(hashHeader, off-hashHeader, 0)
		setHashHead(v, hashHead(v)-n)
	default:
		return false
	}
	more = c.expired(hashNextDue(c.kind(), c.value()))
	s.changed(db, c.key, FieldsExpired)
	c.hashEnd()
	if !c.there() {
		s.changed(db, c.key, Emptied)
	}
	return more && c.there()
}

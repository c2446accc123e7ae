package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// spot is where a field stands in a packed hash: the offsets of its three entries
// (the last only where fields may expire) and the one behind them.
type spot struct {
	field, value, due, end int
}

// packedSpot finds a field in a packed hash of step entries for each.
func packedSpot(v, field []byte, step int) (at spot, ok bool) {
	if at.field, at.value, ok = packed.FindEvery(v, hashHeader, field, step); !ok {
		return at, false
	}
	at.due, _ = packed.Skip(v, at.value, 1)
	at.end, _ = packed.Skip(v, at.due, step-2)
	return at, true
}

// read is a field's value and expiry.
func (at *spot) read(v []byte) (value []byte, due int64) {
	value, _, _ = packed.Next(v, at.value)
	if at.end > at.due {
		entry, _, _ := packed.Next(v, at.due)
		due = readDue(entry)
	}
	return value, due
}

// packedPut gives a field of a packed hash a value and an expiry. at is where it
// stands, if it is there; due is KeepDue only then.
func (c *coll) packedPut(at spot, there bool, field, value []byte, due int64) {
	if !there {
		c.packedInsert(field, value, due)
		return
	}
	v := c.value()
	old, was := at.read(v)
	if len(old) == len(value) {
		copy(old, value)
	} else {
		v = c.splice(at.value, at.due-at.value, packed.Size(len(value)))
		grown := packed.Put(v, at.value, value) - at.due
		at.due += grown
		at.end += grown
	}
	if due != was {
		c.packedMove(at, due)
	}
}

// packedInsert puts a field that is not there into a packed hash: behind all others
// or, if it expires, before the first that expires later or never.
func (c *coll) packedInsert(field, value []byte, due int64) {
	v := c.value()
	off := len(v)
	if due != 0 {
		off = c.packedPlace(due)
	}
	size := packed.Size(len(field)) + packed.Size(len(value))
	if c.kind() == item.HashPackedTTL {
		size += dueSize(due)
	}
	v = c.splice(off, 0, size)
	off = packed.Put(v, off, field)
	off = packed.Put(v, off, value)
	if c.kind() == item.HashPackedTTL {
		putDue(v, off, due)
	}
	setHashHead(v, hashHead(v)+1)
}

// dueSize is the size of a field's third entry.
func dueSize(due int64) int {
	if due == 0 {
		return 1
	}
	return 1 + dueBytes
}

// putDue writes a field's third entry.
func putDue(v []byte, off int, due int64) {
	if due == 0 {
		v[off] = 0
		return
	}
	v[off] = dueBytes
	writeDue(v[off+1:], due)
}

// packedPlace is where a field with an expiry belongs.
func (c *coll) packedPlace(due int64) int {
	v := c.value()
	off := hashHeader
	for off < len(v) {
		at, _ := packed.Skip(v, off, 2)
		entry, next, _ := packed.Next(v, at)
		if d := readDue(entry); d == 0 || d > due {
			break
		}
		off = next
	}
	return off
}

// packedMove gives a field of a packed hash another expiry, and so another place.
func (c *coll) packedMove(at spot, due int64) {
	v := c.value()
	var room [256]byte
	pair := append(room[:0], v[at.field:at.due]...)
	v = c.splice(at.field, at.end-at.field, 0)
	off := len(v)
	if due != 0 {
		off = c.packedPlace(due)
	}
	v = c.splice(off, 0, len(pair)+dueSize(due))
	copy(v[off:], pair)
	putDue(v, off+len(pair), due)
}

// packedDelete takes a field out of a packed hash.
func (c *coll) packedDelete(at spot) {
	v := c.splice(at.field, at.end-at.field, 0)
	setHashHead(v, hashHead(v)-1)
}

// packedExpiring gives a packed hash whose fields have no expiry the form in which
// they can have one.
func (c *coll) packedExpiring() {
	old := append([]byte(nil), c.value()...)
	v := c.setValue(item.HashPackedTTL, len(old)+packedHashLen(old))
	setHashHead(v, hashHead(old))
	off := hashHeader
	packedFields(old, item.HashPacked, func(field, value []byte, _ int64) bool {
		off = packed.Put(v, off, field)
		off = packed.Put(v, off, value)
		putDue(v, off, 0)
		off++
		return true
	})
}

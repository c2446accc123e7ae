package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// How a set grows and changes its form. Two things are kept apart: what Redis would
// call the set by now, which setShape works out, and the form that it has, which
// goes by its size alone.

// fitsPacked tells whether a set of so many members, which take so many bytes as
// entries, is kept packed.
func (l *Limits) fitsPacked(n, bytes int) bool {
	return n <= min(l.SetMaxPackedEntries, maxSmallMembers) && setHeader+bytes <= maxSmallSet
}

// setCreate makes the set, of its first member.
func (c *coll) setCreate(l *Limits, first []byte, hint int) {
	s := newSetShape(l, first, hint)
	n, isInt := ParseInt(first)
	s.add(l, first, isInt)
	size := packed.Size(len(first))
	switch {
	case s.encoding == EncodingIntset:
		width := intWidth(n)
		v := ints(c.create(item.SetInts, intsHeader+width))
		v[0] = byte(width)
		writeInt(v, width, 0, n)
	case l.fitsPacked(1, size):
		v := c.create(item.SetPacked, setHeader+size)
		setPackedHeader(v, 1, s.encoding)
		packed.Put(v, setHeader, first)
	default:
		c.setCreateTable(s.encoding)
		t := c.setTable()
		t.Add(c.hashOf(first), first)
	}
}

// setCreateTable makes a large set, which has no members yet.
func (c *coll) setCreateTable(e Encoding) {
	root := c.create(item.SetTable, setRootSize)
	clear(root[setTableAt:])
	root[setEncodingAt] = byte(e)
}

// setExpect prepares for as many members as Redis would be prepared for: it may call
// the set another name before they come. It tells whether that changed anything.
func (c *coll) setExpect(l *Limits, hint int) bool {
	s := c.setShape()
	was := s.encoding
	if s.expect(l, hint); s.encoding == was {
		return false
	}
	if c.kind() == item.SetInts {
		c.setLeaveInts(l, s.encoding)
	} else {
		c.setSetEncoding(s.encoding)
	}
	return true
}

// setLeaveInts makes a set of integers one that can hold anything.
func (c *coll) setLeaveInts(l *Limits, e Encoding) {
	v := ints(c.value())
	if e != EncodingIntset && l.fitsPacked(v.len(), v.len()*packed.Size(maxDigits)) {
		c.setToPacked(e)
	} else {
		c.setToTable(e)
	}
}

// setAdd adds a member to a set that is there and tells whether it did not have it.
func (c *coll) setAdd(l *Limits, member []byte) bool {
	switch c.kind() {
	case item.SetInts:
		return c.setAddToInts(l, member)
	case item.SetTable:
		return c.setAddToTable(l, member)
	}
	v := c.value()
	if _, _, found := packed.Find(v[setHeader:], member); found {
		return false
	}
	c.setPush(l, member)
	return true
}

// setPush adds a member that is not there to a packed set.
func (c *coll) setPush(l *Limits, member []byte) {
	s := c.setShape()
	s.add(l, member, isInt(member))
	end, size := len(c.value()), packed.Size(len(member))
	if !l.fitsPacked(s.n, end-setHeader+size) {
		c.setToTable(s.encoding)
		t := c.setTable()
		t.Add(c.hashOf(member), member)
		return
	}
	v := c.splice(end, 0, size)
	packed.Put(v, end, member)
	setPackedHeader(v, s.n, s.encoding)
}

// setAppend adds several members to a packed set at once. Not ok if it is in another
// form, or might not stay in this one: then nothing was done.
func (c *coll) setAppend(l *Limits, members [][]byte) (added int, ok bool) {
	if len(members) < 2 || c.kind() != item.SetPacked {
		return 0, false
	}
	s := c.setShape()
	size, end := 0, len(c.value())
	for _, member := range members {
		size += packed.Size(len(member))
	}
	if !l.fitsPacked(s.n+len(members), end-setHeader+size) {
		return 0, false
	}
	v := c.splice(end, 0, size)
	for _, member := range members {
		if _, _, found := packed.Find(v[setHeader:end], member); !found {
			end = packed.Put(v, end, member)
			s.add(l, member, false) // to a listpack an integer is as good as anything
			added++
		}
	}
	if end < len(v) {
		v = c.splice(end, len(v)-end, 0)
	}
	setPackedHeader(v, s.n, s.encoding)
	return added, true
}

// setAddToInts is setAdd to a set of integers.
func (c *coll) setAddToInts(l *Limits, member []byte) bool {
	if n, ok := ParseInt(member); ok {
		if !c.addInt(n) {
			return false
		}
		switch v := ints(c.value()); {
		case v.len() > l.maxInts():
			c.setLeaveInts(l, EncodingHashTable)
		case v.len() > maxSmallMembers:
			c.setToTable(EncodingIntset)
		}
		return true
	}
	s := c.setShape()
	s.add(l, member, false)
	c.setLeaveInts(l, s.encoding)
	if c.kind() == item.SetTable {
		t := c.setTable()
		return t.Add(c.hashOf(member), member)
	}
	c.setPush(l, member)
	return true
}

// setAddToTable is setAdd to a large set.
func (c *coll) setAddToTable(l *Limits, member []byte) bool {
	// To look first takes little where the member is new, as Add then finds all it reads
	// in the processor's cache, and is the shorter way where it is not.
	t, hash := c.setTable(), c.hashOf(member)
	if t.Has(hash, member) {
		return false
	}
	t.Add(hash, member)
	s := c.setShape()
	if s.encoding != EncodingHashTable {
		s.n-- // it is in already
		s.add(l, member, isInt(member))
		c.setSetEncoding(s.encoding)
	}
	return true
}

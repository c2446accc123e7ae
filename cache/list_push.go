package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// LPush adds elements to the left of a list, one after the other, so that the last
// of them is its first element then; it returns the new length. Errors: ErrWrongType,
// ErrOutOfMemory, ErrTooLarge.
func (tx *Tx) LPush(key []byte, elements ...[]byte) (int, error) {
	return tx.push(key, Left, true, elements)
}

// RPush is LPush at the right.
func (tx *Tx) RPush(key []byte, elements ...[]byte) (int, error) {
	return tx.push(key, Right, true, elements)
}

// LPushX is LPush to a list that is there; else nothing is done, and the length is 0.
func (tx *Tx) LPushX(key []byte, elements ...[]byte) (int, error) {
	return tx.push(key, Left, false, elements)
}

// RPushX is LPushX at the right.
func (tx *Tx) RPushX(key []byte, elements ...[]byte) (int, error) {
	return tx.push(key, Right, false, elements)
}

const (
	// listChunkBytes is about how much is added to a list at once: then the memory
	// bound is looked at again.
	listChunkBytes = 64 << 10
	// listEntryBytes is about what an element takes besides its bytes.
	listEntryBytes = 8
)

// listChunk is how many of the elements to add at once, and an estimate of the bytes
// that they take.
func listChunk(elements [][]byte) (n, room int) {
	for n < len(elements) && room < listChunkBytes {
		room += len(elements[n]) + listEntryBytes
		n++
	}
	return n, room
}

// push adds elements to a list, which is made if create says so.
func (tx *Tx) push(key []byte, side Side, create bool, elements [][]byte) (length int, err error) {
	bytes := 0
	for _, e := range elements {
		if len(e) > MaxValue {
			return 0, ErrTooLarge
		}
		bytes += len(e)
	}
	if !create {
		var c coll
		if err := tx.openPeek(&c, key, List); err != nil || c.listLen() == 0 {
			return 0, missing(err)
		}
	}
	for first := true; len(elements) > 0; first = false {
		n, room := listChunk(elements)
		var c coll
		err := tx.openWrite(&c, key, List, room)
		switch {
		case err != nil:
			return length, err
		case !c.there() && !(first && create):
			// It was evicted to make room for its own elements.
			return 0, ErrOutOfMemory
		case c.there() && c.listLen()+n > deque.MaxLen:
			return c.listLen(), ErrTooLarge
		}
		if first {
			c.listAnnounce(tx.Limits(), bytes, len(elements))
		}
		length = c.listPush(elements[:n], side == Left)
		c.done()
		elements = elements[n:]
	}
	return length, nil
}

// listPush adds elements to a list, which may not be there yet, and returns the new
// length.
func (c *coll) listPush(elements [][]byte, front bool) int {
	if c.kindOfList() == item.ListPacked {
		size := 0
		for _, e := range elements {
			size += packed.DoubleSize(len(e))
		}
		if c.listSize()+size <= listMost {
			return c.packedPush(elements, size, front)
		}
		c.listUnpack()
	}
	var l deque.List
	c.deque(&l)
	l.PushAll(elements, front)
	c.listSave(&l)
	return l.Len()
}

// kindOfList is the kind of a list; one that is not there is packed.
func (c *coll) kindOfList() item.Kind {
	if !c.there() {
		return item.ListPacked
	}
	return c.kind()
}

// listSize is the number of bytes of a list's entries.
func (c *coll) listSize() int {
	switch c.kindOfList() {
	case item.ListTree:
		var l deque.List
		c.deque(&l)
		return l.Bytes()
	default:
		if !c.there() {
			return 0
		}
		return len(listEntries(c.value()))
	}
}

// listUnpack makes a list that is packed, or not there, a deque.
func (c *coll) listUnpack() {
	l := deque.New(c.nodes())
	if !c.there() {
		c.create(item.ListTree, listRootSize)
	} else {
		v := c.value()
		l.Fill(listEntries(v), packedListLen(v))
		c.setValue(item.ListTree, listRootSize)
	}
	c.listSave(&l)
}

// listSave writes the root of a deque, in a value of the length that it wants.
func (c *coll) listSave(l *deque.List) {
	if n := listDeque + l.RootLen(); n != len(c.value()) {
		c.setValue(item.ListTree, n)
		l.Rehouse(c.value()[listDeque:])
	}
	l.Save(c.value()[listDeque:])
}

// listPack makes a deque that is one leaf a packed list.
func (c *coll) listPack(l *deque.List, data []byte) {
	n := l.Len()
	l.Rehouse(nil) // the root, whose ends are empty, goes first
	v := c.setValue(item.ListPacked, listHead+len(data))
	setPackedList(v, n, listHead)
	copy(v[listHead:], data)
	l.Free()
	// A packed value does not take part in the accounts of nodes.
	c.nodes().TakeDelta()
}

const (
	listpackFrame  = 7       // bytes of a listpack of Redis's besides its entries
	listpackSafely = 8 << 10 // its most bytes where the limit is one of entries
)

// listLimits are Redis's for what it calls a listpack: bytes, or else entries.
func (l *Limits) listLimits() (bytes, entries int) {
	switch size := l.ListMaxPackedSize; {
	case size >= 0:
		return 0, max(size, 1)
	case size >= -5:
		return 2048 << -size, 0
	}
	return 2048 << 5, 0
}

// exceedsListpack tells whether Redis would make a list of so many bytes and entries a
// quicklist.
func (l *Limits) exceedsListpack(bytes, entries int) bool {
	mostBytes, mostEntries := l.listLimits()
	if mostEntries == 0 {
		return bytes > mostBytes
	}
	return bytes > listpackSafely || entries > mostEntries
}

// listAnnounce is what Redis does before it adds elements of so many bytes to a list,
// which may not be there yet: the list becomes a quicklist if it will be too large.
// It tells whether it did.
func (c *coll) listAnnounce(limits *Limits, bytes, elements int) bool {
	n := 0
	if c.there() {
		if listEncoding(c.kind(), c.value()) == EncodingQuicklist {
			return false
		}
		n = c.listLen()
	}
	if !limits.exceedsListpack(c.listSize()+listpackFrame+bytes, n+elements) {
		return false
	}
	if c.kindOfList() == item.ListPacked {
		c.listUnpack()
	}
	var l deque.List
	c.deque(&l)
	l.Mark = listEncodedAs
	c.listSave(&l)
	return true
}

// listShrunk saves a deque that was taken from, which is not empty. Redis makes a
// quicklist a listpack again at half of the limit; and what is small enough to be
// packed gets packed.
func (c *coll) listShrunk(limits *Limits, l *deque.List) {
	if l.Mark == listEncodedAs {
		bytes, entries := limits.listLimits()
		if entries == 0 && l.Bytes()+listpackFrame <= bytes/2 || l.Len() <= entries/2 {
			l.Mark = 0
		}
	}
	if l.Mark == 0 && l.Bytes() <= listBack {
		if data, ok := l.Single(); ok {
			c.listPack(l, data)
			return
		}
	}
	c.listSave(l)
}

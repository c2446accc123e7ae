package cache

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// LSet replaces an element of a list. Errors: ErrNotFound, ErrIndex, ErrWrongType,
// ErrOutOfMemory, ErrTooLarge.
func (tx *Tx) LSet(key []byte, index int, element []byte) error {
	if len(element) > MaxValue {
		return ErrTooLarge
	}
	var c coll
	err := tx.openWrite(&c, key, List, len(element)+listEntryBytes)
	if err != nil {
		return err
	}
	if !c.there() {
		return ErrNotFound
	}
	changed := c.listAnnounce(tx.Limits(), len(element), 1)
	n := c.listLen()
	if index = fromLeft(index, n); index < 0 || index >= n {
		if changed {
			c.done()
		}
		return ErrIndex
	}
	c.listSet(tx.Limits(), index, element)
	c.done()
	return nil
}

func (c *coll) listSet(limits *Limits, i int, e []byte) {
	if c.kind() == item.ListPacked {
		v := c.value()
		off := packedOffset(v, i)
		_, next, _ := packed.DoubleNext(v, off)
		size := packed.DoubleSize(len(e))
		if more := size - (next - off); len(listEntries(v))+more <= listMost {
			c.packedSet(off, next, more, e)
			return
		}
		c.listUnpack()
	}
	var l deque.List
	c.deque(&l)
	l.Set(i, e)
	c.listShrunk(limits, &l)
}

// packedSet puts e in the place of the entry from off to next of a packed list; its entry
// is more bytes longer.
func (c *coll) packedSet(off, next, more int, e []byte) {
	v := c.value()
	if more > 0 {
		v, off = c.listGap(off, more)
		packed.DoublePut(v, off, e)
		return
	}
	copy(v[next+more:], v[next:])
	packed.DoublePut(v, off, e)
	if more < 0 {
		c.packedKeep(listStart(v), len(v)+more, packedListLen(v))
	}
}

// LInsert adds an element before or after the first one that equals pivot, and
// returns the new length; 0 if there is no list, -1 if there is no pivot. Errors:
// ErrWrongType, ErrOutOfMemory, ErrTooLarge.
func (tx *Tx) LInsert(key []byte, before bool, pivot, element []byte) (int, error) {
	if len(element) > MaxValue {
		return 0, ErrTooLarge
	}
	var c coll
	err := tx.openWrite(&c, key, List, len(element)+listEntryBytes)
	if err != nil || !c.there() {
		return 0, err
	}
	// Redis does this before it looks for the pivot.
	changed := c.listAnnounce(tx.Limits(), len(element), 1)
	at, n := c.listAt(0), c.listLen()
	i := 0
	for e, ok := at.Next(); ok && string(e) != string(pivot); e, ok = at.Next() {
		i++
	}
	switch {
	case i == n:
		if changed {
			c.done()
		}
		return -1, nil
	case n == MaxListLen:
		return 0, ErrTooLarge
	case !before:
		i++
	}
	c.listInsert(i, element)
	c.done()
	return n + 1, nil
}

// listInsert adds an element before element i.
func (c *coll) listInsert(i int, e []byte) {
	if c.kind() == item.ListPacked {
		v := c.value()
		n, size := packedListLen(v), packed.DoubleSize(len(e))
		if len(listEntries(v))+size <= listMost {
			v, off := c.listGap(packedOffset(v, i), size)
			packed.DoublePut(v, off, e)
			setPackedList(v, n+1, listStart(v))
			return
		}
		c.listUnpack()
	}
	var l deque.List
	c.deque(&l)
	l.Insert(i, e)
	c.listSave(&l)
}

// LRem takes out elements that equal element and returns how many: up to count from
// the left, up to -count from the right if that is negative, all if it is 0. Error:
// ErrWrongType.
func (tx *Tx) LRem(key []byte, count int, element []byte) (removed int, err error) {
	var c coll
	err = tx.openWrite(&c, key, List, 0)
	if err != nil || !c.there() {
		return 0, err
	}
	front := count >= 0
	switch {
	case count == 0 || count == math.MinInt:
		count = math.MaxInt
	case count < 0:
		count = -count
	}
	if c.kind() == item.ListPacked {
		return c.packedRemove(count, front, element), nil
	}
	var l deque.List
	c.deque(&l)
	removed = l.Remove(element, count, front)
	switch {
	case l.Len() == 0:
		c.remove()
	case removed > 0:
		c.listShrunk(tx.Limits(), &l)
		c.done()
	default: // nothing went, but to look the ends were moved into the tree
		c.listSave(&l)
		c.settle()
	}
	return removed, nil
}

// packedRemove is LRem from a packed list, and ends the operation.
func (c *coll) packedRemove(count int, front bool, e []byte) int {
	v := c.value()
	start, n := listStart(v), packedListLen(v)
	from, to, k := deque.Filter(v[start:], e, count, front)
	switch {
	case k == 0:
		return 0
	case k == n:
		c.remove()
		return k
	}
	if front {
		c.packedKeep(start, start+to, n-k)
	} else {
		c.packedKeep(start+from, len(v), n-k)
	}
	c.done()
	return k
}

// LTrim keeps the elements from start to stop, both included, and takes out all
// others. Error: ErrWrongType.
func (tx *Tx) LTrim(key []byte, start, stop int) error {
	var c coll
	err := tx.openWrite(&c, key, List, 0)
	if err != nil || !c.there() {
		return err
	}
	n := c.listLen()
	from, end := clip(start, stop, n)
	switch {
	case from == end:
		c.discard()
		return nil
	case end-from == n:
		c.done()
		return nil
	case c.kind() == item.ListPacked:
		c.packedTrim(from, end)
	default:
		var l deque.List
		c.deque(&l)
		if held := l.Trim(from, end, c.freeLater); held > 0 {
			// What was cut off is no longer of this list.
			c.nodes().TakeDelta()
			setNodeBytes(c.value(), int64(held))
		}
		c.listShrunk(tx.Limits(), &l)
	}
	c.done()
	return nil
}

// freeLater has a node and all below it freed bit by bit.
func (c *coll) freeLater(h nodes.Handle) { c.s.dead = append(c.s.dead, h) }

func (c *coll) packedTrim(from, end int) {
	v := c.value()
	c.packedKeep(packedOffset(v, from), packedOffset(v, end), end-from)
}

package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// LPop takes the first element of a list and appends it to dst. Errors: ErrNotFound,
// ErrWrongType.
func (tx *Tx) LPop(dst, key []byte) ([]byte, error) { return tx.popTo(dst, key, Left) }

// RPop is LPop for the last element.
func (tx *Tx) RPop(dst, key []byte) ([]byte, error) { return tx.popTo(dst, key, Right) }

func (tx *Tx) popTo(dst, key []byte, side Side) ([]byte, error) {
	n, err := tx.LPopN(key, side, 1, func(_, _ int, e []byte) { dst = append(dst, e...) })
	if n == 0 && err == nil {
		err = ErrNotFound
	}
	return dst, err
}

// LPopN takes count elements from one end of a list, or all if it has fewer, and
// returns how many. visit is shown each before it goes, as the i-th of n; the slice
// is valid until visit returns, and visit must not use the transaction. Error:
// ErrWrongType.
func (tx *Tx) LPopN(key []byte, side Side, count int, visit func(i, n int, element []byte)) (n int, err error) {
	var c coll
	err = tx.openWrite(&c, key, List, 0)
	if err != nil || !c.there() {
		return 0, err
	}
	n = min(count, c.listLen())
	if n <= 0 {
		return 0, nil
	}
	c.listPop(tx.Limits(), n, side == Left, visit)
	return n, nil
}

// listPop takes n elements, which there are, and ends the operation.
func (c *coll) listPop(limits *Limits, n int, front bool, visit func(i, n int, e []byte)) {
	if c.kind() == item.ListPacked {
		c.packedPop(n, front, visit)
		return
	}
	var l deque.List
	c.deque(&l)
	l.Pop(n, front, visit)
	if l.Len() == 0 {
		c.remove()
		return
	}
	c.listShrunk(limits, &l)
	c.done()
}

func (c *coll) packedPop(n int, front bool, visit func(i, n int, e []byte)) {
	v := c.value()
	start, left := listStart(v), packedListLen(v)-n
	entries := v[start:]
	size := 0
	for i := range n {
		var e []byte
		if front {
			e, size, _ = packed.DoubleNext(entries, size)
		} else {
			var at int
			e, at, _ = packed.DoublePrev(entries, len(entries)-size)
			size = len(entries) - at
		}
		visit(i, n, e)
	}
	if left == 0 {
		c.remove()
		return
	}
	if front {
		c.packedKeep(start+size, len(v), left)
	} else {
		c.packedKeep(start, len(v)-size, left)
	}
	c.done()
}

// LMPop takes elements as LPopN does from the first of several lists that is not
// empty, and returns which that is, and how many: 0 if all are empty. Error:
// ErrWrongType, if a key before it has another type.
func (tx *Tx) LMPop(keys [][]byte, side Side, count int, visit func(i, n int, element []byte)) (list, n int, err error) {
	for i, key := range keys {
		if n, err := tx.LPopN(key, side, count, visit); n > 0 || err != nil {
			return i, n, err
		}
	}
	return 0, 0, nil
}

// LMove takes an element from one end of a list and adds it to an end of another,
// which is made if need be, or of the same. visit is shown the element, as in LPopN.
// Errors: ErrNotFound if the list from is empty; ErrWrongType, of either;
// ErrOutOfMemory, ErrTooLarge. Where there is an error nothing is changed, and visit
// is not called.
func (tx *Tx) LMove(from, to []byte, take, add Side, visit func(element []byte)) error {
	var c coll
	err := tx.openPeek(&c, from, List)
	if err != nil {
		return err
	}
	e := c.listEnd(take)
	if string(from) == string(to) {
		return tx.rotate(to, take, add, len(e), visit)
	}
	var d coll
	err = tx.openWrite(&d, to, List, len(e)+listEntryBytes)
	if err != nil {
		return err
	}
	if d.there() && d.listLen() == MaxListLen {
		return ErrTooLarge
	}
	// To make room may have evicted the list.
	if err = tx.openPeek(&c, from, List); err != nil {
		return err
	}
	e = c.listEnd(take)
	visit(e)
	// What is borrowed from the one list stays where it is while the other is written:
	// the room is there.
	d.listAnnounce(tx.Limits(), len(e), 1)
	d.listPush([][]byte{e}, add == Left)
	d.done()
	if err = tx.openWrite(&c, from, List, 0); err == nil {
		c.listPop(tx.Limits(), 1, take == Left, func(int, int, []byte) {})
	}
	return err
}

// MaxListLen is the most elements that a list can have.
const MaxListLen = 1<<32 - 1

// listEnd is the element at an end of a list that is there.
func (c *coll) listEnd(side Side) []byte {
	if side == Left {
		return c.listElement(0)
	}
	return c.listElement(c.listLen() - 1)
}

// rotate is LMove within one list. The list is never empty in between, which would
// cost it its expiry.
func (tx *Tx) rotate(key []byte, take, add Side, size int, visit func(element []byte)) error {
	var c coll
	err := tx.openWrite(&c, key, List, size+listEntryBytes)
	switch {
	case err != nil:
		return err
	case !c.there():
		return ErrNotFound
	}
	e := c.listEnd(take)
	visit(e)
	if take == add || c.listLen() == 1 {
		c.done()
		return nil
	}
	// The element is in the memory that is about to be written.
	var short [128]byte
	moved := append(short[:0], e...)
	c.listAnnounce(tx.Limits(), 0, 0)
	c.listPush([][]byte{moved}, add == Left)
	c.listPop(tx.Limits(), 1, take == Left, func(int, int, []byte) {})
	return nil
}

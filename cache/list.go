package cache

import (
	"errors"
	"iter"

	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// Operations on lists. A key that is not there is an empty list, and a list that has
// lost its last element is gone. Indexes count from 0 at the left; negative ones
// from the right, where -1 is the last element.
//
// A small list is one packed value: the number of elements, and then the entries in
// packed's double form. A longer one is a deque, of leaves under a tree.
//
//	ListPacked   byte   0        1   2 …
//	                  +------------+-----------------------------+
//	                  | elements   | entries                     |
//	                  +------------+-----------------------------+
//
//	             byte   0        1   2        3   4      start
//	                  +------------+------------+-------+-------------------+
//	                  | elements*  | start      | gap   | entries           |
//	                  +------------+------------+-------+-------------------+
//
//	ListTree     byte   0        7   8                  30   31
//	                  +------------+-----------------------+------+----------------------+
//	                  | node bytes | deque's root          | mark | ends of a long list  |
//	                  +------------+-----------------------+------+----------------------+
//
// Numbers are little endian. * is 0x8000, which says that there is a gap; it is room for
// pushes at the left (list_packed.go). mark is 1 if Redis would have made the list a quicklist,
// 0 if it is what Redis calls a listpack: which of the two is a matter of
// Limits.ListMaxPackedSize, and how the list is kept one of what is quick. So a
// packed value is always a listpack in name.
const (
	listHead = 2 // bytes before the entries of a packed list
	// listMost is the size in bytes up to which a list stays packed: a push touches the
	// item alone then, and no leaf. Beyond, to move the whole would cost too much.
	// listBack is the size at which it gets packed again.
	listMost = 2048
	listBack = listMost / 4

	listDeque    = 8 // where the deque's root is
	listRootSize = listDeque + deque.RootSize

	listEncodedAs = 1 // the mark of a quicklist
)

var _ [32]struct{} = [listRootSize]struct{}{}

// Side is an end of a list.
type Side uint8

// The ends.
const (
	Left  Side = iota // the head, where index 0 is
	Right             // the tail
)

// listEncoding names a list's encoding as Redis would.
func listEncoding(kind item.Kind, v []byte) Encoding {
	if kind == item.ListTree && deque.MarkOf(v[listDeque:]) == listEncodedAs {
		return EncodingQuicklist
	}
	return EncodingListpack
}

// listLen is the number of elements.
func listLen(kind item.Kind, v []byte) int {
	if kind == item.ListTree {
		return deque.LenOf(v[listDeque:])
	}
	return packedListLen(v)
}

// listRoots visits the handle in a root.
func listRoots(_ item.Kind, v []byte, f func(nodes.Handle) nodes.Handle) {
	deque.VisitRoot(v[listDeque:], f)
}

// checkList verifies a list.
func checkList(s *nodes.Store, kind item.Kind, v []byte) error {
	if kind == item.ListTree {
		if len(v) != listRootSize && len(v) != listDeque+deque.LongRootSize {
			return errors.New("cache: a list's root has another size")
		}
		var l deque.List
		if l.Load(s, v[listDeque:]); l.Len() > 0 {
			return l.CheckInvariants()
		}
		return errors.New("cache: an empty list")
	}
	return checkPackedList(v)
}

func checkPackedList(v []byte) error {
	if len(v) <= listHead {
		return errors.New("cache: an empty list")
	}
	if v[1]&listGapped != 0 {
		if len(v) <= listGapHead || listStart(v) < listGapHead || listStart(v) >= len(v) {
			return errors.New("cache: a list starts where it cannot")
		}
	}
	switch entries := listEntries(v); {
	case !packed.DoubleValid(entries):
		return errors.New("cache: the entries of a list are broken")
	case packed.DoubleCount(entries) != packedListLen(v):
		return errors.New("cache: a list has another number of entries than it says")
	}
	return nil
}

// deque makes a large list ready for use.
func (c *coll) deque(l *deque.List) { l.Load(c.nodes(), c.value()[listDeque:]) }

// listAt is the place before element i of a list that is there.
func (c *coll) listAt(i int) deque.Cursor {
	v := c.value()
	if c.kind() == item.ListTree {
		var l deque.List
		c.deque(&l)
		return l.At(i)
	}
	return deque.Over(listEntries(v), i, packedListLen(v))
}

// listElement is element i of a list that is there, and that long.
func (c *coll) listElement(i int) []byte {
	v := c.value()
	if c.kind() == item.ListTree {
		var l deque.List
		c.deque(&l)
		return l.Index(i)
	}
	return deque.Entry(listEntries(v), i, packedListLen(v))
}

func (c *coll) listLen() int { return listLen(c.kind(), c.value()) }

// fromLeft makes an index count from the left; it may still be outside.
func fromLeft(i, length int) int {
	if i < 0 {
		return i + length
	}
	return i
}

// clip turns a range from start to stop, both included, of a list into one from
// start to before end within it; start == end if nothing is left.
func clip(start, stop, length int) (from, end int) {
	from = max(fromLeft(start, length), 0)
	end = min(fromLeft(stop, length), length-1) + 1
	if from >= end {
		return 0, 0
	}
	return from, end
}

// LLen is the number of elements of a list. Error: ErrWrongType.
func (tx *Tx) LLen(key []byte) (int, error) {
	var c coll
	err := tx.openRead(&c, key, List)
	if err != nil {
		return 0, missing(err)
	}
	return c.listLen(), nil
}

// LIndex is an element of a list, borrowed. Errors: ErrNotFound, of the element too;
// ErrWrongType.
func (tx *Tx) LIndex(key []byte, index int) ([]byte, error) {
	var c coll
	err := tx.openRead(&c, key, List)
	if err != nil {
		return nil, err
	}
	n := c.listLen()
	if index = fromLeft(index, n); index < 0 || index >= n {
		return nil, ErrNotFound
	}
	return c.listElement(index), nil
}

// ListRange reads elements of a list, one after the other. It is good for as long as
// what the transaction lends is.
type ListRange struct {
	at   deque.Cursor
	left int
}

// Len is the number of elements still to be read.
func (r *ListRange) Len() int { return r.left }

// Next is the next element, borrowed; not ok when all are read.
func (r *ListRange) Next() (element []byte, ok bool) {
	if r.left == 0 {
		return nil, false
	}
	r.left--
	return r.at.Next()
}

// All reads the elements in a for statement.
func (r *ListRange) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for e, ok := r.Next(); ok && yield(e); e, ok = r.Next() {
		}
	}
}

// LRange reads the elements from start to stop, both included. What is outside of
// the list is left out. Error: ErrWrongType.
func (tx *Tx) LRange(key []byte, start, stop int) (ListRange, error) {
	var c coll
	err := tx.openRead(&c, key, List)
	if err != nil {
		return ListRange{}, missing(err)
	}
	from, end := clip(start, stop, c.listLen())
	if from == end {
		return ListRange{}, nil
	}
	return ListRange{c.listAt(from), end - from}, nil
}

// LPos finds elements that equal element and appends their indexes to dst. rank says
// from which match on: 1 from the first, 2 from the second; -1 from the last, going
// left. count is how many to find, 0 for all; maxLen how many elements to compare
// with, 0 for all. Error: ErrWrongType.
func (tx *Tx) LPos(dst []int, key, element []byte, rank, count, maxLen int) ([]int, error) {
	var c coll
	err := tx.openRead(&c, key, List)
	if err != nil {
		return dst, missing(err)
	}
	n := c.listLen()
	if maxLen == 0 || maxLen > n {
		maxLen = n
	}
	forward := rank > 0
	at := c.listAt(n)
	if forward {
		at = c.listAt(0)
	} else {
		rank = -rank
	}
	for i := range maxLen {
		var e []byte
		index := i
		if forward {
			e, _ = at.Next()
		} else {
			e, _ = at.Prev()
			index = n - 1 - i
		}
		if string(e) != string(element) {
			continue
		}
		if rank--; rank > 0 {
			continue
		}
		dst = append(dst, index)
		if count--; count == 0 {
			break
		}
	}
	return dst, nil
}

package deque

import "github.com/ashlar-cache/ashlar/cache/internal/packed"

// The ends of a long list are in its root: the elements that were pushed last and the
// ones that are popped next. To push and pop there touches nothing but the item;
// the tree is for every seventh element or so, when a half of an end goes to a leaf
// or comes from one.
//
//	byte   0      1        2  3   4                              255
//	     +------+--------+------+----------------+------------------+
//	     | used | number | 0  0 | free           | entries          |   the front
//	     +------+--------+------+----------------+------------------+
//	     | used | number | 0  0 | entries        | free             |   the back
//	     +------+--------+------+----------------+------------------+
//
// used is the number of bytes of the entries, number how many there are.
const (
	// LongRootSize is the number of bytes of a root with ends.
	LongRootSize = RootSize + 2*endSize

	endSize = 256
	endHead = 4
	endRoom = endSize - endHead // for entries
	endHalf = endRoom / 2       // what is moved at once; longer entries never are here

	longFrom = 16 << 10 // bytes of entries from which a list has ends
	longTo   = 8 << 10  // and below which it loses them
)

// The two bytes hold any number up to endRoom.
var _ [255 - endRoom]struct{}

// end is one end of a long list.
type end []byte

func (l *List) endOf(front bool) end {
	if front {
		return end(l.ends[:endSize])
	}
	return end(l.ends[endSize:])
}

func (e end) used() int  { return int(e[0]) }
func (e end) count() int { return int(e[1]) }

// data is the entries: at the right of the front end, at the left of the back.
func (e end) data(front bool) []byte {
	if front {
		return e[endSize-e.used():]
	}
	return e[endHead : endHead+e.used()]
}

// counts is the number of elements in the ends.
func (l *List) counts() int {
	if l.ends == nil {
		return 0
	}
	return l.endOf(true).count() + l.endOf(false).count()
}

// RootLen is the number of bytes that the root should have for the list as it is.
func (l *List) RootLen() int {
	if l.ends == nil && l.bytes < longFrom || l.bytes < longTo && l.counts() == 0 {
		return RootSize
	}
	return LongRootSize
}

// Rehouse gives the list a root of RootLen bytes, which Save is to fill in.
func (l *List) Rehouse(root []byte) {
	l.ends = nil
	if len(root) > RootSize {
		l.ends = root[RootSize:]
		clear(l.ends[:endHead])
		clear(l.ends[endSize : endSize+endHead])
	}
}

// pushEnd is Push of an entry of n bytes to an end of a long list.
func (l *List) pushEnd(e []byte, n int, front bool) {
	to := l.endOf(front)
	if to.used()+n > endRoom {
		l.spill(front, endHalf)
	}
	used := to.used()
	at := endHead + used
	if front {
		at = endSize - used - n
	}
	put(to[at:at+n], e)
	to[0] += byte(n)
	to[1]++
}

// spill moves entries from an end to the tree, those next to it, until the end has no
// more than keep bytes.
func (l *List) spill(front bool, keep int) {
	from := l.endOf(front)
	data, k := from.data(front), 0
	if len(data) == 0 {
		return
	}
	if front {
		cut := len(data)
		for ; cut > keep; k++ {
			_, cut, _ = packed.DoublePrev(data, cut)
		}
		l.pushAll(data[cut:], k, front)
		copy(from[endSize-cut:], data[:cut])
		from[0] = byte(cut)
	} else {
		cut := 0
		for ; len(data)-cut > keep; k++ {
			_, cut, _ = packed.DoubleNext(data, cut)
		}
		l.pushAll(data[:cut], k, front)
		from[0] = byte(copy(from[endHead:], data[cut:]))
	}
	from[1] -= byte(k)
}

// pushAll adds k entries to one end of the tree.
func (l *List) pushAll(data []byte, k int, front bool) {
	if !l.tree.Empty() {
		h, _ := l.tree.EndLeaf(!front)
		b := l.leaf(h)
		if b.free(front) < len(data) {
			b = l.widen(h, len(data), front)
		}
		if b != nil {
			copy(b.take(len(data), front), data)
			l.tree.EndChanged(!front, k)
			return
		}
	}
	// The leaf is full: what still fits goes there, the others to a new one.
	at := 0
	if front {
		at = len(data)
	}
	for range k {
		var e []byte
		if front {
			e, at, _ = packed.DoublePrev(data, at)
		} else {
			e, at, _ = packed.DoubleNext(data, at)
		}
		l.pushTree(e, packed.DoubleSize(len(e)), front)
	}
}

// flush moves what is in the ends to the tree: for operations elsewhere.
func (l *List) flush() {
	if l.ends != nil {
		l.spill(true, 0)
		l.spill(false, 0)
	}
}

// popEnd is Pop of one element of a long list; not ok if it is too long for an end,
// which is empty then.
func (l *List) popEnd(front bool, visit func(i, n int, e []byte)) bool {
	from := l.endOf(front)
	if from.count() == 0 && !l.refill(front) {
		return false
	}
	n := show(from.data(front), 1, front, 0, 1, visit)
	from[0] -= byte(n)
	from[1]--
	l.bytes -= n
	return true
}

// refill moves entries from the tree to an end that is empty, if they are short and
// the tree has any.
func (l *List) refill(front bool) bool {
	if l.tree.Empty() {
		return false
	}
	h, count := l.tree.EndLeaf(!front)
	b := l.leaf(h)
	data, size, k := b.data(), 0, 0
	for k < count {
		next := size
		if front {
			_, next, _ = packed.DoubleNext(data, size)
		} else {
			_, at, _ := packed.DoublePrev(data, len(data)-size)
			next = len(data) - at
		}
		if next > endHalf {
			break
		}
		size = next
		k++
	}
	if k == 0 {
		return false
	}
	to := l.endOf(front)
	to[0], to[1] = byte(size), byte(k)
	if front {
		copy(to.data(front), data[:size])
	} else {
		copy(to.data(front), data[len(data)-size:])
	}
	if k == count {
		p := l.end(front)
		l.tree.Remove(&p)
		l.store.Free(h)
		return true
	}
	b.drop(size, front)
	l.tree.EndChanged(!front, -k)
	return true
}

// endAt tells in which end element i is, and as which of its elements; else i is what
// it is in the tree.
func (l *List) endAt(i int) (e end, front bool, rest int) {
	if l.ends == nil {
		return nil, false, i
	}
	head := l.endOf(true)
	if i < head.count() {
		return head, true, i
	}
	if i -= head.count(); i >= l.tree.Len() && l.endOf(false).count() > 0 {
		return l.endOf(false), false, i - l.tree.Len()
	}
	return nil, false, i
}

package deque

import (
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Cursor is a place between two elements, from which to read in either direction. It
// is good until the list changes. The zero Cursor has nothing to read.
type Cursor struct {
	list List
	pos  tree.Pos
	in   part
	data []byte // of the leaf or the end
	off  int
}

// part is which part of a list a cursor is in.
type part uint8

const (
	inFront part = iota // the front end
	inTree
	inBack // the back end
)

// At is the place before element i; that of Len is behind the last.
func (l *List) At(i int) Cursor {
	c := Cursor{list: *l, in: inTree}
	if e, front, k := l.endAt(i); e != nil {
		c.in = inBack
		if front {
			c.in = inFront
		}
		c.data = e.data(front)
		c.off = Offset(c.data, k, e.count())
	} else if !l.tree.Empty() {
		k = l.tree.SeekRank(&c.pos, k)
		c.data = l.leaf(c.pos.Leaf).data()
		c.off = Offset(c.data, k, c.pos.Count)
	}
	return c
}

// Index is element i.
func (l *List) Index(i int) []byte {
	e, front, i := l.endAt(i)
	if e != nil {
		return Entry(e.data(front), i, e.count())
	}
	var p tree.Pos
	k := l.tree.SeekRank(&p, i)
	return Entry(l.leaf(p.Leaf).data(), k, p.Count)
}

// Entry is entry i of n entries in packed's double form.
func Entry(data []byte, i, n int) []byte {
	e, _, _ := packed.DoubleNext(data, Offset(data, i, n))
	return e
}

// Over is the place before entry i of n entries in packed's double form, for reading
// them in the same way.
func Over(data []byte, i, n int) Cursor {
	return Cursor{in: inTree, data: data, off: Offset(data, i, n)}
}

// Next is the element behind the place, which moves on; not ok at the end.
func (c *Cursor) Next() (e []byte, ok bool) {
	if c.off == len(c.data) && !c.turn(true) {
		return nil, false
	}
	e, c.off, ok = packed.DoubleNext(c.data, c.off)
	return e, ok
}

// Prev is the element before the place, which moves back; not ok at the beginning.
func (c *Cursor) Prev() (e []byte, ok bool) {
	if c.off == 0 && !c.turn(false) {
		return nil, false
	}
	e, c.off, ok = packed.DoublePrev(c.data, c.off)
	return e, ok
}

// turn goes to the next leaf or end that has elements, or the one before.
func (c *Cursor) turn(forward bool) bool {
	if c.list.store == nil {
		return false
	}
	for c.step(forward) {
		if c.off = 0; !forward {
			c.off = len(c.data)
		}
		if len(c.data) > 0 {
			return true
		}
	}
	return false
}

// step is turn to one that may be empty.
func (c *Cursor) step(forward bool) bool {
	l := &c.list
	switch {
	case c.in == inTree && !l.tree.Empty() && (forward && l.tree.Next(&c.pos) || !forward && l.tree.Prev(&c.pos)):
		c.data = l.leaf(c.pos.Leaf).data()
	case l.ends == nil || c.in == inBack && forward || c.in == inFront && !forward:
		return false
	case c.in == inTree:
		if c.in = inBack; !forward {
			c.in = inFront
		}
		c.data = l.endOf(!forward).data(!forward)
	default:
		c.in, c.data = inTree, nil
		if !l.tree.Empty() {
			c.pos = l.end(forward)
			c.data = l.leaf(c.pos.Leaf).data()
		}
	}
	return true
}

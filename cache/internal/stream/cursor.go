package stream

import (
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Cursor walks over entries in the order of their IDs, or backwards. It is a value,
// to be kept on the stack, and good until the stream's entries change; groups may
// change.
//
//	for c := st.Range(from, to, false); c.Next(); {
//		for range c.Len() {
//			field, value := c.Pair()
//		}
//	}
type Cursor struct {
	s      *nodes.Store
	blocks tree.Tree
	p      tree.Pos
	b      []byte // the block; nil at the end
	next   int    // where the next entry begins, or ends if backwards; -1: behind the pairs
	bound  ID     // the last one wanted
	back   bool

	e      entry
	count  int // pairs of the entry
	left   int // of them not yet asked for
	data   int // offset of the next pair, or of its value
	fields int // offset of the next of the block's fields
}

// Range walks over the entries from one ID to another, both included; backwards if
// back, from the greater to the lesser. The bounds are in order, or there is nothing.
func (st *Stream) Range(from, to ID, back bool) Cursor {
	c := Cursor{s: st.s, blocks: st.blocks, bound: to, back: back}
	start := from
	if back {
		start, c.bound = to, from
	}
	if st.Len() == 0 || to.Less(from) {
		return c
	}
	st.blocks.SeekKey(&c.p, start.key(), nil)
	c.b = st.s.Bytes(c.p.Leaf)
	c.seek(start)
	return c
}

// seek finds where to begin in the block where start belongs.
func (c *Cursor) seek(start ID) {
	c.next = notBelow(c.b, start)
	if c.back && c.next < get32(c.b, blockEnd) {
		if e := readHead(c.b, c.next); e.id == start {
			c.next = entryEnd(c.b, e)
		}
	}
}

// Next moves to the next entry and tells whether there is one.
func (c *Cursor) Next() bool {
	for c.b != nil {
		if c.back {
			if !c.stepBack() {
				continue
			}
		} else if !c.step() {
			continue
		}
		if c.past() {
			break
		}
		if !c.e.dead {
			c.open()
			return true
		}
	}
	c.b = nil
	return false
}

// past tells whether the entry is beyond what is wanted.
func (c *Cursor) past() bool {
	if c.back {
		return c.e.id.Less(c.bound)
	}
	return c.bound.Less(c.e.id)
}

// step moves to the entry behind; false if that had to find another block first.
func (c *Cursor) step() bool {
	if c.next < 0 {
		c.skip()
	}
	if c.next >= get32(c.b, blockEnd) {
		if !c.blocks.Next(&c.p) {
			c.b = nil
			return false
		}
		c.b = c.s.Bytes(c.p.Leaf)
		c.next = get32(c.b, blockBody)
		return false
	}
	c.e = readHead(c.b, c.next)
	if c.e.dead {
		c.next = entryEnd(c.b, c.e)
	}
	return true
}

// stepBack moves to the entry before; false as with step.
func (c *Cursor) stepBack() bool {
	if c.next <= get32(c.b, blockBody) {
		if !c.blocks.Prev(&c.p) {
			c.b = nil
			return false
		}
		c.b = c.s.Bytes(c.p.Leaf)
		c.next = get32(c.b, blockEnd)
		return false
	}
	c.e = readHead(c.b, entryBefore(c.b, c.next))
	c.next = c.e.off
	return true
}

// open gets ready to read the entry's pairs. Where the next entry begins is known
// once they have been read.
func (c *Cursor) open() {
	c.count, c.data = fieldCount(c.b, c.e)
	c.left = c.count
	_, c.fields = varint(c.b, blockFields)
	if !c.back {
		c.next = -1
	}
}

// skip goes behind the pairs that were not asked for, to the next entry.
func (c *Cursor) skip() {
	for ; c.left > 0; c.left-- {
		if !c.e.same {
			c.data = skipBytes(c.b, c.data)
		}
		c.data = skipBytes(c.b, c.data)
	}
	c.next = c.data + varintSize(uint64(c.data-c.e.off))
}

// ID is the entry's.
func (c *Cursor) ID() ID { return c.e.id }

// Len is the number of fields of the entry.
func (c *Cursor) Len() int { return c.count }

// Pair is the next field and its value; it is to be called no more than Len times.
func (c *Cursor) Pair() (field, value []byte) {
	c.left--
	if c.e.same {
		field, c.fields = bytesAt(c.b, c.fields)
	} else {
		field, c.data = bytesAt(c.b, c.data)
	}
	value, c.data = bytesAt(c.b, c.data)
	return field, value
}

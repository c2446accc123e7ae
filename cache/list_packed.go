package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// A packed list has free room beside its entries, so that few pushes and pops have to
// move them: before the first entry, in the gap, and behind the value, in what its block
// is larger than the item. A push at a side that has none left shares anew what the other
// has, or else moves the list to another block; a pop leaves room where it took from.
//
// A list that is made at once has no room, and one of few bytes gets none as it grows:
// there, room would be a good part of what the list takes over its elements.
const (
	listGapHead = 4    // bytes before the gap
	listGapped  = 0x80 // in byte 1: there is a gap

	listSpareFrom = 512 // bytes of entries from which a list gets room to grow
)

// listSpare is how much room a list of n bytes of entries gets when it is moved to grow.
// Where a side has none, and the other has half of that or more (listScarce), the list stays
// in its block. What was taken from is moved once it has listLoose of room.
func listSpare(n int) int {
	if n < listSpareFrom {
		return 0
	}
	return n / 8
}

func listScarce(n int) int { return listSpare(n) / 2 }
func listLoose(n int) int  { return listSpare(n) + n/8 }

// listStart is where the entries of a packed list begin.
func listStart(v []byte) int {
	if v[1]&listGapped == 0 {
		return listHead
	}
	return int(binary.LittleEndian.Uint16(v[listHead:]))
}

// listEntries is the entries of a packed list.
func listEntries(v []byte) []byte { return v[listStart(v):] }

func packedListLen(v []byte) int { return int(binary.LittleEndian.Uint16(v) &^ (listGapped << 8)) }

// setPackedList says that a packed list has n elements, the first of which is at start.
// There is a gap if that is not listHead.
func setPackedList(v []byte, n, start int) {
	if start != listHead {
		n |= listGapped << 8
		binary.LittleEndian.PutUint16(v[listHead:], uint16(start))
	}
	binary.LittleEndian.PutUint16(v, uint16(n))
}

// packedOffset is where element i of a packed list is in its value.
func packedOffset(v []byte, i int) int {
	start := listStart(v)
	return start + deque.Offset(v[start:], i, packedListLen(v))
}

// packedPush is listPush where size bytes of entries go into a packed value.
func (c *coll) packedPush(elements [][]byte, size int, front bool) int {
	n, start, at := len(elements), listHead, listHead
	var v []byte
	if !c.there() {
		v = c.create(item.ListPacked, listHead+size)
	} else {
		n += packedListLen(c.value())
		v, start = c.listOpen(size, front)
		if at = start; !front {
			at = len(v) - size
		}
	}
	setPackedList(v, n, start)
	if !front {
		for _, e := range elements {
			at = packed.DoublePut(v, at, e)
		}
		return n
	}
	// Each goes before the one that it follows: the last stands first.
	at += size
	for _, e := range elements {
		at -= packed.DoubleSize(len(e))
		packed.DoublePut(v, at, e)
	}
	return n
}

// listOpen makes size bytes that are undefined part of the entries at one side. It returns
// the value and where the entries start now, which is still to be written.
func (c *coll) listOpen(size int, front bool) (v []byte, start int) {
	v = c.value()
	start = listStart(v)
	if front {
		if start-size >= listGapHead {
			return v, start - size
		}
	} else if len(v)+size <= c.listRoom() && c.e.item.SetValueLen(len(v)+size) {
		return c.value(), start
	}
	return c.listWiden(v, start, size, front)
}

// listRoom is how long the value can be in the block it is in. Blocks with pages of
// their own are taken as full: what they have to spare is for an expiry time.
func (c *coll) listRoom() int {
	room := c.s.heap.Capacity(c.e.ref)
	if room > slab.MaxSlot {
		return c.e.item.ValueLen()
	}
	return room - (c.e.item.Size() - c.e.item.ValueLen())
}

// listWiden is listOpen where the side has no room.
func (c *coll) listWiden(v []byte, start, size int, front bool) ([]byte, int) {
	used := len(v) - start
	n := used + size
	if free := c.listRoom() - listGapHead - n; free >= listScarce(n) {
		// Half of it stays on the other side.
		to := listGapHead + free/2
		if front {
			to = listGapHead + free - free/2
		}
		if c.e.item.SetValueLen(to + n) {
			entries := v[start:]
			v = c.value()
			if front {
				copy(v[to+size:], entries)
			} else {
				copy(v[to:], entries)
			}
			return v, to
		}
	}
	return c.listMove(n, size, front)
}

// listMove is listOpen that gives the list another block, so that it has n bytes of
// entries.
func (c *coll) listMove(n, size int, front bool) ([]byte, int) {
	at, spare, start := c.e.item.ExpireAt(), listSpare(n), listHead
	if spare < size {
		spare = 0
	}
	length := listHead + n
	block := blockSize(len(c.key), length, at)
	if spare > 0 && block+listGapHead+spare <= slab.MaxSlot {
		if !front {
			block += spare
		} else {
			length += spare
			block = slab.RoundUp(blockSize(len(c.key), length, at))
			// What the block is larger becomes part of the gap, where it can.
			if more := block - item.SizeOf(len(c.key), length, at); item.SizeOf(len(c.key), length+more, at) == block {
				length += more
			}
			start = length - n
		}
	}
	c.reblock(item.ListPacked, length, block, func(dst, src []byte) {
		entries := listEntries(src)
		if front {
			copy(dst[start+size:], entries)
		} else {
			copy(dst[start:], entries)
		}
	})
	return c.value(), start
}

// listGap opens a gap of size undefined bytes at off, among the entries. What is on the
// shorter side of it moves. It returns the value and where the gap is.
func (c *coll) listGap(off, size int) (v []byte, at int) {
	v = c.value()
	start, n := listStart(v), packedListLen(v)
	before, after := off-start, len(v)-off
	v, start = c.listOpen(size, before < after)
	setPackedList(v, n, start)
	if at = start + before; before < after {
		copy(v[start:], v[start+size:at+size])
	} else {
		copy(v[at+size:], v[at:at+after])
	}
	return v, at
}

// packedKeep leaves count elements of a packed list, which are in the value from start
// to end.
func (c *coll) packedKeep(start, end, count int) {
	v := c.value()
	n := end - start
	exact := slab.RoundUp(blockSize(len(c.key), listHead+n, c.e.item.ExpireAt()))
	loose := c.listRoom()-listHead-n > listLoose(n) && exact < c.s.heap.Capacity(c.e.ref)
	if !loose && (end == len(v) || c.e.item.SetValueLen(end)) {
		setPackedList(c.value(), count, start)
		return
	}
	c.reblock(item.ListPacked, listHead+n, exact, func(dst, _ []byte) { copy(dst[listHead:], v[start:end]) })
	setPackedList(c.value(), count, listHead)
}

package stream

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// A directory has records, groups or consumers, each under a name and a number. The
// number is good for as long as the record lives, and may be given again after that.
//
//	byte   0          15   16    19   20    23   24    27
//	     +---------------+----------+----------+----------+
//	     | tree of names | slots    | free     | top      |
//	     +---------------+----------+----------+----------+
//
//	slots  numbers to records: an array, or a tree of arrays of slotFan
//	free   1 + a number that is free, 0 if there is none; more are linked from there
//	top    numbers ever given
//
// The names' leaves hold numbers, in the order of the records' names: the name itself
// stands in the record alone.
type directory struct {
	s     *nodes.Store
	names tree.Tree
	slots nodes.Handle
	free  uint32
	top   uint32
}

const (
	directorySize = tree.RootSize + 12

	slotFan    = 512 // slots of a node
	slotShift  = 9
	slotHeight = nodes.HeaderSize     // levels below this node
	slotUsed   = nodes.HeaderSize + 4 // slots of it that mean something
	slotFirst  = nodes.HeaderSize + 8
	slotFree   = 1 << 31 // in a slot: the rest is what free is in a directory

	namesMost = 126 // numbers in a leaf of names
)

var _ [1<<slotShift - slotFan]struct{}
var _ [512 - nodes.HeaderSize - 4*namesMost]struct{}

func newDirectory(s *nodes.Store) *directory {
	return &directory{s: s, names: tree.New(s, tree.Keyed)}
}

func loadDirectory(s *nodes.Store, b []byte) directory {
	return directory{
		s: s, names: tree.Load(s, b), slots: nodes.Handle(get32(b, tree.RootSize)),
		free: uint32(get32(b, tree.RootSize+4)), top: uint32(get32(b, tree.RootSize+8)),
	}
}

func (d *directory) save(b []byte) {
	d.names.Save(b)
	put32(b, tree.RootSize, int(d.slots))
	put32(b, tree.RootSize+4, int(d.free))
	put32(b, tree.RootSize+8, int(d.top))
}

func visitDirectory(b []byte, f func(nodes.Handle) nodes.Handle) {
	tree.VisitRoot(b, f)
	if h := nodes.Handle(get32(b, tree.RootSize)); h != 0 {
		put32(b, tree.RootSize, int(f(h)))
	}
}

func visitSlots(b []byte, f func(nodes.Handle) nodes.Handle) {
	for i := range get32(b, slotUsed) {
		if v := slot(b, i); v&slotFree == 0 {
			setSlot(b, i, uint32(f(nodes.Handle(v))))
		}
	}
}

func slot(b []byte, i int) uint32       { return binary.LittleEndian.Uint32(b[slotFirst+4*i:]) }
func setSlot(b []byte, i int, v uint32) { binary.LittleEndian.PutUint32(b[slotFirst+4*i:], v) }

// Len is the number of records.
func (d *directory) Len() int { return d.names.Len() }

// record is the record with a number.
func (d *directory) record(number uint32) []byte {
	b, i := d.slotOf(number)
	return d.s.Bytes(nodes.Handle(slot(b, i)))
}

// slotOf is where a number's slot is.
func (d *directory) slotOf(number uint32) (b []byte, i int) {
	b = d.s.Bytes(d.slots)
	for height := get32(b, slotHeight); height > 0; height-- {
		i := int(number >> (slotShift * height) & (slotFan - 1))
		b = d.s.Bytes(nodes.Handle(slot(b, i)))
	}
	return b, int(number & (slotFan - 1))
}

// find looks a name up: its number, and where it stands among the names.
func (d *directory) find(name []byte) (number uint32, p tree.Pos, i int, ok bool) {
	if d.names.Empty() {
		return 0, p, 0, false
	}
	d.names.SeekKey(&p, nameKey(name), func(leaf nodes.Handle) bool {
		return string(d.name(d.numberAt(leaf, 0))) <= string(name)
	})
	b := d.s.Bytes(p.Leaf)
	low, high := 0, p.Count
	for low < high {
		i := int(uint(low+high) / 2)
		if string(d.name(number32(b, i))) < string(name) {
			low = i + 1
		} else {
			high = i
		}
	}
	if low == p.Count {
		return 0, p, low, false
	}
	number = number32(b, low)
	return number, p, low, string(d.name(number)) == string(name)
}

func number32(b []byte, i int) uint32 {
	return binary.LittleEndian.Uint32(b[nodes.HeaderSize+4*i:])
}

func (d *directory) numberAt(leaf nodes.Handle, i int) uint32 {
	return number32(d.s.Bytes(leaf), i)
}

func (d *directory) name(number uint32) []byte { return recordNameOf(d.record(number)) }

// nameKey is the beginning of a name as a separator.
func nameKey(name []byte) tree.Key {
	var k [16]byte
	copy(k[:], name)
	return tree.Key{Hi: binary.BigEndian.Uint64(k[:]), Lo: binary.BigEndian.Uint64(k[8:])}
}

// add gives a record, which has its name already, a number, and puts it at the place
// that find gave for its name.
func (d *directory) add(h nodes.Handle, p *tree.Pos, i int) (number uint32) {
	number = d.newSlot(h)
	name := d.name(number)
	if d.names.Empty() {
		leaf, b := d.s.Alloc(nodes.StreamPEL, nodes.HeaderSize+4)
		b[1] = formNames
		put32(b, nodes.HeaderSize, int(number))
		d.names.Add(leaf, 1, nameKey(name))
		return number
	}
	if p.Count == namesMost {
		d.splitNames(p, p.Count/2)
		_, *p, i, _ = d.find(name) // the tree has changed its shape
	}
	end := nodes.HeaderSize + 4*p.Count
	b := d.s.Bytes(p.Leaf)
	if end+4 > len(b) {
		b = d.s.Resize(p.Leaf, min(end+end/2, nodes.HeaderSize+4*namesMost), end)
	}
	at := nodes.HeaderSize + 4*i
	copy(b[at+4:end+4], b[at:end])
	put32(b, at, int(number))
	d.names.Changed(p, 1)
	if i == 0 {
		d.names.SetKey(p, nameKey(name))
	}
	return number
}

// splitNames moves the numbers of a leaf from one on to a leaf of their own.
func (d *directory) splitNames(p *tree.Pos, from int) {
	n := p.Count - from
	h, b := d.s.Alloc(nodes.StreamPEL, nodes.HeaderSize+4*n)
	b[1] = formNames
	old := d.s.Bytes(p.Leaf)
	copy(b[nodes.HeaderSize:], old[nodes.HeaderSize+4*from:nodes.HeaderSize+4*p.Count])
	d.names.Changed(p, -n)
	d.names.InsertAfter(p, h, n, nameKey(d.name(number32(b, 0))))
}

// take removes the name at a place, which find gave. Its number and its record are left
// to the caller.
func (d *directory) take(p *tree.Pos, i int) (number uint32) {
	b := d.s.Bytes(p.Leaf)
	number = number32(b, i)
	if p.Count == 1 {
		h := p.Leaf
		d.names.Remove(p)
		d.s.Free(h)
	} else {
		at := nodes.HeaderSize + 4*i
		copy(b[at:], b[at+4:nodes.HeaderSize+4*p.Count])
		d.names.Changed(p, -1)
		if i == 0 {
			d.names.SetKey(p, nameKey(d.name(number32(b, 0))))
		}
	}
	return number
}

// newSlot gives a record the number that was freed last, or the next.
func (d *directory) newSlot(h nodes.Handle) uint32 {
	if d.free != 0 {
		number := d.free - 1
		b, i := d.slotOf(number)
		d.free = slot(b, i) &^ slotFree
		setSlot(b, i, uint32(h))
		return number
	}
	number := d.top
	d.top++
	if d.slots == 0 {
		d.slots = d.newSlots(0)
	}
	if b := d.s.Bytes(d.slots); number>>(slotShift*(get32(b, slotHeight)+1)) != 0 {
		up := d.newSlots(get32(b, slotHeight) + 1)
		put32(d.s.Bytes(up), slotUsed, 1)
		setSlot(d.s.Bytes(up), 0, uint32(d.slots))
		d.slots = up
	}
	d.push(d.slots, number, uint32(h))
	return number
}

func (d *directory) newSlots(height int) nodes.Handle {
	h, b := d.s.Alloc(nodes.StreamGroup, slotFirst+4*4)
	b[1] = formSlots
	put32(b, slotHeight, height)
	put32(b, slotUsed, 0)
	return h
}

// push sets the slot of the greatest number there is, below a node.
func (d *directory) push(h nodes.Handle, number, v uint32) {
	b := d.s.Bytes(h)
	height := get32(b, slotHeight)
	i := int(number >> (slotShift * height) & (slotFan - 1))
	if i == get32(b, slotUsed) {
		if end := slotFirst + 4*i; end+4 > len(b) {
			b = d.s.Resize(h, min(end+end/2, slotFirst+4*slotFan), end)
		}
		put32(b, slotUsed, i+1)
		child := v
		if height > 0 {
			child = uint32(d.newSlots(height - 1))
		}
		setSlot(b, i, child)
	}
	if height > 0 {
		d.push(nodes.Handle(slot(b, i)), number, v)
	}
}

// freeSlot frees a number and returns the record it had.
func (d *directory) freeSlot(number uint32) nodes.Handle {
	b, i := d.slotOf(number)
	h := nodes.Handle(slot(b, i))
	setSlot(b, i, slotFree|d.free)
	d.free = number + 1
	return h
}

// clear frees the slots when no name is left, nor a record without one.
func (d *directory) clear() {
	if d.names.Empty() && d.slots != 0 {
		freeAll(d.s, d.slots)
		d.slots, d.free, d.top = 0, 0, 0
	}
}

// freeAll frees a node and all below it.
func freeAll(s *nodes.Store, h nodes.Handle) {
	visitChildren(s, h, func(child nodes.Handle) nodes.Handle {
		freeAll(s, child)
		return child
	})
	s.Free(h)
}

// visitChildren calls f with each child of a node of any kind that a stream has, and
// stores what it returns.
func visitChildren(s *nodes.Store, h nodes.Handle, f func(nodes.Handle) nodes.Handle) {
	if kind, b := s.Kind(h), s.Bytes(h); kind == nodes.TreeKeyed {
		tree.Children(b, f)
	} else {
		Children(kind, b, f)
	}
}

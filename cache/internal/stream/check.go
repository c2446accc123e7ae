package stream

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// CheckInvariants verifies a whole stream: see the list in doc.go.
func (st *Stream) CheckInvariants() error {
	blocks, last, first := 0, ID{}, ID{}
	err := st.blocks.CheckInvariants(func(h nodes.Handle, count int, key tree.Key) error {
		blocks++
		b := st.s.Bytes(h)
		if st.s.Kind(h) != nodes.StreamLeaf || readID(b, blockFirst).key() != key {
			return fmt.Errorf("stream: node %d is no block with the key %v", h, key)
		}
		return checkBlock(b, count, &last, &first)
	})
	switch {
	case err != nil:
		return err
	case blocks != st.Blocks() || blocks+st.doomedBlocks() != get32(st.root, rootCount):
		return fmt.Errorf("stream: %d blocks and %d doomed ones, the root says %d", blocks, st.doomedBlocks(), get32(st.root, rootCount))
	case first != st.First():
		return fmt.Errorf("stream: the first entry is %v, the root says %v", first, st.First())
	case st.Last().Less(last):
		return fmt.Errorf("stream: the last block goes up to %v, the last ID is %v", last, st.Last())
	}
	d := st.groups()
	left := 0 // groups that consumers are leaving
	err = d.check(formGroup, 0, func(b []byte) error {
		left += min(get32(b, groupLeaving), 1)
		return Group{st.s, b}.check()
	})
	for n := get32(st.root, rootLeaving); n != 0 && err == nil; left-- {
		g := Group{st.s, d.record(uint32(n - 1))}
		if n = get32(g.b, groupNext); g.leaving() == 0 || left == 0 {
			return fmt.Errorf("stream: group %q is in the chain of those that consumers are leaving", g.Name())
		}
	}
	if err == nil && left != 0 {
		err = fmt.Errorf("stream: %d groups that consumers are leaving are in no chain", left)
	}
	return err
}

// doomedBlocks counts the blocks that are to be freed.
func (st *Stream) doomedBlocks() (n int) {
	var visit func(h nodes.Handle) nodes.Handle
	visit = func(h nodes.Handle) nodes.Handle {
		if st.s.Kind(h) == nodes.StreamLeaf {
			n++
		}
		visitChildren(st.s, h, visit)
		return h
	}
	if h := nodes.Handle(get32(st.root, rootDoomed)); h != 0 {
		visit(h)
	}
	return n
}

// checkBlock verifies one block. last is the last ID seen before, and after; first
// gets the first entry's, if it is zero.
func checkBlock(b []byte, count int, last, first *ID) error {
	body, end := get32(b, blockBody), get32(b, blockEnd)
	_, fields := fieldsEnd(b)
	if body < fields || end < body || end > len(b) {
		return fmt.Errorf("stream: a block of %d bytes has fields up to %d, entries from %d to %d", len(b), fields, body, end)
	}
	live, tail := 0, 0
	for off := body; off < end; {
		e := readHead(b, off)
		next := entryEnd(b, e)
		if next > end || entryBefore(b, next) != off {
			return fmt.Errorf("stream: the entry from %d to %d of %d is said to begin at %d", off, next, end, entryBefore(b, next))
		}
		if !last.Less(e.id) {
			return fmt.Errorf("stream: entry %v after %v", e.id, *last)
		}
		if e.dead && next != end {
			return fmt.Errorf("stream: a deleted entry is not at the block's end")
		}
		if !e.dead {
			live++
			if first.IsZero() {
				*first = e.id
			}
		}
		*last, tail, off = e.id, off, next
	}
	if live != count || live != get16(b, blockLive) || tail != get32(b, blockLast) || tail == 0 {
		return fmt.Errorf("stream: %d entries, the block says %d, the tree %d; the last at %d, the block says %d",
			live, get16(b, blockLive), count, tail, get32(b, blockLast))
	}
	return nil
}

// check verifies a directory, which has so many records without a name, and calls f for
// each other record.
func (d *directory) check(form byte, nameless int, f func(record []byte) error) error {
	var last []byte
	records := 0
	err := d.names.CheckInvariants(func(h nodes.Handle, count int, key tree.Key) error {
		for i := range count {
			number := d.numberAt(h, i)
			if number >= d.top {
				return fmt.Errorf("stream: number %d was never given", number)
			}
			b := d.record(number)
			name := recordNameOf(b)
			switch {
			case b[1] != form || uint32(get32(b, recordNumber)) != number:
				return fmt.Errorf("stream: record %d is of form %d and says %d", number, b[1], get32(b, recordNumber))
			case records > 0 && string(last) >= string(name):
				return fmt.Errorf("stream: the name %q comes after %q", name, last)
			case nameKey(name).Less(key):
				return fmt.Errorf("stream: the name %q is below its leaf's key", name)
			}
			last = name
			records++
			if err := f(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	free := 0
	for n := d.free; n != 0; free++ {
		b, i := d.slotOf(n - 1)
		if slot(b, i)&slotFree == 0 {
			return fmt.Errorf("stream: free number %d is in use", n-1)
		}
		n = slot(b, i) &^ slotFree
	}
	if records+nameless+free != int(d.top) {
		return fmt.Errorf("stream: %d records, %d without names, and %d free numbers; %d given", records, nameless, free, d.top)
	}
	return nil
}

// check verifies a group: each pending entry is in its consumer's list, and nothing
// else is.
func (g Group) check() error {
	pending := g.list()
	held := 0
	d := g.consumers()
	err := pending.check(func(e Pending) error {
		c := Consumer{g.s, d.record(e.Consumer)}.list()
		if _, _, ok := c.find(e.ID); !ok {
			return fmt.Errorf("stream: %v is pending for a consumer that does not have it", e.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	own := func(b []byte) error {
		ids := Consumer{g.s, b}.list()
		held += ids.t.Len()
		return ids.check(func(Pending) error { return nil })
	}
	leaving := 0
	for n := g.leaving(); n != 0 && err == nil; leaving++ {
		b := d.record(uint32(n - 1))
		if n = get32(b, leavingNext); b[1] != formLeaving {
			return fmt.Errorf("stream: consumer %q is in the chain of those that are leaving", recordNameOf(b))
		}
		err = own(b)
	}
	if err == nil {
		err = d.check(formConsumer, leaving, own)
	}
	if err == nil && held != pending.t.Len() {
		err = fmt.Errorf("stream: %d entries are pending, the consumers have %d", pending.t.Len(), held)
	}
	return err
}

// check verifies a list and calls f for each entry.
func (l *list) check(f func(Pending) error) error {
	var last ID
	seen := 0
	return l.t.CheckInvariants(func(h nodes.Handle, count int, key tree.Key) error {
		v := openLeaf(l.s.Bytes(h), count)
		if v.ids != l.ids || v.first+v.n*v.stride > len(v.b) {
			return fmt.Errorf("stream: a leaf of %d pending entries in %d bytes, form %d", v.n, len(v.b), v.b[1])
		}
		for i := range v.n {
			e := v.get(i)
			if seen > 0 && !last.Less(e.ID) || e.ID.key().Less(key) {
				return fmt.Errorf("stream: pending entry %v after %v, in a leaf from %v on", e.ID, last, key)
			}
			last = e.ID
			seen++
			if err := f(e); err != nil {
				return err
			}
		}
		return nil
	})
}

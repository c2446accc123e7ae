package slab

import (
	"fmt"
	"unsafe"
)

// CheckInvariants verifies what the package comment promises. It walks all
// pages: for tests and the invariants build.
func (h *Heap) CheckInvariants() error {
	var resident, live, free int64
	room := make([]int32, len(h.classes))
	freeSlots := make([]int32, len(h.classes))
	for unit := uint32(0); unit < h.units(); unit++ {
		m := h.meta(unit)
		if m.back != 0 || (m.state == pageFree && m.touched == 0) {
			continue
		}
		if m.class == largeClass {
			if m.state == pageLive {
				resident += int64(m.large) * osPage
				live += int64(m.large) * osPage
			}
			continue
		}
		resident += int64(m.touched) * osPage
		if m.state == pageDirty {
			continue
		}
		c := &classes[m.class]
		if err := h.checkPage(unit, m, c); err != nil {
			return err
		}
		live += int64(m.used) * int64(c.size)
		free += int64(m.touched)*osPage - int64(m.used)*int64(c.size)
		room[m.class] += int32(c.slots - m.used)
		freeSlots[m.class] += int32(m.bump - m.used)
	}
	for i := range h.classes {
		if st := &h.classes[i]; st.room != room[i] || st.freeSlots != freeSlots[i] {
			return fmt.Errorf("class %d: room %d free %d, counted %d and %d", i, st.room, st.freeSlots, room[i], freeSlots[i])
		}
	}
	if live != h.liveBytes || free != h.freeBytes {
		return fmt.Errorf("live %d free %d, counted %d and %d", h.liveBytes, h.freeBytes, live, free)
	}
	if resident != int64(h.region.Committed()) {
		return fmt.Errorf("resident %d, committed %d", resident, h.region.Committed())
	}
	for bit, resident := range map[uint8]bool{1: true, 2: false} {
		if class := h.worstClass(false, resident); class >= 0 && h.settled&bit != 0 {
			return fmt.Errorf("class %d could be compacted, but is taken to be settled", class)
		}
	}
	if err := h.checkLists(); err != nil {
		return err
	}
	return h.checkCalendar()
}

// checkLists verifies that every page is on the list it belongs to, and on no other.
func (h *Heap) checkLists() error {
	listed := map[uint32]bool{}
	walk := func(head, tail uint32, belongs func(m *pageMeta) bool) error {
		prev := uint32(0)
		for unit := head; unit != 0; unit = h.meta(unit).next {
			m := h.meta(unit)
			if listed[unit] || m.prev != prev || m.back != 0 || !belongs(m) {
				return fmt.Errorf("page %d: on a list where it does not belong: %+v", unit, *m)
			}
			listed[unit], prev = true, unit
		}
		if tail != prev {
			return fmt.Errorf("a list ends with page %d, not %d", prev, tail)
		}
		return nil
	}
	for i := range h.classes {
		st := &h.classes[i]
		if err := walk(st.partial, h.tailOf(st), func(m *pageMeta) bool {
			return m.state == pageLive && int(m.class) == i && m.used > 0 && m.used < classes[i].slots
		}); err != nil {
			return fmt.Errorf("class %d: %w", i, err)
		}
	}
	dirtyOS := 0
	for i, head := range h.dirty {
		if err := walk(head, h.last(head), func(m *pageMeta) bool {
			dirtyOS += int(m.touched)
			return m.state == pageDirty && m.touched > 0 && int(classes[m.class].units) == i+1
		}); err != nil {
			return fmt.Errorf("dirty pages: %w", err)
		}
	}
	if dirtyOS != h.dirtyOS {
		return fmt.Errorf("%d dirty system pages, counted %d", h.dirtyOS, dirtyOS)
	}
	if err := walk(h.clean, h.last(h.clean), func(m *pageMeta) bool {
		return m.state == pageFree && m.touched == 0
	}); err != nil {
		return fmt.Errorf("clean pages: %w", err)
	}
	return h.checkListed(listed)
}

// checkListed verifies that all pages that should be are on a list, and that chunks
// that are dealt out by units count them rightly.
func (h *Heap) checkListed(listed map[uint32]bool) error {
	inChunk := map[uint32]int{}
	for unit := uint32(unitsPerChunk); unit < h.units(); unit++ {
		m := h.meta(unit)
		if m.back != 0 || m.class == largeClass || m.state == pageFree {
			continue
		}
		c := &classes[m.class]
		if full := m.state == pageLive && m.used == c.slots; full == listed[unit] {
			return fmt.Errorf("page %d: full %v, on a list %v: %+v", unit, full, listed[unit], *m)
		}
		if c.units == 1 {
			inChunk[unit&^(unitsPerChunk-1)]++
		}
		for i := range uint32(c.units+unitsPerChunk-1) / unitsPerChunk {
			if !h.chunks.isTaken(int(unit/unitsPerChunk + i)) {
				return fmt.Errorf("page %d lies in a free chunk", unit)
			}
		}
	}
	for first, n := range inChunk {
		if int(h.meta(first).atWork) != n {
			return fmt.Errorf("chunk of page %d: %d pages at work, counted %d", first, h.meta(first).atWork, n)
		}
	}
	return nil
}

// tailOf is the tail that a class's list must have: 0 for an empty list, whatever
// the field says.
func (h *Heap) tailOf(st *classState) uint32 {
	if st.partial == 0 {
		return 0
	}
	return st.tail
}

func (h *Heap) last(unit uint32) uint32 {
	for unit != 0 && h.meta(unit).next != 0 {
		unit = h.meta(unit).next
	}
	return unit
}

// checkCalendar verifies that the bounds of groups, and of them all, are bounds.
func (h *Heap) checkCalendar() error {
	least := int64(0)
	for unit := uint32(0); unit < h.units(); unit++ {
		m := h.meta(unit)
		if m.back != 0 || m.state != pageLive || m.minExpire == 0 {
			continue
		}
		least = earlier(least, m.minExpire)
		g := int(unit / groupUnits)
		if g >= len(h.due.groups) || h.due.groups[g] == 0 || h.due.groups[g] > m.minExpire {
			return fmt.Errorf("page %d expires at %d, its group later", unit, m.minExpire)
		}
	}
	if least != 0 && (h.due.next == 0 || h.due.next > least) {
		return fmt.Errorf("the first page expires at %d, the calendar says %d", least, h.due.next)
	}
	return nil
}

// CheckExpiry verifies that a block that expires at a time is known to the calendar.
func (h *Heap) CheckExpiry(r Ref, at int64) error {
	if unit, m := h.pageOf(r); m.minExpire == 0 || m.minExpire > at {
		return fmt.Errorf("block %d expires at %d, its page %d at %d", r, at, unit, m.minExpire)
	}
	return nil
}

func (h *Heap) checkPage(unit uint32, m *pageMeta, c *sizeClass) error {
	if m.used > m.bump || m.bump > c.slots {
		return fmt.Errorf("page %d: used %d, bump %d, slots %d", unit, m.used, m.bump, c.slots)
	}
	used := 0
	h.walkPage(unit, m, func(Ref, int) { used++ })
	if used != int(m.used) {
		return fmt.Errorf("page %d: %d blocks live, counted %d", unit, used, m.used)
	}
	n := 0
	for slot := m.free; slot != 0; n++ {
		if n > int(c.slots) {
			return fmt.Errorf("page %d: the free list is a circle", unit)
		}
		p := h.At(Ref((uint64(unit)*unitSize + uint64(slot-1)*uint64(c.size)) >> 3))
		if *(*byte)(p) != 0 {
			return fmt.Errorf("page %d: slot %d is free and alive", unit, slot-1)
		}
		slot = *(*uint16)(unsafe.Add(p, 2))
	}
	if n != int(m.bump-m.used) {
		return fmt.Errorf("page %d: %d slots on the free list, want %d", unit, n, m.bump-m.used)
	}
	return nil
}

const poisonByte = 0xDB

// poison fills freed memory so that whoever still reads it is found out.
func poison(p unsafe.Pointer, n int) {
	b := unsafe.Slice((*byte)(p), n)
	for i := range b {
		b[i] = poisonByte
	}
}

// checkPoison finds out whoever wrote to freed memory: all but the first byte and
// the link to the next free slot is as poison left it.
func checkPoison(p unsafe.Pointer, n int) {
	b := unsafe.Slice((*byte)(p), n)
	for i := range b {
		if want := byte(poisonByte); b[i] != want && i != 2 && i != 3 && (i != 0 || b[i] != 0) {
			panic(fmt.Sprintf("slab: byte %d of a free block of %d was written to: %#x", i, n, b[i]))
		}
	}
}

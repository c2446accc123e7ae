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
	for unit := uint32(0); unit < uint32(h.metaReady/metaSize); unit++ {
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

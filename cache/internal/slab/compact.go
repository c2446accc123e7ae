package slab

import (
	"unsafe"

	"github.com/ashlar-cache/ashlar/cache/internal/invariants"
)

// Mover is told of each block that compaction moves: the contents stand at new
// already, old is freed after the call. The owner must put the one reference
// right, and tell NoteExpiry if the block expires.
type Mover interface {
	Moved(old, new Ref)
}

// slackShift: a class that is being used keeps a thirty-second of its slots and a
// page's worth free, so that steady churn moves little.
const slackShift = 5

// Observe notes which classes have been at rest since it was last called: their
// free room is worth gathering to the last system page.
func (h *Heap) Observe() {
	for i := range h.classes {
		st := &h.classes[i]
		st.quiet = st.room == st.lastRoom && st.freeSlots == st.lastFree
		st.lastRoom, st.lastFree = st.room, st.freeSlots
	}
}

// compactable tells whether a class's blocks would fit into a page fewer. patient
// leaves a class that is in use the slack that steady churn needs. Where no more
// memory may be touched (resident), they must fit into slots that were used once.
func (st *classState) compactable(c *sizeClass, patient, resident bool) bool {
	slots, room := int32(c.slots), st.room
	if resident {
		room = st.freeSlots
	}
	if st.freeSlots == 0 || st.pages < 2 || room < slots {
		return false
	}
	return !patient || st.quiet || room >= slots+(st.pages*slots)>>slackShift
}

// worstClass finds the compactable class with the most free bytes that are
// resident; -1 if there is none.
func (h *Heap) worstClass(patient, resident bool) (class int) {
	class = -1
	most := int64(0)
	for i := range h.classes {
		st := &h.classes[i]
		if !st.compactable(&classes[i], patient, resident) {
			continue
		}
		if b := int64(st.freeSlots) * int64(classes[i].size); b > most {
			class, most = i, b
		}
	}
	return class
}

// CompactStep empties one page into its siblings and reports whether it did.
// patient spares the classes in use; without it (memory is short) whatever frees a
// page is done. At most one page of 128 KiB is moved. Where it finds nothing it is
// cheap to ask again: every write that is refused does.
func (h *Heap) CompactStep(patient bool, mover Mover) bool {
	resident := !h.budget.Allow(osPage)
	bit := uint8(2)
	if resident {
		bit = 1
	}
	if !patient && h.settled&bit != 0 {
		return false
	}
	class := h.worstClass(patient, resident)
	if class < 0 {
		if !patient {
			h.settled |= bit
			return false
		}
		return h.squeezeStep(mover)
	}
	unit := h.emptiest(class)
	if unit == 0 {
		return false
	}
	return h.evacuate(unit, uint8(class), mover)
}

// emptiest looks at some pages of a class's list, from the end that was
// least recently full, for the one with the fewest blocks.
func (h *Heap) emptiest(class int) uint32 {
	st := &h.classes[class]
	best, fewest := uint32(0), int(classes[class].slots)
	for unit, looked := st.tail, 0; unit != 0 && looked < 64; looked++ {
		m := h.meta(unit)
		if int(m.used) < fewest {
			best, fewest = unit, int(m.used)
		}
		unit = m.prev
	}
	return best
}

// evacuate moves a page's blocks to other pages of its class; the page is then
// empty. The caller has made sure that the others have room, but not that the
// room is resident: it stops, with what is left in place, where it may not touch
// more memory.
func (h *Heap) evacuate(unit uint32, class uint8, mover Mover) bool {
	m, c, st := h.meta(unit), &classes[class], &h.classes[class]
	if st.room-int32(c.slots-m.used) < int32(m.used) {
		return false
	}
	h.unlist(unit, m, st)
	base := Ref(uint64(unit) * unitSize >> 3)
	for slot := uint32(0); slot < uint32(m.bump); slot++ {
		old := base + Ref(slot*c.size>>3)
		src := h.At(old)
		if *(*byte)(src) == 0 {
			continue
		}
		if st.partial == 0 {
			break
		}
		dst, err := h.allocListed(class)
		if err != nil {
			break
		}
		copy(unsafe.Slice((*byte)(h.At(dst)), c.size), unsafe.Slice((*byte)(src), c.size))
		mover.Moved(old, dst)
		h.moved++
		// The page is off its list and never full here, so this frees the slot only.
		last := m.used == 1
		if last {
			h.list(unit, m, st)
		}
		h.Free(old)
		if last {
			return true
		}
	}
	h.list(unit, m, st)
	return false
}

// squeezeStep takes a class at rest with at least a system page's worth of holes in
// a page, and closes them. It reports whether it found one.
func (h *Heap) squeezeStep(mover Mover) bool {
	for i := range h.classes {
		st, c := &h.classes[i], &classes[i]
		if !st.quiet || int64(st.freeSlots)*int64(c.size) < osPage {
			continue
		}
		for unit, looked := st.tail, 0; unit != 0 && looked < 8; looked++ {
			m := h.meta(unit)
			if need := (int(m.used)*int(c.size) + osPage - 1) / osPage; need < int(m.touched) {
				h.squeeze(unit, m, c, st, mover)
				return true
			}
			unit = m.prev
		}
	}
	return false
}

// squeeze slides a page's last blocks into its holes and gives the system pages
// behind them back. The page keeps its place in the list.
func (h *Heap) squeeze(unit uint32, m *pageMeta, c *sizeClass, st *classState, mover Mover) {
	base := Ref(uint64(unit) * unitSize >> 3)
	at := func(slot uint32) Ref { return base + Ref(slot*c.size>>3) }
	low, high := uint32(0), uint32(m.bump)
	for {
		for high > 0 && *(*byte)(h.At(at(high - 1))) == 0 {
			high--
		}
		for low < high && *(*byte)(h.At(at(low))) != 0 {
			low++
		}
		if low >= high {
			break
		}
		old, new := at(high-1), at(low)
		copy(unsafe.Slice((*byte)(h.At(new)), c.size), unsafe.Slice((*byte)(h.At(old)), c.size))
		mover.Moved(old, new)
		if invariants.Enabled {
			poison(h.At(old), int(c.size))
		}
		*(*byte)(h.At(old)) = 0
		h.moved++
	}
	st.freeSlots -= int32(m.bump - m.used)
	m.bump, m.free = m.used, 0
	need := (uintptr(m.used)*uintptr(c.size) + osPage - 1) / osPage
	if surplus := (uintptr(m.touched) - need) * osPage; surplus > 0 {
		h.region.Release(uintptr(unit)*unitSize+need*osPage, surplus)
		m.touched = uint8(need)
		h.freeBytes -= int64(surplus)
	}
}

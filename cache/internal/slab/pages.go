package slab

import (
	"math/bits"

	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
)

// chunkMap deals out addresses by chunks: a bit for each that is taken.
type chunkMap struct {
	taken []uint64
	limit int // chunks that there are
	used  int // chunks taken
	low   int // no chunk below this word's first is free
}

// take finds n free chunks side by side, at the lowest address, and marks them;
// -1 if there are none.
func (c *chunkMap) take(n int) int {
	at := c.nextFree(c.low * 64)
	c.low = at / 64
	for at+n <= c.limit {
		run := c.runAt(at, n)
		if run == n {
			c.mark(at, n, true)
			return at
		}
		at = c.nextFree(at + run)
	}
	return -1
}

// runAt counts free chunks from first on, up to n.
func (c *chunkMap) runAt(first, n int) int {
	run := 0
	for run < n && !c.isTaken(first+run) {
		run++
	}
	return run
}

// nextFree finds the first free chunk at or after at.
func (c *chunkMap) nextFree(at int) int {
	for word := at / 64; word < len(c.taken); word++ {
		free := ^c.taken[word]
		if word == at/64 {
			free &= ^uint64(0) << (at % 64)
		}
		if free != 0 {
			return word*64 + bits.TrailingZeros64(free)
		}
	}
	return max(at, len(c.taken)*64)
}

func (c *chunkMap) isTaken(i int) bool {
	return i/64 < len(c.taken) && c.taken[i/64]&(1<<(i%64)) != 0
}

func (c *chunkMap) mark(first, n int, taken bool) {
	for i := first; i < first+n; i++ {
		for i/64 >= len(c.taken) {
			c.taken = append(c.taken, 0)
		}
		if taken {
			c.used++
			c.taken[i/64] |= 1 << (i % 64)
			continue
		}
		c.used--
		c.taken[i/64] &^= 1 << (i % 64)
	}
	if !taken {
		c.low = min(c.low, first/64)
	}
}

// coverMeta commits the page table up to and including a chunk's units.
func (h *Heap) coverMeta(chunk int) error {
	end := (uintptr(chunk+1)*unitsPerChunk*metaSize + osPage - 1) &^ (osPage - 1)
	if end <= h.metaReady {
		return nil
	}
	if err := h.table.Commit(h.metaReady, end-h.metaReady); err != nil {
		return err
	}
	h.metaReady = end
	return nil
}

// Headroom tells whether the heap has addresses for n bytes more, whatever their
// kind. It errs on the careful side.
func (h *Heap) Headroom(n int) bool {
	return h.chunks.limit-h.chunks.used > n/chunkSize*2+64
}

// takeChunks takes n chunks of addresses and the table rows for them.
func (h *Heap) takeChunks(n int) (int, error) {
	first := h.chunks.take(n)
	if first < 0 {
		return 0, offheap.ErrReserve
	}
	if err := h.coverMeta(first + n - 1); err != nil {
		h.chunks.mark(first, n, false)
		return 0, err
	}
	return first, nil
}

// newPage begins a page for a class and lists it. A dirty page of the right size
// is taken first: its memory is resident already.
func (h *Heap) newPage(class uint8) (uint32, error) {
	c, st := &classes[class], &h.classes[class]
	units := uint32(c.units)
	unit, err := h.pageAddress(units)
	if err != nil {
		return 0, err
	}
	m := h.meta(unit)
	had := m.touched
	// Ask for the first block's memory now, so that a refusal leaves no page behind:
	// a dirty page may have less of it than the block needs.
	if need := (uintptr(c.size) + osPage - 1) / osPage; need > uintptr(had) {
		if err := h.touch(unit, m, need); err != nil {
			h.giveUp(unit, m, units)
			return 0, err
		}
	}
	h.freeBytes += int64(had) * osPage
	for i := uint32(0); i < units; i++ {
		h.meta(unit + i).back = uint8(i)
	}
	m.class, m.state, m.used, m.bump, m.free, m.minExpire = class, pageLive, 0, 0, 0, 0
	st.room += int32(c.slots)
	st.pages++
	h.settled = 0
	h.list(unit, m, st)
	return unit, nil
}

// giveUp puts a page back that pageAddress found.
func (h *Heap) giveUp(unit uint32, m *pageMeta, units uint32) {
	if m.touched == 0 {
		h.returnPage(unit, m, units)
		return
	}
	h.dirtyOS += int(m.touched)
	h.pushList(&h.dirty[units-1], unit, m)
}

// pageAddress finds a place for a page: dirty, else clean beside others, else a
// new chunk.
func (h *Heap) pageAddress(units uint32) (uint32, error) {
	if unit := h.dirty[units-1]; unit != 0 {
		m := h.meta(unit)
		h.popList(&h.dirty[units-1], unit, m)
		h.dirtyOS -= int(m.touched)
		return unit, nil
	}
	if units == 1 && h.clean != 0 {
		unit := h.clean
		h.popList(&h.clean, unit, h.meta(unit))
		h.meta(unit&^(unitsPerChunk-1)).atWork++
		return unit, nil
	}
	n := int(units+unitsPerChunk-1) / unitsPerChunk
	chunk, err := h.takeChunks(n)
	if err != nil {
		return 0, err
	}
	first := uint32(chunk) * unitsPerChunk
	for i := uint32(0); i < uint32(n)*unitsPerChunk; i++ {
		*h.meta(first + i) = pageMeta{}
	}
	if units == 1 {
		for i := uint32(unitsPerChunk - 1); i > 0; i-- {
			h.pushList(&h.clean, first+i, h.meta(first+i))
		}
		h.meta(first).atWork = 1
	}
	return first, nil
}

// emptied retires a page without blocks: it stays resident, for the next need.
func (h *Heap) emptied(unit uint32, m *pageMeta, st *classState) {
	c := &classes[m.class]
	h.unlist(unit, m, st)
	st.room -= int32(c.slots)
	st.freeSlots -= int32(m.bump)
	st.pages--
	h.freeBytes -= int64(m.touched) * osPage
	m.state, m.minExpire, m.bump, m.free = pageDirty, 0, 0, 0
	h.dirtyOS += int(m.touched)
	h.pushList(&h.dirty[c.units-1], unit, m)
}

// ReleaseDirty gives empty pages back to the system until at most keep bytes of
// them stay resident, max pages at a time. It reports the bytes given back.
func (h *Heap) ReleaseDirty(keep int64, maxPages int) (released int64) {
	for i := range h.dirty {
		for h.dirty[i] != 0 && maxPages > 0 && int64(h.dirtyOS)*osPage > keep {
			unit := h.dirty[i]
			m := h.meta(unit)
			h.popList(&h.dirty[i], unit, m)
			h.dirtyOS -= int(m.touched)
			n := uintptr(m.touched) * osPage
			h.region.Release(uintptr(unit)*unitSize, n)
			m.touched = 0
			h.returnPage(unit, m, uint32(i+1))
			released += int64(n)
			maxPages--
		}
	}
	return released
}

// returnPage gives a clean page's addresses back: to the list of clean pages
// while others of its chunk are at work, else the whole chunk.
func (h *Heap) returnPage(unit uint32, m *pageMeta, units uint32) {
	m.state = pageFree
	if units > 1 {
		h.chunks.mark(int(unit/unitsPerChunk), int(units/unitsPerChunk), false)
		return
	}
	first := unit &^ (unitsPerChunk - 1)
	head := h.meta(first)
	head.atWork--
	if head.atWork > 0 {
		h.pushList(&h.clean, unit, m)
		return
	}
	for i := first; i < first+unitsPerChunk; i++ {
		if i != unit {
			h.popList(&h.clean, i, h.meta(i))
		}
	}
	h.chunks.mark(int(first/unitsPerChunk), 1, false)
}

// allocLarge hands out a block with system pages of its own.
func (h *Heap) allocLarge(n int) (Ref, error) {
	pages := (n + osPage - 1) / osPage
	bytes := int64(pages) * osPage
	if !h.allow(bytes) {
		return 0, ErrFull
	}
	chunks := (pages*osPage + chunkSize - 1) / chunkSize
	chunk, err := h.takeChunks(chunks)
	if err != nil {
		return 0, err
	}
	unit := uint32(chunk) * unitsPerChunk
	if err := h.region.Commit(uintptr(unit)*unitSize, uintptr(bytes)); err != nil {
		h.chunks.mark(chunk, chunks, false)
		return 0, err
	}
	// Others may have been allowed to take as much at the same moment; for a block
	// of many megabytes that must not pass.
	if !h.allow(0) {
		h.region.Release(uintptr(unit)*unitSize, uintptr(bytes))
		h.chunks.mark(chunk, chunks, false)
		return 0, ErrFull
	}
	for i := 0; i < chunks*unitsPerChunk; i++ {
		*h.meta(unit + uint32(i)) = pageMeta{class: largeClass}
	}
	m := h.meta(unit)
	m.state, m.large, m.used = pageLive, uint32(pages), 1
	h.liveBytes += bytes
	return Ref(uint64(unit) * unitSize >> 3), nil
}

func (h *Heap) freeLarge(unit uint32, m *pageMeta) {
	bytes := int64(m.large) * osPage
	h.region.Release(uintptr(unit)*unitSize, uintptr(bytes))
	h.liveBytes -= bytes
	m.state, m.minExpire = pageFree, 0
	h.chunks.mark(int(unit/unitsPerChunk), int(bytes+chunkSize-1)/chunkSize, false)
}

// list puts a page that has room at the head of its class's list: it is the one
// most recently full, so blocks are taken from nearly full pages first.
func (h *Heap) list(unit uint32, m *pageMeta, st *classState) {
	m.prev, m.next = 0, st.partial
	if st.partial != 0 {
		h.meta(st.partial).prev = unit
	} else {
		st.tail = unit
	}
	st.partial = unit
}

func (h *Heap) unlist(unit uint32, m *pageMeta, st *classState) {
	if m.next == 0 && st.tail == unit {
		st.tail = m.prev
	}
	h.popList(&st.partial, unit, m)
}

func (h *Heap) pushList(head *uint32, unit uint32, m *pageMeta) {
	m.prev, m.next = 0, *head
	if *head != 0 {
		h.meta(*head).prev = unit
	}
	*head = unit
}

func (h *Heap) popList(head *uint32, unit uint32, m *pageMeta) {
	if m.prev != 0 {
		h.meta(m.prev).next = m.next
	} else if *head == unit {
		*head = m.next
	}
	if m.next != 0 {
		h.meta(m.next).prev = m.prev
	}
	m.prev, m.next = 0, 0
}

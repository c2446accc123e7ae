package slab

// groupUnits is the number of units whose earliest expiry is kept together: 64
// units are 1 MiB of data and 2 KiB of page table.
const groupUnits = 64

// calendar is the upper level of the expiry index: for each group of units a
// lower bound of the expiry times in it, unix ms; 0 for none.
type calendar struct {
	groups []int64
	next   int64 // lower bound over all groups; 0 for none
	cursor int   // group where the walk under way goes on
	least  int64 // earliest time seen by the walk under way
}

// earlier is the smaller of two times, where 0 stands for never.
func earlier(a, b int64) int64 {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// NoteExpiry tells that a block expires at a time (unix ms, not 0), or not later
// than it did.
func (h *Heap) NoteExpiry(r Ref, at int64) {
	unit, m := h.pageOf(r)
	if m.minExpire != 0 && m.minExpire <= at {
		return
	}
	m.minExpire = at
	g := int(unit / groupUnits)
	for g >= len(h.due.groups) {
		h.due.groups = append(h.due.groups, 0)
	}
	h.due.groups[g] = earlier(h.due.groups[g], at)
	h.due.next = earlier(h.due.next, at)
	h.due.least = earlier(h.due.least, at)
}

// NextDue is a time before which nothing expires; 0 if nothing ever does.
func (h *Heap) NextDue() int64 { return h.due.next }

// Expirer is asked about each block of a page in which something is due.
type Expirer interface {
	// Expiry is when the block expires; 0 for never.
	Expiry(r Ref) int64
	// Expire removes a block that is due, freeing it.
	Expire(r Ref)
}

// ExpireStep looks for blocks that are due at now and has them removed. It looks
// at maxPages pages and maxGroups groups at most and reports whether it has come
// to the end of a walk; until then it goes on where it stopped. It returns the
// number of blocks removed.
func (h *Heap) ExpireStep(now int64, maxPages, maxGroups int, e Expirer) (removed int, done bool) {
	d := &h.due
	if d.next == 0 || d.next > now {
		return 0, true
	}
	for ; d.cursor < len(d.groups); d.cursor++ {
		if maxGroups == 0 || maxPages <= 0 {
			return removed, false
		}
		maxGroups--
		g := d.groups[d.cursor]
		if g != 0 && g <= now {
			n, pages := h.expireGroup(d.cursor, now, maxPages, e)
			removed += n
			maxPages -= pages
			if g = d.groups[d.cursor]; g != 0 && g <= now {
				return removed, false
			}
		}
		d.least = earlier(d.least, g)
	}
	d.next, d.least, d.cursor = d.least, 0, 0
	return removed, true
}

// expireGroup walks the due pages of a group and then renews the group's bound.
func (h *Heap) expireGroup(g int, now int64, maxPages int, e Expirer) (removed, pages int) {
	first := uint32(g * groupUnits)
	end := min(first+groupUnits, uint32(h.metaReady/metaSize))
	least := int64(0)
	for unit := first; unit < end; unit++ {
		m := h.meta(unit)
		if m.back == 0 && m.state == pageLive && m.minExpire != 0 && m.minExpire <= now {
			if pages == maxPages {
				return removed, pages // the group's bound stays due
			}
			removed += h.expirePage(unit, m, now, e)
			pages++
		}
		if m.back == 0 && m.state == pageLive {
			least = earlier(least, m.minExpire)
		}
	}
	h.due.groups[g] = least
	return removed, pages
}

// expirePage removes what is due in one page and renews the page's bound.
func (h *Heap) expirePage(unit uint32, m *pageMeta, now int64, e Expirer) (removed int) {
	base := Ref(uint64(unit) * unitSize >> 3)
	size, slots := uint32(0), uint32(1)
	if m.class != largeClass {
		size, slots = classes[m.class].size, uint32(m.bump)
	}
	least := int64(0)
	for slot := uint32(0); slot < slots; slot++ {
		r := base + Ref(slot*size>>3)
		if *(*byte)(h.At(r)) == 0 {
			continue
		}
		at := e.Expiry(r)
		if at != 0 && at <= now {
			e.Expire(r)
			removed++
			if m.state != pageLive {
				return removed // that was its last block
			}
			continue
		}
		least = earlier(least, at)
	}
	m.minExpire = least
	return removed
}

// WalkVolatile calls f for the blocks of pages in which something expires, like
// Walk.
func (h *Heap) WalkVolatile(unit uint32, maxUnits int, f func(r Ref)) uint32 {
	end := uint32(h.metaReady / metaSize)
	for ; unit < end && maxUnits > 0; maxUnits-- {
		m := h.meta(unit)
		if m.back == 0 && m.state == pageLive && m.minExpire != 0 {
			h.walkPage(unit, m, func(r Ref, _ int) { f(r) })
		}
		unit++
	}
	if unit >= end {
		return 0
	}
	return unit
}

// Walk calls f for every block handed out, in order of address, from unit on; it
// looks at maxUnits units and returns the unit to go on with, 0 at the end.
func (h *Heap) Walk(unit uint32, maxUnits int, f func(r Ref, size int)) uint32 {
	end := uint32(h.metaReady / metaSize)
	for ; unit < end && maxUnits > 0; maxUnits-- {
		m := h.meta(unit)
		if m.back == 0 && m.state == pageLive {
			h.walkPage(unit, m, f)
		}
		unit++
	}
	if unit >= end {
		return 0
	}
	return unit
}

func (h *Heap) walkPage(unit uint32, m *pageMeta, f func(r Ref, size int)) {
	base := Ref(uint64(unit) * unitSize >> 3)
	if m.class == largeClass {
		f(base, int(m.large)*osPage)
		return
	}
	c := &classes[m.class]
	for slot := uint32(0); slot < uint32(m.bump); slot++ {
		r := base + Ref(slot*c.size>>3)
		if *(*byte)(h.At(r)) != 0 {
			f(r, int(c.size))
		}
	}
}

package slab

// groupUnits is the number of units whose earliest expiry is kept together: 64
// units are 1 MiB of data and 2 KiB of page table.
const groupUnits = 64

// calendar is the upper level of the expiry index: for each group of units a
// lower bound of the expiry times in it, unix ms; 0 for none.
type calendar struct {
	groups []int64
	next   int64  // lower bound over all groups; 0 for none
	cursor uint32 // unit where the walk under way goes on
	least  int64  // earliest time seen by the walk under way
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
	// Expire removes a block that is due, freeing it, or does a bounded part of what
	// is to be done; then the block expires again, at once or later.
	Expire(r Ref)
}

// removalsPerPage: so many blocks removed count as one page more looked at.
const removalsPerPage = 128

// ExpireStep looks for blocks that are due at now and has them removed. It looks
// at maxPages pages, fewer where much is due, and maxGroups groups at most, and
// goes on next time where it stopped. Walks always go forward, so that pages in
// which something is due all the time do not keep others waiting. It returns the
// number of blocks removed; done says that nothing else is due.
func (h *Heap) ExpireStep(now int64, maxPages, maxGroups int, e Expirer) (removed int, done bool) {
	d := &h.due
	if d.next == 0 || d.next > now {
		return 0, true
	}
	for g := int(d.cursor / groupUnits); g < len(d.groups); g++ {
		if maxGroups == 0 || maxPages <= 0 {
			return removed, false
		}
		maxGroups--
		if at := d.groups[g]; at != 0 && at <= now {
			n, cost, through := h.expireGroup(g, now, maxPages, e)
			removed += n
			maxPages -= cost
			if !through {
				return removed, false
			}
		}
		d.cursor = uint32(g+1) * groupUnits
		d.least = earlier(d.least, d.groups[g])
	}
	d.next, d.least, d.cursor = d.least, 0, 0
	return removed, d.next == 0 || d.next > now
}

// expireGroup walks the due pages of a group from the cursor on. When it is through,
// it renews the group's bound; else it leaves the cursor where it stopped.
func (h *Heap) expireGroup(g int, now int64, maxPages int, e Expirer) (removed, cost int, through bool) {
	first := uint32(g * groupUnits)
	end := min(first+groupUnits, h.units())
	for unit := max(first, h.due.cursor); unit < end; unit++ {
		m := h.meta(unit)
		if m.back != 0 || m.state != pageLive || m.minExpire == 0 || m.minExpire > now {
			continue
		}
		if cost >= maxPages {
			h.due.cursor = unit
			return removed, cost, false
		}
		n := h.expirePage(unit, m, now, e)
		removed += n
		cost += 1 + n/removalsPerPage
	}
	h.due.groups[g] = h.leastOf(first, end)
	return removed, cost, true
}

// leastOf is the earliest bound of the pages in a range of units.
func (h *Heap) leastOf(first, end uint32) (least int64) {
	for unit := first; unit < end; unit++ {
		if m := h.meta(unit); m.back == 0 && m.state == pageLive {
			least = earlier(least, m.minExpire)
		}
	}
	return least
}

// units is the number of units that the page table covers.
func (h *Heap) units() uint32 { return uint32(h.metaReady / metaSize) }

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
			if *(*byte)(h.At(r)) != 0 { // only a part of it went
				least = earlier(least, e.Expiry(r))
			}
			continue
		}
		least = earlier(least, at)
	}
	m.minExpire = least
	return removed
}

// WalkVolatile goes through the pages in which something may expire, from unit on,
// and calls f for each block of the first page that has a block that expires, with
// its expiry time. It looks at maxUnits units at most and returns the unit to go on
// with, 0 at the end. A page that turns out to have no such block is not looked at
// again until it gets one.
func (h *Heap) WalkVolatile(unit uint32, maxUnits int, e Expirer, f func(r Ref, at int64)) (next uint32, found bool) {
	for end := h.units(); unit < end && maxUnits > 0 && !found; maxUnits-- {
		m := h.meta(unit)
		if m.back == 0 && m.state == pageLive && m.minExpire != 0 {
			least := int64(0)
			h.walkPage(unit, m, func(r Ref, _ int) {
				if at := e.Expiry(r); at != 0 {
					least, found = earlier(least, at), true
					f(r, at)
				}
			})
			m.minExpire = least
		}
		unit++
	}
	if unit >= h.units() {
		return 0, found
	}
	return unit, found
}

// Walk calls f for every block handed out, in order of address, from unit on; it
// looks at maxUnits units and returns the unit to go on with, 0 at the end.
func (h *Heap) Walk(unit uint32, maxUnits int, f func(r Ref, size int)) uint32 {
	end := h.units()
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

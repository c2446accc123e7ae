package slab

import (
	"errors"
	"unsafe"

	"github.com/ashlar-cache/ashlar/cache/internal/invariants"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
)

// Ref is a block's address in units of 8 bytes from the start of its heap; 0 is none.
type Ref uint32

// ErrFull says that a block needs memory beyond the budget. Nothing has changed.
var ErrFull = errors.New("slab: memory budget used up")

// Budget is asked before memory is taken from the system.
type Budget interface {
	// Allow tells whether n more bytes may become resident.
	Allow(n int64) bool
}

// Heap is one shard's allocator. Its owner's lock guards it.
type Heap struct {
	base   unsafe.Pointer
	metas  unsafe.Pointer // []pageMeta by unit, in its own region
	region *offheap.Region
	table  *offheap.Region
	budget Budget

	chunks    chunkMap
	metaReady uintptr // bytes of the table that are committed
	classes   []classState
	clean     uint32           // list of clean 16 KiB pages in chunks that have others at work
	dirty     [maxUnits]uint32 // lists of empty resident pages, by units-1
	dirtyOS   int              // system pages resident in dirty pages
	due       calendar
	always    bool  // the budget does not count
	settled   uint8 // nothing to compact until a block is freed: bit 0 resident, bit 1 not

	liveBytes int64 // of blocks handed out, rounded to their class
	freeBytes int64 // resident, in pages at work, not handed out
	moved     int64 // blocks moved by compaction so far
}

const maxUnits = 8 // units of the largest page

// classState is what a heap knows of one class.
type classState struct {
	partial   uint32 // head of the list of pages with room: unit number, 0 none
	tail      uint32
	freeSlots int32 // slots that were used once and are free, over all pages
	room      int32 // all free slots of listed pages, those never used included
	pages     int32

	lastRoom, lastFree int32 // as Observe found them
	quiet              bool
}

// pageMeta describes one page; it stands in the slot of the page's first unit.
//
//	bytes  0       1      2        3      4-5   6-7   8-9   10-11  12-15 16-19 20-23  24-31
//	       class   back   touched  state  used  bump  free  chunk  prev  next  large  minExpire
//
// For the other units of a page only back is set.
type pageMeta struct {
	class     uint8  // index into classes; largeClass
	back      uint8  // units from the page's first unit to this one
	touched   uint8  // system pages that are resident, from the start (not for large)
	state     uint8  // pageFree, pageLive, pageDirty
	used      uint16 // blocks handed out
	bump      uint16 // slots ever handed out
	free      uint16 // 1 + first free slot; 0 none
	atWork    uint16 // in a chunk's first unit: how many 16 KiB pages of the chunk are not clean
	prev      uint32 // neighbours in a list, as unit numbers
	next      uint32
	large     uint32 // system pages of a large block
	minExpire int64  // unix ms; 0: nothing expires
}

const metaSize = 32

var _ [metaSize]byte = [unsafe.Sizeof(pageMeta{})]byte{}

const (
	pageFree uint8 = iota
	pageLive
	pageDirty
)

// New reserves the addresses of a heap; size is at most 32 GiB.
func New(size uintptr, account *offheap.Account, budget Budget) (*Heap, error) {
	region, err := offheap.Reserve(size, account, offheap.Items)
	if err != nil {
		return nil, err
	}
	table, err := offheap.Reserve((size/unitSize*metaSize+osPage-1)&^(osPage-1), account, offheap.Meta)
	if err != nil {
		return nil, errors.Join(err, region.Close())
	}
	h := &Heap{
		base: region.Base(), metas: table.Base(), region: region, table: table, budget: budget,
		classes: make([]classState, len(classes)),
	}
	h.chunks.limit = int(size / chunkSize)
	h.chunks.take(1) // so that no block has Ref 0
	if err := h.coverMeta(0); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Close gives all memory back.
func (h *Heap) Close() error {
	return errors.Join(h.region.Close(), h.table.Close())
}

// At is the block's first byte. The memory is valid until the block is freed or
// moved.
func (h *Heap) At(r Ref) unsafe.Pointer { return unsafe.Add(h.base, uintptr(r)<<3) }

// reach is what memory becomes readable in multiples of; see offheap.Region.
const reach = 1 << 20

// Reach is how many bytes from a block's first on can be read, at least, whatever
// has become of the block: for readers without the lock.
func (h *Heap) Reach(r Ref) uintptr { return reach - uintptr(r)<<3%reach }

func (h *Heap) meta(unit uint32) *pageMeta {
	return (*pageMeta)(unsafe.Add(h.metas, uintptr(unit)*metaSize))
}

// pageOf finds the first unit of the page that a block lies in.
func (h *Heap) pageOf(r Ref) (unit uint32, m *pageMeta) {
	unit = uint32(r) / (unitSize / 8)
	unit -= uint32(h.meta(unit).back)
	return unit, h.meta(unit)
}

// About is where what is known of a block's page begins: what Fits, Capacity and Free
// read. It needs no lock and reads nothing, so r may be out of date.
func (h *Heap) About(r Ref) unsafe.Pointer { return unsafe.Pointer(h.meta(uint32(r) / (unitSize / 8))) }

// Capacity is the number of bytes that the block may hold.
func (h *Heap) Capacity(r Ref) int {
	_, m := h.pageOf(r)
	if m.class == largeClass {
		return int(m.large) * osPage
	}
	return int(classes[m.class].size)
}

// Fits tells whether a block that holds n bytes would be exactly as large as
// block r is: then r can be written over in place.
func (h *Heap) Fits(r Ref, n int) bool {
	_, m := h.pageOf(r)
	if n > MaxSlot || m.class == largeClass {
		return m.class == largeClass && (n+osPage-1)/osPage == int(m.large) && n > MaxSlot
	}
	return classOf[(n+7)>>3] == m.class
}

// Alloc hands out a block of at least n bytes; its contents are undefined, and
// the owner must set the first byte to something other than zero before the next
// call. ErrFull (or an offheap error) leaves everything as it was.
func (h *Heap) Alloc(n int) (Ref, error) {
	if n > MaxSlot {
		return h.allocLarge(n)
	}
	class := classOf[(n+7)>>3]
	if h.classes[class].partial == 0 {
		unit, err := h.newPage(class)
		if err != nil {
			return 0, err
		}
		return h.allocIn(unit, class)
	}
	return h.allocListed(class)
}

// AllocAlways is Alloc without regard to the budget.
func (h *Heap) AllocAlways(n int) (Ref, error) {
	h.always = true
	ref, err := h.Alloc(n)
	h.always = false
	return ref, err
}

// allow asks the budget for n more bytes.
func (h *Heap) allow(n int64) bool { return h.always || h.budget.Allow(n) }

// maxTried is how many pages of a class are asked for a slot: the first may have
// only such as need more memory.
const maxTried = 4

// allocListed takes a slot of one of a class's pages that have room.
func (h *Heap) allocListed(class uint8) (r Ref, err error) {
	unit := h.classes[class].partial
	for range maxTried {
		if r, err = h.allocIn(unit, class); err == nil {
			return r, nil
		}
		if unit = h.meta(unit).next; unit == 0 {
			break
		}
	}
	return 0, err
}

// allocIn takes a slot of a page that has room.
func (h *Heap) allocIn(unit uint32, class uint8) (Ref, error) {
	m, c, st := h.meta(unit), &classes[class], &h.classes[class]
	var slot uint32
	at := uintptr(unit) * unitSize
	if m.free != 0 {
		slot = uint32(m.free) - 1
		at += uintptr(slot) * uintptr(c.size)
		m.free = *(*uint16)(unsafe.Add(h.base, at+2))
		st.freeSlots--
		if invariants.Enabled {
			checkPoison(unsafe.Add(h.base, at), int(c.size))
		}
	} else {
		slot = uint32(m.bump)
		end := (uintptr(slot) + 1) * uintptr(c.size)
		if need := (end + osPage - 1) / osPage; need > uintptr(m.touched) {
			if err := h.touch(unit, m, need); err != nil {
				return 0, err
			}
		}
		at += uintptr(slot) * uintptr(c.size)
		m.bump++
	}
	m.used++
	st.room--
	if m.used == c.slots {
		h.unlist(unit, m, st)
	}
	h.liveBytes += int64(c.size)
	h.freeBytes -= int64(c.size)
	return Ref(at >> 3), nil
}

// touch makes the first need system pages of a page resident.
func (h *Heap) touch(unit uint32, m *pageMeta, need uintptr) error {
	more := (need - uintptr(m.touched)) * osPage
	if !h.allow(int64(more)) {
		return ErrFull
	}
	if err := h.region.Commit(uintptr(unit)*unitSize+uintptr(m.touched)*osPage, more); err != nil {
		return err
	}
	m.touched = uint8(need)
	h.freeBytes += int64(more)
	return nil
}

// Free takes a block back. Its first byte becomes zero.
func (h *Heap) Free(r Ref) {
	unit, m := h.pageOf(r)
	p := h.At(r)
	if invariants.Enabled && *(*byte)(p) == 0 {
		panic("slab: block freed twice")
	}
	if m.class == largeClass {
		h.freeLarge(unit, m)
		return
	}
	c, st := &classes[m.class], &h.classes[m.class]
	if invariants.Enabled {
		poison(p, int(c.size))
	}
	at := uintptr(r)<<3 - uintptr(unit)*unitSize
	slot := uint16(uint64(at) * uint64(c.recip) >> 32)
	*(*byte)(p) = 0
	*(*uint16)(unsafe.Add(p, 2)) = m.free
	m.free = slot + 1
	if m.used == c.slots {
		h.list(unit, m, st)
	}
	m.used--
	st.freeSlots++
	st.room++
	h.settled = 0
	h.liveBytes -= int64(c.size)
	h.freeBytes += int64(c.size)
	if m.used == 0 {
		h.emptied(unit, m, st)
	}
}

// Usage is what a heap's memory is used for, in bytes.
type Usage struct {
	Live  int64 // handed out, rounding included
	Free  int64 // resident in pages at work, but not handed out
	Dirty int64 // resident in empty pages kept for the next need
	Moved int64 // number of blocks moved by compaction
}

// Usage tells where the memory is.
func (h *Heap) Usage() Usage {
	return Usage{Live: h.liveBytes, Free: h.freeBytes, Dirty: int64(h.dirtyOS) * osPage, Moved: h.moved}
}

package index

import (
	"errors"
	"unsafe"
)

// Sizes of the geometry. A segment is 1..maxSteps steps of one page each.
const (
	stepBytes   = 4096                   // bytes a segment grows by: one page
	stepBuckets = stepBytes / bucketSize // buckets in a step
	maxSteps    = 8                      // steps in the largest segment
	slotBytes   = maxSteps * stepBytes   // virtual bytes reserved for a segment
	maxBuckets  = maxSteps * stepBuckets
	maxSlots    = 1 << (32 - leafIDShift) // slot ids that a leaf can name
)

// ErrFull is returned when the virtual range of a pool has no slot left. Errors
// of Region.Commit are passed on unchanged.
var ErrFull = errors.New("index: the reserved range is full")

// Region is a reserved range of virtual memory, from which a Pool takes pages.
//
// What was committed once must stay readable for the life of the pool, released
// pages included (they may read as anything): Table.Touch reads without a lock,
// and so perhaps from a page that has just been given back.
type Region interface {
	// Base is the start of the range, aligned to 4 KiB.
	Base() unsafe.Pointer
	// Size is the length of the range in bytes.
	Size() uintptr
	// Commit makes n bytes at off usable; off and n are multiples of 4 KiB.
	// The pages are zero afterwards. An error means that there is no memory,
	// and nothing has changed.
	Commit(off, n uintptr) error
	// Release gives the pages back to the system.
	Release(off, n uintptr)
}

// segment is what a pool knows of a slot in use, beside its pages.
type segment struct {
	count   uint16 // entries in the buckets
	stale   uint16 // buckets whose tags lack their lowest bit (see doc.go)
	cursor  uint16 // where the search for stale buckets goes on
	_       uint16
	stashed uint32 // entries of this segment's interval that are in the stash
}

// A Pool hands out segments to the tables of one shard. Like them it is guarded
// by the shard's lock, Resident included.
type Pool struct {
	base     unsafe.Pointer
	region   Region
	resident int64
	slots    uint32 // slots that fit the region
	used     uint32 // slots ever handed out: ids 0..used-1
	free     []uint32
	segs     []segment // by slot id
}

// NewPool makes an empty pool over a region, which it owns from now on.
func NewPool(region Region) *Pool {
	return &Pool{
		base:   region.Base(),
		region: region,
		slots:  uint32(min(region.Size()/slotBytes, maxSlots)),
	}
}

// Resident is the number of bytes in committed pages.
func (p *Pool) Resident() int64 { return p.resident }

// alloc commits the first steps of a free slot; they are zero.
func (p *Pool) alloc(steps uint32) (id uint32, err error) {
	recycled := len(p.free) > 0
	switch {
	case recycled:
		id = p.free[len(p.free)-1]
	case p.used < p.slots:
		id = p.used
	default:
		return 0, ErrFull
	}
	if err := p.commit(id, 0, steps); err != nil {
		return 0, err
	}
	if recycled {
		p.free = p.free[:len(p.free)-1]
	} else {
		p.used++
		p.segs = append(p.segs, segment{})
	}
	p.segs[id] = segment{}
	return id, nil
}

// release takes back a slot that has the given number of steps.
func (p *Pool) release(id, steps uint32) {
	p.resize(id, steps, 0)
	p.free = append(p.free, id)
}

// resize changes the steps that a slot has. It fails only when growing.
func (p *Pool) resize(id, from, to uint32) error {
	if to > from {
		return p.commit(id, from, to)
	}
	if to < from {
		n := uintptr(from-to) * stepBytes
		p.region.Release(uintptr(id)*slotBytes+uintptr(to)*stepBytes, n)
		p.resident -= int64(n)
	}
	return nil
}

func (p *Pool) commit(id, from, to uint32) error {
	n := uintptr(to-from) * stepBytes
	if err := p.region.Commit(uintptr(id)*slotBytes+uintptr(from)*stepBytes, n); err != nil {
		return err
	}
	p.resident += int64(n)
	return nil
}

// bucket is bucket b of slot id.
func (p *Pool) bucket(id, b uint32) *bucket {
	return (*bucket)(unsafe.Add(p.base, uintptr(id)*slotBytes+uintptr(b)*bucketSize))
}

// buckets are the first n buckets of slot id.
func (p *Pool) buckets(id, n uint32) []bucket {
	return unsafe.Slice(p.bucket(id, 0), n)
}

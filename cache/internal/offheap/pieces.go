package offheap

import "unsafe"

// Pieces hands out pieces of memory of one size, which divides PageSize, from a
// region. Pages stay committed until the region is closed. Like the region it is
// for one goroutine at a time.
type Pieces struct {
	region *Region
	size   uintptr
	next   uintptr   // offset of the first piece never handed out
	free   []uintptr // offsets of pieces given back
}

// NewPieces deals out a region in pieces of size bytes.
func NewPieces(region *Region, size int) *Pieces {
	return &Pieces{region: region, size: uintptr(size)}
}

// Get returns a piece, zeroed, of n bytes at most; nil if there is no memory or
// n is more than the size of a piece.
func (p *Pieces) Get(n int) []byte {
	if uintptr(n) > p.size {
		return nil
	}
	if last := len(p.free) - 1; last >= 0 {
		b := p.at(p.free[last])
		p.free = p.free[:last]
		clear(b)
		return b[:n]
	}
	if p.next%PageSize == 0 && p.region.Commit(p.next, PageSize) != nil {
		return nil
	}
	b := p.at(p.next)
	p.next += p.size
	return b[:n]
}

// Put takes a piece back.
func (p *Pieces) Put(b []byte) {
	p.free = append(p.free, uintptr(unsafe.Pointer(unsafe.SliceData(b)))-uintptr(p.region.Base()))
}

func (p *Pieces) at(off uintptr) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(p.region.Base(), off)), p.size)
}

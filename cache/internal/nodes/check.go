package nodes

import (
	"fmt"
	"unsafe"

	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

func (s *Store) checkHandle(h Handle) {
	if h == 0 || uint32(h) >= s.top {
		panic(fmt.Sprintf("nodes: handle %d was never given out", h))
	}
	p := s.heap.At(*s.slot(h))
	if own := *(*Handle)(unsafe.Add(p, 4)); !IsNode(p) || own != h {
		panic(fmt.Sprintf("nodes: handle %d leads to a block of %d, node: %v", h, own, IsNode(p)))
	}
}

// CheckBlock verifies that the node in a block is the one that its handle means.
func (s *Store) CheckBlock(ref slab.Ref) (Handle, error) {
	h := *(*Handle)(unsafe.Add(s.heap.At(ref), 4))
	if h == 0 || uint32(h) >= s.top {
		return h, fmt.Errorf("nodes: block %d names handle %d, which was never given out", ref, h)
	}
	if *s.slot(h) != ref {
		return h, fmt.Errorf("nodes: block %d names handle %d, which leads to block %d", ref, h, *s.slot(h))
	}
	return h, nil
}

// CheckInvariants verifies the list of free handles.
func (s *Store) CheckInvariants() error {
	n := 0
	for h := s.free; h != 0; h = Handle(*s.slot(h)) {
		if uint32(h) >= s.top {
			return fmt.Errorf("nodes: free handle %d was never given out", h)
		}
		if n++; n > int(s.top) {
			return fmt.Errorf("nodes: the free list runs in a circle")
		}
	}
	if n+s.live != int(s.top)-1 {
		return fmt.Errorf("nodes: %d handles free, %d in use, %d given out", n, s.live, s.top-1)
	}
	return nil
}

package nodes

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/ashlar-cache/ashlar/cache/internal/invariants"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// Handle names a node for as long as it lives; 0 is none.
type Handle uint32

const (
	// HeaderSize is the number of bytes at a node's beginning that are not its owner's,
	// but for byte 1.
	HeaderSize = 8

	// Mark is the low four bits of the first byte of every node.
	Mark     = 0x0F
	kindBits = 4

	longLength = 0xFFFF // the length does not fit the header

	tableSpace = 1 << 30 // bytes of addresses of the handle table: 2^28 handles
	tableStep  = 16 << 10
)

// Store is a shard's nodes.
type Store struct {
	heap  *slab.Heap
	table *offheap.Region
	refs  unsafe.Pointer // []uint32: Ref of a node in use, or the next free handle

	ready uint32 // handles that the table has memory for
	top   uint32 // handles ever used, 0 included
	free  Handle // head of the list of free handles below top
	live  int
	freed uint64
	bytes int64 // in blocks of all nodes
	delta int64 // change of bytes since TakeDelta
}

// New makes the store of the shard that owns heap.
func New(heap *slab.Heap, account *offheap.Account) (*Store, error) {
	table, err := offheap.Reserve(tableSpace, account, offheap.Meta)
	if err != nil {
		return nil, err
	}
	return &Store{heap: heap, table: table, refs: table.Base(), top: 1}, nil
}

// Close gives the handle table back.
func (s *Store) Close() error { return s.table.Close() }

// Len is the number of nodes.
func (s *Store) Len() int { return s.live }

// Held is the number of bytes in the blocks of all nodes.
func (s *Store) Held() int64 { return s.bytes }

// TakeDelta is the change of Held since it was last called.
func (s *Store) TakeDelta() int64 {
	d := s.delta
	s.delta = 0
	return d
}

func (s *Store) slot(h Handle) *slab.Ref {
	return (*slab.Ref)(unsafe.Add(s.refs, uintptr(h)*4))
}

// Alloc makes a node with room for n bytes, header included. The slice is its
// whole block, which may be longer; behind the header its contents are undefined,
// and byte 1 is 0.
func (s *Store) Alloc(kind Kind, n int) (Handle, []byte) {
	h := s.newHandle()
	ref := s.block(max(n, HeaderSize))
	*s.slot(h) = ref
	s.live++
	b := s.writeHeader(h, ref, byte(kind)<<kindBits|Mark, 0)
	s.count(len(b))
	return h, b
}

func (s *Store) count(n int) {
	s.bytes += int64(n)
	s.delta += int64(n)
}

// block gets a block whatever the bound.
func (s *Store) block(n int) slab.Ref {
	ref, err := s.heap.AllocAlways(n)
	if err != nil {
		panic(errors.Join(errors.New("nodes: no memory for a node"), err))
	}
	return ref
}

func (s *Store) writeHeader(h Handle, ref slab.Ref, first, second byte) []byte {
	n := s.heap.Capacity(ref)
	b := unsafe.Slice((*byte)(s.heap.At(ref)), n)
	b[0], b[1] = first, second
	binary.LittleEndian.PutUint16(b[2:], uint16(min(n/8, longLength)))
	binary.LittleEndian.PutUint32(b[4:], uint32(h))
	return b
}

// Bytes is a node's whole block, header included.
func (s *Store) Bytes(h Handle) []byte {
	if invariants.Enabled {
		s.checkHandle(h)
	}
	p := s.heap.At(*s.slot(h))
	n := int(*(*uint16)(unsafe.Add(p, 2)))
	if n == longLength {
		return unsafe.Slice((*byte)(p), s.heap.Capacity(*s.slot(h)))
	}
	return unsafe.Slice((*byte)(p), n*8)
}

// Address is where a node's block begins: for who only asks for its memory ahead, and
// does not want to wait for what Bytes reads of it.
func (s *Store) Address(h Handle) unsafe.Pointer { return s.heap.At(*s.slot(h)) }

// Freed counts the nodes that were ever freed: while it stays the same, handles do.
func (s *Store) Freed() uint64 { return s.freed }

// HandleOf is the handle of the node with this block.
func HandleOf(b []byte) Handle { return Handle(binary.LittleEndian.Uint32(b[4:])) }

// Kind is a node's kind.
func (s *Store) Kind(h Handle) Kind { return Kind(*(*byte)(s.heap.At(*s.slot(h))) >> kindBits) }

// Resize gives a node a block for n bytes, header included, and keeps its first
// keep bytes, at least the header. The node's old bytes are no longer valid unless
// the block's size stays the same.
func (s *Store) Resize(h Handle, n, keep int) []byte {
	old := s.Bytes(h)
	if s.heap.Fits(*s.slot(h), n) {
		return old
	}
	was := *s.slot(h)
	ref := s.block(n)
	b := s.writeHeader(h, ref, old[0], old[1])
	copy(b[HeaderSize:], old[HeaderSize:max(HeaderSize, min(keep, n))])
	*s.slot(h) = ref
	s.count(len(b) - len(old))
	s.heap.Free(was)
	return b
}

// Free frees a node, not its children.
func (s *Store) Free(h Handle) {
	s.count(-len(s.Bytes(h)))
	s.freed++
	s.heap.Free(*s.slot(h))
	*s.slot(h) = slab.Ref(s.free)
	s.free = h
	s.live--
	if s.live == 0 {
		s.reset()
	}
}

// Rounded is the number of bytes of the block that Alloc would get for n.
func (s *Store) Rounded(n int) int { return slab.RoundUp(n) }

// newHandle takes a free handle or the next new one.
func (s *Store) newHandle() Handle {
	if h := s.free; h != 0 {
		s.free = Handle(*s.slot(h))
		return h
	}
	if s.top >= s.ready {
		if err := s.table.Commit(uintptr(s.ready)*4, tableStep); err != nil {
			panic(errors.Join(errors.New("nodes: no memory for the handle table"), err))
		}
		s.ready += tableStep / 4
	}
	s.top++
	return Handle(s.top - 1)
}

// reset gives the handle table's memory back: no node is left.
func (s *Store) reset() {
	s.table.Release(0, uintptr(s.ready)*4)
	s.ready, s.top, s.free = 0, 1, 0
}

// IsNode tells whether the block at p, which lives, is a node.
func IsNode(p unsafe.Pointer) bool { return *(*byte)(p)&Mark == Mark }

// Moved puts a node's Ref right after its block moved to ref.
func (s *Store) Moved(ref slab.Ref) {
	h := *(*Handle)(unsafe.Add(s.heap.At(ref), 4))
	*s.slot(h) = ref
}

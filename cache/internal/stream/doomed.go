package stream

import "github.com/ashlar-cache/ashlar/cache/internal/nodes"

// What an operation takes away that is large it only takes out of its place; Reclaim
// frees it later, some nodes at a time. Until then it hangs from the stream, as the
// memory that it is, on a stack of handles:
//
//	byte   0      8       12       16
//	     +------+-------+--------+--------+--------
//	     | node | count | handle | handle | more …
//	     +------+-------+--------+--------+--------
//
// A node that is freed leaves its children there, so the stack is as long as what is
// doomed is high, times the children of a node.
const (
	doomedCount = nodes.HeaderSize
	doomedFirst = doomedCount + 4
	doomedLeast = 60 // handles that there is room for
)

// doom has a node and all below it freed bit by bit.
func (st *Stream) doom(h nodes.Handle) {
	top := nodes.Handle(get32(st.root, rootDoomed))
	if top == 0 {
		var b []byte
		top, b = st.s.Alloc(nodes.StreamGroup, doomedFirst+4*doomedLeast)
		b[1] = formDoomed
		put32(b, doomedCount, 0)
		put32(st.root, rootDoomed, int(top))
	}
	b := st.s.Bytes(top)
	n := get32(b, doomedCount)
	end := doomedFirst + 4*n
	if end+4 > len(b) {
		b = st.s.Resize(top, 2*end, end)
	}
	put32(b, end, int(h))
	put32(b, doomedCount, n+1)
}

func visitDoomed(b []byte, f func(nodes.Handle) nodes.Handle) {
	for i := range get32(b, doomedCount) {
		at := doomedFirst + 4*i
		put32(b, at, int(f(nodes.Handle(get32(b, at)))))
	}
}

// Laden tells whether there is something for Reclaim to do.
func (st *Stream) Laden() bool { return LadenRoot(st.root) }

// LadenRoot is Laden of the stream with this root.
func LadenRoot(root []byte) bool { return get32(root, rootDoomed)|get32(root, rootLeaving) != 0 }

// Reclaim frees about max nodes of what operations have taken away, and tells whether
// there is more. Nothing that one can ask the stream changes by it.
func (st *Stream) Reclaim(max int) (more bool) {
	for max > 0 && get32(st.root, rootLeaving) != 0 {
		max -= st.leave()
	}
	st.freeDoomed(max)
	return st.Laden()
}

// freeDoomed frees up to max nodes, the last ones doomed first.
func (st *Stream) freeDoomed(max int) {
	top := nodes.Handle(get32(st.root, rootDoomed))
	if top == 0 {
		return
	}
	push := func(h nodes.Handle) nodes.Handle {
		st.doom(h)
		return h
	}
	for ; max > 0; max-- {
		b := st.s.Bytes(top)
		n := get32(b, doomedCount) - 1
		h := nodes.Handle(get32(b, doomedFirst+4*n))
		put32(b, doomedCount, n)
		if st.s.Kind(h) == nodes.StreamLeaf {
			st.countBlock(-1)
		}
		visitChildren(st.s, h, push)
		st.s.Free(h)
		if get32(st.s.Bytes(top), doomedCount) == 0 {
			st.s.Free(top)
			put32(st.root, rootDoomed, 0)
			return
		}
	}
}

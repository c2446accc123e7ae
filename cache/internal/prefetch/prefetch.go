// Package prefetch asks the processor for memory that will soon be read. Nothing waits
// for it: unlike a load, an instruction of this kind is done before its line has come, so
// the waits of many requests overlap, whatever stands between them, locks included. It
// reads nothing either, and faults at no address.
//
// Not quite nothing: the instruction is not through before its address has been translated,
// and where memory is large that is a walk through page tables, which are then not in the
// processor's caches either. A processor sees some hundred instructions ahead, so it has
// few translations under way if it has to do much between two of them. A Queue collects
// addresses and asks for all of them at once.
//
// Go's compiler has such an instruction for its own runtime alone, so it is called here,
// which costs two nanoseconds or so: what is near should not be asked for. On other
// processors than amd64 and arm64 nothing happens.
package prefetch

import "unsafe"

// LineSize is the bytes that come into the processor's caches at once.
const LineSize = 64

// Bytes asks for the first n bytes of b and the rest of their lines.
func Bytes(b []byte, n int) {
	if n = min(n, len(b)); n > 0 {
		Lines(unsafe.Pointer(unsafe.SliceData(b)), (n+LineSize-1)/LineSize)
	}
}

// Room is what a Queue holds; with more it asks for that and goes on.
const Room = 64

// A Queue collects what Ask then asks for. Its zero value is empty.
type Queue struct {
	asks [Room]ask
	n    int
}

// ask are lines in a row.
type ask struct {
	at    unsafe.Pointer
	lines int
}

// Add puts n lines, at least one, from the one with p on, into the queue.
func (q *Queue) Add(p unsafe.Pointer, n int) {
	if q.n == Room {
		q.Ask()
	}
	q.asks[q.n] = ask{p, n}
	q.n++
}

// AddBytes puts the first n bytes of b, and the rest of their lines, into the queue.
func (q *Queue) AddBytes(b []byte, n int) {
	if n = min(n, len(b)); n > 0 {
		q.Add(unsafe.Pointer(unsafe.SliceData(b)), (n+LineSize-1)/LineSize)
	}
}

// Ask asks for everything in the queue, which is empty then.
func (q *Queue) Ask() {
	each(&q.asks[0], q.n)
	q.n = 0
}

// Package prefetch asks the processor for memory that will soon be read. Nothing waits
// for it: unlike a load, an instruction of this kind is done before its line has come, so
// the waits of many requests overlap, whatever stands between them, locks included. It
// reads nothing either, and faults at no address.
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

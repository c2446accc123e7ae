package conn

import (
	"math/bits"
	"os"

	"golang.org/x/sys/unix"
)

// arenaSize is the address space that a loop reserves for the replies of a
// batch; only what is written to has pages.
const arenaSize = 64 << 20 << (bits.UintSize / 64 * 4)

// mapArena returns an empty slice with room to grow without moving. Where
// address space is rationed (ulimit -v) it is an ordinary slice.
func mapArena() (b []byte, mapped bool) {
	for size := arenaSize; size >= 1<<20; size /= 8 {
		if b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, mapFlags); err == nil {
			_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE)
			return b[:0], true
		}
	}
	return make([]byte, 0, bigStep), false
}

const mapFlags = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE

// mapBytes returns an empty slice with room for n bytes of memory fresh from
// the system; where that is refused, of the Go heap.
func mapBytes(n int) (b []byte, mapped bool) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, mapFlags)
	if err != nil {
		return make([]byte, 0, n), false
	}
	if n > 1<<20 {
		// A huge page here would be 2 MiB for the first byte of a buffer.
		_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE)
	}
	return b[:0], true
}

// remapBytes gives mapped memory room for n bytes in all. Pages move, bytes
// are not copied.
func remapBytes(b []byte, n int) ([]byte, bool) {
	next, err := unix.Mremap(b[:cap(b)], n, unix.MREMAP_MAYMOVE)
	if err != nil {
		heap := make([]byte, len(b), n)
		copy(heap, b)
		unmapBytes(b)
		return heap, false
	}
	return next[:len(b)], true
}

func unmapBytes(b []byte) {
	// It fails only for memory that mapBytes did not return.
	if err := unix.Munmap(b[:cap(b)]); err != nil {
		panic("conn: munmap: " + err.Error())
	}
}

// releaseBytes gives the pages of mapped memory from byte n on back to the
// system; they read as zero when touched again.
func releaseBytes(b []byte, n int) {
	n = roundUp(n, os.Getpagesize())
	if n < cap(b) {
		_ = unix.Madvise(b[:cap(b)][n:], unix.MADV_DONTNEED)
	}
}

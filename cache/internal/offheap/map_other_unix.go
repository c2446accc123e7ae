//go:build unix && !linux

package offheap

import "golang.org/x/sys/unix"

const noReserve = 0

func advise([]byte) {}

// release maps fresh zero pages over the range: outside Linux MADV_DONTNEED is
// only a hint and would leave the old contents.
func release(b []byte) {
	clear(b)
	_ = unix.Madvise(b, unix.MADV_FREE)
}

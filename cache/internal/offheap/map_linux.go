package offheap

import "golang.org/x/sys/unix"

const noReserve = unix.MAP_NORESERVE

// advise keeps huge pages away: one would make 2 MiB resident where 4 KiB are
// used, and could not be given back in part.
func advise(b []byte) {
	// Kernels without huge pages refuse this; then there is nothing to avoid.
	_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE)
}

func release(b []byte) {
	// MADV_DONTNEED on private anonymous memory frees the pages at once and makes
	// them read as zero. It fails only for ranges that are not mapped.
	if err := unix.Madvise(b, unix.MADV_DONTNEED); err != nil {
		panic("offheap: releasing pages: " + err.Error())
	}
}

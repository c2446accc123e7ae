//go:build unix

package offheap

import "golang.org/x/sys/unix"

// reserve maps addresses without access: such a mapping counts neither as
// memory nor against the system's commit limit.
func reserve(size uintptr) ([]byte, error) {
	mapping, err := unix.Mmap(-1, 0, int(size), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|noReserve)
	if err != nil {
		return nil, err
	}
	advise(mapping)
	return mapping, nil
}

func access(b []byte) error { return unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE) }

func unmap(b []byte) error { return unix.Munmap(b) }

//go:build unix

package index

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// mappedRegion is a Region outside the Go heap.
type mappedRegion struct {
	fakeRegion
}

func newMappedRegion(t testing.TB, size int) *mappedRegion {
	mem, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(mem)) })
	return &mappedRegion{fakeRegion{mem: mem, committed: make([]bool, size/stepBytes), budget: -1}}
}

func (r *mappedRegion) Base() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(r.mem)) }

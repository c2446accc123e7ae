//go:build !unix

package offheap

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

func reserve(size uintptr) ([]byte, error) {
	p, err := windows.VirtualAlloc(0, size, windows.MEM_RESERVE, windows.PAGE_NOACCESS)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), p)), size), nil
}

func access(b []byte) error {
	_, err := windows.VirtualAlloc(uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), windows.MEM_COMMIT, windows.PAGE_READWRITE)
	return err
}

// release drops the pages and takes them back at once: Windows hands out zero
// pages on the next touch.
func release(b []byte) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	if err := windows.VirtualFree(at, uintptr(len(b)), windows.MEM_DECOMMIT); err != nil {
		panic("offheap: releasing pages: " + err.Error())
	}
	if err := access(b); err != nil {
		panic("offheap: " + err.Error())
	}
}

func unmap(b []byte) error {
	return windows.VirtualFree(uintptr(unsafe.Pointer(unsafe.SliceData(b))), 0, windows.MEM_RELEASE)
}

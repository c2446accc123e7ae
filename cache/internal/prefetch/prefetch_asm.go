//go:build amd64 || arm64

package prefetch

import "unsafe"

// Lines asks for n lines, at least one, from the one with p on.
//
//go:noescape
func Lines(p unsafe.Pointer, n int)

// each asks for what n entries from asks on say.
//
//go:noescape
func each(asks *ask, n int)

//go:build !amd64 && !arm64

package prefetch

import "unsafe"

// Lines would ask for n lines, from the one with p on.
func Lines(unsafe.Pointer, int) {}

func each(*ask, int) {}

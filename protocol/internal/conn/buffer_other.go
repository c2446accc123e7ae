//go:build !linux

package conn

// Elsewhere big buffers are of the Go heap as well.

func mapArena() ([]byte, bool) { return make([]byte, 0, bigStep), false }

func mapBytes(n int) ([]byte, bool) { return make([]byte, 0, n), false }

func remapBytes(b []byte, n int) ([]byte, bool) {
	next := make([]byte, len(b), n)
	copy(next, b)
	return next, false
}

func unmapBytes([]byte) {}

func releaseBytes([]byte, int) {}

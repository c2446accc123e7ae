//go:build !linux

package loadgen

// newTransport chooses what moves the bytes: there is one way here.
func newTransport(w *worker) transport { return newStreams(w) }

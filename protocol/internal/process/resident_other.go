//go:build !linux

package process

// ResidentSize is not to be had without cgo here; callers estimate it.
func ResidentSize() int64 { return 0 }

// Multiplexing is what waits for many sockets at once here: the Go runtime.
const Multiplexing = "netpoll"

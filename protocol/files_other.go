//go:build !linux && !darwin

package protocol

// allowFiles returns n: there is no bound to ask for here.
func allowFiles(n int64) int64 { return n }

//go:build !linux

package conn

// move has nothing to move where there are no event loops.
func move(*harness) (stop func()) { return func() {} }

//go:build !linux

package cache

import "runtime"

// yield lets goroutines go first that wait for a lock just released.
func yield() { runtime.Gosched() }

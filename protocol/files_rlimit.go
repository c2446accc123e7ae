//go:build linux || darwin

package protocol

import (
	"math"
	"syscall"
)

// allowFiles tries to be allowed n open files and returns how many it got, more
// than n if it had more already.
func allowFiles(n int64) int64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return n // not known: let it be tried
	}
	if limit.Cur >= uint64(n) {
		return bounded(limit.Cur)
	}
	wish := syscall.Rlimit{Cur: uint64(n), Max: max(limit.Max, uint64(n))} // more than Max is only for the privileged
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wish) == nil {
		return n
	}
	limit.Cur = limit.Max
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	return bounded(limit.Cur)
}

func bounded(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

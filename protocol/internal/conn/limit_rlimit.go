//go:build linux || darwin

package conn

import "golang.org/x/sys/unix"

// ownFiles are the descriptors that a server needs beside its clients'.
const ownFiles = 32

// AllowClients raises the limit of open files for n clients, as far as the
// system lets it, and returns how many clients the limit is good for: n, or
// fewer.
func AllowClients(n int64) int64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return n
	}
	need := uint64(n) + ownFiles
	if limit.Cur >= need {
		return n
	}
	raised := limit
	raised.Cur = need
	if raised.Max < need {
		raised.Max = need // for those who may
	}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
		return n
	}
	raised.Cur, raised.Max = limit.Max, limit.Max
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
		limit.Cur = raised.Cur
	}
	return max(int64(limit.Cur)-ownFiles, 1)
}

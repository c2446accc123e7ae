package pace

import (
	"syscall"
	"time"
)

// sleep is the system's own: timers of the Go runtime may be a millisecond late
// when all its threads are busy or waiting for the network.
func sleep(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&ts, &ts) == syscall.EINTR {
	}
}

// niceness for threads that measure; ordinary ones have 0.
const niceness = -15

// urgent raises the priority of this thread, which only privileged users may.
func urgent() (calm func()) {
	tid := syscall.Gettid()
	if syscall.Setpriority(syscall.PRIO_PROCESS, tid, niceness) != nil {
		return func() {}
	}
	return func() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, tid, 0) }
}

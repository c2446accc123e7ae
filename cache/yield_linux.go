package cache

import (
	"runtime"
	"syscall"
)

// yield lets others go first: goroutines that wait for a lock just released, and
// threads of the system that wait for this processor. The system's own scheduler would
// let a loop that has just been woken wait for the rest of the time slice, a millisecond
// and more.
func yield() {
	runtime.Gosched()
	_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
}

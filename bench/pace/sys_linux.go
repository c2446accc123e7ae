package pace

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sleep is the system's own: timers of the Go runtime may be a millisecond late
// when all its threads are busy or waiting for the network.
func sleep(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&ts, &ts) == syscall.EINTR {
	}
}

// niceness for threads that measure, where the system refuses real time; ordinary ones have 0.
const niceness = -15

// urgent raises the priority of this thread, which only privileged users may: to real
// time if it can be had, since the fair scheduler lets even a nice -15 wait for the end
// of a time slice, some 4 ms.
func urgent() (calm func()) {
	tid := syscall.Gettid()
	realTime := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	if unix.SchedSetAttr(tid, &realTime, 0) == nil {
		return func() {
			_ = unix.SchedSetAttr(tid, &unix.SchedAttr{Size: unix.SizeofSchedAttr}, 0)
		}
	}
	if syscall.Setpriority(syscall.PRIO_PROCESS, tid, niceness) != nil {
		return func() {}
	}
	return func() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, tid, 0) }
}

// processors is how many this process may use.
func processors() int { return runtime.NumCPU() }

// foremost ties the calling goroutine for good to a thread of its own, which goes before
// all others on the n-th of the processors that this process may use.
func foremost(n int) bool {
	runtime.LockOSThread()
	tid := syscall.Gettid()
	var may unix.CPUSet
	if unix.SchedGetaffinity(tid, &may) != nil {
		return false
	}
	for cpu := range len(may) * 64 {
		if !may.IsSet(cpu) {
			continue
		}
		if n--; n < 0 {
			var one unix.CPUSet
			one.Set(cpu)
			ahead := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 2, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
			return unix.SchedSetaffinity(tid, &one) == nil && unix.SchedSetAttr(tid, &ahead, 0) == nil
		}
	}
	return false
}

// yielding lets every ordinary thread go before this one.
func yielding() {
	_ = unix.SchedSetAttr(syscall.Gettid(), &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
}

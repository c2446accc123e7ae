package pace

import (
	"fmt"
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
	return prefer()
}

// prefer raises the weight of this thread among ordinary ones.
func prefer() (calm func()) {
	tid := syscall.Gettid()
	if syscall.Setpriority(syscall.PRIO_PROCESS, tid, niceness) != nil {
		return func() {}
	}
	return func() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, tid, 0) }
}

// processors are those that this process could use, also where it is tied to some of
// them: the server may be tied to the others.
func processors() (out []int) {
	done := make(chan unix.CPUSet)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with its changed set
		var all, may unix.CPUSet
		for i := range all {
			all[i] = ^all[i]
		}
		_ = unix.SchedSetaffinity(0, &all) // the system takes of these what there is
		_ = unix.SchedGetaffinity(0, &may)
		done <- may
	}()
	may := <-done
	for cpu := range len(may) * 64 {
		if may.IsSet(cpu) {
			out = append(out, cpu)
		}
	}
	return out
}

func tie(processors []int) (release func(), err error) {
	var before, now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("sched_getaffinity: %w", err)
	}
	for _, cpu := range processors {
		now.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &now); err != nil {
		return nil, fmt.Errorf("sched_setaffinity: %w", err)
	}
	return func() { _ = unix.SchedSetaffinity(0, &before) }, nil
}

// foremost ties the calling goroutine for good to a thread of its own, which goes before
// all others on one of the processors.
func foremost(cpu int) bool {
	runtime.LockOSThread()
	var one unix.CPUSet
	one.Set(cpu)
	ahead := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 2, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	return unix.SchedSetaffinity(0, &one) == nil && unix.SchedSetAttr(0, &ahead, 0) == nil
}

// yielding lets every ordinary thread go before this one.
func yielding() {
	_ = unix.SchedSetAttr(syscall.Gettid(), &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
}

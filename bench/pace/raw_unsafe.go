//go:build linux

package pace

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lateness sleeps for so many nanoseconds and returns how much longer it took, on the
// system's monotonic clock.
//
// It must not be known to the Go scheduler as a system call, which another thread may
// look into just when it returns: a real-time thread then waits for that one in a loop,
// and if it is on the same processor it waits until the system ends real time for a
// while, 950 ms later. As it is, the thread keeps one of the scheduler's processors.
// Nothing here grows the stack, so the scheduler cannot stop it in between but by a
// signal, which ends the sleep and no more.
//
//go:nosplit
func lateness(sleep int64) (late int64) {
	var ts syscall.Timespec
	due := monotonic(&ts) + sleep
	ts = syscall.Timespec{Sec: due / 1e9, Nsec: due % 1e9}
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
		if errno != syscall.EINTR {
			return monotonic(&ts) - due
		}
	}
}

// monotonic reads that clock.
//
//go:nosplit
func monotonic(room *syscall.Timespec) int64 {
	syscall.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(room)), 0)
	return room.Sec*1e9 + room.Nsec
}

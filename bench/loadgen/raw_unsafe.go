//go:build linux

package loadgen

import (
	"errors"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readRaw and writeRaw are read and write on a socket that does not block. They leave
// the Go scheduler out of it, which the system calls of package syscall tell twice.
func readRaw(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), errno
}

func writeRaw(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), errno
}

// poller is an epoll instance.
type poller struct {
	fd     int
	events []syscall.EpollEvent
	coarse bool // the system cannot wait for less than a millisecond
	urgent bool // the thread goes before others
}

// wait returns the connections that are ready, after timeout at the latest. It does
// not tell the Go scheduler of a wait that takes no time; nor, on a thread that goes
// before all others, of any, as that would be a danger: see pace's lateness.
func (p *poller) wait(timeout time.Duration) ([]syscall.EpollEvent, error) {
	n, errno := p.poll(timeout)
	if errno == syscall.ENOSYS { // before Linux 5.11
		p.coarse = true
		n, errno = p.poll(timeout)
	}
	if errno != 0 && !errors.Is(errno, syscall.EINTR) {
		return nil, errno
	}
	return p.events[:max(n, 0)], nil
}

func (p *poller) poll(timeout time.Duration) (int, syscall.Errno) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(p.events)))
	call := syscall.Syscall6
	if p.urgent || timeout <= 0 {
		call = syscall.RawSyscall6
	}
	if timeout <= 0 || p.coarse {
		n, _, errno := call(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), at, uintptr(len(p.events)), uintptr(max(timeout.Milliseconds(), 0)), 0, 0)
		return int(n), errno
	}
	ts := syscall.NsecToTimespec(int64(timeout))
	n, _, errno := call(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), at, uintptr(len(p.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	runtime.KeepAlive(&ts)
	return int(n), errno
}

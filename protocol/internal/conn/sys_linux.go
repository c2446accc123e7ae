package conn

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls of the hot path bypass the Go scheduler: none of them
// blocks, and telling the scheduler of each would cost as much again as a
// small one does.

// receive reads what has arrived at a non-blocking socket; p is not empty.
func receive(fd int32, p []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
	return int(n), errno
}

// sendMost bounds one system call, so that a thread is never long out of the
// collector's reach.
const sendMost = 256 << 10

// send writes to a non-blocking socket what it takes; p is not empty.
func send(fd int32, p []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), sendMost)),
		unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}

// poll asks for events without waiting for any.
func poll(epfd int, events []unix.EpollEvent) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	return int(n), errno
}

// threadCPU is the CPU time that a thread of this process has used, in
// nanoseconds; 0 if it cannot be known.
func threadCPU(tid int32) int64 {
	// CPUCLOCK_SCHED of a thread, as pthread_getcpuclockid makes it.
	const perThread, sched = 4, 2
	var ts unix.Timespec
	if unix.ClockGettime(^tid<<3|perThread|sched, &ts) != nil {
		return 0
	}
	return ts.Nano()
}

// listenTCP opens a listening socket. host is an IP address, "" for all of
// IPv4; port 0 picks one.
func listenTCP(address *net.TCPAddr, backlog int) (fd int, err error) {
	family, ip := unix.AF_INET, address.IP.To4()
	if ip == nil && len(address.IP) == net.IPv6len {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return -1, os.NewSyscallError("setsockopt", err)
	}
	// Accepted sockets inherit this, which saves a call for each.
	if err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return -1, os.NewSyscallError("setsockopt", err)
	}
	var where unix.Sockaddr
	if family == unix.AF_INET6 {
		if err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return -1, os.NewSyscallError("setsockopt", err)
		}
		where = &unix.SockaddrInet6{Port: address.Port, Addr: [16]byte(address.IP), ZoneId: zoneID(address.Zone)}
	} else {
		in4 := &unix.SockaddrInet4{Port: address.Port}
		copy(in4.Addr[:], ip)
		where = in4
	}
	if err = unix.Bind(fd, where); err != nil {
		return -1, os.NewSyscallError("bind", err)
	}
	if err = unix.Listen(fd, backlog); err != nil {
		return -1, os.NewSyscallError("listen", err)
	}
	return fd, nil
}

func zoneID(name string) uint32 {
	if name == "" {
		return 0
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0
	}
	return uint32(i.Index)
}

// listenUnix opens a unix socket at path, in place of one that is left there.
func listenUnix(path string, perm os.FileMode, backlog int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	if info, e := os.Lstat(path); e == nil && info.Mode()&os.ModeSocket != 0 {
		_ = os.Remove(path)
	}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return -1, os.NewSyscallError("bind", err)
	}
	if perm != 0 {
		if err = os.Chmod(path, perm); err != nil {
			return -1, err
		}
	}
	if err = unix.Listen(fd, backlog); err != nil {
		return -1, os.NewSyscallError("listen", err)
	}
	return fd, nil
}

// setKeepAlive makes a socket probe a silent peer after that many seconds, as
// redis-server does: three probes, a third of the time apart; never for 0.
func setKeepAlive(fd int, seconds int64) {
	if seconds <= 0 {
		return
	}
	// A system that refuses one of these probes at its own pace.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(seconds))
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(int(seconds)/3, 1))
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
}

// addrPort is a socket address's IP and port, invalid for a unix socket.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// localAddr is "ip:port" of this end of a socket.
func localAddr(fd int) string {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return ""
	}
	return makeAddress(addrPort(sa)).String()
}

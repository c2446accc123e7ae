package conn

import (
	"net"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// listeners are the sockets that the first loop accepts from. They come and go while
// the server runs (CONFIG SET port), on any goroutine: epoll takes sockets from any,
// and the lock sees to it that none is closed while it is accepted from, or its
// number could be another file's by then.
type listeners struct {
	mu   sync.Mutex
	list []*listener // by the number that their events bear; nil where one was closed
	epfd int         // the first loop's epoll instance; -1 as long as there is none
}

// add takes in a listening socket and has it watched if anybody serves.
func (s *listeners) add(at *listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := slices.Index(s.list, nil)
	if number < 0 {
		number = len(s.list)
		s.list = append(s.list, nil)
	}
	if s.epfd >= 0 {
		if err := watchListener(s.epfd, number, at); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	s.list[number] = at
	return nil
}

// remove closes the one with a name; false if there is none.
func (s *listeners) remove(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(at *listener) bool { return at != nil && at.name == name })
	if i < 0 {
		return false
	}
	s.list[i].close()
	s.list[i] = nil
	return true
}

// accept takes a connection that waits at a listener. At one that is gone none waits.
func (s *listeners) accept(number int) (fd int, sa unix.Sockaddr, at *listener, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at = s.list[number]; at == nil {
		return -1, nil, nil, unix.EAGAIN
	}
	fd, sa, err = unix.Accept4(at.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return fd, sa, at, err
}

// watch has a loop serve them all.
func (s *listeners) watch(epfd int) (failed *listener, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epfd = epfd
	for i, at := range s.list {
		if at == nil {
			continue
		}
		if e := watchListener(epfd, i, at); e != nil && e != unix.EEXIST {
			failed, err = at, e
		}
	}
	return failed, err
}

// holdBack stops the watching of all until watch is called again.
func (s *listeners) holdBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.list {
		if at != nil {
			_ = unix.EpollCtl(s.epfd, unix.EPOLL_CTL_DEL, at.fd, nil)
		}
	}
}

// any tells whether there is one.
func (s *listeners) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.list, func(at *listener) bool { return at != nil })
}

// closeAll closes them for good.
func (s *listeners) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, at := range s.list {
		if at != nil {
			at.close()
			s.list[i] = nil
		}
	}
	s.epfd = -1
}

func watchListener(epfd, number int, at *listener) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(number), Pad: sourceListener}
	return unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, at.fd, &event)
}

func (at *listener) close() {
	_ = unix.Close(at.fd)
	if at.unix {
		_ = os.Remove(at.name)
	}
}

// openListener opens a listening socket and tells the address that it got.
func (p *plain) openListener(network, addr string) (*listener, net.Addr, error) {
	if network == "unix" {
		fd, err := listenUnix(addr, p.srv.opts.UnixPerm, p.srv.opts.Backlog)
		if err != nil {
			return nil, nil, err
		}
		return &listener{fd: fd, name: addr, unix: true}, &net.UnixAddr{Name: addr, Net: "unix"}, nil
	}
	at, err := net.ResolveTCPAddr(network, addr)
	if err != nil {
		return nil, nil, err
	}
	if at.IP == nil && network == "tcp6" {
		at.IP = net.IPv6unspecified
	}
	fd, err := listenTCP(at, p.srv.opts.Backlog)
	if err != nil {
		return nil, nil, err
	}
	if sa, err := unix.Getsockname(fd); err == nil {
		at = net.TCPAddrFromAddrPort(addrPort(sa))
	}
	return &listener{fd: fd, name: at.String()}, at, nil
}

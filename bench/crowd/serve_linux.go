package crowd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
)

// socket is a member with its connection. The file descriptor is outside the Go
// runtime's own poller.
type socket struct {
	*member
	file    *os.File
	fd      int
	index   int32 // in the list of sockets
	waiting bool  // for room to write
}

// serve runs all members in one epoll loop on a thread of its own.
func (c *crowd) serve(ctx context.Context, members []*member) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("epoll_create1: %w", err)
	}
	defer syscall.Close(poll)
	sockets := make([]*socket, 0, len(members))
	defer func() {
		for _, s := range sockets {
			s.file.Close()
		}
	}()
	for i, m := range members {
		s, err := open(ctx, c.Addr)
		if err != nil {
			return 0, fmt.Errorf("connection %d: %w", i+1, err)
		}
		s.member, s.index = m, int32(i)
		sockets = append(sockets, s)
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(i)}
		if err := syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, s.fd, &event); err != nil {
			return 0, fmt.Errorf("epoll_ctl: %w", err)
		}
	}
	began := time.Now()
	err = c.loop(ctx, poll, sockets)
	return time.Since(began), err
}

// open connects, and takes the socket out of the Go runtime's hands.
func open(ctx context.Context, addr string) (*socket, error) {
	d := net.Dialer{Timeout: client.Patience}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close() // the file is another descriptor of the same socket
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	fd := int(file.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		file.Close()
		return nil, err
	}
	return &socket{file: file, fd: fd}, nil
}

// loop sends each member's first batch, and then the next one whenever one is answered.
func (c *crowd) loop(ctx context.Context, poll int, sockets []*socket) error {
	busy := 0
	for _, s := range sockets {
		if c.next(s.member) {
			busy++
			if err := s.flush(poll); err != nil {
				return err
			}
		}
	}
	events := make([]syscall.EpollEvent, 256)
	silent := 0 // waits in a row that brought nothing
	for busy > 0 {
		const tick = 100 // milliseconds, after which a cut run is noticed
		n, err := syscall.EpollWait(poll, events, tick)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if silent++; n > 0 {
			silent = 0
		}
		if silent > int(client.Patience.Milliseconds()/tick) {
			return fmt.Errorf("no reply for %v", client.Patience)
		}
		for _, e := range events[:max(n, 0)] {
			idle, err := c.ready(poll, sockets[e.Fd], e.Events)
			if err != nil {
				return err
			}
			if idle {
				busy--
			}
		}
	}
	return nil
}

// ready serves a socket that has something to read or room to write; idle is
// true when its member has nothing more to do.
func (c *crowd) ready(poll int, s *socket, events uint32) (idle bool, err error) {
	if events&syscall.EPOLLOUT != 0 {
		if err := s.flush(poll); err != nil {
			return false, err
		}
	}
	// Errors and hang-ups come without EPOLLIN; reading says what they are.
	if events&^uint32(syscall.EPOLLOUT) == 0 {
		return false, nil
	}
	// One read each time, so that no connection keeps the others waiting; epoll
	// tells again if there is more.
	n, err := syscall.Read(s.fd, s.parser.Room())
	switch {
	case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read: %w", err)
	case n == 0:
		return false, errors.New("the server closed a connection")
	}
	s.parser.Filled(n)
	done, err := c.take(s.member)
	if err != nil || !done {
		return false, err
	}
	if !c.next(s.member) {
		return true, nil
	}
	return false, s.flush(poll)
}

// flush sends what it can, and asks to be told when there is room for the rest.
func (s *socket) flush(poll int) error {
	blocked := false
	for len(s.unsent) > 0 && !blocked {
		n, err := syscall.Write(s.fd, s.unsent)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			blocked = true
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("write: %w", err)
		default:
			s.unsent = s.unsent[n:]
		}
	}
	if blocked == s.waiting { // nearly always: small batches fit
		return nil
	}
	s.waiting = blocked
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: s.index}
	if blocked {
		event.Events |= syscall.EPOLLOUT
	}
	return syscall.EpollCtl(poll, syscall.EPOLL_CTL_MOD, s.fd, &event)
}

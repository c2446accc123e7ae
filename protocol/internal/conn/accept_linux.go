package conn

import (
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"golang.org/x/sys/unix"
)

// acceptMost bounds the connections accepted in one go.
const acceptMost = 256

// acceptAll takes what waits at a listener. It runs on the first loop.
func (l *loop) acceptAll(number int) {
	at := l.srv.plain.listeners[number]
	for range acceptMost {
		fd, sa, err := unix.Accept4(at.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			l.welcome(fd, sa, at)
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EMFILE, unix.ENFILE:
			if !l.refuseOne(at) {
				return
			}
		case unix.EAGAIN:
			return
		default:
			l.srv.log.Warn("could not accept a connection", "error", err)
			return
		}
	}
}

// refuseOne turns away a connection for which there is no descriptor, with the
// one that is kept for this: left waiting it would wake the loop for ever. It
// returns false if none waits, or if even that did not work; then the listeners
// are held back until the next tick.
func (l *loop) refuseOne(at *listener) bool {
	p := l.srv.plain
	_ = unix.Close(p.reserve)
	fd, _, err := unix.Accept4(at.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	refused := err == nil
	if refused {
		refuse(fd, maxClientsReply)
		l.srv.rejected.Add(1)
	}
	if p.reserve, err = openReserve(); err == nil {
		return refused
	}
	l.srv.log.Error("out of file descriptors; not accepting for a second")
	for i := range p.listeners {
		_ = unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, p.listeners[i].fd, nil)
	}
	l.backlog = true
	return false
}

// listenAgain puts the listeners back that refuseOne has taken away.
func (l *loop) listenAgain() {
	p := l.srv.plain
	if p.reserve < 0 {
		fd, err := openReserve()
		if err != nil {
			return
		}
		p.reserve = fd
	}
	l.backlog = false
	if !l.srv.stopping.Load() {
		l.watchListeners()
	}
}

func (l *loop) watchListeners() {
	for i, at := range l.srv.plain.listeners {
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i), Pad: sourceListener}
		if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, at.fd, &event); err != nil && err != unix.EEXIST {
			l.srv.log.Error("could not watch a listening socket", "addr", at.name, "error", err)
		}
	}
}

// openReserve opens the descriptor that is kept in reserve; -1 on failure.
func openReserve() (int, error) {
	return unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// refuse sends a last reply and closes.
func refuse(fd int, reply string) {
	_ = unix.SetNonblock(fd, true)
	_, _ = unix.Write(fd, []byte(reply))
	_ = unix.Close(fd)
}

// welcome makes a connection of a socket and gives it to a loop at work.
func (l *loop) welcome(fd int, sa unix.Sockaddr, at *listener) {
	srv := l.srv
	if !srv.admit() {
		refuse(fd, maxClientsReply)
		return
	}
	if !at.unix {
		setKeepAlive(fd, srv.lim.TCPKeepAlive.Load())
	}
	c := &Conn{srv: srv, fd: int32(fd), from: at, peer: makeAddress(addrPort(sa)), want: unix.EPOLLIN}
	if refusal := srv.open(c, !at.unix); refusal != "" {
		refuse(fd, refusal)
		srv.left()
		return
	}
	to := srv.plain.leastLoaded()
	if to == l {
		l.adopt(c)
		return
	}
	to.send(c)
}

// send gives a connection that belongs to no loop to this one, from any
// goroutine. From here on its messages come this way, after it.
func (l *loop) send(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.shutInbox()
		_ = unix.Close(int(c.fd))
		l.srv.close(c)
		return
	}
	c.owner.Store(l)
	l.public.conns.Add(1) // at once, so that the next one is sent elsewhere
	l.jobs = append(l.jobs, func(l *loop) {
		l.public.conns.Add(-1)
		l.adopt(c)
	})
	l.ring()
}

// adopt takes a connection in.
func (l *loop) adopt(c *Conn) {
	c.owner.Store(l)
	if n := len(l.free); n > 0 {
		c.slot = l.free[n-1]
		l.free = l.free[:n-1]
	} else {
		c.slot = int32(len(l.conns))
		l.conns = append(l.conns, nil)
	}
	l.conns[c.slot] = c
	l.live++
	l.public.conns.Add(1)
	if c.want&unix.EPOLLOUT != 0 {
		l.public.waiting.Add(1)
	}
	if c.in != nil {
		l.worker.pool.count(c.in)
	}
	if c.out != nil {
		l.worker.pool.count(c.out)
	}
	event := unix.EpollEvent{Events: c.want, Fd: c.slot}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, int(c.fd), &event); err != nil {
		l.srv.log.Error("could not watch a connection", "id", c.ID, "error", err)
		l.close(c)
		return
	}
	if c.state&stateReady != 0 {
		l.ready = append(l.ready, c)
	}
	// What came before there was an owner to tell of it has not been noticed.
	l.readInbox(c)
	if l.ending {
		l.bidFarewell(c)
	}
}

// release takes a connection out of the loop, open as it is.
func (l *loop) release(c *Conn) {
	l.conns[c.slot] = nil
	l.freed = append(l.freed, c.slot)
	l.live--
	l.public.conns.Add(-1)
	if c.want&unix.EPOLLOUT != 0 {
		l.public.waiting.Add(-1)
	}
}

// moveTo gives one of the loop's connections to another loop.
func (l *loop) moveTo(to *loop, c *Conn) {
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, int(c.fd), nil); err != nil {
		return
	}
	l.release(c)
	for _, b := range []*buffer{c.in, c.out} {
		if b != nil {
			l.worker.pool.held -= int64(b.counted)
			b.counted = 0
		}
	}
	to.send(c)
}

// close ends a connection.
func (l *loop) close(c *Conn) {
	if c.state&stateClosed != 0 {
		return
	}
	c.state |= stateClosed
	c.shutInbox()
	l.release(c)
	if c.in != nil {
		l.releaseInput(c)
	}
	if c.out != nil {
		l.releaseOutput(c)
	}
	// Its RemoteAddr still works; its descriptor may be another's in a moment.
	_ = unix.Close(int(c.fd))
	l.srv.close(c)
}

// readMail does what others have asked for.
func (l *loop) readMail() {
	for {
		select {
		case f := <-l.visits:
			f(l)
			continue
		default:
		}
		break
	}
	notes, jobs := l.take()
	for _, f := range jobs {
		f(l)
	}
	for _, c := range notes {
		if c.owner.Load() != l {
			notifyOwner(c) // it moved
			continue
		}
		l.readInbox(c)
	}
}

// readInbox sends what was pushed to a connection, or kills it.
func (l *loop) readInbox(c *Conn) {
	if c.state&stateClosed != 0 {
		return
	}
	defer l.rescue(c)
	messages, killed := c.takeInbox()
	if killed {
		l.close(c)
		return
	}
	if len(messages) == 0 || c.state&stateClosing != 0 {
		return
	}
	l.worker.out = append(l.worker.out, messages...)
	switch l.flush(c, l.worker) {
	case dead:
		l.close(c)
	case stalled:
		c.state |= stateStalled
		l.watch(c)
	default:
		if c.out == nil {
			c.setWaiting(0)
		}
	}
}

// notifyOwner has the loop that serves c look at its inbox.
func notifyOwner(c *Conn) {
	if l := c.owner.Load(); l != nil {
		l.note(c)
	}
}

var _ session.Client = (*Conn)(nil)

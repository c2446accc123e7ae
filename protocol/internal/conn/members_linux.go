package conn

import (
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"golang.org/x/sys/unix"
)

// A loop's connections: how they come, move, are told things, and go.

// send gives a connection that belongs to no loop to this one, from any
// goroutine. From here on its messages come this way, after it.
func (l *loop) send(c *Conn) {
	l.mu.Lock()
	closed := l.closed
	if !closed {
		c.owner.Store(l)
		l.public.conns.Add(1) // at once, so that the next one is sent elsewhere
		l.jobs = append(l.jobs, func(l *loop) {
			l.public.conns.Add(-1)
			l.adopt(c)
		})
		l.ring()
	}
	l.mu.Unlock()
	if closed {
		c.shutInbox()
		_ = unix.Close(int(c.fd))
		l.srv.close(c)
	}
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
	if c.unsent {
		l.sendOutbox()
		if c.state&stateClosed != 0 {
			return
		}
	}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, int(c.fd), nil); err != nil {
		return
	}
	l.release(c)
	if i := slices.Index(l.ready, c); i >= 0 { // its turn comes there
		l.ready = slices.Delete(l.ready, i, i+1)
	}
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
	// The mailbox first: who leaves a visit posts a letter after it, so what is not
	// there by now will ring again.
	notes, jobs := l.take()
	for _, f := range jobs {
		f(l) // before the visits, which want to see connections that were sent here
	}
	l.readVisits()
	for _, c := range notes {
		if c.owner.Load() != l {
			notifyOwner(c) // it moved
			continue
		}
		l.readInbox(c)
	}
}

// readVisits lets in those who wait at the door.
func (l *loop) readVisits() {
	for {
		select {
		case f := <-l.visits:
			f(l)
		default:
			return
		}
	}
}

// readInbox sends what was pushed to a connection, or kills it.
func (l *loop) readInbox(c *Conn) {
	if c.state&stateClosed != 0 {
		return
	}
	defer l.rescue(c)
	messages, resumed, killed := c.takeInbox()
	if killed {
		l.close(c)
		return
	}
	if c.state&stateClosing != 0 {
		return
	}
	if len(messages) > 0 {
		l.pass(c, messages)
	}
	if resumed && c.state&stateClosed == 0 {
		l.unblock(c)
	}
}

// pass sends messages that others have left for a connection.
func (l *loop) pass(c *Conn, messages []byte) {
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

// unblock has a connection go on with what its client has sent since it blocked.
func (l *loop) unblock(c *Conn) {
	c.Blocked = false
	c.state &^= stateBlocked | stateHeld
	c.touch()
	if c.in != nil && c.state&(stateReady|stateStalled) == 0 {
		c.state |= stateReady
		l.ready = append(l.ready, c)
	}
	l.watch(c)
}

// notifyOwner has the loop that serves c look at its inbox.
func notifyOwner(c *Conn) {
	if l := c.owner.Load(); l != nil {
		l.note(c)
	}
}

var _ session.Client = (*Conn)(nil)

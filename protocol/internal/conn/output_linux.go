package conn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// outboxMost is how many connections' replies are gathered before they are
	// sent one after another; outboxBytes how many bytes of one connection.
	// Doing the same thing many times over is cheaper than changing between
	// reading, executing and sending, and a client that was woken by the first
	// reply is still awake at the others.
	outboxMost  = 64
	outboxBytes = 40 << 10
)

// unsent is a connection's replies, at worker.out[from:to].
type unsent struct {
	c        *Conn
	from, to int
}

// flush implements sink. Small replies go to the outbox; large ones, and those
// behind output that waits already, are offered to the socket at once.
func (l *loop) flush(c *Conn, w *worker) flow {
	if c.out == nil && len(w.out)-w.from <= outboxBytes {
		l.outbox = append(l.outbox, unsent{c, w.from, len(w.out)})
		c.unsent = true
		w.from = len(w.out)
		if len(l.outbox) < outboxMost && len(w.out) < flushAt {
			return flowing
		}
		l.sendOutbox()
		return c.flow()
	}
	l.deliverOutbox()
	if c.flow() == dead {
		w.reset()
		return dead
	}
	return l.deliver(c, unsent{c, w.from, len(w.out)}, true)
}

// flow is what the connection's state says of it.
func (c *Conn) flow() flow {
	switch {
	case c.state&stateClosed != 0:
		return dead
	case c.state&stateStalled != 0:
		return stalled
	}
	return flowing
}

// sendOutbox sends what was gathered, all of worker.out.
func (l *loop) sendOutbox() {
	l.deliverOutbox()
	l.worker.reset()
}

func (l *loop) deliverOutbox() {
	for i, u := range l.outbox {
		l.outbox[i].c = nil
		u.c.unsent = false
		if u.c.state&stateClosed != 0 {
			continue
		}
		switch l.deliver(u.c, u, false) {
		case dead:
			l.close(u.c)
		case stalled:
			u.c.state |= stateStalled
			l.watch(u.c)
		}
	}
	l.outbox = l.outbox[:0]
}

// deliver offers a connection's replies to its socket. What the socket does not
// take waits with the connection. last: they are the last ones in worker.out,
// which is empty afterwards.
func (l *loop) deliver(c *Conn, u unsent, last bool) flow {
	sent, errno := 0, syscall.Errno(0)
	if c.out == nil {
		sent, errno = l.sendAll(c, l.worker.out[u.from:u.to])
	}
	full := u.from+sent == u.to
	if !full && (errno == 0 || errno == unix.EAGAIN) {
		l.keepOutput(c, u.from+sent, u.to, last)
	} else if last {
		l.worker.reset()
	}
	switch {
	case full:
		return flowing
	case c.out == nil:
		return dead
	}
	return l.weigh(c)
}

// sendAll writes until all is sent or the socket takes no more.
func (l *loop) sendAll(c *Conn, p []byte) (sent int, errno syscall.Errno) {
	for sent < len(p) {
		n, errno := send(c.fd, p[sent:])
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return sent, errno
		}
		sent += n
		c.BytesOut += uint64(n)
		l.count.bytesOut += uint64(n)
		l.count.writes++
	}
	return sent, 0
}

// keepOutput keeps worker.out[from:to] for when the socket takes more; last is
// deliver's.
func (l *loop) keepOutput(c *Conn, from, to int, last bool) {
	w := l.worker
	rest := w.out[from:to]
	switch {
	case c.out != nil:
		l.appendOutput(c, rest)
	case last && len(rest) >= bigStep:
		c.out = w.take(from)
		w.pool.count(c.out)
		return
	default:
		c.out = w.pool.get(len(rest))
		c.out.b = append(c.out.b, rest...)
		w.pool.count(c.out)
	}
	if last {
		w.reset()
	}
}

// appendOutput adds to what waits already.
func (l *loop) appendOutput(c *Conn, p []byte) {
	b, pool := c.out, &l.worker.pool
	if need := len(b.b) + len(p); need > cap(b.b) {
		// What is sent already need not be carried along.
		b.b = append(b.b[:0], b.b[b.off:]...)
		b.off = 0
		if need = len(b.b) + len(p); need > cap(b.b) {
			pool.grow(b, max(need, min(2*cap(b.b), need+outputHigh)))
		}
	}
	b.b = append(b.b, p...)
	pool.count(b)
}

// weigh decides what waiting output means for the connection.
func (l *loop) weigh(c *Conn) flow {
	waiting := len(c.out.b) - c.out.off
	c.setWaiting(waiting)
	if c.overHard(int64(waiting)) {
		c.overOutputLimit()
		return dead
	}
	if over, _ := c.overSoft(int64(waiting)); !over {
		c.out.since = 0
	} else if c.out.since == 0 {
		c.out.since = max(l.srv.clock.Load(), 1)
	}
	l.watch(c)
	if waiting > outputHigh || waiting > outputLow && l.srv.heldByAll() > outputPressure {
		return stalled
	}
	return flowing
}

// writable sends what waits. It returns false if the connection is closed.
func (l *loop) writable(c *Conn, events uint32) bool {
	out := c.out
	if out == nil {
		if c.state&stateClosing != 0 {
			l.close(c)
			return false
		}
		if c.state != 0 && events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			l.close(c) // nobody would ever read this from the socket
			return false
		}
		return true
	}
	sent, errno := l.sendAll(c, out.b[out.off:min(len(out.b), out.off+turnBytes)])
	out.off += sent
	if errno != 0 && errno != unix.EAGAIN {
		l.close(c)
		return false
	}
	if sent > 0 {
		c.touch()
	}
	if out.off < len(out.b) {
		c.setWaiting(len(out.b) - out.off)
		if over, _ := c.overSoft(int64(len(out.b) - out.off)); !over {
			out.since = 0
		}
		return true
	}
	l.releaseOutput(c)
	if c.state&stateClosing != 0 {
		l.drain(c)
		l.close(c)
		return false
	}
	l.resume(c)
	return c.state&stateClosed == 0
}

// resume goes on with a connection whose output has been taken.
func (l *loop) resume(c *Conn) {
	if c.state&stateStalled != 0 {
		c.state &^= stateStalled
		if c.in != nil && c.state&(stateReady|stateBlocked) == 0 {
			c.state |= stateReady
			l.ready = append(l.ready, c)
		}
	}
	if l.ending && c.state&^(stateBlocked|stateHeld) == 0 {
		l.closeWhenSent(c)
		return
	}
	l.watch(c)
}

func (l *loop) releaseOutput(c *Conn) {
	l.worker.pool.put(c.out)
	c.out = nil
	c.setWaiting(0)
}

// watch asks epoll for the events that matter in the connection's state.
func (l *loop) watch(c *Conn) {
	var want uint32
	switch {
	case c.state&stateClosing != 0:
	case c.state&stateHeld != 0:
		want = unix.EPOLLRDHUP
	case c.state&stateBlocked != 0:
		want = watched
	case c.state&stateStalled == 0:
		want = watched
	}
	if c.out != nil {
		// Not edge-triggered: writable may leave some although the socket takes more.
		want = want&^unix.EPOLLET | unix.EPOLLOUT
	}
	if want == c.want {
		return
	}
	if (want^c.want)&unix.EPOLLOUT != 0 {
		if want&unix.EPOLLOUT != 0 {
			l.public.waiting.Add(1)
		} else {
			l.public.waiting.Add(-1)
		}
	}
	c.want = want
	event := unix.EpollEvent{Events: want, Fd: c.slot}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_MOD, int(c.fd), &event); err != nil {
		panic("conn: epoll_ctl: " + err.Error())
	}
}

// closeWhenSent closes the connection once what waits for it is sent.
func (l *loop) closeWhenSent(c *Conn) {
	if c.unsent {
		l.sendOutbox()
		if c.state&stateClosed != 0 {
			return
		}
	}
	if c.in != nil {
		l.releaseInput(c)
	}
	if c.out == nil {
		l.drain(c)
		l.close(c)
		return
	}
	c.state |= stateClosing
	l.watch(c)
}

// drainMost bounds what is read and thrown away before a connection is closed.
const drainMost = 1 << 20

// drain reads what has arrived. To close a socket with input unread resets the
// connection, and the client might lose the last replies for it.
func (l *loop) drain(c *Conn) {
	for total := 0; total < drainMost; {
		n, errno := receive(c.fd, l.room())
		if errno != 0 || n == 0 {
			return
		}
		total += n
	}
}

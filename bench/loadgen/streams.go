package loadgen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/pace"
)

// streams serves a worker's connections with two goroutines for each: for TLS, and
// where there is no epoll. One more keeps the time. They share the worker under a lock.
type streams struct {
	*worker
	mu     sync.Mutex
	lines  []*line
	work   sync.WaitGroup
	ending bool
	begun  time.Duration
	ended  time.Duration
}

// line is a member with its connection.
type line struct {
	*member
	conn net.Conn      // nil while there is none
	kick chan struct{} // there is something to send
}

func newStreams(w *worker) *streams { return &streams{worker: w} }

// bind does nothing: goroutines go where the Go scheduler puts them.
func (t *streams) bind() (release func()) { return func() {} }

// connect opens all connections, some at a time.
func (t *streams) connect() error {
	room := make(chan struct{}, 32)
	var mu sync.Mutex
	var first error
	for _, m := range t.conns {
		l := &line{member: m, kick: make(chan struct{}, 1)}
		t.lines = append(t.lines, l)
		room <- struct{}{}
		t.work.Go(func() {
			defer func() { <-room }()
			if err := t.dial(l); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	t.work.Wait()
	return first
}

// dial opens a connection and greets the server.
func (t *streams) dial(l *line) error {
	t.mu.Lock()
	t.greet(l.member)
	hello := append([]byte(nil), l.unsent...)
	l.unsent = l.unsent[:0]
	t.mu.Unlock()
	conn, err := t.openConn()
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(t.cfg.Patience)) // fails only when closed
	if _, err := conn.Write(hello); err != nil {
		conn.Close()
		return fmt.Errorf("sending: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.greeting == 0 {
		t.greeted(l.member)
	}
	buf := make([]byte, 4<<10)
	for l.greeting > 0 {
		t.mu.Unlock()
		n, err := conn.Read(buf)
		t.mu.Lock()
		if n > 0 {
			err = t.take(l.member, buf[:n], t.now())
		}
		if err != nil {
			conn.Close()
			return fmt.Errorf("connecting to %s: %w", t.cfg.Addr, err)
		}
	}
	_ = conn.SetDeadline(time.Time{})
	l.conn = conn
	return nil
}

// openConn connects, with TLS if it is asked for.
func (t *streams) openConn() (net.Conn, error) {
	network := "tcp"
	if strings.Contains(t.cfg.Addr, "/") {
		network = "unix"
	}
	d := net.Dialer{Timeout: t.cfg.Patience}
	conn, err := d.DialContext(t.ctx, network, t.cfg.Addr)
	if err != nil || t.cfg.TLS == nil {
		return conn, err
	}
	secure := tls.Client(conn, t.cfg.TLS)
	ctx, cancel := context.WithTimeout(t.ctx, t.cfg.Patience)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secure, nil
}

// serve sends and receives until the worker is over.
func (t *streams) serve() error {
	if t.index == 0 { // the whole program's time, counted once
		t.begun = processTime()
		defer func() { t.ended = processTime() }()
	}
	t.mu.Lock()
	for _, l := range t.lines {
		t.work.Go(func() { t.read(l) })
		t.work.Go(func() { t.write(l) })
		t.send(l, t.now())
	}
	t.mu.Unlock()
	for {
		next, over, err := t.round()
		if over || err != nil {
			t.stop()
			return err
		}
		pace.Until(t.base.Add(time.Duration(next)))
	}
}

// round does what is due and returns when to look again.
func (t *streams) round() (next int64, over bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	next = now + int64(time.Millisecond)
	if t.cfg.Rate > 0 {
		t.release(now)
		for _, m := range t.dirty {
			m.marked = false
			t.send(t.lines[(m.id-t.index)/t.cfg.Threads], now)
		}
		t.dirty = t.dirty[:0]
		if t.left > 0 {
			next = min(next, t.sched.next)
		}
	}
	t.roll(now)
	t.ops[t.index].Store(t.total)
	if t.over(now) {
		return 0, true, t.failure
	}
	return next, false, t.check(now)
}

// stop ends all connections and with them the goroutines.
func (t *streams) stop() {
	t.mu.Lock()
	t.ending = true
	t.hangUp()
	t.mu.Unlock()
	t.work.Wait()
}

// hangUp closes the connections and wakes those who wait to send.
func (t *streams) hangUp() {
	for _, l := range t.lines {
		if l.conn != nil {
			l.conn.Close()
		}
		l.wake()
	}
}

// close ends what serve has not.
func (t *streams) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hangUp()
}

// cpu is the processor time that serve took.
func (t *streams) cpu() time.Duration { return t.ended - t.begun }

// send composes what a connection may send now, and has it sent. The lock is held.
func (t *streams) send(l *line, now int64) {
	if l.conn == nil {
		return
	}
	t.compose(l.member, now)
	if len(t.out.b) > 0 {
		t.worker.sent = now
		l.unsent = append(l.unsent, t.out.b...)
		l.wake()
	}
}

// wake tells the writer that there is something to do.
func (l *line) wake() {
	select {
	case l.kick <- struct{}{}:
	default: // it knows already
	}
}

// write sends what is composed, in the order in which it was.
func (t *streams) write(l *line) {
	var buf []byte
	for range l.kick {
		t.mu.Lock()
		if t.ending {
			t.mu.Unlock()
			return
		}
		buf, l.unsent = l.unsent, buf[:0]
		conn := l.conn
		t.bytesOut += int64(len(buf))
		t.mu.Unlock()
		if conn == nil || len(buf) == 0 {
			continue
		}
		if _, err := conn.Write(buf); err != nil {
			conn.Close() // the reader finds out, and knows what to do
		}
	}
}

// read takes replies until the run ends or the connection is given up.
func (t *streams) read(l *line) {
	buf := make([]byte, inputSize)
	for {
		t.mu.Lock()
		conn := l.conn
		t.mu.Unlock()
		if conn == nil && !t.redial(l) {
			return
		}
		if conn == nil {
			continue
		}
		n, err := conn.Read(buf)
		t.mu.Lock()
		if t.ending {
			t.mu.Unlock()
			return
		}
		now := t.now()
		if n > 0 {
			err = t.take(l.member, buf[:n], now)
		} else if err != nil {
			err = fmt.Errorf("the server closed the connection: %w", err)
		}
		if quotaUsed := l.quota == 0 && l.flights.held == 0; err != nil || quotaUsed {
			conn.Close()
			l.conn = nil
			l.unsent = l.unsent[:0]
			if !t.lost(l.member, err) {
				t.mu.Unlock()
				return
			}
		}
		t.send(l, now)
		t.mu.Unlock()
	}
}

// redial opens a connection again; false if that is of no use any more.
func (t *streams) redial(l *line) bool {
	for {
		t.mu.Lock()
		useless := t.ending || t.finished()
		t.mu.Unlock()
		if useless {
			return false
		}
		err := t.dial(l)
		t.mu.Lock()
		if err == nil {
			if t.ending {
				l.conn.Close()
			}
			t.send(l, t.now())
			t.mu.Unlock()
			return true
		}
		var refused refusedError
		again := t.lost(l.member, err)
		if errors.As(err, &refused) && t.failure == nil {
			t.failure, again = err, false
		}
		t.mu.Unlock()
		if !again {
			return false
		}
	}
}

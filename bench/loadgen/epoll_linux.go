package loadgen

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ashlar-cache/ashlar/bench/pace"
)

// newTransport chooses what moves the bytes: an event loop, or goroutines where TLS
// needs them.
func newTransport(w *worker) transport {
	if w.cfg.TLS != nil || w.cfg.Portable {
		return newStreams(w)
	}
	return &loop{worker: w}
}

// loop serves a worker's connections with epoll. Their file descriptors are outside
// the Go runtime's own poller.
type loop struct {
	*worker
	poll    poller
	addr    syscall.Sockaddr
	family  int
	sockets []socket // one for each of the worker's conns
	input   []byte   // where all of them read to
	again   []*socket
	begun   time.Duration // processor time of the thread when serve began
	ended   time.Duration
	opening int // connections under way
}

// socket is a member with its connection.
type socket struct {
	*member
	fd         int
	connecting bool
	events     uint32 // that epoll is asked for
}

// bind takes a thread for the loop. In an open loop it must be on time, so it goes
// before other threads where the system permits; if that could take the last processor
// from the server, it has only more of it than others.
func (l *loop) bind() (release func()) {
	unpin := runtime.UnlockOSThread
	switch {
	case l.cfg.Rate > 0 && l.cfg.Threads < len(pace.Processors()):
		unpin, l.poll.urgent = pace.Pinned(), true
	case l.cfg.Rate > 0:
		unpin = pace.Preferred()
	default:
		runtime.LockOSThread()
	}
	// Timers of ordinary threads may be 50 µs late.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	free := func() {}
	if len(l.cfg.On) > 0 {
		if untie, err := pace.Tie(l.cfg.On[l.index : l.index+1]); err == nil {
			free = untie
		} else {
			l.failure = err
		}
	}
	return func() {
		free()
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0)
		unpin()
	}
}

// maxOpening is how many connections are under way at once: servers keep so many
// waiting to be accepted and drop the others for a second.
const maxOpening = 64

// connect opens all connections, and returns when each is greeted.
func (l *loop) connect() (err error) {
	if err := l.resolve(); err != nil {
		return err
	}
	if l.poll.fd, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	l.poll.events = make([]syscall.EpollEvent, 512)
	l.input = make([]byte, inputSize)
	l.sockets = make([]socket, len(l.conns))
	for i := range l.sockets {
		l.sockets[i] = socket{member: l.conns[i], fd: -1}
	}
	deadline := l.now() + int64(l.cfg.Patience)
	for next := 0; ; {
		for ; next < len(l.sockets) && l.opening < maxOpening; next++ {
			if err := l.open(&l.sockets[next]); err != nil {
				return l.whichFailed(next, err)
			}
		}
		if next == len(l.sockets) && l.opening == 0 {
			return nil
		}
		if err := l.step(10 * time.Millisecond); err != nil {
			return err
		}
		if l.firstEnd != nil {
			return l.firstEnd
		}
		if err := l.ctx.Err(); err != nil {
			return err
		}
		if l.now() > deadline {
			return fmt.Errorf("connecting to %s: no answer for %v", l.cfg.Addr, l.cfg.Patience)
		}
	}
}

// whichFailed adds what a user can do about it to the error of an opening.
func (l *loop) whichFailed(n int, err error) error {
	if errors.Is(err, syscall.EMFILE) {
		return fmt.Errorf("connection %d: %w: raise the limit of open files (ulimit -n)", n*l.cfg.Threads+l.index+1, err)
	}
	return err
}

// resolve finds the address once, so that opening needs no look-up.
func (l *loop) resolve() error {
	if strings.Contains(l.cfg.Addr, "/") {
		l.addr, l.family = &syscall.SockaddrUnix{Name: l.cfg.Addr}, syscall.AF_UNIX
		return nil
	}
	host, port, err := net.SplitHostPort(l.cfg.Addr)
	if err != nil {
		return err
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return err
	}
	ips, err := net.DefaultResolver.LookupIP(l.ctx, "ip", host)
	if err != nil {
		return err
	}
	// The others are other machines, or another family of addresses of the same.
	for _, ip := range ips {
		if four := ip.To4(); four != nil {
			l.addr, l.family = &syscall.SockaddrInet4{Port: number, Addr: [4]byte(four)}, syscall.AF_INET
			return nil
		}
	}
	if len(ips) == 0 {
		return fmt.Errorf("%s has no address", host)
	}
	l.addr, l.family = &syscall.SockaddrInet6{Port: number, Addr: [16]byte(ips[0].To16())}, syscall.AF_INET6
	return nil
}

// open begins to open a connection.
func (l *loop) open(s *socket) error {
	fd, err := syscall.Socket(l.family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if l.family != syscall.AF_UNIX {
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	}
	l.greet(s.member)
	s.fd, s.connecting = fd, true
	l.opening++
	err = syscall.Connect(fd, l.addr)
	if errors.Is(err, syscall.EAGAIN) { // a unix socket with many waiting: there is no event to wait for
		syscall.Close(fd)
		s.fd = -1
		l.opening--
		l.again = append(l.again, s)
		return nil
	}
	s.events = syscall.EPOLLOUT | syscall.EPOLLIN
	event := syscall.EpollEvent{Events: s.events, Fd: int32(s.place(l))}
	if err := syscall.EpollCtl(l.poll.fd, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	if err != nil && !errors.Is(err, syscall.EINPROGRESS) {
		return l.drop(s, fmt.Errorf("connecting to %s: %w", l.cfg.Addr, err))
	}
	return nil
}

// place is a socket's index.
func (s *socket) place(l *loop) int { return (s.id - l.index) / l.cfg.Threads }

// drop ends a connection and, unless it is of no use, opens it again. A nil error is
// an end that this side wanted.
func (l *loop) drop(s *socket, err error) error {
	syscall.Close(s.fd) // which takes it out of the epoll instance
	s.fd = -1
	if s.connecting || s.greeting > 0 {
		l.opening--
	}
	s.connecting, s.greeting = false, 0
	if !l.lost(s.member, err) || l.finished() && s.due.held == 0 {
		return nil
	}
	l.again = append(l.again, s)
	return nil
}

// close ends all connections.
func (l *loop) close() {
	for i := range l.sockets {
		if l.sockets[i].fd >= 0 {
			syscall.Close(l.sockets[i].fd)
		}
	}
	if l.poll.fd > 0 {
		syscall.Close(l.poll.fd)
	}
}

// cpu is the processor time that serve took.
func (l *loop) cpu() time.Duration { return l.ended - l.begun }

// threadTime is the processor time of this thread.
func threadTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tick is how long the loop waits at most, so that it notices when a run is cut short.
const tick = 50 * time.Millisecond

// serve sends and receives until the worker is over.
func (l *loop) serve() error {
	l.begun = threadTime()
	defer func() { l.ended = threadTime() }()
	if l.cfg.Rate == 0 {
		now := l.now()
		for i := range l.sockets {
			if err := l.send(&l.sockets[i], now); err != nil {
				return err
			}
		}
	}
	for {
		now := l.now()
		if err := l.due(now); err != nil {
			return err
		}
		l.roll(now)
		if l.over(now) {
			return l.failure
		}
		if err := l.check(now); err != nil {
			return err
		}
		if err := l.step(l.patience(now)); err != nil {
			return err
		}
		l.ops[l.index].Store(l.total)
	}
}

// patience is how long there is nothing to do unless something comes.
func (l *loop) patience(now int64) time.Duration {
	wait := tick
	if l.cfg.Rate > 0 && l.left > 0 && l.sched.next < l.end {
		wait = min(wait, time.Duration(l.sched.next-now))
	}
	if left := time.Duration(l.end - now); left > 0 {
		wait = min(wait, left)
	}
	if len(l.again) > 0 {
		wait = min(wait, time.Millisecond)
	}
	return wait
}

// due sends what has become due in an open loop.
func (l *loop) due(now int64) error {
	if l.cfg.Rate == 0 {
		return nil
	}
	l.release(now)
	for _, m := range l.dirty {
		m.marked = false
		if err := l.send(&l.sockets[(m.id-l.index)/l.cfg.Threads], now); err != nil {
			return err
		}
	}
	l.dirty = l.dirty[:0]
	return nil
}

// step waits for the connections and serves those that are ready.
func (l *loop) step(wait time.Duration) error {
	if again := l.again; len(again) > 0 {
		l.again = nil
		for _, s := range again {
			if err := l.open(s); err != nil {
				return err
			}
		}
	}
	events, err := l.poll.wait(wait)
	if err != nil {
		return fmt.Errorf("epoll_pwait: %w", err)
	}
	for i := range events {
		if err := l.ready(&l.sockets[events[i].Fd], events[i].Events); err != nil {
			return err
		}
		// What becomes due while others are served must not wait for the last of them.
		if l.cfg.Rate > 0 && l.first {
			if now := l.now(); l.sched.next <= now {
				if err := l.due(now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ready serves a socket that has something to read or room to write.
func (l *loop) ready(s *socket, events uint32) error {
	if s.fd < 0 {
		return nil // it has ended in this round
	}
	if s.connecting {
		if err := l.connected(s); err != nil || s.connecting || s.fd < 0 {
			return err
		}
	}
	if events&syscall.EPOLLOUT != 0 && len(s.unsent) > 0 {
		if err := l.flushUnsent(s); err != nil || s.fd < 0 {
			return err
		}
	}
	// Errors and hang-ups come without EPOLLIN; reading says what they are.
	if events&^uint32(syscall.EPOLLOUT) == 0 {
		return l.send(s, l.now())
	}
	return l.receive(s)
}

// connected ends the opening of a connection.
func (l *loop) connected(s *socket) error {
	code, err := syscall.GetsockoptInt(s.fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err == nil && code != 0 {
		err = syscall.Errno(code)
	}
	if err != nil {
		return l.drop(s, fmt.Errorf("connecting to %s: %w", l.cfg.Addr, err))
	}
	s.connecting = false
	if s.greeting == 0 {
		l.opening--
		l.greeted(s.member)
	}
	return l.flushUnsent(s)
}

// receive reads what has come. One read each time, so that no connection keeps the
// others waiting; epoll tells again if there is more.
func (l *loop) receive(s *socket) error {
	n, errno := readRaw(s.fd, l.input)
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return nil
	case errno != 0:
		return l.drop(s, fmt.Errorf("reading a reply: %w", errno))
	case n == 0:
		return l.drop(s, errClosed)
	}
	now, greeting := l.now(), s.greeting
	if err := l.take(s.member, l.input[:n], now); err != nil {
		var refused refusedError
		if errors.As(err, &refused) {
			return err
		}
		return l.drop(s, err)
	}
	if greeting > 0 && s.greeting == 0 {
		l.opening--
	}
	if s.quota == 0 && s.flights.held == 0 {
		return l.drop(s, nil)
	}
	return l.send(s, now)
}

// errClosed is an end without a word.
var errClosed = errors.New("the server closed the connection")

// send sends what a connection may send now.
func (l *loop) send(s *socket, now int64) error {
	if !l.first || s.fd < 0 {
		return nil
	}
	if l.compose(s.member, now); len(l.out.b) == 0 {
		return nil
	}
	l.worker.sent = now
	n, errno := writeRaw(s.fd, l.out.b)
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		n = 0
	case errno != 0:
		return l.drop(s, fmt.Errorf("sending: %w", errno))
	}
	l.bytesOut += int64(n)
	if n < len(l.out.b) {
		s.unsent = append(s.unsent, l.out.b[n:]...)
	}
	return l.ask(s)
}

// flushUnsent sends what did not fit before.
func (l *loop) flushUnsent(s *socket) error {
	for len(s.unsent) > 0 {
		n, errno := writeRaw(s.fd, s.unsent)
		if errno == syscall.EINTR {
			continue
		}
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 {
			return l.drop(s, fmt.Errorf("sending: %w", errno))
		}
		l.bytesOut += int64(n)
		s.unsent = s.unsent[:copy(s.unsent, s.unsent[n:])]
	}
	return l.ask(s)
}

// ask tells epoll what to look out for: room to write only while something is unsent.
func (l *loop) ask(s *socket) error {
	want := uint32(syscall.EPOLLIN)
	if len(s.unsent) > 0 {
		want |= syscall.EPOLLOUT
	}
	if want == s.events { // nearly always
		return nil
	}
	s.events = want
	event := syscall.EpollEvent{Events: want, Fd: int32(s.place(l))}
	if err := syscall.EpollCtl(l.poll.fd, syscall.EPOLL_CTL_MOD, s.fd, &event); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

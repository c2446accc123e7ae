package conn

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// prefixRoom is the room before the read buffer for the beginning of a
	// command that arrived earlier. More than that is read on in a buffer of its
	// own.
	prefixRoom = smallMax
	// readSize is how much one read takes at most into the loop's own buffer.
	readSize = 64 << 10
	// readMost bounds a read into such a buffer, so that others get a turn.
	readMost = 1 << 20
	// eventsMost is how many events one wake-up takes.
	eventsMost = 1024

	// A connection with more than outputHigh bytes of output waiting is neither
	// read nor executed until its client has taken all of it; with more than
	// outputLow, if all connections together hold more than outputPressure.
	outputHigh     = 1 << 20
	outputLow      = 64 << 10
	outputPressure = 8 << 20
)

// Kinds of event sources, in the spare word of an epoll event; the other word
// is a slot in the loop's table, or a listener's number.
const (
	sourceConn = iota
	sourceListener
	sourceBell
)

// watched are the events that are asked for of a connection, usually. That the
// client has hung up matters while it is blocked, when nothing is read; to ask for it
// always saves two system calls for each time that it blocks. Edge-triggered, the kernel
// does not look at each connection once more to find that it has been read; missed is the
// price.
const watched = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// loop is an event loop: one thread that serves its connections. What it owns
// is touched by its thread alone, except what other goroutines leave in the
// mailbox and read from the published counters.
type loop struct {
	srv    *Server
	id     int
	epfd   int
	worker *worker
	conns  []*Conn // by slot
	free   []int32 // slots to be used again
	freed  []int32 // slots given up since the events were fetched
	live   int     // connections in conns
	ready  []*Conn // have commands left from an earlier turn
	next   []*Conn // ready's other half
	events []unix.EpollEvent
	read   []byte // prefixRoom, what is gathered, then readSize
	scan   scanner
	outbox []unsent // replies to be sent together, in worker.out

	gathered []gathered // commands to be executed together, in worker.batch
	kept     int        // bytes of input in read that they are made of

	pacer  pacer
	ending bool // no more connections; ends with the last one

	mailbox
	visits chan func(*loop) // like jobs, but also run while the loop waits in Each
	gone   chan struct{}    // closed when the loop has ended
	tid    atomic.Int32

	backlog bool // listeners are held back: out of descriptors
	count   counts
	public  published
}

// counts are a loop's own; published is what others see of them, brought up to
// date once for each wake-up.
type counts struct {
	wakeups, events, bytesIn, bytesOut, reads, writes uint64
}

type published struct {
	wakeups, events, commands        atomic.Uint64
	bytesIn, bytesOut, reads, writes atomic.Uint64
	conns, held                      atomic.Int64
	waiting                          atomic.Int64 // connections with output waiting
}

func newLoop(srv *Server, id int) (*loop, error) {
	l := &loop{
		srv: srv, id: id,
		events:   make([]unix.EpollEvent, eventsMost),
		read:     make([]byte, prefixRoom+gatherBytes+gatherRead+readSize),
		visits:   make(chan func(*loop), 16),
		gone:     make(chan struct{}),
		outbox:   make([]unsent, 0, outboxMost),
		gathered: make([]gathered, 0, batchMax),
	}
	var err error
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if err = l.mailbox.open(); err == nil {
		bell := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Pad: sourceBell}
		err = unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, l.bell, &bell)
	}
	if err != nil {
		_ = unix.Close(l.epfd)
		return nil, err
	}
	l.worker = newWorker(srv.events.NewExecutor(), srv.lim, l)
	l.worker.arena, l.worker.mapped = mapArena()
	l.worker.out = l.worker.arena
	return l, nil
}

// run serves until the loop has ended.
func (l *loop) run() {
	runtime.LockOSThread() // but within Conn.Unbound: the thread ends with the loop
	l.tid.Store(int32(unix.Gettid()))
	for !l.ending || l.live > 0 {
		n := l.wait()
		l.count.wakeups++
		l.count.events += uint64(n)
		for i := range l.events[:n] {
			l.dispatch(&l.events[i])
		}
		l.runGathered()
		if len(l.ready) > 0 {
			l.goOn()
		}
		if len(l.outbox) > 0 {
			l.sendOutbox()
		}
		// Only now can no event in hand mean the connection that was there.
		l.free = append(l.free, l.freed...)
		l.freed = l.freed[:0]
		l.publish()
	}
	l.end()
}

// wait returns with events, or at once while a connection waits for its turn.
// The wait proper goes through the Go scheduler, which lends the processor to
// others meanwhile; under load there is nearly always something already.
func (l *loop) wait() int {
	if l.pacer.due() {
		runtime.Gosched()
	}
	n, errno := poll(l.epfd, l.events)
	for errno != 0 || n == 0 && len(l.ready) == 0 {
		if errno != 0 && errno != syscall.EINTR {
			panic("conn: epoll_pwait: " + errno.Error())
		}
		var err error
		if n, err = unix.EpollWait(l.epfd, l.events, -1); err != nil {
			errno, _ = err.(syscall.Errno)
			continue
		}
		return n
	}
	return n
}

// yieldEvery is how often a loop gives the Go scheduler a turn. The scheduler's
// monitor takes a goroutine that was not scheduled for 10 ms for one that hogs
// its processor: it takes the processor away at the next system call, and then
// looks every 20 microseconds for more, for a while. Unasked, that goes on for
// ever, and costs up to 7 % of what the loop itself costs.
const yieldEvery = 6 * time.Millisecond

// pacer tells when yieldEvery has passed, without asking for the time often.
type pacer struct {
	left    int // calls until it asks for the time again
	every   int // calls between two times that it does
	checked time.Time
	yielded time.Time
}

func (p *pacer) due() bool {
	if p.left--; p.left > 0 {
		return false
	}
	now := time.Now()
	// Between one and three milliseconds apart is about right.
	switch elapsed := now.Sub(p.checked); {
	case elapsed < time.Millisecond:
		p.every = min(2*p.every, 1024)
	case elapsed > 3*time.Millisecond:
		p.every /= 2
	}
	p.every = max(p.every, 1)
	p.checked, p.left = now, p.every
	if now.Sub(p.yielded) < yieldEvery {
		return false
	}
	p.yielded = now
	return true
}

func (l *loop) dispatch(event *unix.EpollEvent) {
	switch event.Pad {
	case sourceListener:
		l.acceptAll(int(event.Fd))
	case sourceBell:
		l.runGathered() // what comes by mail may move connections
		l.readMail()
	default:
		if c := l.conns[event.Fd]; c != nil {
			l.serve(c, event.Events)
		}
	}
}

// serve is one turn of a connection. A fault in it costs that connection only.
func (l *loop) serve(c *Conn, events uint32) {
	defer l.rescue(c)
	c.ops++
	if c.state&stateBlocked != 0 && !l.stillThere(c, events) {
		return
	}
	if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		if !l.writable(c, events) {
			return
		}
	}
	if events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		if c.state == 0 {
			l.readable(c)
		} else {
			c.missed()
		}
		if events&(unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			c.missed() // that it has ended is read after the last bytes
		}
	}
	l.rewatch(c)
}

// missed notes that the socket may have something to be read of which no other event
// tells, since edges come once. The next watch asks anew, and the kernel looks.
func (c *Conn) missed() { c.want &^= unix.EPOLLET }

// rewatch asks anew after something was missed, unless the connection is not read now
// and watch is called when it is again.
func (l *loop) rewatch(c *Conn) {
	if c.want != watched && c.state&(stateReady|stateClosed) == 0 {
		l.watch(c)
	}
}

// stillThere looks after a blocked connection. What its client sends meanwhile stays
// in the socket: once there is something, only the client's hanging up is of
// interest, and that closes the connection, as it does in redis-server, whatever was
// sent before. It returns false then.
func (l *loop) stillThere(c *Conn, events uint32) bool {
	if events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		l.close(c)
		return false
	}
	if events&unix.EPOLLIN != 0 {
		c.state |= stateHeld
		l.watch(c)
	}
	return true
}

// rescue is deferred: it turns a panic into the end of the connection.
func (l *loop) rescue(c *Conn) {
	cause := recover()
	if cause == nil {
		return
	}
	l.srv.log.Error("fault while serving a client; its connection is closed",
		"id", c.ID, "fault", cause, "stack", string(debug.Stack()))
	if len(l.gathered) > 0 {
		l.worker.unsay() // the batch is the others' too, and refers to loop.read alone
	} else {
		l.worker.discard()
	}
	l.close(c)
}

// readable reads once and feeds what came to the worker, or has it gathered. Reading
// until there is no more would cost a call that mostly finds nothing; there may be more
// only if it came to as much as there was room for.
func (l *loop) readable(c *Conn) {
	in := c.in
	if in == nil {
		room := l.room()
		n := l.receive(c, room)
		if n == 0 || l.gather(c, room[:n]) {
			return
		}
		l.runGathered()
		l.scan = scanner{}
		l.feed(c, room[:n], &l.scan)
		return
	}
	l.runGathered()
	have := len(in.b)
	if missing := in.scan.missing(have); have <= prefixRoom && missing < bigArg {
		// Little has come before: it is put in front of what comes now.
		n := l.receive(c, l.room())
		if n == 0 {
			return
		}
		start := prefixRoom - have
		copy(l.read[start:prefixRoom], in.b)
		if !l.overQueryLimit(c, have+n) {
			l.feed(c, l.read[start:prefixRoom+n], &in.scan)
		}
		return
	}
	l.readInPlace(c, in)
}

// readInPlace reads into the connection's own buffer: straight to the end of
// an argument whose length is known, else whatever comes, with room that
// doubles.
func (l *loop) readInPlace(c *Conn, in *buffer) {
	have, most := len(in.b), readMost
	if missing := in.scan.missing(have); missing >= bigArg {
		l.worker.pool.grow(in, have+missing)
		most = min(most, missing)
	} else if cap(in.b)-have < smallMax {
		l.worker.pool.grow(in, max(2*cap(in.b), bigStep))
	}
	room := in.b[have:cap(in.b)]
	n := l.receive(c, room[:min(len(room), most)])
	if n == 0 {
		return
	}
	in.b = in.b[:have+n]
	l.worker.pool.count(in)
	if !l.overQueryLimit(c, have+n) {
		l.feed(c, in.b, &in.scan)
	}
}

// receive reads what has arrived for a connection. It returns 0 if that was nothing, or
// the connection is closed for it.
func (l *loop) receive(c *Conn, room []byte) int {
	n, errno := receive(c.fd, room)
	switch {
	case errno == unix.EAGAIN:
		return 0
	case errno == unix.EINTR:
		c.missed()
		return 0
	case errno != 0 || n == 0:
		l.close(c)
		return 0
	case n == len(room):
		c.missed()
	}
	c.BytesIn += uint64(n)
	l.count.bytesIn += uint64(n)
	l.count.reads++
	c.touch()
	return n
}

// overQueryLimit closes the connection if n bytes of input are too many.
func (l *loop) overQueryLimit(c *Conn, n int) bool {
	over := c.overQueryLimit(n)
	if over {
		l.close(c)
	}
	return over
}

// feed has the worker execute what is in input, which is either c.in's or the
// loop's own buffer, and keeps what is left of it.
func (l *loop) feed(c *Conn, input []byte, scan *scanner) {
	used, v := l.worker.feed(c, input, scan)
	l.settle(c, input, used, v, *scan)
}

// settle does what follows from a turn's verdict, after used bytes of input; scan is
// the progress made in the rest.
func (l *loop) settle(c *Conn, input []byte, used int, v verdict, scan scanner) {
	if v == verdictDead {
		l.close(c)
		return
	}
	if v == verdictClosing {
		l.closeWhenSent(c)
		return
	}
	if used == len(input) {
		if c.in != nil {
			l.releaseInput(c)
		}
	} else {
		l.keepInput(c, input[used:], used, scan)
	}
	switch {
	case v == verdictMore:
		c.state |= stateReady
		l.ready = append(l.ready, c)
	case v == verdictStalled:
		c.state |= stateStalled
		l.watch(c)
	case v == verdictBlocked && !l.ending:
		c.state |= stateBlocked
	case l.ending:
		l.closeWhenSent(c)
	}
}

// keepInput keeps rest, what was not used of an input after its first used
// bytes, for the next turn.
func (l *loop) keepInput(c *Conn, rest []byte, used int, scan scanner) {
	in, pool := c.in, &l.worker.pool
	switch {
	case in == nil:
		in = pool.get(len(rest))
		in.b = append(in.b, rest...)
	case used == 0 && len(in.b) <= len(rest):
		// It starts with what in holds already; only what came now is new.
		if have := len(in.b); have < len(rest) {
			pool.grow(in, len(rest))
			in.b = append(in.b, rest[have:]...)
		}
	case len(rest) <= smallMax && cap(in.b) > smallMax:
		// rest lies in the buffer that goes, or in the loop's.
		small := pool.get(len(rest))
		small.b = append(small.b, rest...)
		pool.put(in)
		l.worker.forget()
		in = small
	default:
		pool.grow(in, len(rest))
		in.b = append(in.b[:0], rest...)
	}
	in.scan = scan
	pool.count(in)
	l.srv.maxInput.note(l.srv.clock.Load(), int64(len(rest)))
	c.in = in
}

// releaseInput gives up the connection's input buffer.
func (l *loop) releaseInput(c *Conn) {
	if c.in.mapped {
		l.worker.forget()
	}
	l.worker.pool.put(c.in)
	c.in = nil
}

// goOn gives each connection that has commands left another turn.
func (l *loop) goOn() {
	l.ready, l.next = l.next[:0], l.ready
	for i, c := range l.next {
		l.next[i] = nil
		if c.owner.Load() == l && c.state&stateClosed == 0 {
			l.serveReady(c)
		}
	}
}

func (l *loop) serveReady(c *Conn) {
	defer l.rescue(c)
	c.state &^= stateReady
	if c.state == 0 && c.in != nil {
		l.feed(c, c.in.b, &c.in.scan)
	}
	l.rewatch(c)
}

// publish lets others see the loop's counts.
func (l *loop) publish() {
	l.public.wakeups.Store(l.count.wakeups)
	l.public.events.Store(l.count.events)
	l.public.commands.Store(l.worker.commands)
	l.public.bytesIn.Store(l.count.bytesIn)
	l.public.bytesOut.Store(l.count.bytesOut)
	l.public.reads.Store(l.count.reads)
	l.public.writes.Store(l.count.writes)
	l.public.held.Store(l.worker.held() + int64(len(l.read)))
}

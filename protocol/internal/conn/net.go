package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

const (
	// netBuffer is the input buffer of an idle net.Conn, netBufferMost what it
	// grows to for pipelines.
	netBuffer     = 4 << 10
	netBufferMost = 64 << 10
	// handshakeTime is how long a client may take to shake hands over TLS.
	handshakeTime = 10 * time.Second
	// acceptPause is the pause after a failed accept, out of descriptors say.
	acceptPause = 50 * time.Millisecond
)

// netSide serves connections of a net.Listener, a goroutine each.
type netSide struct {
	srv     *Server
	serving sync.WaitGroup

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[*netConn]struct{}
	workers   []*worker // not in use
	closed    bool

	commands, bytesIn, bytesOut, reads, writes atomic.Uint64
	held                                       atomic.Int64
}

// netConn is what a Conn has besides when it is served by a goroutine.
type netConn struct {
	c    *Conn
	side *netSide
	nc   net.Conn

	// running holds a token while the session may be touched: by its goroutine
	// while it executes commands, by others in Each. It is not held while the
	// goroutine waits for the network.
	running chan struct{}
	goid    uint64      // the goroutine's number; see caller
	writing sync.Mutex  // one at a time writes, so that messages stay whole and in order
	soft    uint32      // Server.clock when output came to be over the soft limit; tick's
	serving atomic.Bool // in a turn, at whose end the inbox is looked at
	held    bool        // what came while the session was blocked is yet to be executed
	woken   bool        // the read deadline that ends the wait for input is for that
	pool    pool        // of its input buffer
	counted int64       // what netSide.held counts of it
}

func (n *netSide) init(s *Server) {
	n.srv = s
	n.conns = make(map[*netConn]struct{})
}

// listen takes in a listener, and has it served at once if the others are.
func (n *netSide) listen(l net.Listener, serving bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners = append(n.listeners, l)
	if serving {
		n.serving.Go(func() { n.accept(l) })
	}
}

func (n *netSide) start() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.listeners {
		n.serving.Go(func() { n.accept(l) })
	}
}

// ignore forgets a listener that was closed.
func (n *netSide) ignore(l net.Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners = slices.DeleteFunc(n.listeners, func(o net.Listener) bool { return o == l })
}

// accept serves what comes from l until l is closed.
func (n *netSide) accept(l net.Listener) {
	from := &listener{name: l.Addr().String(), unix: l.Addr().Network() == "unix"}
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			n.serving.Go(func() { n.serve(nc, from) })
		case errors.Is(err, net.ErrClosed) || n.srv.stopping.Load():
			n.ignore(l)
			return
		default:
			n.srv.log.Warn("could not accept a connection", "error", err)
			select {
			case <-n.srv.began:
			case <-time.After(acceptPause):
			}
		}
	}
}

// serve is the life of one connection.
func (n *netSide) serve(nc net.Conn, from *listener) {
	defer nc.Close()
	if !n.srv.admit() {
		_, _ = nc.Write([]byte(maxClientsReply))
		return
	}
	if err := handshake(nc); err != nil {
		n.srv.log.Debug("a client could not be given an encrypted connection", "addr", nc.RemoteAddr().String(), "error", err)
		n.srv.left()
		return
	}
	k := &netConn{side: n, nc: nc, running: make(chan struct{}, 1), goid: goroutine()}
	c := &Conn{srv: n.srv, net: k, from: from, peer: peerOf(nc), fd: descriptor(nc)}
	k.c = c
	c.in = k.pool.get(netBuffer)
	if refusal := n.srv.open(c, !from.unix); refusal != "" {
		_, _ = nc.Write([]byte(refusal))
		n.srv.left()
		return
	}
	if n.enter(k) {
		k.loop()
		n.leave(k)
	}
	c.shutInbox()
	k.pool.put(c.in)
	k.pool.close()
	c.in = nil
	n.held.Add(-k.counted)
	k.running <- struct{}{} // whoever answers a blocked session may still be at it
	n.srv.close(c)
	<-k.running
}

// enter makes k known to the others; false if the server is being shut down.
func (n *netSide) enter(k *netConn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.conns[k] = struct{}{}
	return true
}

func (n *netSide) leave(k *netConn) {
	n.mu.Lock()
	delete(n.conns, k)
	n.mu.Unlock()
}

// loop reads and executes until the connection is to be closed.
func (k *netConn) loop() {
	for {
		in := k.c.in
		k.makeRoom()
		got, err := k.nc.Read(in.b[len(in.b):cap(in.b)])
		more := false
		if errors.Is(err, os.ErrDeadlineExceeded) && k.wasWoken() {
			more, err = true, nil
		}
		if got > 0 || more {
			k.lookAround() // what was pushed before comes before the replies
			k.serving.Store(true)
			if !k.turn(got) {
				return
			}
			k.serving.Store(false)
			k.lookAround()
		}
		if err != nil || k.side.srv.stopping.Load() {
			return
		}
	}
}

// wasWoken says whether the wait for input was ended only to have what is held
// executed. Shutdown ends it too, after it has said so.
func (k *netConn) wasWoken() bool {
	k.running <- struct{}{}
	woken := k.woken
	k.woken = false
	<-k.running
	if woken {
		_ = k.nc.SetReadDeadline(time.Time{})
	}
	return woken
}

// lookAround sees to what notify has left to the end of the turn.
func (k *netConn) lookAround() {
	k.c.mu.Lock()
	notified := k.c.notified
	k.c.mu.Unlock()
	if notified {
		k.readInbox()
	}
}

// unblock has the goroutine go on with what its client has sent since it blocked. The
// goroutine waits for more of that, so as to notice when the client hangs up.
func (k *netConn) unblock() {
	k.running <- struct{}{}
	defer func() { <-k.running }()
	k.c.Blocked = false
	k.c.touch()
	if k.held {
		k.held, k.woken = false, true
		_ = k.nc.SetReadDeadline(time.Unix(1, 0))
	}
}

// makeRoom readies the input buffer for a read: as much as is missing of a
// large argument, else twice what was not enough.
func (k *netConn) makeRoom() {
	in := k.c.in
	have := len(in.b)
	if missing := in.scan.missing(have); missing >= bigArg {
		k.pool.grow(in, have+missing)
	} else if have == cap(in.b) {
		k.pool.grow(in, 2*have)
	}
	k.count()
}

// count passes on what the connection's buffers hold.
func (k *netConn) count() {
	k.pool.count(k.c.in)
	k.side.held.Add(k.pool.held - k.counted)
	k.counted = k.pool.held
}

// turn executes what has come; false if the connection is to be closed.
func (k *netConn) turn(got int) (more bool) {
	c, in := k.c, k.c.in
	k.running <- struct{}{}
	defer func() { <-k.running }()
	w := k.side.hire()
	defer func() {
		if cause := recover(); cause != nil {
			c.srv.log.Error("fault while serving a client; its connection is closed",
				"id", c.ID, "fault", cause, "stack", string(debug.Stack()))
			more = false
			w.discard()
		}
		k.side.dismiss(w)
	}()
	full := len(in.b)+got == cap(in.b)
	in.b = in.b[:len(in.b)+got]
	c.BytesIn += uint64(got)
	if got > 0 {
		k.side.bytesIn.Add(uint64(got))
		k.side.reads.Add(1)
		c.touch()
	}
	if c.overQueryLimit(len(in.b)) {
		return false
	}
	if c.Blocked {
		k.held = true
		return true
	}
	used, v := 0, verdictMore
	for v == verdictMore {
		// The scheduler is fair to the others, so turns follow one another.
		var n int
		n, v = w.feed(c, in.b[used:], &in.scan)
		used += n
	}
	if v != verdictDone && v != verdictBlocked {
		return false
	}
	k.keep(used, full)
	k.held = v == verdictBlocked && len(c.in.b) > 0
	return true
}

// keep moves what was not used to the front, and fits the buffer to the load:
// a full one grows for the next read, a large one goes when it is empty.
func (k *netConn) keep(used int, full bool) {
	in := k.c.in
	if used > 0 {
		in.b = in.b[:copy(in.b, in.b[used:])]
	}
	if srv := k.side.srv; len(in.b) > 0 {
		srv.maxInput.note(srv.clock.Load(), int64(len(in.b)))
	}
	room := cap(in.b)
	switch {
	case len(in.b) == 0 && room > netBuffer && (room > netBufferMost || !full):
		k.pool.put(in)
		k.pool.close() // at once: the next one to need it is another connection
		k.c.in = k.pool.get(netBuffer)
	case full && room < netBufferMost:
		k.pool.grow(in, netBufferMost)
	}
	k.count()
}

// flush implements sink. The goroutine waits until the client has taken the
// replies: that is all the back-pressure there need be.
func (n *netSide) flush(c *Conn, w *worker) flow {
	k := c.net
	if c.overHard(int64(len(w.out))) {
		c.overOutputLimit()
		w.reset()
		return dead
	}
	c.addWaiting(len(w.out))
	n.held.Add(int64(len(w.out)))
	defer n.held.Add(-int64(len(w.out)))
	<-k.running // others may look at the session meanwhile
	k.writing.Lock()
	sent, err := k.nc.Write(w.out)
	k.writing.Unlock()
	k.running <- struct{}{}
	c.addWaiting(-len(w.out))
	c.BytesOut += uint64(sent)
	n.count(sent)
	c.touch()
	w.reset()
	if err != nil {
		return dead
	}
	return flowing
}

// count counts a write and the bytes that it took.
func (n *netSide) count(sent int) {
	n.writes.Add(1)
	n.bytesOut.Add(uint64(sent))
}

// notify has the inbox looked at. A goroutine that is waiting for its client
// cannot do that, so another one does.
func (k *netConn) notify() { go k.readInbox() }

func (k *netConn) readInbox() {
	c := k.c
	if c.Killed() {
		_ = k.nc.Close() // which ends what the goroutine waits for
		return
	}
	k.writing.Lock()
	// Replies to what stands before, which are sent at the end of the turn, come first.
	// A turn that begins now cannot overtake: it has to write as well.
	messages, resumed := c.takeUnless(&k.serving)
	if len(messages) > 0 {
		k.pass(messages)
	}
	k.writing.Unlock()
	if resumed {
		k.unblock()
	}
}

// pass sends messages that others have left for the connection; writing is held.
func (k *netConn) pass(messages []byte) {
	sent, err := k.nc.Write(messages)
	k.side.count(sent)
	k.c.addWaiting(-len(messages))
	if err != nil {
		_ = k.nc.Close()
	}
}

// do has f run on the session.
func (k *netConn) do(f func()) {
	go func() {
		k.running <- struct{}{}
		defer func() { <-k.running }()
		k.c.mu.Lock()
		shut := k.c.shut
		k.c.mu.Unlock()
		if !shut {
			f()
		}
	}()
}

// each is the net part of Server.Each.
func (n *netSide) each(f func(*session.Session)) {
	n.mu.Lock()
	all := make([]*netConn, 0, len(n.conns))
	for k := range n.conns {
		all = append(all, k)
	}
	n.mu.Unlock()
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b *netConn) int { return int(int64(a.c.ID) - int64(b.c.ID)) })
	for _, k := range all {
		k.running <- struct{}{}
		f(&k.c.Session)
		<-k.running
	}
}

// stepAside lets others look at the session of the connection whose command calls it,
// if it is one's of this side, until back is called. A command that visits others can
// be visited itself then: two that visit each other, be it from here or from a loop,
// would wait for ever otherwise.
func (n *netSide) stepAside() (back func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.conns) > 0 {
		here := goroutine()
		for k := range n.conns {
			if k.goid == here {
				<-k.running
				return func() { k.running <- struct{}{} }
			}
		}
	}
	return func() {}
}

// goroutine is the number of the goroutine that calls it. The language keeps
// that to itself for good reasons; here it only tells Each from within which
// connection's command it is called, which is rare enough to ask the hard way.
func goroutine() uint64 {
	var trace [64]byte
	text := string(trace[:runtime.Stack(trace[:], false)]) // "goroutine 18 [running]:..."
	number, _, _ := strings.Cut(strings.TrimPrefix(text, "goroutine "), " ")
	n, _ := strconv.ParseUint(number, 10, 64)
	return n
}

// hire returns a worker for the time of a turn.
func (n *netSide) hire() *worker {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.workers) - 1; last >= 0 {
		w := n.workers[last]
		n.workers = n.workers[:last]
		return w
	}
	return newWorker(n.srv.events.NewExecutor(), n.srv.lim, n)
}

// dismiss takes it back.
func (n *netSide) dismiss(w *worker) {
	w.forget()
	w.reset()
	n.commands.Add(w.commands)
	w.commands = 0
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.workers) < 2*runtime.GOMAXPROCS(0) {
		n.workers = append(n.workers, w)
	}
}

// tick looks after idle clients and soft limits.
func (n *netSide) tick() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.workers {
		w.tick()
	}
	timeout, now := n.srv.lim.Timeout.Load(), n.srv.clock.Load()
	for k := range n.conns {
		if k.overSoftFor(now) {
			k.c.overOutputLimit()
			k.c.Kill()
		}
		if timeout > 0 && Class(k.c.class.Load()) == ClassNormal && k.idle() > timeout {
			k.c.Kill()
		}
	}
}

// overSoftFor says whether output has been over the soft limit for too long.
func (k *netConn) overSoftFor(now uint32) bool {
	k.c.mu.Lock()
	waiting := k.c.waiting + int64(len(k.c.queue))
	k.c.mu.Unlock()
	k.c.srv.maxOutput.note(now, waiting)
	over, seconds := k.c.overSoft(waiting)
	switch {
	case !over:
		k.soft = 0
	case k.soft == 0:
		k.soft = max(now, 1)
	default:
		return int64(now-k.soft) >= seconds
	}
	return false
}

// idle is for how many seconds the connection has been idle.
func (k *netConn) idle() int64 {
	select {
	case k.running <- struct{}{}:
		defer func() { <-k.running }()
		if k.c.Blocked {
			return 0
		}
		return k.c.idle()
	default: // at work
		return 0
	}
}

func (n *netSide) stats(st *Stats) {
	st.Commands += n.commands.Load()
	st.BytesIn += n.bytesIn.Load()
	st.BytesOut += n.bytesOut.Load()
	st.Reads += n.reads.Load()
	st.Writes += n.writes.Load()
	st.Buffers += n.held.Load()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.workers {
		st.Buffers += w.held()
	}
}

// shutdown is the net part of Server.Shutdown.
func (n *netSide) shutdown(ctx context.Context) {
	n.mu.Lock()
	for _, l := range n.listeners {
		_ = l.Close()
	}
	n.closed = true
	for k := range n.conns {
		_ = k.nc.SetReadDeadline(time.Unix(1, 0)) // ends the wait for commands
	}
	n.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		for k := range n.conns {
			_ = k.nc.Close()
		}
	})
	defer stop()
	n.serving.Wait()
}

// handshake shakes hands if this is TLS, within bounds.
func handshake(nc net.Conn) error {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	return t.HandshakeContext(ctx)
}

func peerOf(nc net.Conn) address {
	at, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return address{}
	}
	return makeAddress(at)
}

// descriptor is the file descriptor below nc, -1 if there is none to see.
func descriptor(nc net.Conn) int32 {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	fd := int32(-1)
	if below, ok := nc.(syscall.Conn); ok {
		if raw, err := below.SyscallConn(); err == nil {
			_ = raw.Control(func(n uintptr) { fd = int32(n) })
		}
	}
	return fd
}

package conn

import (
	"context"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"golang.org/x/sys/unix"
)

// plain serves sockets with event loops. The first loop accepts; the governor
// decides how many more get connections. A loop's thread is started when it is
// first needed and then waits, at no cost, when it is not.
type plain struct {
	srv       *Server
	listeners listeners
	reserve   int // a descriptor to give up when there are no more
	loops     atomic.Pointer[[]*loop]
	working   atomic.Int32 // how many of loops, from the first on, are at work
	governor  governor
	meter     meter
}

func newPlain(s *Server) *plain {
	p := &plain{srv: s, reserve: -1, listeners: listeners{epfd: -1}}
	p.loops.Store(&[]*loop{})
	p.governor.most = s.opts.Loops
	return p
}

func (p *plain) all() []*loop { return *p.loops.Load() }

func (p *plain) atWork() int { return int(p.working.Load()) }

func (p *plain) listen(network, addr string) (net.Addr, error) {
	l, at, err := p.openListener(network, addr)
	if err != nil {
		return nil, err
	}
	if err := p.listeners.add(l); err != nil {
		l.close()
		return nil, err
	}
	return at, nil
}

func (p *plain) unlisten(at net.Addr) bool { return p.listeners.remove(at.String()) }

// start begins to serve, unless it did before; without listeners there is nothing to.
func (p *plain) start() error {
	if len(p.all()) > 0 || !p.listeners.any() {
		return nil
	}
	var err error
	if p.reserve, err = openReserve(); err != nil {
		return os.NewSyscallError("open /dev/null", err)
	}
	first, err := p.startLoop()
	if err != nil {
		return err
	}
	p.working.Store(1)
	first.post((*loop).watchListeners)
	return nil
}

// startLoop starts one more loop.
func (p *plain) startLoop() (*loop, error) {
	loops := p.all()
	l, err := newLoop(p.srv, len(loops))
	if err != nil {
		return nil, err
	}
	loops = append(slices.Clip(loops), l)
	p.loops.Store(&loops)
	go l.run()
	return l, nil
}

// leastLoaded is the loop for the next connection.
func (p *plain) leastLoaded() *loop {
	loops := p.all()[:p.atWork()]
	least := loops[0]
	for _, l := range loops[1:] {
		if l.public.conns.Load() < least.public.conns.Load() {
			least = l
		}
	}
	return least
}

// shutdown is the plain part of Server.Shutdown.
func (p *plain) shutdown(ctx context.Context) {
	loops := p.all()
	if len(loops) > 0 {
		done := make(chan struct{})
		loops[0].post(func(l *loop) {
			p.closeListeners()
			close(done)
		})
		<-done
	} else {
		p.closeListeners()
	}
	for _, l := range loops {
		l.post((*loop).beginEnding)
	}
	for _, l := range loops {
		select {
		case <-l.gone:
		case <-ctx.Done():
			l.post((*loop).closeAll)
			<-l.gone
		}
	}
}

func (p *plain) closeListeners() {
	p.listeners.closeAll()
	if p.reserve >= 0 {
		_ = unix.Close(p.reserve)
		p.reserve = -1
	}
}

// beginEnding lets the loop end with its last connection.
func (l *loop) beginEnding() {
	l.ending = true
	for _, c := range slices.Clone(l.conns) {
		if c != nil {
			l.bidFarewell(c)
		}
	}
}

// bidFarewell answers what has arrived on a connection and closes it.
func (l *loop) bidFarewell(c *Conn) {
	defer l.rescue(c)
	if c.state == 0 {
		l.readable(c)
		l.runGathered()
	}
	// With commands or output left it is closed later: see feed and writable. Who is
	// blocked has waited in vain.
	if c.state&^(stateBlocked|stateHeld) == 0 {
		l.closeWhenSent(c)
	}
}

func (l *loop) closeAll() {
	l.ending = true
	for _, c := range slices.Clone(l.conns) {
		if c != nil {
			l.close(c)
		}
	}
}

// end lets go of what the loop has.
func (l *loop) end() {
	l.publish()
	for _, job := range l.mailbox.close() {
		job(l)
	}
	l.closeAll() // what a job may have brought
	l.worker.close()
	_ = unix.Close(l.epfd)
	close(l.gone)
}

// each is the plain part of Server.Each. Two loops that visit each other at
// the same time get on because each is at home while it waits.
func (p *plain) each(f func(*session.Session)) {
	loops := p.all()
	self := p.current(loops)
	var atHome chan func(*loop)
	if self != nil {
		atHome = self.visits
	}
	for _, l := range loops {
		if l == self {
			l.visit(f)
			continue
		}
		done := make(chan struct{})
		knock := l.visits
		for waiting := true; waiting; {
			select {
			case knock <- func(l *loop) { defer close(done); l.visit(f) }:
				knock = nil
				l.post(func(*loop) {})
			case g := <-atHome:
				g(self)
			case <-done:
				waiting = false
			case <-l.gone:
				waiting = false
			}
		}
	}
}

// current is the loop whose thread this is, nil on any other goroutine. That
// works because a loop's goroutine never leaves its thread but in Unbound.
func (p *plain) current(loops []*loop) *loop {
	tid := int32(unix.Gettid())
	for _, l := range loops {
		if l.tid.Load() == tid {
			return l
		}
	}
	return nil
}

// visit calls f for the loop's sessions. A fault in f must not cost the loop.
func (l *loop) visit(f func(*session.Session)) {
	defer func() {
		if cause := recover(); cause != nil {
			l.srv.log.Error("fault while visiting clients", "fault", cause, "stack", string(debug.Stack()))
		}
	}()
	for _, c := range l.conns {
		if c != nil {
			f(&c.Session)
		}
	}
}

// do is the plain part of Server.Do.
func (p *plain) do(c *Conn, f func()) {
	l := c.owner.Load()
	if l == nil {
		return
	}
	l.post(func(l *loop) {
		switch {
		case c.owner.Load() != l:
			p.do(c, f) // it moved
		case c.state&stateClosed == 0:
			defer l.rescue(c)
			f()
		}
	})
}

func (p *plain) stats(st *Stats) {
	st.AtWork = p.atWork()
	for _, l := range p.all() {
		ls := LoopStats{
			Connections: l.public.conns.Load(),
			Wakeups:     l.public.wakeups.Load(),
			Events:      l.public.events.Load(),
			Commands:    l.public.commands.Load(),
		}
		select {
		case <-l.gone:
		default:
			ls.CPU = time.Duration(threadCPU(l.tid.Load()))
		}
		st.Commands += ls.Commands
		st.BytesIn += l.public.bytesIn.Load()
		st.BytesOut += l.public.bytesOut.Load()
		st.Reads += l.public.reads.Load()
		st.Writes += l.public.writes.Load()
		st.Buffers += l.public.held.Load()
		st.Loops = append(st.Loops, ls)
	}
}

// heldByAll is the memory of all loops' buffers.
func (s *Server) heldByAll() int64 {
	held := int64(0)
	for _, l := range s.plain.all() {
		held += l.public.held.Load()
	}
	return held
}

// tick has every loop with anything to tidy do so.
func (p *plain) tick() {
	timeout := p.srv.lim.Timeout.Load() > 0
	for i, l := range p.all() {
		busy := p.meter.busy(i, l.public.bytesIn.Load())
		if busy || timeout || l.public.waiting.Load() > 0 || l.public.held.Load() > restingHeld {
			l.post((*loop).tick)
		}
	}
}

// restingHeld is what a loop's buffers hold when it has tidied up.
const restingHeld = 512 << 10

// tick is run on the loop about once a second while there is any need.
func (l *loop) tick() {
	l.worker.tick()
	if l.backlog {
		l.listenAgain()
	}
	timeout := l.srv.lim.Timeout.Load()
	if timeout <= 0 && l.public.waiting.Load() == 0 {
		return
	}
	now := l.srv.clock.Load()
	for _, c := range l.conns {
		if c == nil {
			continue
		}
		if c.out != nil {
			l.srv.maxOutput.note(now, int64(len(c.out.b)-c.out.off))
		}
		if c.out != nil && c.out.since != 0 {
			if _, seconds := c.overSoft(0); int64(now-c.out.since) >= seconds {
				c.overOutputLimit()
				l.close(c)
				continue
			}
		}
		if timeout > 0 && c.idle() > timeout && Class(c.class.Load()) == ClassNormal && !c.Blocked {
			l.srv.log.Debug("client closed: idle for longer than timeout", "id", c.ID)
			l.close(c)
		}
	}
}

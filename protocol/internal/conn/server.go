package conn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Server accepts connections and serves them. Its methods may be called from
// any goroutine, with the exceptions that they name.
type Server struct {
	opts   Options
	lim    *Limits
	log    *slog.Logger
	events Events

	plain *plain  // sockets served by event loops (Linux)
	nets  netSide // connections served by a goroutine each

	clock    atomic.Uint32 // seconds since New, as far as timeouts care
	ids      atomic.Uint64 // the last session's
	count    atomic.Int64  // connections now
	accepted atomic.Uint64
	rejected atomic.Uint64

	queryKills  atomic.Uint64
	outputKills atomic.Uint64
	maxInput    recent // longest input kept by one connection
	maxOutput   recent // most output waiting for one connection

	started  time.Time
	stopping atomic.Bool
	began    chan struct{} // closed when Shutdown begins
	ended    chan struct{} // closed when nothing is served any more
	life     sync.Mutex    // held while Serve or Shutdown begins
	serving  bool          // Serve was called
	governor sync.WaitGroup
}

// maxClientsReply is redis-server's refusal over maxclients.
const maxClientsReply = "-ERR max number of clients reached\r\n"

// Errors of a server that is further in its life than the caller thinks.
var (
	ErrServing = errors.New("conn: the server is serving already")
	ErrStopped = errors.New("conn: the server has been shut down")
)

// New returns a Server that listens nowhere yet.
func New(o Options, events Events) *Server {
	o = o.withDefaults(runtime.GOMAXPROCS(0))
	s := &Server{
		opts: o, lim: o.Limits, log: o.Log, events: events,
		began: make(chan struct{}), ended: make(chan struct{}),
		started: time.Now(),
	}
	s.plain = newPlain(s)
	s.nets.init(s)
	return s
}

// Listen opens a socket at addr, "host:port" for "tcp", "tcp4" and "tcp6", a
// path for "unix", and returns the address it got. No host means all of IPv4
// ("tcp6": all of IPv6). A socket file that a process left behind is replaced.
// Connections are accepted from Serve on, or at once if it was called before.
func (s *Server) Listen(network, addr string) (net.Addr, error) {
	s.life.Lock()
	defer s.life.Unlock()
	if s.stopping.Load() {
		return nil, ErrStopped
	}
	at, err := s.plain.listen(network, addr)
	if err == nil && s.serving {
		err = s.plain.start() // the first one there is
	}
	if err != nil {
		return nil, fmt.Errorf("could not listen on %s: %w", addr, err)
	}
	return at, nil
}

// Unlisten closes a socket that Listen has opened. Connections that came by it stay.
func (s *Server) Unlisten(at net.Addr) bool { return s.plain.unlisten(at) }

// ListenNet has connections that come from l, a TLS listener for one, served
// by a goroutine each, from Serve on. The server closes l at its end; who closes it
// before only ends the accepting.
func (s *Server) ListenNet(l net.Listener) error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.stopping.Load() {
		return ErrStopped
	}
	s.nets.listen(l, s.serving)
	return nil
}

// Serve accepts and serves connections until Shutdown has ended, and returns
// nil then.
func (s *Server) Serve() error {
	if err := s.begin(); err != nil {
		return err
	}
	<-s.ended
	return nil
}

// begin starts what serves, unless it is too late for that.
func (s *Server) begin() error {
	s.life.Lock()
	defer s.life.Unlock()
	switch {
	case s.stopping.Load():
		return nil
	case s.serving:
		return ErrServing
	}
	wanted := s.lim.MaxClients.Load()
	if possible := AllowClients(wanted); possible < wanted {
		s.log.Warn("maxclients reduced: the limit of open files cannot be raised enough",
			"wanted", wanted, "maxclients", possible)
		s.lim.MaxClients.Store(possible)
	}
	if err := s.plain.start(); err != nil {
		return err
	}
	s.nets.start()
	s.serving = true
	s.governor.Go(s.govern)
	return nil
}

// Shutdown stops accepting, has commands that have arrived answered, sends what
// waits and closes all connections; those that are not done when ctx ends are
// closed as they are, and ctx's error is returned. It must not be called from
// within a command (but a goroutine that a command starts may).
func (s *Server) Shutdown(ctx context.Context) error {
	s.life.Lock()
	if !s.stopping.Swap(true) {
		close(s.began)
		go func() {
			s.governor.Wait() // or it might start another loop
			var both sync.WaitGroup
			both.Go(func() { s.plain.shutdown(ctx) })
			both.Go(func() { s.nets.shutdown(ctx) })
			both.Wait()
			close(s.ended)
		}()
	}
	s.life.Unlock()
	<-s.ended
	return ctx.Err()
}

// Each calls f for every session, one after another, each where its commands
// run, and returns when all have been visited. f may read and change the
// session; it must not wait for anything. Each may be called from within a
// command: the sessions of that loop are visited in the middle of it.
func (s *Server) Each(f func(*session.Session)) {
	defer s.nets.stepAside()()
	s.plain.each(f)
	s.nets.each(f)
}

// Do has f run where the session's commands run, some time soon, and does not
// wait for it. f is dropped if the connection is closed by then.
func (s *Server) Do(of *session.Session, f func()) {
	c, ok := of.Client.(*Conn)
	if !ok {
		return
	}
	if c.net != nil {
		c.net.do(f)
		return
	}
	s.plain.do(c, f)
}

// Loops is how many event loops are at work.
func (s *Server) Loops() int { return s.plain.atWork() }

// Stats are a server's counts so far, and what it holds now.
type Stats struct {
	Connections int64  // open now
	Accepted    uint64 // connections, refused ones not counted
	Rejected    uint64 // refused: over maxclients, no descriptor, or by Events
	Commands    uint64
	BytesIn     uint64
	BytesOut    uint64
	Reads       uint64 // calls that brought input
	Writes      uint64 // calls that took output, partly or all
	QueryKills  uint64 // connections closed for more input than QueryBufferLimit
	OutputKills uint64 // closed for more output waiting than their class allows
	Buffers     int64  // bytes of memory held for input and output
	AtWork      int    // event loops that connections are given to
	Loops       []LoopStats

	// The most input, not yet executed, that one connection came to hold in the
	// last seconds, and the most output that waited for one, in bytes.
	MaxInput, MaxOutput int64
}

// LoopStats are one event loop's.
type LoopStats struct {
	Connections int64
	Wakeups     uint64
	Events      uint64
	Commands    uint64
	CPU         time.Duration // used by its thread
}

// Stats returns the counts; those of a loop lag by the wake-up it is in.
func (s *Server) Stats() Stats {
	st := Stats{
		Connections: s.count.Load(),
		Accepted:    s.accepted.Load(),
		Rejected:    s.rejected.Load(),
		QueryKills:  s.queryKills.Load(),
		OutputKills: s.outputKills.Load(),
		MaxInput:    s.maxInput.most(),
		MaxOutput:   s.maxOutput.most(),
	}
	s.plain.stats(&st)
	s.nets.stats(&st)
	return st
}

// admit counts a connection in, or refuses it over maxclients.
func (s *Server) admit() bool {
	if s.count.Add(1) > s.lim.MaxClients.Load() {
		s.left()
		return false
	}
	return true
}

// left counts a connection out that was refused.
func (s *Server) left() {
	s.count.Add(-1)
	s.rejected.Add(1)
}

// open makes the session of a new connection and tells Events of it.
func (s *Server) open(c *Conn, tcp bool) (refusal string) {
	c.ID = s.ids.Add(1)
	c.Client = c
	c.Proto = 2
	c.TCP = tcp
	c.CreatedAt = time.Now()
	c.touch()
	if refusal = s.events.Opened(&c.Session); refusal == "" {
		s.accepted.Add(1)
	}
	return refusal
}

// close tells Events that a connection is gone.
func (s *Server) close(c *Conn) {
	s.events.Closed(&c.Session)
	s.count.Add(-1)
}

// governPeriod is how often the load is looked at.
const governPeriod = 100 * time.Millisecond

// govern keeps the clock, has the loops tidy up once a second and looks after
// how many of them are at work.
func (s *Server) govern() {
	ticker := time.NewTicker(governPeriod)
	defer ticker.Stop()
	for last := uint32(0); ; {
		select {
		case <-s.began:
			return
		case <-ticker.C:
		}
		now := time.Since(s.started)
		s.plain.govern(now)
		if second := uint32(now / time.Second); second != last {
			last = second
			s.maxInput.begin(second)
			s.maxOutput.begin(second)
			s.clock.Store(second)
			s.plain.tick()
			s.nets.tick()
		}
	}
}

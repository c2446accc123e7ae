package protocol

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/conn"
	"github.com/ashlar-cache/ashlar/protocol/internal/exec"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/process"
)

// Version is this program's version.
const Version = "0.1.0"

// RedisVersion is the version of Redis that clients are told: the one whose
// commands and replies this server has.
const RedisVersion = handlers.RedisVersion

// Server serves a cache. Make one with New or Start.
type Server struct {
	cfg      *Config
	log      *slog.Logger
	cache    *cache.Cache
	metrics  *metrics.Metrics
	handlers *handlers.Server
	limits   *conn.Limits
	conns    *conn.Server
	traffic  traffic
	sockets  sockets
	tls      encryption
	loops    int // event loops, at most

	background *background
	courier    *courier
	waker      *exec.Waker
	parts      sync.Mutex
	partsEnd   bool          // Shutdown has been called: background, courier and waker are not to start
	stopAsked  chan struct{} // closed when a client has said SHUTDOWN
	askStop    sync.Once
	shutdown   sync.Once
	ended      chan struct{} // closed when Shutdown has done its work
}

// New makes a server, reserves the cache's memory and opens the sockets; Serve
// answers them. cfg and log are the server's from here on. Without an error, the
// caller must call Serve or Shutdown.
//
// The server takes itself to be what the program is for: it sets the pace of
// the garbage collector. Start does not.
func New(cfg *Config, log *slog.Logger) (*Server, error) {
	return build(cfg, log, new(heapKeeper), false)
}

// Start makes a server on a free port of each of bind's addresses, whatever port
// says, and serves in the background, without a log: for tests, and for
// programs that carry a server of their own. Addr tells where it listens;
// Shutdown ends it.
func Start(cfg *Config) (*Server, error) {
	s, err := build(cfg, slog.New(slog.DiscardHandler), nil, true)
	if err != nil {
		return nil, err
	}
	go func() { _ = s.Serve(context.Background()) }()
	return s, nil
}

func build(cfg *Config, log *slog.Logger, heap *heapKeeper, anyPort bool) (*Server, error) {
	s := &Server{
		cfg: cfg, log: log, loops: int(cfg.IOThreads.Int()),
		stopAsked: make(chan struct{}), ended: make(chan struct{}),
	}
	if s.loops == 0 {
		s.loops = runtime.GOMAXPROCS(0)
	}
	for _, warning := range cfg.Warnings {
		log.Warn(warning)
	}
	s.fitMaxClients()
	var err error
	if s.cache, err = newCache(cfg); err != nil {
		return nil, err
	}
	table := handlers.NewTable()
	s.metrics = metrics.New(table.Names(), s.loops)
	s.traffic.counts = s.metrics.Shard()
	s.handlers = &handlers.Server{
		Cache: s.cache, Config: cfg, Metrics: s.metrics, Table: table,
		Process:     process.New(Version),
		Connections: s.connections,
		Clients:     s.clients,
		Loops:       func() int { return s.conns.Loops() },
		Shutdown:    func() { s.askStop.Do(func() { close(s.stopAsked) }) },
	}
	s.courier = newCourier()
	s.handlers.Connect(s.courier.wake)
	s.handlers.Subscribed = subscriberMode
	s.handlers.Pause.OnChange(s.cache.Hold)
	if err := s.handlers.OpenACL(log); err != nil {
		return nil, errors.Join(err, s.cache.Close())
	}
	s.waker = exec.NewWaker(s.handlers, exec.Options{Log: log})
	s.handlers.Unblock = s.waker.Unblock
	s.background = newBackground(s, heap)
	s.limits = conn.NewLimits()
	s.conns = conn.New(conn.Options{
		Loops: s.loops, Backlog: int(cfg.TCPBacklog.Int()), UnixPerm: os.FileMode(cfg.UnixSocketPerm.Int()),
		Limits: s.limits, Log: log,
	}, events{s})
	s.follow()
	s.tls.server, s.sockets.server = s, s
	s.sockets.anyPort = [ports]bool{anyPort, anyPort}
	if err = s.listen(); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	return s, nil
}

// newCache makes the cache that the settings ask for.
func newCache(cfg *Config) (*cache.Cache, error) {
	policy, _ := cache.ParsePolicy(cfg.MaxMemoryPolicy.Text())
	c, err := cache.New(cache.Options{
		MaxMemory: cfg.MaxMemory.Int(), Policy: policy,
		Samples: int(cfg.MaxMemorySamples.Int()), Databases: int(cfg.Databases.Int()),
	})
	if err != nil {
		return nil, oneLine{err}
	}
	return c, nil
}

// oneLine shows an error in one line, and is it otherwise.
type oneLine struct{ error }

func (e oneLine) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", ": ") }

func (e oneLine) Unwrap() error { return e.error }

// discard undoes what New has done before it failed.
func (s *Server) discard() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.conns.Shutdown(ctx) // nobody is connected
	return s.cache.Close()
}

// Addr is the first address served: of bind's, or the unix socket's.
// It is nil if CONFIG SET has closed all.
func (s *Server) Addr() net.Addr {
	if list := s.Addrs(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// Addrs are all addresses served; CONFIG SET may change them.
func (s *Server) Addrs() []net.Addr { return s.sockets.addrs() }

// AddListener has connections from l, a TLS listener for one, served beside those
// to the configured addresses: by a goroutine each rather than by an event loop.
// The server closes l. It comes after New and before Serve.
func (s *Server) AddListener(l net.Listener) error { return s.conns.ListenNet(l) }

// Config is the server's settings.
func (s *Server) Config() *Config { return s.cfg }

// Cache is the keyspace served. It is closed when the server has shut down.
func (s *Server) Cache() *cache.Cache { return s.cache }

// grace is how long Serve lets clients finish what is under way at the end.
const grace = 10 * time.Second

// Serve serves until ctx is done, a client sends SHUTDOWN or Shutdown is called,
// lets what is under way finish and returns nil. It may be called once.
func (s *Server) Serve(ctx context.Context) error {
	s.startParts()
	failed := make(chan error, 1)
	go func() { failed <- s.conns.Serve() }()
	s.announce()
	s.notify("READY=1")
	var err error
	select {
	case err = <-failed: // at start, or because Shutdown was called
	case <-ctx.Done():
		s.log.Info("asked to stop by a signal or the embedding program")
	case <-s.stopAsked:
		s.log.Info("asked to stop by a client")
	}
	s.notify("STOPPING=1")
	limited, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return errors.Join(err, s.Shutdown(limited))
}

// startParts starts what works beside the connections, unless Shutdown has come first:
// Start returns before Serve has come this far.
func (s *Server) startParts() {
	s.parts.Lock()
	defer s.parts.Unlock()
	if s.partsEnd {
		return
	}
	s.background.start()
	s.waker.Start()
	s.courier.start(s.handlers)
}

// endParts ends that.
func (s *Server) endParts() {
	s.parts.Lock()
	s.partsEnd = true
	s.parts.Unlock()
	s.background.close()
	s.waker.Close()
	s.courier.close()
}

// Shutdown stops accepting connections, lets commands that have arrived be
// answered, closes all connections and the cache. What is not done when ctx ends
// is cut off. It must not be called from within a command.
func (s *Server) Shutdown(ctx context.Context) error {
	var err error
	s.shutdown.Do(func() {
		defer close(s.ended)
		// A script that does not end would keep who needs its locks: a client that is
		// cut off, and then those who close below.
		stop := context.AfterFunc(ctx, s.handlers.Away.Close)
		if e := s.conns.Shutdown(ctx); e != nil {
			s.log.Warn("clients were cut off", "reason", e)
		}
		stop()
		s.handlers.Away.Close()
		s.endParts()
		s.handlers.Scripts.Close()
		err = s.cache.Close()
		s.log.Info("bye", "uptime", time.Since(s.handlers.Process.Started).Round(time.Millisecond).String())
	})
	<-s.ended
	return err
}

// announce says in the log what runs, where and within which bounds.
func (s *Server) announce() {
	var addrs []string
	for _, a := range s.Addrs() {
		addrs = append(addrs, a.String())
	}
	s.log.Info("ashlar is ready",
		"version", Version, "redis", RedisVersion,
		"address", strings.Join(addrs, " "), "maxmemory", s.memoryBound(),
		"policy", s.cfg.MaxMemoryPolicy.Text(), "loops", s.loops, "pid", os.Getpid())
}

// memoryBound describes maxmemory.
func (s *Server) memoryBound() string {
	bound := s.cfg.MaxMemory.Int()
	total, source := s.cfg.MemoryTotal()
	switch {
	case bound == 0 && !s.cfg.MemoryIsDefault():
		return "none"
	case bound == 0:
		return "none: the size of the machine's memory is not known"
	case s.cfg.MemoryIsDefault():
		return fmt.Sprintf("%s (default: 75%% of the %s's %s)", megabytes(bound), source, megabytes(total))
	}
	return megabytes(bound)
}

func megabytes(n int64) string {
	const mb = 1 << 20
	if n < mb {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d MiB", n/mb)
}

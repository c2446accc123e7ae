package loadgen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Protocol is the language that a server speaks.
type Protocol int

// The protocols. A workload for Memcached is a stream of pairs; see Pairs.
const (
	RESP2 Protocol = iota
	RESP3
	Memcached
)

// Config says what load to make. The zero value of each field is a sensible choice,
// except for Addr, Workload, and one of Duration and Requests, which must be given.
type Config struct {
	Addr     string // host:port, or the path of a unix socket (it has a slash)
	Protocol Protocol
	User     string // of AUTH; empty for the default user
	Password string // empty: no AUTH
	TLS      *tls.Config
	DB       int // SELECT, if it is not 0

	Workload    Workload
	Connections int // 1 if 0
	Depth       int // commands in flight on a connection; 1 if 0
	Threads     int // event loops; 0: as many as this machine can give away
	// On ties thread n to the n-th of these processors; empty: the system decides.
	On []int

	// Rate makes it an open loop: so many commands a second become due, whatever the
	// server does. 0 is a closed loop at full speed.
	Rate float64
	// Poisson has commands of an open loop fall due at random moments, as those of
	// many independent clients do, instead of at a steady pace.
	Poisson bool
	// Burst is how many commands of an open loop become due at a time, for one
	// connection: what a program that pipelines sends. At most the Depth; 1 if 0.
	Burst int

	Duration time.Duration // how long commands are sent
	Requests int64         // how many are sent; with a Duration, whichever ends first

	// Reconnect has each connection closed and opened again after so many commands.
	Reconnect int64
	// Subscribers are connections beside the others that subscribe to channels, of
	// which there are Channels (1 if 0). The workload publishes; see Publish.
	Subscribers, Channels int

	// Patience is how long a server may be silent while commands wait for replies; 30
	// seconds if 0. Drain is how long after the end of a Duration replies are awaited;
	// 2 seconds if 0.
	Patience, Drain time.Duration
	// Portable uses the transport made of goroutines where there is a better one.
	Portable bool
	// Seed is for what is random in the schedule; the workload has its own.
	Seed uint64

	// Sample, called once a second, tells the server's processor time so far and its
	// resident memory; nil if they cannot be seen.
	Sample func() (cpu time.Duration, resident int64)
	// Watch, called some times a second, is told how the run goes.
	Watch func(Live)
}

// Live is how a run goes.
type Live struct {
	Share float64       // of what is to be done, 0 to 1
	Ops   int64         // answered so far
	Rate  float64       // of the last moments
	P99   time.Duration // of the last full second
}

// maxDepth bounds what one connection may have in flight, and maxConnections their number.
const (
	maxDepth       = 1 << 16
	maxConnections = 1 << 17
	maxRate        = 1e9 // one a nanosecond: the clock knows nothing shorter
)

// settle puts in what is left out, and refuses what makes no sense.
func (c *Config) settle() error {
	for _, n := range []*int{&c.Connections, &c.Depth, &c.Channels, &c.Burst} {
		if *n == 0 {
			*n = 1
		}
	}
	if c.Threads == 0 {
		c.Threads = DefaultThreads(c.Rate)
	}
	c.Threads = min(c.Threads, c.Connections)
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	if c.Drain == 0 {
		c.Drain = 2 * time.Second
	}
	switch {
	case c.Workload == nil:
		return errors.New("a load needs a workload")
	case c.Duration <= 0 && c.Requests <= 0:
		return errors.New("a load needs a duration or a number of requests")
	case c.Connections < 1 || c.Connections > maxConnections || c.Subscribers < 0 || c.Subscribers > maxConnections:
		return fmt.Errorf("connections are 1 to %d", maxConnections)
	case c.Depth < 1 || c.Depth > maxDepth:
		return fmt.Errorf("the depth of pipelining is 1 to %d", maxDepth)
	case c.Burst < 1 || c.Burst > c.Depth:
		return errors.New("a burst is of 1 command to as many as the depth of pipelining")
	case c.Rate > maxRate:
		return errors.New("the rate is at most 1,000,000,000 a second")
	case len(c.On) > 0 && len(c.On) < c.Threads:
		return errors.New("each thread needs a processor of its own if they are tied to some")
	case c.Threads < 1 || c.Rate < 0 || c.Reconnect < 0 || c.Channels < 1 || c.DB < 0:
		return errors.New("threads, rate, reconnections, channels and database must not be negative")
	case c.Protocol == Memcached && (c.Subscribers > 0 || c.Password != "" || c.DB > 0):
		return errors.New("memcached has no channels, passwords or databases")
	}
	return nil
}

// DefaultThreads is how many threads a load gets if nobody says. One is the most exact,
// and enough for most servers; a large machine can spare more, and high rates need them.
func DefaultThreads(rate float64) int {
	spare := max(1, min(4, runtime.NumCPU()/4))
	if rate > 0 {
		return min(spare, 1+int(rate/ratePerThread))
	}
	return spare
}

// ratePerThread is what one thread sends in an open loop with ease, when nothing is
// pipelined.
const ratePerThread = 150_000

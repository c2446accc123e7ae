package conn

import (
	"log/slog"
	"math"
	"os"
	"sync/atomic"
)

// Options are what a Server is made with. The zero value of a field means its
// default.
type Options struct {
	// Loops bounds the event loops at work at once; 0 is GOMAXPROCS. One is at
	// work while one is enough.
	Loops int
	// Backlog is tcp-backlog; 0 is 511.
	Backlog int
	// UnixPerm is unixsocketperm; 0 leaves what the umask gives.
	UnixPerm os.FileMode
	// Limits may be changed while the server runs; nil gets NewLimits.
	Limits *Limits
	// Log gets what an operator should know; nil is slog.Default.
	Log *slog.Logger
}

// DefaultBacklog is redis.conf's tcp-backlog.
const DefaultBacklog = 511

// Limits are the bounds that CONFIG SET may move at any time. All of them are
// read on each use. Numbers that redis.conf gives with 0 for "none" mean the
// same here.
type Limits struct {
	MaxClients       atomic.Int64 // maxclients
	Timeout          atomic.Int64 // timeout: seconds a client may be idle
	TCPKeepAlive     atomic.Int64 // tcp-keepalive: seconds, for connections accepted from now on
	MaxBulkLen       atomic.Int64 // proto-max-bulk-len: bytes
	QueryBufferLimit atomic.Int64 // client-query-buffer-limit: bytes
	Output           [Classes]OutputLimit
}

// Class is a class of clients in client-output-buffer-limit.
type Class uint8

// The classes.
const (
	ClassNormal Class = iota
	ClassReplica
	ClassPubSub
	Classes = iota
)

// OutputLimit is one class's client-output-buffer-limit: a connection is
// closed when more than Hard bytes wait to be sent, or more than Soft for
// SoftSeconds on end.
type OutputLimit struct {
	Hard, Soft, SoftSeconds atomic.Int64
}

// Set puts all three numbers.
func (o *OutputLimit) Set(hard, soft, seconds int64) {
	o.Hard.Store(hard)
	o.Soft.Store(soft)
	o.SoftSeconds.Store(seconds)
}

// NewLimits returns redis.conf's defaults.
func NewLimits() *Limits {
	l := &Limits{}
	l.MaxClients.Store(10_000)
	l.TCPKeepAlive.Store(300)
	l.MaxBulkLen.Store(512 << 20)
	l.QueryBufferLimit.Store(1 << 30)
	l.Output[ClassReplica].Set(256<<20, 64<<20, 60)
	l.Output[ClassPubSub].Set(32<<20, 8<<20, 60)
	return l
}

// bounds are what a command may be made of; auth: the client has authenticated.
func (l *Limits) bounds(auth bool) bounds {
	bulk := int(min(l.MaxBulkLen.Load(), math.MaxInt64/4))
	if !auth {
		return bounds{args: unauthenticatedArgs, bulk: min(bulk, unauthenticatedBulk)}
	}
	return bounds{args: unlimitedArgs, bulk: bulk}
}

// withDefaults fills in what was left zero.
func (o Options) withDefaults(cores int) Options {
	if o.Loops <= 0 {
		o.Loops = cores
	}
	if o.Backlog <= 0 {
		o.Backlog = DefaultBacklog
	}
	if o.Limits == nil {
		o.Limits = NewLimits()
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Package handlers holds the commands: in each file the rows of a family on
// top and, below them, thin handlers that parse their arguments, make one call
// on the transaction and write the reply. Gates that every command passes
// (arity, authentication, memory, locks, statistics) are not here but in exec.
package handlers

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/blocking"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/latency"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/monitor"
	"github.com/ashlar-cache/ashlar/protocol/internal/pause"
	"github.com/ashlar-cache/ashlar/protocol/internal/process"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/internal/slowlog"
	"github.com/ashlar-cache/ashlar/protocol/internal/tracking"
	"github.com/ashlar-cache/ashlar/protocol/internal/watch"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// Context is what a handler works with. It belongs to the event loop and is
// used again for the next command: nothing of it may be kept, and Args and
// values borrowed from Tx are valid until the handler returns.
type Context struct {
	resp.Writer           // the reply, in the client's protocol version
	Args        [][]byte  // the command, its name first; subcommands are not stripped
	Tx          *cache.Tx // begun on the session's database, with the shards of the command's keys locked
	Session     *session.Session
	Server      *Server
	Command     *Command

	// Transact runs a transaction, with the locks of all its keys held, unless a key
	// that the client watches has changed, and writes the reply. The executor's.
	Transact func(*session.Multi)

	// RunScript runs a script and writes its reply. The executor's.
	RunScript func(ScriptCall)

	// Detach is the executor's part of Apart.
	Detach func(work func(ctx context.Context, reply *resp.Writer))

	// Own holds messages to the client itself that the command has caused. They come
	// behind its reply.
	Own []byte

	members []cache.ZMember // scratch space of ZADD

	// NoWait: the command must not block (it stands in a transaction or a script).
	NoWait bool
	// InScript: a script calls the command.
	InScript bool
	// Blocked is set by Block, and Wait then says for what. The executor's.
	Blocked bool
	Wait    Wait
}

// Handler runs one command.
type Handler func(*Context)

// Row is a command: what it is and what runs it.
type Row struct {
	command.Spec
	Run  Handler // nil for a pure container (CLIENT, CONFIG) whose Subs run
	Subs []Row
	// Beyond names the version in which Redis (or Valkey) got it where 7.4 lacks
	// it: "8.0", "valkey 9.0"; empty otherwise.
	Beyond string
	// Element is the argument that names one element of the collection at the command's
	// key, a field or a member; 0 for none. A batch of such commands is prepared by it.
	Element int
	// Ranks says that the command has to do with the element's place in a sorted set.
	Ranks bool
	// Narrow tells of a command with the flag AllKeys that this call needs only the
	// keys which its specifications find. It may be nil.
	Narrow func(argv [][]byte) bool
}

// Server is what handlers may use of the server around them. Filled in by
// protocol.New; functions rather than interfaces where one call is all there is.
type Server struct {
	Cache   *cache.Cache
	Config  *config.Config
	Metrics *metrics.Metrics
	Table   *Table

	// Process is who this server is, for INFO.
	Process *process.Identity
	// Connections counts them, for INFO and MEMORY; cheap, from any goroutine.
	Connections func() Connections

	// Slow and Latency are what took long; Monitors are who is shown every command.
	Slow     slowlog.Log
	Latency  latency.Monitor
	Monitors monitor.Monitors
	// Pause is what holds commands up: CLIENT PAUSE, DEBUG SLEEP.
	Pause pause.Pause
	// AllowDenyScripts lets scripts call what is not for them (DEBUG SET-DISABLE-DENY-SCRIPTS).
	AllowDenyScripts atomic.Bool

	// Who is told of changes: see Connect, which the executor calls if nobody has.
	Watch    *watch.Registry    // WATCH
	Tracking *tracking.Registry // CLIENT TRACKING
	Events   *pubsub.Events     // notify-keyspace-events
	Exchange *pubsub.Exchange   // all subscriptions
	// Subscribed tells the transport whether a client is in subscriber mode, for its
	// output has other limits then; nil where there is none.
	Subscribed func(s *session.Session, yes bool)

	// Blocking is who waits in a blocking command; the executor makes one if there is
	// none. Unblock ends such a wait before its time, with an error or as if the time
	// were up, and tells whether the client did wait.
	Blocking *blocking.Registry
	Unblock  func(id uint64, withError bool) bool

	// Scripts are the scripts and libraries that clients have sent; the executor makes
	// an engine if there is none.
	Scripts *script.Engine

	// Away is the work of commands that wait for neither keys nor locks.
	Away Away

	// ACL is who may do what: see OpenACL, which the executor calls if nobody has.
	ACL *acl.Users
	log *slog.Logger // OpenACL's

	// Clients calls f for every live session; f runs on the session's own loop,
	// one after another, and the call returns when all have been visited.
	Clients func(f func(*session.Session))
	// Shutdown asks the server to stop (SHUTDOWN); the reply is never sent.
	Shutdown func()
	// Loops is how many event loops are at work, for INFO.
	Loops func() int
}

// Connections are the clients' connections at one moment.
type Connections struct {
	Open    int   // how many there are
	Buffers int64 // bytes of memory in their input and output buffers
	// The longest input not yet executed, and output not yet sent, that any one
	// came to hold in the last 8 seconds, in bytes.
	MaxInput, MaxOutput int64
}

// connections is Connections, all zero in a server that does not count them.
func (s *Server) connections() Connections {
	if s.Connections == nil {
		return Connections{}
	}
	return s.Connections()
}

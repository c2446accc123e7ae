// Package exec takes a command from its arguments to its reply. An Executor
// belongs to one event loop (or to one goroutine at a time); everything it
// needs for a command it keeps and uses again, so that a GET or a SET passes
// through without allocating.
//
// # The life of a command
//
//	Prepare   for the whole batch: what time it is; touch the index where the
//	          keys' entries are, so that the cache misses overlap
//	Execute   for each command:
//	  find    one lookup in the command table
//	  gates   in the order of Redis's processCommand: does it exist, has it the
//	          right number of arguments, may it be used at all (DEBUG), is the
//	          client authenticated, may its user run the command (one flag where the
//	          user may do everything), is there memory for a write. A command that a
//	          gate stops counts as rejected, not as called.
//	  pause   CLIENT PAUSE holds it up: it is left in the client's input, and read
//	          again when the pause is over (package pause)
//	  locks   the shards of its keys, from its key specifications, in ascending
//	          order (package cache sees to that); none where it has no keys
//	  run     the handler, which appends its reply to the output; or, in a
//	          blocking command that finds nothing, has the client wait
//	  serve   who waits for a key that the command has made ready
//	  account calls, time taken, failures, error codes
//	  reply   is dropped where CLIENT REPLY says so
//
// # Invariants
//
//  1. When Execute returns no shard is locked, whatever the handler did: a
//     panic in one is logged, answered with an error and does not stop the server.
//  2. Exactly one reply is appended for each command, or none at all (CLIENT
//     REPLY, or Session.Blocked is set and the reply comes by Client.Resume);
//     half-written replies of a handler that panicked are cut off.
//  3. Nothing of the arguments is kept after Execute returns.
//
// # What is not here
//
// Parsing and sockets are conn's; what a command means is in handlers.
package exec

import (
	"log/slog"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/blocking"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/pause"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Options are what may be injected into an Executor; zero values stand for the
// system's clocks and the default logger.
type Options struct {
	Log *slog.Logger
	// Clock gives the time in unix milliseconds.
	Clock func() int64
	// Monotonic gives the time since some fixed moment.
	Monotonic func() time.Duration
}

// Executor runs commands for one loop. It implements conn.Executor.
type Executor struct {
	server  *handlers.Server
	metrics *metrics.Shard
	log     *slog.Logger
	clock   clock

	// Of the command that runs:
	ctx    handlers.Context
	tx     cache.Tx
	locked bool // tx is begun

	refs []command.KeyRef // scratch for commands of several keys
	keys [][]byte
	db   int // the database of the last command, for Prepare

	began   time.Duration // when the command that runs did, if it is timed
	waiting serving       // for those who wait for its keys
	script  scripting     // the script that runs
	carried carried       // where that is another executor's client's

	prepared []prepared       // of the batch, in order
	turn     int              // the next of them
	hash     uint64           // of the key of the command that runs,
	hashed   bool             // if that is known
	touches  []cache.KeyTouch // of its keys
	ahead    [touchMost]cache.ElementTouch

	held bool // clients were paused when the last command came, see holdUp

	giveUp func() bool // whether to wait no longer for the locks of the command that runs
	heldUp bool        // it did not, so the command has not run
}

// New makes an Executor that takes one of the server's shards of metrics.
func New(server *handlers.Server, o Options) *Executor {
	x := &Executor{server: server, metrics: server.Metrics.Shard(), log: o.Log, clock: newClock(o)}
	if x.log == nil {
		x.log = slog.Default()
	}
	x.ctx.Server, x.ctx.Tx = server, &x.tx
	x.ctx.Transact, x.ctx.Detach = x.transact, x.detach
	x.ctx.RunScript = x.runScript
	x.giveUp = x.heldByScript
	if server.Scripts == nil {
		server.Scripts = script.NewEngine(handlers.RedisVersion)
		server.Scripts.Log = x.scriptLog
	}
	if server.Watch == nil {
		server.Connect(func() {})
	}
	if server.Blocking == nil {
		server.Blocking = blocking.New(server.Cache)
	}
	if server.ACL == nil {
		if err := server.OpenACL(x.log); err != nil {
			panic(err) // who has users configured opens them first
		}
	}
	return x
}

// Metrics is the executor's shard, for its loop to count bytes in.
func (x *Executor) Metrics() *metrics.Shard { return x.metrics }

// Prepare looks at the clock and, where there is more than one command, touches
// the memory that all their keys lead to, first the lines of the index, then the
// items, so that the waits for memory overlap. Whose commands they are is not known
// here, so the keys are taken to be in the database used last; a wrong guess costs
// the benefit, nothing else. Commands and hashes are kept for Execute.
func (x *Executor) Prepare(batch [][][]byte) {
	x.clock.look()
	x.tx.SetClock(x.clock.now)
	x.prepared, x.turn = x.prepared[:0], 0
	if len(batch) < 2 {
		return // no miss to overlap with
	}
	store, last := x.server.Cache, uint64(0)
	keys := x.touches[:0]
	for _, argv := range batch {
		var p prepared
		if len(argv) > 0 {
			p.name, p.command = &argv[0], x.server.Table.Find(argv)
		}
		if c := p.command; c != nil && c.Key != 0 && c.Key < len(argv) {
			p.hash = store.Hash(argv[c.Key])
			if p.hash != last { // the same key again is near already
				keys = append(keys, cache.KeyTouch{Hash: p.hash, Lines: c.Lines, Writes: c.Flags&command.Write != 0})
			}
			last = p.hash
		}
		x.prepared = append(x.prepared, p)
	}
	store.TouchKeys(x.db, keys)
	x.touches = keys
	x.touchElements(batch)
}

// prepared is what Prepare found out about one command of the batch.
type prepared struct {
	name    *[]byte // where the command's name stood: tells it from any other
	command *handlers.Command
	hash    uint64 // of its key, if it has a single one
}

// find is the command that argv asks for, from what was prepared if this is the
// command that was prepared next.
func (x *Executor) find(argv [][]byte) *handlers.Command {
	x.hashed = false
	if x.turn < len(x.prepared) {
		p := &x.prepared[x.turn]
		x.turn++
		if p.name == &argv[0] {
			x.hash, x.hashed = p.hash, true
			return p.command
		}
	}
	return x.server.Table.Find(argv)
}

// Execute runs one command and appends its reply to out.
func (x *Executor) Execute(s *session.Session, argv [][]byte, out []byte) []byte {
	if len(argv) == 0 {
		return out
	}
	start := len(out)
	ctx := &x.ctx
	ctx.B, ctx.Proto, ctx.Args, ctx.Session = out, int(s.Proto), argv, s
	s.LastActive = x.clock.now
	s.Commands++
	x.db = s.DB

	c := x.find(argv)
	ctx.Command, s.LastCommand = c, ""
	if c != nil {
		s.LastCommand = c.FullName
	} else if fromBrowser(argv[0]) {
		x.log.Warn("a connection that speaks HTTP was closed: this may be an attack through a browser",
			"client", s.Client.RemoteAddr())
		s.Closing = true
		return out
	}
	state := x.server.Pause.State()
	if state&pause.Asleep != 0 {
		x.sleep()
	}
	if refusal := x.gates(c, s, argv); refusal != "" {
		x.reject(c, refusal)
		if s.Multi != nil {
			s.Multi.Failed = true
		}
	} else if (state != 0 || x.held) && x.holdUp(c, s) {
		ctx.B, ctx.Args, ctx.Session = nil, nil, nil
		return out
	} else if x.server.Scripts.Busy() && x.busy(c, s, argv) {
		if s.Postponed {
			ctx.B, ctx.Args, ctx.Session = nil, nil, nil
			return out
		}
	} else if queues(s, c) {
		x.queue(s, c, argv)
	} else {
		for x.call(c, start); x.heldUp; x.call(c, start) {
			x.heldUp = false
			if x.busy(c, s, argv) {
				break
			}
		}
		if s.Postponed {
			ctx.B, ctx.Args, ctx.Session = nil, nil, nil
			return out
		}
	}

	out = ctx.B
	if s.Reply != session.ReplyOn {
		out = muted(s, out, start)
	}
	if s.Mail != nil || x.server.Mail() {
		out = x.mail(c, s, out)
	}
	ctx.B, ctx.Args, ctx.Session = nil, nil, nil
	return out
}

// gates checks whether a command may run; the result is the error to answer
// with if not.
func (x *Executor) gates(c *handlers.Command, s *session.Session, argv [][]byte) (refusal string) {
	switch {
	case c == nil:
		return x.unknown(argv)
	case !c.ArityOK(len(argv)):
		return args.WrongArity(c.FullName)
	case c.Flags&command.Protected != 0 && !config.Allowed(&x.server.Config.EnableDebug, s.Local()):
		return protectedText(c.Name)
	case !s.Authenticated && c.Flags&command.NoAuth == 0 && x.server.ACL.MustLogIn():
		return args.ErrNoAuth
	case s.Multi != nil && c.Flags&command.NoMulti != 0:
		return "ERR Command not allowed inside a transaction"
	case s.Account == nil || !s.Account.Unrestricted():
		if refusal = x.permit(c, argv); refusal != "" {
			return refusal
		}
	}
	switch {
	case c.Flags&command.DenyOOM != 0 && !x.server.Cache.MakeRoom(size(argv)):
		return args.ErrOOM
	case s.Mail != nil && s.Proto < 3 && s.Mail.Subscribed() && !handlers.ForSubscribers(c):
		return subscriberText(c.FullName)
	}
	return ""
}

// size is about what a write may add to memory: all its arguments.
func size(argv [][]byte) int {
	n := 0
	for _, arg := range argv {
		n += len(arg)
	}
	return n
}

// reject answers a command that will not run.
func (x *Executor) reject(c *handlers.Command, text string) {
	start := len(x.ctx.B)
	if c != nil && c.Name == "exec" {
		x.abort(text)
	} else {
		x.ctx.Error(text)
	}
	x.server.Metrics.ErrorReply(x.ctx.B[start:])
	if c != nil {
		x.metrics.Command(c.Index).Reject()
	}
}

// call runs a command that has passed the gates, and accounts for it.
func (x *Executor) call(c *handlers.Command, start int) {
	stats := x.metrics.Command(c.Index)
	weight := uint64(1)
	if c.Steady {
		weight = stats.Call(!x.server.Slow.Fine())
	}
	if weight != 0 {
		x.began = x.clock.monotonic()
	}
	x.run(c, start)
	if x.heldUp {
		if c.Steady {
			stats.Uncall() // it comes again, or is answered with an error
		}
		return
	}
	if weight != 0 {
		ended := x.clock.monotonic()
		if !c.Steady {
			x.clock.set(ended) // it may have taken long
			x.tx.SetClock(x.clock.now)
			if x.ctx.Session.Blocked {
				return // it counts when its wait has ended
			}
			stats.Call(false) // only now: INFO does not count itself, and CONFIG RESETSTAT does
		}
		stats.Timed(ended-x.began, weight)
		x.observe(c, ended-x.began)
	}
	if x.server.Monitors.Any() {
		x.feed(c, x.ctx.Session.DB, x.ctx.Args)
	}
	if reply := x.ctx.B[start:]; len(reply) > 0 && reply[0] == '-' {
		stats.Fail()
		x.server.Metrics.ErrorReply(reply)
	}
}

// run takes the locks, runs the handler and gives the locks back.
func (x *Executor) run(c *handlers.Command, start int) {
	defer x.recoverPanic(c, start)
	if !x.begin(c) {
		x.heldUp = true
		x.end()
		return
	}
	if x.tx.Awaited() {
		x.runAwaited(c)
		return
	}
	x.apply(c, &x.ctx)
	if x.ctx.Blocked {
		x.block()
	}
	if x.locked {
		x.end()
	}
}

// begin locks the shards of the command's keys; false if a script that runs aside has
// them. Most scripts begin on a loop and are known to run aside only when they already
// have their locks (see carry.go), so it is while waiting that one learns of it.
func (x *Executor) begin(c *handlers.Command) bool {
	x.tx.SetGiveUp(x.giveUp)
	begun := x.lock(c)
	x.tx.SetGiveUp(nil)
	if !begun {
		return true
	}
	if x.tx.GaveUp() {
		return false
	}
	x.locked = true
	if x.ctx.Session.NoTouch && c.Name != "touch" {
		x.tx.SetNoTouch(true)
	}
	return true
}

// lock begins a transaction on the command's keys; false if it needs none.
func (x *Executor) lock(c *handlers.Command) bool {
	s, argv := x.ctx.Session, x.ctx.Args
	switch {
	case c.Key != 0 && x.hashed:
		x.server.Cache.BeginHashed(&x.tx, s.DB, argv[c.Key], x.hash)
	case c.Key != 0:
		x.server.Cache.BeginKey(&x.tx, s.DB, argv[c.Key])
	case c.KeyedBy(argv):
		// Where the arguments contradict the key specifications, the handler finds
		// the same fault and answers with it; it needs no locks for that.
		var ok bool
		if x.refs, ok = c.FindKeys(argv, x.refs[:0]); !ok || len(x.refs) == 0 {
			return false
		}
		for _, ref := range x.refs {
			x.keys = append(x.keys, argv[ref.Index])
		}
		x.server.Cache.Begin(&x.tx, s.DB, x.keys...)
	case c.Flags&command.AllKeys != 0 && c.Flags&command.KeyspaceWalk == 0:
		x.server.Cache.BeginAll(&x.tx, s.DB)
	case c.Flags&command.AllKeys != 0:
		x.server.Cache.Begin(&x.tx, s.DB) // it takes the locks itself, one after another
	default:
		return false
	}
	return true
}

// end unlocks and lets go of the arguments.
func (x *Executor) end() {
	x.locked = false
	if x.ctx.Session.NoTouch {
		x.tx.SetNoTouch(false)
	}
	x.tx.End()
	if len(x.keys) == 0 {
		return
	}
	const keep = 1024 // a huge MGET's scratch is not worth keeping
	if cap(x.keys) > keep {
		x.keys, x.refs = nil, nil
		return
	}
	clear(x.keys)
	x.keys = x.keys[:0]
}

// recoverPanic turns a handler's panic into an error reply. The shards are
// unlocked: the handlers change nothing but through single calls of the
// transaction, so what a handler leaves behind is whole.
func (x *Executor) recoverPanic(c *handlers.Command, start int) {
	fault := recover()
	if fault == nil {
		return
	}
	logPanic(x.log, c, fault)
	x.ctx.B = x.ctx.B[:start]
	x.ctx.Error(errInternal)
	x.ctx.Blocked = false
	if x.locked {
		x.end()
	}
	x.deliver()
	if s := x.ctx.Session; s.Blocked { // it has its answer
		x.server.Blocking.Take(s.ID)
		s.Blocked = false
	}
}

const errInternal = "ERR internal error"

// muted drops the reply, from start on, of a client that wants none. The mode is
// the one after the command: CLIENT REPLY ON is itself answered.
func muted(s *session.Session, out []byte, start int) []byte {
	switch s.Reply {
	case session.ReplyOff:
		return out[:start]
	case session.ReplySkip: // this was CLIENT REPLY SKIP, which answers nothing
		s.Reply = session.ReplySkipping
	case session.ReplySkipping:
		s.Reply = session.ReplyOn
		return out[:start]
	}
	return out
}

package exec

import (
	"context"
	"log/slog"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// Scripts.
//
//	run      lock the shards of the declared keys, as for any command; all shards where
//	         the script is known to use keys that it does not declare
//	call     each redis.call: the gates, the locks if the key is not covered, the
//	         handler by the way of EXEC's commands, the reply to the script
//	serve    at the end, who waits for what the script has made ready
//
// A script that uses a key that it has not declared gets all shards then: its locks are
// let go and taken again, and what others do in between it sees. That happens to each
// script once; from then on it starts with all of them. One that declares no key takes
// locks at its first use of any, when there is nothing yet that it could have seen.
//
// A script with loops, or with functions, may run for ever. If it is not over soon it
// runs aside, in a goroutine of its own, with an executor of its own, so that the loop
// goes on (see carry.go); commands that need the shards which it has locked are held up
// before they wait for the lock. Within a transaction it runs inside: the transaction is
// the loop's.
//
// Around a command that looks at the server rather than at keys (flag KeyspaceWalk
// alone) the locks are let go, as in a transaction.

// scripting is what an executor knows of the script that it runs.
type scripting struct {
	call    *handlers.ScriptCall
	run     *script.Run
	session session.Session // the client's, as the commands of the script see it
	all     bool            // every shard is locked
	full    bool            // there was no memory for writes when it began
	refs    []command.KeyRef
	multi   bool // it stands in a transaction, whose locks these are
}

// runScript runs a script: see handlers.Context.RunScript.
func (x *Executor) runScript(call handlers.ScriptCall) {
	ctx := &x.ctx
	if text := x.scriptRefusal(&call); text != "" {
		ctx.Error(text)
		return
	}
	run := &script.Run{Name: call.Name(), Started: time.Now(), Function: call.Called != nil}
	if !call.Straight() {
		run.Command = words(ctx.Args) // somebody may come to ask
	}
	switch {
	case call.Straight() || ctx.NoWait || ctx.Session.Client == nil:
		x.runInside(&call, run)
	case call.Slow():
		x.runAside(&call, run)
	default:
		x.runCarried(&call, run)
	}
}

// runInside runs a script here and now.
func (x *Executor) runInside(call *handlers.ScriptCall, run *script.Run) {
	ctx, r := &x.ctx, &x.script
	outer, command, argv, proto, noWait := ctx.Session, ctx.Command, ctx.Args, ctx.Proto, ctx.NoWait
	start := len(ctx.B)
	r.call, r.run, r.multi, r.all = call, run, noWait, false
	r.session = *outer
	r.session.Multi, r.session.Reply = nil, session.ReplyOn
	if call.Wide() {
		x.lockEverything(false)
	}
	ctx.Session, ctx.NoWait, ctx.InScript = &r.session, true, true
	defer func() {
		ctx.Session, ctx.Command, ctx.Args, ctx.Proto, ctx.NoWait, ctx.InScript = outer, command, argv, proto, noWait, false
		r.call, r.run = nil, nil
		r.session = session.Session{}
	}()
	result := func(vm *script.VM, v lua.LValue) {
		w := resp.Writer{B: ctx.B[:start], Proto: proto}
		vm.WriteReply(&w, v)
		ctx.B = w.B
	}
	var failure *script.Failure
	if call.Called != nil {
		failure = x.server.Scripts.Call(x, run, call.Called, call.Keys, call.Args, result)
	} else {
		failure = x.server.Scripts.Eval(x, run, call.Script, call.Keys, call.Args, result)
	}
	if failure != nil {
		ctx.B = ctx.B[:start]
		ctx.Error(failure.Reply(call.Name()))
	}
	x.scriptEnd(outer)
}

// copied is a command that stays when its buffer is used again.
func copied(argv [][]byte) [][]byte {
	var m session.Multi
	m.Add(argv)
	return m.Queue[0]
}

// busy holds a command up that needs a shard which a script that runs aside has locked,
// and tells whether it did: the client is parked, or told that the server is busy.
func (x *Executor) busy(c *handlers.Command, s *session.Session, argv [][]byte) bool {
	if c.Flags&command.AllowBusy != 0 {
		return false
	}
	if c.Name != "exec" && queues(s, c) {
		return false
	}
	engine := x.server.Scripts
	run := x.holder(c, s, argv)
	switch {
	case run == nil:
		return false
	case engine.Late(run):
		x.reject(c, run.BusyText())
		return true
	case s.Client == nil || !engine.Park(run, s.Client):
		return false
	}
	s.Blocked, s.Postponed = true, true
	s.Commands-- // it comes again
	return true
}

// holder is the script that runs aside and has a shard locked that a command needs.
func (x *Executor) holder(c *handlers.Command, s *session.Session, argv [][]byte) *script.Run {
	shards, every := x.needs(c, argv, nil)
	if s.Multi != nil && c.Name == "exec" {
		for _, argv := range s.Multi.Queue {
			var all bool
			shards, all = x.needs(x.server.Table.Find(argv), argv, shards)
			every = every || all
		}
		for _, key := range x.server.Watch.Keys(s.ID, nil) {
			shards = append(shards, x.server.Cache.ShardOf(key))
		}
	}
	return x.server.Scripts.Holding(shards, every)
}

// heldByScript tells whether the command that waits for its locks has to wait for a
// script that runs aside, and whether there is somebody to be told to come again.
func (x *Executor) heldByScript() bool {
	s := x.ctx.Session
	return x.server.Scripts.Busy() && s.Client != nil && x.holder(x.ctx.Command, s, x.ctx.Args) != nil
}

// needs appends the shards that a command locks; every: it may lock any.
func (x *Executor) needs(c *handlers.Command, argv [][]byte, shards []int) (list []int, every bool) {
	if c.Everything(argv) || c.Flags&command.KeyspaceWalk != 0 {
		return shards, !strings.HasPrefix(c.FullName, "client|")
	}
	refs, _ := c.FindKeys(argv, nil)
	for _, ref := range refs {
		shards = append(shards, x.server.Cache.ShardOf(argv[ref.Index]))
	}
	if len(refs) == 0 && c.Flags&command.MayReplicate != 0 && c.Flags&command.NoMandatoryKeys != 0 {
		every = true // a script without declared keys
	}
	return shards, every
}

// scriptEnd serves who waits, and gives the locks back. In a transaction it does
// neither: there are other commands to come.
func (x *Executor) scriptEnd(outer *session.Session) {
	x.ctx.Session = outer
	if x.script.multi {
		x.tx.SelectDB(outer.DB)
		return
	}
	if x.locked {
		x.serve()
		x.end()
	}
	x.deliver()
}

// scriptRefusal says why a script may not run at all.
func (x *Executor) scriptRefusal(call *handlers.ScriptCall) string {
	flags := call.Flags()
	x.script.full = x.server.Config.MaxMemory.Int() > 0 && !x.server.Cache.MakeRoom(0)
	switch {
	case flags&script.Plain != 0:
		return ""
	case call.ReadOnly && flags&script.NoWrites == 0:
		return "ERR Can not execute a script with write flag using *_ro command."
	case x.script.full && flags&(script.AllowOOM|script.NoWrites) == 0:
		return "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
	}
	return ""
}

// lockEverything locks all shards in place of those that are locked. note: the script
// did not say that it would need that.
func (x *Executor) lockEverything(note bool) {
	r := &x.script
	if x.locked {
		if note {
			r.call.SetWide()
		}
		x.tx.End()
	}
	r.run.TakeAll()
	x.lockAllCarried(r.run, r.session.DB)
	x.locked, r.all = true, true
	x.tx.SetNoTouch(r.session.NoTouch)
}

// Call implements script.Host: it is redis.call.
func (x *Executor) Call(argv [][]byte, proto int) (reply []byte, refused bool) {
	ctx, r := &x.ctx, &x.script
	start := len(ctx.B)
	c := x.server.Table.Find(argv)
	ctx.Command, ctx.Args, ctx.Proto = c, argv, proto
	if text := x.scriptGates(c, argv); text != "" {
		ctx.Error(text)
		x.server.Metrics.ErrorReply(ctx.B[start:])
		reply = ctx.B[start:]
		ctx.B = ctx.B[:start]
		return reply, true
	}
	if c.Flags&command.Write != 0 {
		r.run.Wrote()
	}
	if c.Key == 0 && !stays(c) {
		r.run.Leave()
	}
	if c.Flags&command.KeyspaceWalk != 0 && c.Flags&command.AllKeys == 0 {
		x.callUnlocked(c, start)
	} else {
		x.lockFor(c, argv)
		x.tx.SelectDB(r.session.DB)
		x.callInner(c, start)
	}
	reply = ctx.B[start:]
	ctx.B = ctx.B[:start]
	return reply, false
}

// scriptGates are the gates for a command in a script.
func (x *Executor) scriptGates(c *handlers.Command, argv [][]byte) string {
	r := &x.script
	flags := r.call.Flags()
	switch {
	case c == nil:
		return "ERR Unknown Redis command called from script"
	case !c.ArityOK(len(argv)):
		return "ERR Wrong number of args calling Redis command from script"
	case c.Flags&command.NoScript != 0 && !x.server.AllowDenyScripts.Load() || c.Run == nil:
		return "ERR This Redis command is not allowed from script"
	}
	if !x.ctx.Account().Unrestricted() {
		if message, ok := x.ctx.Permit(c, argv, acl.InScript); !ok {
			return "NOPERM ACL failure in script: " + message
		}
	}
	switch {
	case c.Flags&command.Write != 0 && (r.call.ReadOnly || flags&script.NoWrites != 0):
		return "ERR Write commands are not allowed from read-only scripts."
	case c.Flags&command.DenyOOM != 0 && flags&script.AllowOOM == 0 && r.full:
		return args.ErrOOM
	}
	return ""
}

// Check implements script.Host: it is redis.acl_check_cmd.
func (x *Executor) Check(argv [][]byte) (allowed, known bool) {
	c := x.server.Table.Find(argv)
	if c == nil {
		return false, false
	}
	_, allowed = x.ctx.Allowed(c, argv)
	return allowed, true
}

// lockFor sees to it that the shards of a command's keys are locked.
func (x *Executor) lockFor(c *handlers.Command, argv [][]byte) {
	r := &x.script
	switch {
	case r.all:
	case c.Everything(argv):
		x.lockEverything(true)
	case c.Key != 0:
		if !x.locked || !x.tx.Covers(argv[c.Key]) {
			x.lockEverything(true)
		}
	case c.KeyedBy(argv):
		r.refs, _ = c.FindKeys(argv, r.refs[:0])
		for _, ref := range r.refs {
			if !x.locked || !x.tx.Covers(argv[ref.Index]) {
				x.lockEverything(true)
				return
			}
		}
	}
}

// callUnlocked runs a command that must not be run while shards are locked, and locks
// again what was.
func (x *Executor) callUnlocked(c *handlers.Command, start int) {
	held := x.locked
	if held {
		x.serve()
		x.tx.End()
		x.locked = false
		x.deliver()
	}
	x.callInner(c, start)
	if held {
		x.lockEverything(false) // which keys it needs is not known any more, in a transaction
	}
}

// callInner runs one command of a script and accounts for it.
func (x *Executor) callInner(c *handlers.Command, start int) {
	stats := x.metrics.Command(c.Index)
	weight := uint64(1)
	if c.Steady {
		weight = stats.Call(false)
	} else {
		stats.Call(false)
	}
	var began time.Duration
	if weight != 0 {
		began = x.clock.monotonic()
	}
	x.handle(c, start)
	if weight != 0 {
		stats.Timed(x.clock.monotonic()-began, weight)
	}
	if x.server.Monitors.Any() && c.Flags&(command.SkipMonitor|command.Admin) == 0 {
		x.server.Monitors.Feed(time.Now().UnixMicro(), x.script.session.DB, "lua", redacted(x.ctx.Args))
	}
	if reply := x.ctx.B[start:]; len(reply) > 0 && reply[0] == '-' {
		stats.Fail()
		x.server.Metrics.ErrorReply(reply)
	}
}

// words are the first arguments of a command, for whoever asks what runs.
func words(argv [][]byte) []string {
	const most = 32
	list := make([]string, 0, min(len(argv), most))
	for _, arg := range argv[:min(len(argv), most)] {
		list = append(list, string(args.Clip(arg)))
	}
	return list
}

// scriptLog is redis.log: any executor's may be called, from any goroutine.
func (x *Executor) scriptLog(level int, text string) {
	levels := [...]slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}
	x.log.Log(context.Background(), levels[level], text)
}

package exec

import (
	"strings"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/internal/watch"
)

// Transactions.
//
//	MULTI    the session has a queue from now on
//	queue    a command that passes the gates is copied; one that does not spoils the
//	         transaction
//	EXEC     lock the shards of all keys of all commands and of those watched; if one
//	         of these has changed, that is all. Else run them, one after another, and
//	         serve at the end who waits for what they made ready.
//
// Commands that look at the server rather than at keys (INFO, CLIENT LIST: flag
// KeyspaceWalk alone) take locks or wait for other loops themselves. Around such a
// one the transaction's locks are let go; so what comes before it and after it is
// atomic, each for itself.

// queue adds a command to the client's transaction.
func (x *Executor) queue(s *session.Session, c *handlers.Command, argv [][]byte) {
	s.Multi.Add(argv)
	if limit := x.server.Config.QueryBufferLimit.Int(); limit > 0 && int64(s.Multi.Bytes) > limit {
		x.log.Warn("a client was disconnected: its transaction is over client-query-buffer-limit", "id", s.ID)
		s.Closing = true
		return
	}
	x.ctx.Simple("QUEUED")
}

// queues tells whether a command is to be queued rather than run.
func queues(s *session.Session, c *handlers.Command) bool {
	return s.Multi != nil && c.Flags&command.Immediate == 0
}

// transact runs a transaction: see handlers.Context.Transact.
func (x *Executor) transact(m *session.Multi) {
	ctx, s := &x.ctx, x.ctx.Session
	if !x.roomFor(m) {
		x.abort(args.ErrOOM)
		return
	}
	s.Multi = m // for who looks which shards it needs
	x.tx.SetGiveUp(x.giveUp)
	x.lockAll(m)
	x.tx.SetGiveUp(nil)
	if x.heldUp = x.tx.GaveUp(); x.heldUp {
		x.end()
		return
	}
	s.Multi = nil
	there := func(k watch.Key) bool {
		x.tx.SelectDB(k.DB)
		return x.tx.Type([]byte(k.Name)) != cache.None
	}
	touched := x.server.Watch.Touched(s.ID, there)
	x.server.Watch.Forget(s.ID)
	if touched {
		ctx.NullArray()
	} else {
		x.runAll(m)
	}
	x.end()
	x.deliver()
}

// abort ends a transaction that a gate has stopped at EXEC.
func (x *Executor) abort(why string) {
	s := x.ctx.Session
	s.Multi = nil
	x.server.Watch.Forget(s.ID)
	x.ctx.Error("EXECABORT Transaction discarded because of: " + strings.TrimPrefix(why, "ERR "))
}

// roomFor tells whether there is memory for the writes of a transaction.
func (x *Executor) roomFor(m *session.Multi) bool {
	for _, argv := range m.Queue {
		if c := x.server.Table.Find(argv); c.Flags&command.DenyOOM != 0 {
			return x.server.Cache.MakeRoom(m.Bytes)
		}
	}
	return true
}

// lockAll locks the shards of all keys that a transaction may touch, and of those
// that the client watches; or none, if it gives up.
func (x *Executor) lockAll(m *session.Multi) {
	s, all := x.ctx.Session, false
	x.keys = x.server.Watch.Keys(s.ID, x.keys)
	for _, argv := range m.Queue {
		c := x.server.Table.Find(argv)
		all = all || c.Everything(argv)
		if !c.KeyedBy(argv) {
			continue
		}
		refs, _ := c.FindKeys(argv, x.refs[:0])
		for _, ref := range refs {
			x.keys = append(x.keys, argv[ref.Index])
		}
		x.refs = refs[:0]
	}
	if all {
		x.server.Cache.BeginAll(&x.tx, s.DB)
	} else {
		x.server.Cache.Begin(&x.tx, s.DB, x.keys...)
		if !x.tx.GaveUp() && x.tx.Awaited() {
			x.tx.SetGiveUp(nil)
			x.widen(s.DB, x.keys)
		}
	}
	x.locked = !x.tx.GaveUp()
	x.tx.SetNoTouch(s.NoTouch)
}

// runAll runs the commands of a transaction, whose locks are held, and serves who
// waits for what they have made ready.
func (x *Executor) runAll(m *session.Multi) {
	ctx, s := &x.ctx, x.ctx.Session
	exec, argv, began := ctx.Command, ctx.Args, x.began
	ctx.Array(len(m.Queue))
	ctx.NoWait = true
	for _, argv := range m.Queue {
		c := x.server.Table.Find(argv)
		ctx.Command, ctx.Args, ctx.Proto = c, argv, int(s.Proto)
		if c.Flags&command.KeyspaceWalk == 0 || c.Flags&command.AllKeys != 0 {
			x.tx.SelectDB(s.DB)
			x.inner(c)
			continue
		}
		x.serve()
		x.tx.End()
		x.deliver()
		x.inner(c)
		x.keys = emptied(x.keys)
		x.lockAll(m)
	}
	ctx.NoWait = false
	ctx.Command, ctx.Args, x.began = exec, argv, began
	x.serve()
}

// inner runs one command of a transaction and accounts for it. If its handler panics
// the others go on.
func (x *Executor) inner(c *handlers.Command) {
	start := len(x.ctx.B)
	if x.revoked(c) {
		return
	}
	stats := x.metrics.Command(c.Index)
	stats.Call(false)
	began := x.clock.monotonic()
	x.handle(c, start)
	took := x.clock.monotonic() - began
	stats.Timed(took, 1)
	x.observe(c, took)
	if x.server.Monitors.Any() {
		x.feed(c, x.ctx.Session.DB, x.ctx.Args)
	}
	if reply := x.ctx.B[start:]; len(reply) > 0 && reply[0] == '-' {
		stats.Fail()
		x.server.Metrics.ErrorReply(reply)
	}
}

// handle runs a handler and turns its panic into an error reply.
func (x *Executor) handle(c *handlers.Command, start int) {
	defer func() {
		if fault := recover(); fault != nil {
			logPanic(x.log, c, fault)
			x.ctx.B = x.ctx.B[:start]
			x.ctx.Error(errInternal)
		}
	}()
	x.apply(c, &x.ctx)
}

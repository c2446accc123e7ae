package exec

import (
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/blocking"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Clients that wait for keys.
//
//	begin    the locks of the command's keys. Is a key of these shards awaited?
//	         (one load; the rest of this file is for when it is)
//	widen    the locks, too, of what those who may be served need
//	run      the command; it may block its own client
//	serve    until no key is ready: for each key, in the order in which they became
//	         ready, the commands of those who wait for it, in order of arrival. What
//	         they make ready comes in the next round, as in redis-server.
//	end      the locks
//	deliver  the replies, to the loops where the waiters are
//
// So between the command that brings an element and the one that takes it there is
// nobody else.

// serving is an executor's scratch space for serving others' waits.
type serving struct {
	ctx     handlers.Context // of the command that is run for a waiter
	session session.Session  // its client's, as it was
	argv    [][]byte

	ready []cache.ReadyKey
	keys  [][]byte // see widen
	out   []byte   // replies not yet delivered
	done  []delivery
}

// delivery is one reply: the part of serving.out up to to.
type delivery struct {
	waiter *blocking.Waiter
	to     int
}

// longestWait is a time beyond which a wait is taken to be for ever: the nanoseconds
// of a time-out may not fit 64 bits.
const longestWait = math.MaxInt64 / int64(time.Millisecond) / 2

// block has the client wait, as its command asked for. The locks of its keys are
// held, so nothing that it waits for can have come since it looked.
func (x *Executor) block() {
	ctx, s := &x.ctx, x.ctx.Session
	wait := ctx.Wait
	ctx.Blocked, ctx.Wait = false, handlers.Wait{}
	w := blocking.NewWaiter(s, ctx.Args, x.lockedKeys(), wait.Keys)
	w.Type, w.Gone, w.Expired = wait.Type, wait.Gone, wait.Expired
	w.Mute = s.Reply == session.ReplyOff || s.Reply == session.ReplySkipping
	w.Spent = x.clock.monotonic() - x.began
	if wait.Timeout > 0 && wait.Timeout < longestWait {
		w.Deadline = x.began + time.Duration(wait.Timeout)*time.Millisecond
	}
	x.server.Blocking.Add(&x.tx, w)
	s.Blocked = true
}

// lockedKeys are the keys whose locks the command has.
func (x *Executor) lockedKeys() [][]byte {
	if key := x.ctx.Command.Key; key != 0 {
		return x.ctx.Args[key : key+1]
	}
	return x.keys
}

// runAwaited is run's middle part where somebody waits for keys, perhaps the
// command's, in the shards that it has locked.
func (x *Executor) runAwaited(c *handlers.Command) {
	writes := c.Flags&command.Write != 0
	if writes && !c.Everything(x.ctx.Args) {
		if keys := x.lockedKeys(); slices.ContainsFunc(keys, x.tx.Awaits) {
			x.widen(x.ctx.Session.DB, keys)
		}
	}
	x.apply(c, &x.ctx)
	if x.ctx.Blocked {
		x.block()
		x.tx.ForgetReady(0) // it gave nothing to anybody
	}
	if writes {
		x.serve()
	}
	x.end()
	x.deliver()
}

// widen locks what is needed to serve all who may have to be once keys, which are
// locked, are ready. To do so it has to unlock first, and then others may begin to
// wait, so it looks again; if that goes on it locks everything.
func (x *Executor) widen(db int, keys [][]byte) {
	const tries = 3
	v := &x.waiting
	v.keys = append(v.keys[:0], keys...)
	defer func() { v.keys = emptied(v.keys) }()
	for try := 0; ; try++ {
		have := len(v.keys)
		var all bool
		if v.keys, all = x.server.Blocking.Reach(&x.tx, keys, v.keys); len(v.keys) == have && !all {
			return
		}
		x.tx.End()
		if all || try == tries {
			x.server.Cache.BeginAll(&x.tx, db)
			return
		}
		x.server.Cache.Begin(&x.tx, db, v.keys...)
	}
}

// serve serves those who wait for the keys that the transaction has made ready. Each
// one that is served leaves, so there is an end to it.
func (x *Executor) serve() {
	v := &x.waiting
	v.ready = x.tx.TakeReady(v.ready[:0])
	if len(v.ready) == 0 {
		return
	}
	for db := x.tx.DB(); len(v.ready) > 0; v.ready = x.tx.TakeReady(v.ready[:0]) {
		for _, key := range v.ready {
			x.serveKey(key)
		}
		x.tx.SelectDB(db)
	}
	clear(v.ready[:cap(v.ready)])
}

// serveKey serves those who wait for one key.
func (x *Executor) serveKey(k cache.ReadyKey) {
	registry, key := x.server.Blocking, []byte(k.Key)
	var w *blocking.Waiter
	for done := false; ; {
		x.tx.SelectDB(k.DB)
		if w = registry.Next(k, x.tx.Type(key), w, done); w == nil {
			return
		}
		if !x.covers(w) {
			// An item of a shard that only happened to be locked has gone.
			registry.GiveBack(w)
			registry.Later([]cache.ReadyKey{k})
			return
		}
		done = x.serveOne(w)
	}
}

// covers tells whether the locks of all keys of a waiter's command are held.
func (x *Executor) covers(w *blocking.Waiter) bool {
	for _, key := range w.Keys {
		if !x.tx.Covers(key) {
			return false
		}
	}
	return true
}

// serveOne runs a waiter's command. done: it has a reply now, which is to be
// delivered; else it found nothing, and goes on waiting.
func (x *Executor) serveOne(w *blocking.Waiter) (done bool) {
	v := &x.waiting
	c := x.server.Table.Find(w.Args)
	began, start := x.clock.monotonic(), len(v.out)
	v.session = w.Session
	v.argv = append(v.argv[:0], w.Args...) // the handler may replace some
	v.ctx.B, v.ctx.Proto, v.ctx.Args = v.out, int(w.Session.Proto), v.argv
	v.ctx.Tx, v.ctx.Session, v.ctx.Server, v.ctx.Command = &x.tx, &v.session, x.server, c
	x.tx.SetNoTouch(w.Session.NoTouch)
	ready := x.tx.CountReady()
	barred := x.barred(w, c)
	if !barred {
		x.rerun(c, start)
	}
	x.tx.SetNoTouch(false)
	v.out, done = v.ctx.B, !v.ctx.Blocked
	v.ctx.B, v.ctx.Args, v.ctx.Blocked, v.ctx.Wait = nil, nil, false, handlers.Wait{}
	v.session, v.argv = session.Session{}, emptied(v.argv)
	w.Spent += x.clock.monotonic() - began
	if !done {
		x.tx.ForgetReady(ready)
		v.out = v.out[:start]
		return false
	}
	if !barred {
		account(x.server, x.metrics, w, c, v.out[start:])
	}
	v.done = append(v.done, delivery{w, len(v.out)})
	return true
}

// rerun runs a handler for a waiter. If it panics that is the waiter's trouble, not
// the one's whose command woke it.
func (x *Executor) rerun(c *handlers.Command, start int) {
	v := &x.waiting
	defer func() {
		if fault := recover(); fault != nil {
			logPanic(x.log, c, fault)
			v.ctx.B, v.ctx.Blocked = v.ctx.B[:start], false
			v.ctx.Error(errInternal)
		}
	}()
	x.apply(c, &v.ctx)
}

func logPanic(log *slog.Logger, c *handlers.Command, fault any) {
	log.Error("a command panicked", "command", c.FullName, "panic", fault, "stack", string(debug.Stack()))
}

// account counts a blocking command whose wait is over, with the time that it was
// run, not that it waited.
func account(server *handlers.Server, counts *metrics.Shard, w *blocking.Waiter, c *handlers.Command, reply []byte) {
	stats := counts.Command(c.Index)
	stats.Call(false)
	stats.Timed(w.Spent, 1)
	if len(reply) > 0 && reply[0] == '-' {
		stats.Fail()
		server.Metrics.ErrorReply(reply)
	}
}

// deliver sends the replies to those who were served, now that nothing is locked.
func (x *Executor) deliver() {
	v := &x.waiting
	if len(v.done) == 0 {
		return
	}
	from := 0
	for i, d := range v.done {
		resume(d.waiter, v.out[from:d.to])
		from, v.done[i].waiter = d.to, nil
	}
	v.done = v.done[:0]
	const keep = 64 << 10
	if v.out = v.out[:0]; cap(v.out) > keep {
		v.out = nil
	}
}

// resume has a client go on with a reply, unless it does not want one.
func resume(w *blocking.Waiter, reply []byte) {
	if w.Mute {
		reply = nil
	}
	w.Session.Client.Resume(reply)
}

// emptied is a scratch slice for the next use, without what it points to.
func emptied(list [][]byte) [][]byte {
	const most = 1024
	if cap(list) > most {
		return nil
	}
	clear(list[:cap(list)])
	return list[:0]
}

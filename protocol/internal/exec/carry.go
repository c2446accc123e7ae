package exec

import (
	"context"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// Scripts that may run for long, since they have loops or functions, run with an
// executor of their own, so that the loop's can go on with other commands: carried at
// first, by the loop to which they came, and if they are not over soon aside, in a
// goroutine of their own (see script.Carrier). Those that were slow the last time run
// aside at once.

// carried is a script that an executor runs for another one.
type carried struct {
	client  session.Session
	command *handlers.Command
	argv    [][]byte
	call    handlers.ScriptCall
	run     *script.Run
	job     func() // Executor.carry
}

// unbinder is a transport whose loops are bound to threads.
type unbinder interface{ Unbound(f func()) }

// unbound calls f while the client's loop is not bound to its thread.
func unbound(client session.Client, f func()) {
	if u, ok := client.(unbinder); ok {
		u.Unbound(f)
		return
	}
	f()
}

// worker is the executor of a carrier.
func (x *Executor) worker(carrier *script.Carrier) *Executor {
	y, _ := carrier.Worker.(*Executor)
	if y == nil {
		y = New(x.server, Options{Log: x.log, Clock: x.clock.wall, Monotonic: x.clock.monotonic})
		y.carried.job = y.carry
		carrier.Worker = y
	}
	return y
}

// load prepares a worker for a script: with copies, since the client's buffer will be
// used again.
func (y *Executor) load(x *Executor, call *handlers.ScriptCall, run *script.Run) {
	ctx, w := &x.ctx, &y.carried
	w.client, w.command, w.argv, w.run = *ctx.Session, ctx.Command, copied(ctx.Args), run
	w.client.Blocked = false
	w.call = *call
	first := len(w.argv) - len(call.Keys) - len(call.Args)
	w.call.Keys, w.call.Args = w.argv[first:first+len(call.Keys)], w.argv[first+len(call.Keys):]
	y.script.full = x.script.full
}

// unload lets go of the script, and keeps the room for replies.
func (y *Executor) unload() {
	const keep = 64 << 10
	b, own := y.ctx.B[:0], y.ctx.Own[:0]
	if cap(b) > keep {
		b = nil
	}
	y.ctx = handlers.Context{Tx: y.ctx.Tx, Server: y.ctx.Server, Transact: y.ctx.Transact, Detach: y.ctx.Detach, RunScript: y.ctx.RunScript}
	y.ctx.B, y.ctx.Own = b, own
	y.carried = carried{job: y.carried.job}
}

// carry runs the script that was loaded.
func (x *Executor) carry() {
	w, ctx := &x.carried, &x.ctx
	ctx.Session, ctx.Command, ctx.Args = &w.client, w.command, w.argv
	ctx.Proto, ctx.B, ctx.Own = int(w.client.Proto), ctx.B[:0], ctx.Own[:0]
	x.clock.look()
	x.tx.SetClock(x.clock.now)
	x.hashed = false
	defer x.recoverPanic(w.command, 0)
	if !w.call.Wide() && !x.lockCarried() {
		return
	}
	x.runInside(&w.call, w.run)
}

// lockCarried locks what the script that was loaded declares. If another script has it
// that runs aside, a loop must not wait: it goes on, and this one waits aside. false: it
// has waited for as long as anybody does, and its client is told.
func (x *Executor) lockCarried() bool {
	w, engine := &x.carried, x.server.Scripts
	x.giveUp = engine.Busy
	began := x.begin(w.command)
	if !began {
		x.end()
		w.run.Leave()
		var ahead *script.Run
		x.giveUp = func() bool { ahead = engine.Ahead(w.run); return ahead != nil }
		if began = x.begin(w.command); !began {
			x.end()
			x.ctx.Error(ahead.BusyText())
		}
	}
	x.giveUp = x.heldByScript
	return began
}

// lockAllCarried locks all shards for a script; a loop does not wait here either.
func (x *Executor) lockAllCarried(run *script.Run, db int) {
	x.tx.SetGiveUp(x.server.Scripts.Busy)
	x.server.Cache.BeginAll(&x.tx, db)
	x.tx.SetGiveUp(nil)
	if x.tx.GaveUp() {
		run.Leave()
		x.server.Cache.BeginAll(&x.tx, db)
	}
}

// runCarried begins a script on the loop, and ends it there if it is over soon.
func (x *Executor) runCarried(call *handlers.ScriptCall, run *script.Run) {
	ctx, engine := &x.ctx, x.server.Scripts
	var carrier *script.Carrier
	var y *Executor
	ended := false
	if x.locked {
		x.end() // they are the worker's to take
	}
	unbound(ctx.Session.Client, func() {
		carrier = engine.TakeCarrier()
		y = x.worker(carrier)
		y.load(x, call, run)
		if ended = carrier.Run(run, y.carried.job); !ended {
			return
		}
		ctx.B = append(ctx.B, y.ctx.B...)
		ctx.Own = append(ctx.Own, y.ctx.Own...)
		y.unload()
		engine.GiveCarrier(carrier)
	})
	if ended {
		return
	}
	call.SetSlow(true)
	x.aside(y, func() { carrier.GoOn() }, func() { engine.GiveCarrier(carrier) })
}

// runAside has a script run in a goroutine of its own from its beginning.
func (x *Executor) runAside(call *handlers.ScriptCall, run *script.Run) {
	engine := x.server.Scripts
	var carrier *script.Carrier
	unbound(x.ctx.Session.Client, func() { carrier = engine.TakeCarrier() })
	y := x.worker(carrier)
	y.load(x, call, run)
	x.aside(y, func() { carrier.RunAside(y.carried.job) }, func() { engine.GiveCarrier(carrier) })
}

// aside has a goroutine run a worker's script to its end, while the client waits and its
// loop goes on.
func (x *Executor) aside(y *Executor, work, done func()) {
	ctx, engine, w := &x.ctx, x.server.Scripts, &y.carried
	run, call := w.run, w.call
	for _, key := range call.Keys {
		run.Shards = append(run.Shards, x.server.Cache.ShardOf(key))
	}
	if call.Wide() {
		run.TakeAll()
	}
	engine.Aside(run)
	finish := func(away context.Context, reply *resp.Writer) {
		defer engine.Ended(run)
		defer context.AfterFunc(away, run.Stop)()
		work()
		reply.B = append(append(reply.B, y.ctx.B...), y.ctx.Own...)
		y.unload()
		done()
		call.SetSlow(!run.Soon())
	}
	ctx.Detach(finish)
	if ctx.Session.Blocked {
		return
	}
	// The server closes. What has begun is ended.
	run.Stop()
	unbound(ctx.Session.Client, func() { finish(context.Background(), &resp.Writer{}) })
}

// stays tells whether a command that a script calls takes no longer than it should and
// waits for no loop, so that a loop may carry the script meanwhile. The others look at
// the server or at its clients.
func stays(c *handlers.Command) bool {
	if c.Keyed() || c.Name == "time" {
		return true
	}
	return c.Flags&(command.KeyspaceWalk|command.Admin) == 0 && c.Group != "server" && c.Group != "connection"
}

package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/internal/watch"
)

// transactionRows are the commands around a transaction.
var transactionRows = []Row{
	{
		Spec: command.Spec{
			Name: "multi", Arity: 1, Summary: "Mark the start of a transaction block",
			Flags: command.Immediate | command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy, Categories: command.CatTransaction,
			Since: "1.2.0", Group: "transactions", Complexity: "O(1)",
		},
		Run: runMulti,
	},
	{
		Spec: command.Spec{
			Name: "exec", Arity: 1, Summary: "Execute all commands issued after MULTI",
			Flags: command.Immediate | command.NoScript | command.Loading | command.Stale | command.SkipSlowlog, Categories: command.CatTransaction,
			Since: "1.2.0", Group: "transactions", Complexity: "Depends on commands in the transaction",
		},
		Run: runExec,
	},
	{
		Spec: command.Spec{
			Name: "discard", Arity: 1, Summary: "Discard all commands issued after MULTI",
			Flags: command.Immediate | command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy, Categories: command.CatTransaction,
			Since: "2.0.0", Group: "transactions", Complexity: "O(N), when N is the number of queued commands",
		},
		Run: runDiscard,
	},
	{
		Spec: command.Spec{
			Name: "watch", Arity: -2, Summary: "Watch the given keys to determine execution of the MULTI/EXEC block",
			Flags: command.Immediate | command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy, Categories: command.CatTransaction,
			Since: "2.2.0", Group: "transactions", Complexity: "O(1) for every key.",
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runWatch,
	},
	{
		Spec: command.Spec{
			Name: "unwatch", Arity: 1, Summary: "Forget about all watched keys",
			Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy, Categories: command.CatTransaction,
			Since: "2.2.0", Group: "transactions", Complexity: "O(1)",
		},
		Run: runUnwatch,
	},
}

// runMulti: mark the start of a transaction block.
func runMulti(ctx *Context) {
	if ctx.Session.Multi != nil {
		ctx.Error("ERR MULTI calls can not be nested")
		return
	}
	ctx.Session.Multi = new(session.Multi)
	ctx.OK()
}

// runExec: execute all commands issued after MULTI.
func runExec(ctx *Context) {
	m := ctx.Session.Multi
	if m == nil {
		ctx.Error("ERR EXEC without MULTI")
		return
	}
	ctx.Session.Multi = nil
	if m.Failed {
		ctx.unwatch()
		ctx.Error("EXECABORT Transaction discarded because of previous errors.")
		return
	}
	ctx.Transact(m)
}

// runDiscard: discard all commands issued after MULTI.
func runDiscard(ctx *Context) {
	if ctx.Session.Multi == nil {
		ctx.Error("ERR DISCARD without MULTI")
		return
	}
	ctx.Session.Multi = nil
	ctx.unwatch()
	ctx.OK()
}

// runWatch: watch the given keys to determine execution of the MULTI/EXEC block.
func runWatch(ctx *Context) {
	if ctx.Session.Multi != nil {
		ctx.Error("ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, key := range ctx.Args[1:] {
		k := watch.Key{DB: ctx.Session.DB, Name: string(key)}
		ctx.Server.Watch.Watch(ctx.Session.ID, k, ctx.Tx.Type(key) != cache.None)
	}
	ctx.OK()
}

// runUnwatch: forget about all watched keys.
func runUnwatch(ctx *Context) {
	ctx.unwatch()
	ctx.OK()
}

// unwatch ends all watching of the client.
func (ctx *Context) unwatch() { ctx.Server.Watch.Forget(ctx.Session.ID) }

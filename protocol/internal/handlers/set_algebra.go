package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// setAlgebraRows are the commands on several sets, which may be in any shards: all of
// them are locked, the destination too. How the result is built, and by which way a
// difference is found, is the engine's; it follows redis-server in as far as that
// shows in the encoding of what is stored.
var setAlgebraRows = []Row{
	{
		Spec: command.Spec{
			Name: "sinter", Arity: -2, Summary: "Intersect multiple sets",
			Flags: command.ReadOnly, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runSInter,
	},
	{
		Spec: command.Spec{
			Name: "sintercard", Arity: -3, Summary: "Intersect multiple sets and return the cardinality of the result",
			Flags: command.ReadOnly | command.MovableKeys, Categories: command.CatSet,
			Since: "7.0.0", Group: "set", Complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "limit", Type: "integer", Token: "LIMIT", Optional: true},
			},
		},
		Run: runSInterCard,
	},
	{
		Spec: command.Spec{
			Name: "sinterstore", Arity: -3, Summary: "Intersect multiple sets and store the resulting set in a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "update"),
				command.KeyRange(2, -1, 1, "RO", "access"),
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
			},
		},
		Run: runSInterStore,
	},
	{
		Spec: command.Spec{
			Name: "sunion", Arity: -2, Summary: "Add multiple sets",
			Flags: command.ReadOnly, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N) where N is the total number of elements in all given sets.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runSUnion,
	},
	{
		Spec: command.Spec{
			Name: "sunionstore", Arity: -3, Summary: "Add multiple sets and store the resulting set in a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N) where N is the total number of elements in all given sets.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				command.KeyRange(2, -1, 1, "RO", "access"),
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
			},
		},
		Run: runSUnionStore,
	},
	{
		Spec: command.Spec{
			Name: "sdiff", Arity: -2, Summary: "Subtract multiple sets",
			Flags: command.ReadOnly, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N) where N is the total number of elements in all given sets.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runSDiff,
	},
	{
		Spec: command.Spec{
			Name: "sdiffstore", Arity: -3, Summary: "Subtract multiple sets and store the resulting set in a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N) where N is the total number of elements in all given sets.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				command.KeyRange(2, -1, 1, "RO", "access"),
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
			},
		},
		Run: runSDiffStore,
	},
}

// operate writes the members that an operation on the sets at all the arguments
// hands out. How many there are is known at the end only, so the head of the reply is
// put in front then.
func (ctx *Context) operate(do func(keys [][]byte, f func(member []byte) bool) error) {
	start, found := len(ctx.B), 0
	err := do(ctx.Args[1:], func(member []byte) bool {
		ctx.Bulk(member)
		found++
		return true
	})
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.insert(start, func(w *resp.Writer) { w.Set(found) })
}

// runSInter, runSUnion and runSDiff are SINTER, SUNION, SDIFF key [key ...].
func runSInter(ctx *Context) { ctx.operate(ctx.Tx.SInter) }

// runSUnion: add multiple sets.
func runSUnion(ctx *Context) { ctx.operate(ctx.Tx.SUnion) }

// runSDiff: subtract multiple sets.
func runSDiff(ctx *Context) { ctx.operate(ctx.Tx.SDiff) }

// runSInterStore, runSUnionStore and runSDiffStore are SINTERSTORE, SUNIONSTORE,
// SDIFFSTORE destination key [key ...].
func runSInterStore(ctx *Context) {
	dst := ctx.Args[1]
	ctx.stores(pubsub.Set, "sinterstore", dst, func() (int, error) { return ctx.Tx.SInterStore(dst, ctx.Args[2:]) })
}

// runSUnionStore: add multiple sets and store the resulting set in a key.
func runSUnionStore(ctx *Context) {
	dst := ctx.Args[1]
	ctx.stores(pubsub.Set, "sunionstore", dst, func() (int, error) { return ctx.Tx.SUnionStore(dst, ctx.Args[2:]) })
}

// runSDiffStore: subtract multiple sets and store the resulting set in a key.
func runSDiffStore(ctx *Context) {
	dst := ctx.Args[1]
	ctx.stores(pubsub.Set, "sdiffstore", dst, func() (int, error) { return ctx.Tx.SDiffStore(dst, ctx.Args[2:]) })
}

// runSInterCard is SINTERCARD numkeys key [key ...] [LIMIT limit]. A limit of 0 is
// none. What the numbers may be is told by texts of their own, whatever is wrong with
// them.
func runSInterCard(ctx *Context) {
	count, ok := args.Int(ctx.Args[1])
	switch {
	case !ok || count < 1:
		ctx.Error("ERR numkeys should be greater than 0")
		return
	case count > int64(len(ctx.Args)-2):
		ctx.Error("ERR Number of keys can't be greater than number of args")
		return
	}
	limit := int64(0)
	for opt := args.From(ctx.Args, 2+int(count)); opt.More(); {
		if !opt.Option("limit", 1) {
			ctx.Error(args.ErrSyntax)
			return
		}
		if limit, ok = args.Int(opt.Next()); !ok || limit < 0 {
			ctx.Error("ERR LIMIT can't be negative")
			return
		}
	}
	ctx.lengthOr(ctx.Tx.SInterCard(ctx.Args[2:2+count], int(min(limit, math.MaxInt))))
}

package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// listEditRows are the commands that change lists anywhere.
var listEditRows = []Row{
	{
		Spec: command.Spec{
			Name: "lset", Arity: 4, Summary: "Set the value of an element in a list by its index",
			Flags: command.Write | command.DenyOOM, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "index", Type: "integer"},
				{Name: "element", Type: "string"},
			},
		},
		Run: runLset,
	},
	{
		Spec: command.Spec{
			Name: "linsert", Arity: 5, Summary: "Insert an element before or after another element in a list",
			Flags: command.Write | command.DenyOOM, Categories: command.CatList,
			Since: "2.2.0", Group: "list", Complexity: "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "where", Type: "oneof", Args: []command.Arg{
					{Name: "before", Type: "pure-token", Token: "BEFORE"},
					{Name: "after", Type: "pure-token", Token: "AFTER"},
				}},
				{Name: "pivot", Type: "string"},
				{Name: "element", Type: "string"},
			},
		},
		Run: runLinsert,
	},
	{
		Spec: command.Spec{
			Name: "lrem", Arity: 4, Summary: "Remove elements from a list",
			Flags: command.Write, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(N+M) where N is the length of the list and M is the number of elements removed.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer"},
				{Name: "element", Type: "string"},
			},
		},
		Run: runLrem,
	},
	{
		Spec: command.Spec{
			Name: "ltrim", Arity: 4, Summary: "Trim a list to the specified range",
			Flags: command.Write, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(N) where N is the number of elements to be removed by the operation.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "integer"},
				{Name: "stop", Type: "integer"},
			},
		},
		Run: runLtrim,
	},
}

// runLset is LSET key index element. The key is looked at before the index.
func runLset(ctx *Context) {
	index, ok := args.Int(ctx.Args[2])
	if !ok {
		if _, err := ctx.Tx.LRange(ctx.Args[1], 0, 0); err != nil {
			ctx.fail(err)
		} else if !ctx.Tx.Exists(ctx.Args[1]) {
			ctx.fail(cache.ErrNotFound)
		} else {
			ctx.Error(args.ErrNotInteger)
		}
		return
	}
	if err := ctx.Tx.LSet(ctx.Args[1], int(index), ctx.Args[3]); err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.List, "lset", ctx.Args[1])
	ctx.OK()
}

// runLinsert is LINSERT key BEFORE|AFTER pivot element.
func runLinsert(ctx *Context) {
	before := args.Is(ctx.Args[2], "before")
	if !before && !args.Is(ctx.Args[2], "after") {
		ctx.Error(args.ErrSyntax)
		return
	}
	n, err := ctx.Tx.LInsert(ctx.Args[1], before, ctx.Args[3], ctx.Args[4])
	ctx.added(pubsub.List, "linsert", n, err)
}

// runLrem is LREM key count element.
func runLrem(ctx *Context) {
	count, text := args.IntRange(ctx.Args[2], -math.MaxInt64, math.MaxInt64)
	if text != "" {
		ctx.Error(text)
		return
	}
	n, err := ctx.Tx.LRem(ctx.Args[1], int(count), ctx.Args[3])
	ctx.taken(pubsub.List, "lrem", n, err)
}

// runLtrim is LTRIM key start stop.
func runLtrim(ctx *Context) {
	start, ok := args.Int(ctx.Args[2])
	stop, okStop := args.Int(ctx.Args[3])
	if !ok || !okStop {
		ctx.Error(args.ErrNotInteger)
		return
	}
	there := ctx.Server.Events.On(pubsub.List|pubsub.Generic) && ctx.Tx.Type(ctx.Args[1]) != cache.None
	if err := ctx.Tx.LTrim(ctx.Args[1], int(start), int(stop)); err != nil {
		ctx.fail(err)
		return
	}
	if there {
		ctx.NotifyTaken(pubsub.List, "ltrim", ctx.Args[1])
	}
	ctx.OK()
}

package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// stringNumberRows are the commands that take a value as a number.
var stringNumberRows = []Row{
	{
		Spec: command.Spec{
			Name: "incr", Arity: 2, Summary: "Increment the integer value of a key by one",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runIncr,
	},
	{
		Spec: command.Spec{
			Name: "decr", Arity: 2, Summary: "Decrement the integer value of a key by one",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runDecr,
	},
	{
		Spec: command.Spec{
			Name: "incrby", Arity: 3, Summary: "Increment the integer value of a key by the given amount",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "increment", Type: "integer"},
			},
		},
		Run: runIncrby,
	},
	{
		Spec: command.Spec{
			Name: "decrby", Arity: 3, Summary: "Decrement the integer value of a key by the given number",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "decrement", Type: "integer"},
			},
		},
		Run: runDecrby,
	},
	{
		Spec: command.Spec{
			Name: "incrbyfloat", Arity: 3, Summary: "Increment the float value of a key by the given amount",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "2.6.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "increment", Type: "double"},
			},
		},
		Run: runIncrbyfloat,
	},
}

// runIncr is INCR key.
func runIncr(ctx *Context) { ctx.incrBy(1) }

// runDecr is DECR key.
func runDecr(ctx *Context) { ctx.incrBy(-1) }

// runIncrby is INCRBY key increment.
func runIncrby(ctx *Context) {
	delta, ok := args.Int(ctx.Args[2])
	if !ok {
		ctx.Error(args.ErrNotInteger)
		return
	}
	ctx.incrBy(delta)
}

// runDecrby is DECRBY key decrement.
func runDecrby(ctx *Context) {
	delta, ok := args.Int(ctx.Args[2])
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
	case delta == math.MinInt64: // it has no negative
		ctx.Error("ERR decrement would overflow")
	default:
		ctx.incrBy(-delta)
	}
}

// incrBy replies with the sum. A key that is absent counts as 0; the expiry of one
// that is there stays.
func (ctx *Context) incrBy(delta int64) {
	n, err := ctx.Tx.IncrBy(ctx.Args[1], delta)
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.String, "incrby", ctx.Args[1])
	ctx.Int(n)
}

// runIncrbyfloat is INCRBYFLOAT key increment. The text goes down to the
// engine as it is, because a float64 would not round as Redis does (in C's long
// double, printed with 17 digits behind the point). The reply is the text stored,
// a bulk string in RESP3 too.
func runIncrbyfloat(ctx *Context) {
	sum, err := ctx.Tx.IncrByFloat(ctx.Args[1], ctx.Args[2])
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Bulk(sum)
	ctx.Notify(pubsub.String, "incrbyfloat", ctx.Args[1])
}

package handlers

import (
	"slices"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// stringRows are the commands on strings, from all the files that hold some.
var stringRows = slices.Concat(
	stringBasicRows, stringSetRows, stringMultiRows, stringNumberRows, stringRangeRows,
	conditionRows, digestRows, lcsRows,
)

// stringBasicRows are the commands that read or write one whole value.
var stringBasicRows = []Row{
	{
		Spec: command.Spec{
			Name: "get", Arity: 2, Summary: "Get the value of a key",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runGet,
	},
	{
		Spec: command.Spec{
			Name: "getdel", Arity: 2, Summary: "Get the value of a key and delete the key",
			Flags: command.Write | command.Fast, Categories: command.CatString,
			Since: "6.2.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runGetdel,
	},
	{
		Spec: command.Spec{
			Name: "getset", Arity: 3, Summary: "Set the string value of a key and return its old value",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Deprecated: "6.2.0", ReplacedBy: "`SET` with the `!GET` argument",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "value", Type: "string"},
			},
		},
		Run: runGetset,
	},
	{
		Spec: command.Spec{
			Name: "setnx", Arity: 3, Summary: "Set the value of a key, only if the key does not exist",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "OW", "insert")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "value", Type: "string"},
			},
		},
		Run: runSetnx,
	},
	{
		Spec: command.Spec{
			Name: "strlen", Arity: 2, Summary: "Get the length of the value stored in a key",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
			Since: "2.2.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runStrlen,
	},
}

// runGet is GET key.
func runGet(ctx *Context) {
	value, err := ctx.Tx.Get(ctx.Args[1])
	ctx.valueOr(value, err)
}

// valueOr writes a value that was looked up, or null if there was none. It
// reports whether a value was written.
func (ctx *Context) valueOr(value []byte, err error) bool {
	switch err {
	case nil:
		ctx.Bulk(value)
		return true
	case cache.ErrNotFound:
		ctx.Null()
	default:
		ctx.fail(err)
	}
	return false
}

// runGetdel is GETDEL key.
func runGetdel(ctx *Context) {
	value, err := ctx.Tx.Get(ctx.Args[1])
	if ctx.valueOr(value, err) {
		ctx.Tx.Delete(ctx.Args[1])
		ctx.Notify(pubsub.Generic, "del", ctx.Args[1])
	}
}

// runGetset is GETSET key value. Like SET, and unlike GETEX, it takes the expiry
// away.
func runGetset(ctx *Context) {
	ctx.replace(ctx.Args[1], ctx.Args[2], cache.NoExpiry)
}

// replace sets a value and replies with the one before. The old value is
// borrowed and does not outlive the write, so it is written first and taken
// back if the write fails.
func (ctx *Context) replace(key, value []byte, at int64) {
	mark := len(ctx.B)
	old, err := ctx.Tx.Get(key)
	if !ctx.valueOr(old, err) && err != cache.ErrNotFound {
		return
	}
	if err := ctx.Tx.Set(key, value, at); err != nil {
		ctx.B = ctx.B[:mark]
		ctx.fail(err)
		return
	}
	ctx.notifySet(key, at)
}

// runSetnx is SETNX key value.
func runSetnx(ctx *Context) {
	if ctx.Tx.Type(ctx.Args[1]) != cache.None {
		ctx.Flag(false)
		return
	}
	if err := ctx.Tx.Set(ctx.Args[1], ctx.Args[2], cache.NoExpiry); err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.String, "set", ctx.Args[1])
	ctx.Flag(true)
}

// runStrlen is STRLEN key: 0 for one that is absent.
func runStrlen(ctx *Context) {
	value, err := ctx.Tx.Get(ctx.Args[1])
	if err != nil && err != cache.ErrNotFound {
		ctx.fail(err)
		return
	}
	ctx.Int(int64(len(value)))
}

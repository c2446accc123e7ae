package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// hashRows are the commands on fields of a hash that are named.
var hashRows = []Row{
	{
		Spec: command.Spec{
			Name: "hset", Arity: -4, Summary: "Set the string value of a hash field",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "4.0.0", What: "Accepts multiple `field` and `value` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field_value", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "field", Type: "string"},
					{Name: "value", Type: "string"},
				}},
			},
		},
		Run: runHSet, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hsetnx", Arity: 4, Summary: "Set the value of a hash field, only if the field does not exist",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string"},
				{Name: "value", Type: "string"},
			},
		},
		Run: runHSetNX, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hmset", Arity: -4, Summary: "Set multiple hash fields to multiple values",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(N) where N is the number of fields being set.",
			Deprecated: "4.0.0", ReplacedBy: "`HSET` with multiple field-value pairs",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field_value", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "field", Type: "string"},
					{Name: "value", Type: "string"},
				}},
			},
		},
		Run: runHMSet,
	},
	{
		Spec: command.Spec{
			Name: "hget", Arity: 3, Summary: "Get the value of a hash field",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string"},
			},
		},
		Run: runHGet, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hmget", Arity: -3, Summary: "Get the values of all the given hash fields",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(N) where N is the number of fields being requested.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string", Multiple: true},
			},
		},
		Run: runHMGet,
	},
	{
		Spec: command.Spec{
			Name: "hlen", Arity: 2, Summary: "Get the number of fields in a hash",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runHLen,
	},
	{
		Spec: command.Spec{
			Name: "hexists", Arity: 3, Summary: "Determine if a hash field exists",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string"},
			},
		},
		Run: runHExists, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hdel", Arity: -3, Summary: "Delete one or more hash fields",
			Flags: command.Write | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(N) where N is the number of fields to be removed.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple `field` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string", Multiple: true},
			},
		},
		Run: runHDel, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hstrlen", Arity: 3, Summary: "Get the length of the value of a hash field",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "3.2.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string"},
			},
		},
		Run: runHStrLen, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hincrby", Arity: 4, Summary: "Increment the integer value of a hash field by the given number",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string"},
				{Name: "increment", Type: "integer"},
			},
		},
		Run: runHIncrBy, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "hincrbyfloat", Arity: 4, Summary: "Increment the float value of a hash field by the given amount",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "2.6.0", Group: "hash", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "field", Type: "string"},
				{Name: "increment", Type: "double"},
			},
		},
		Run: runHIncrByFloat, Element: 2,
	},
}

// What the commands on hashes say of a field's value.
const (
	errFieldNotInteger = "ERR hash value is not an integer"
	errFieldNotFloat   = "ERR hash value is not a float"
	errDeltaNotFinite  = "ERR value is NaN or Infinity"
)

// hashPairs are the fields and values of HSET and HMSET, which come in pairs.
func (ctx *Context) hashPairs() (pairs [][]byte, ok bool) {
	if pairs = ctx.Args[2:]; len(pairs)%2 != 0 {
		ctx.Error(args.WrongArity(ctx.Command.FullName))
		return nil, false
	}
	return pairs, true
}

// runHSet is HSET key field value [field value ...].
func runHSet(ctx *Context) {
	if pairs, ok := ctx.hashPairs(); ok {
		n, err := ctx.Tx.HSet(ctx.Args[1], pairs...)
		if err == nil {
			ctx.Notify(pubsub.Hash, "hset", ctx.Args[1])
		}
		ctx.lengthOr(n, err)
	}
}

// runHMSet is HMSET key field value [field value ...].
func runHMSet(ctx *Context) {
	pairs, ok := ctx.hashPairs()
	if !ok {
		return
	}
	if _, err := ctx.Tx.HSet(ctx.Args[1], pairs...); err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.Hash, "hset", ctx.Args[1])
	ctx.OK()
}

// runHSetNX is HSETNX key field value.
func runHSetNX(ctx *Context) {
	set, err := ctx.Tx.HSetNX(ctx.Args[1], ctx.Args[2], ctx.Args[3])
	if set {
		ctx.Notify(pubsub.Hash, "hset", ctx.Args[1])
	}
	ctx.flagOr(set, err)
}

// runHGet is HGET key field.
func runHGet(ctx *Context) {
	value, err := ctx.Tx.HGet(ctx.Args[1], ctx.Args[2])
	switch err {
	case nil:
		ctx.Bulk(value)
	case cache.ErrNotFound:
		ctx.Null()
	default:
		ctx.fail(err)
	}
}

// runHMGet is HMGET key field [field ...]: a value or null for each.
func runHMGet(ctx *Context) {
	view, err := ctx.Tx.HView(ctx.Args[1])
	if err != nil && err != cache.ErrNotFound {
		ctx.fail(err)
		return
	}
	fields := ctx.Args[2:]
	ctx.Array(len(fields))
	for _, field := range fields {
		if err != nil {
			ctx.Null()
			continue
		}
		ctx.bulkOrNull(view.Get(field))
	}
}

// bulkOrNull writes a value, or null if there is none.
func (ctx *Context) bulkOrNull(value []byte, ok bool) {
	if !ok {
		ctx.Null()
		return
	}
	ctx.Bulk(value)
}

// runHLen is HLEN key.
func runHLen(ctx *Context) { ctx.lengthOr(ctx.Tx.HLen(ctx.Args[1])) }

// runHStrLen is HSTRLEN key field.
func runHStrLen(ctx *Context) { ctx.lengthOr(ctx.Tx.HStrLen(ctx.Args[1], ctx.Args[2])) }

// runHExists is HEXISTS key field.
func runHExists(ctx *Context) { ctx.flagOr(ctx.Tx.HExists(ctx.Args[1], ctx.Args[2])) }

// runHDel is HDEL key field [field ...].
func runHDel(ctx *Context) {
	n, err := ctx.Tx.HDel(ctx.Args[1], ctx.Args[2:]...)
	ctx.taken(pubsub.Hash, "hdel", n, err)
}

// runHIncrBy is HINCRBY key field increment.
func runHIncrBy(ctx *Context) {
	delta, ok := args.Int(ctx.Args[3])
	if !ok {
		ctx.Error(args.ErrNotInteger)
		return
	}
	switch n, err := ctx.Tx.HIncrBy(ctx.Args[1], ctx.Args[2], delta); err {
	case nil:
		ctx.Notify(pubsub.Hash, "hincrby", ctx.Args[1])
		ctx.Int(n)
	case cache.ErrNotInteger:
		ctx.Error(errFieldNotInteger)
	default:
		ctx.fail(err)
	}
}

// runHIncrByFloat is HINCRBYFLOAT key field increment.
func runHIncrByFloat(ctx *Context) {
	var room [64]byte
	switch text, err := ctx.Tx.HIncrByFloat(room[:0], ctx.Args[1], ctx.Args[2], ctx.Args[3]); err {
	case nil:
		ctx.Notify(pubsub.Hash, "hincrbyfloat", ctx.Args[1])
		ctx.Bulk(text)
	case cache.ErrNotFloat:
		ctx.Error(errFieldNotFloat)
	case cache.ErrBadDelta:
		ctx.Error(args.ErrNotFloat)
	case cache.ErrInfinite:
		ctx.Error(errDeltaNotFinite)
	default:
		ctx.fail(err)
	}
}

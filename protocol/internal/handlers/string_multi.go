package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// stringMultiRows are the commands on several keys.
var stringMultiRows = []Row{
	{
		Spec: command.Spec{
			Name: "mget", Arity: -2, Summary: "Get the values of all the given keys",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(N) where N is the number of keys to retrieve.",
			Tips: []string{"request_policy:multi_shard"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runMget,
	},
	{
		Spec: command.Spec{
			Name: "mset", Arity: -3, Summary: "Set multiple keys to multiple values",
			Flags: command.Write | command.DenyOOM, Categories: command.CatString,
			Since: "1.0.1", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
			Tips: []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 2, "OW", "update")},
			Args: []command.Arg{
				{Name: "key_value", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "key", Type: "key", KeySpecIndex: 1},
					{Name: "value", Type: "string"},
				}},
			},
		},
		Run: runMset,
	},
	{
		Spec: command.Spec{
			Name: "msetnx", Arity: -3, Summary: "Set multiple keys to multiple values, only if none of the keys exist",
			Flags: command.Write | command.DenyOOM, Categories: command.CatString,
			Since: "1.0.1", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_min"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 2, "OW", "insert")},
			Args: []command.Arg{
				{Name: "key_value", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "key", Type: "key", KeySpecIndex: 1},
					{Name: "value", Type: "string"},
				}},
			},
		},
		Run: runMsetnx,
	},
	{
		// MSETEX came with Redis 8.4. Pairs are counted, so that options can follow
		// them, in any order. The reply is 1 if all were set and 0 if NX or XX
		// kept all from being set.
		Spec: command.Spec{
			Name: "msetex", Arity: -4, Summary: "Atomically sets multiple string keys with a shared expiration in a single operation",
			Flags: command.Write | command.DenyOOM | command.MovableKeys, Categories: command.CatString,
			Since: "8.4.0", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_min"},
			Keys: []command.KeySpec{{
				Flags: []string{"OW", "update"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 2,
			}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "data", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "key", Type: "key", KeySpecIndex: 1},
					{Name: "value", Type: "string"},
				}},
				{Name: "condition", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
				}},
				{Name: "expiration", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "seconds", Type: "integer", Token: "EX"},
					{Name: "milliseconds", Type: "integer", Token: "PX"},
					{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT"},
					{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT"},
					{Name: "keepttl", Type: "pure-token", Token: "KEEPTTL"},
				}},
			},
		},
		Run:    runMsetex,
		Beyond: "8.4",
	},
}

// runMget is MGET key ...: a key of another type is null too.
func runMget(ctx *Context) {
	ctx.Array(len(ctx.Args) - 1)
	for _, key := range ctx.Args[1:] {
		if value, err := ctx.Tx.Get(key); err == nil {
			ctx.Bulk(value)
		} else {
			ctx.Null()
		}
	}
}

// runMset is MSET key value ... The row can ask for "at least three" only, so an
// odd number of keys and values is found here, with the arity's error text. Of a
// key that is given twice the last value stays.
func runMset(ctx *Context) {
	if len(ctx.Args)%2 == 0 {
		ctx.Error(args.WrongArity("mset"))
		return
	}
	if ctx.setAll(ctx.Args[1:], cache.NoExpiry) {
		ctx.OK()
	}
}

// runMsetnx is MSETNX key value ...: all or none. The executor has locked the
// shards of all keys, so nobody comes between looking and setting.
func runMsetnx(ctx *Context) {
	switch pairs := ctx.Args[1:]; {
	case len(pairs)%2 != 0:
		ctx.Error(args.WrongArity("msetnx"))
	case !ctx.all(ifAbsent, pairs):
		ctx.Flag(false)
	case ctx.setAll(pairs, cache.NoExpiry):
		ctx.Flag(true)
	}
}

// runMsetex is MSETEX numkeys key value ... [NX|XX] [expiry]. numkeys tells keys
// and values from options, since either may read "EX".
func runMsetex(ctx *Context) {
	n, ok := args.Int(ctx.Args[1])
	if !ok || n < 1 || n > math.MaxInt32 {
		ctx.Error("ERR invalid numkeys value")
		return
	}
	if n > int64(len(ctx.Args)-2)/2 {
		ctx.Error("ERR wrong number of key-value pairs")
		return
	}
	var (
		pairs     = ctx.Args[2 : 2+2*n]
		condition condition
		e         expiry
	)
	for c := args.From(ctx.Args, 2+len(pairs)); c.More(); {
		if !condition.takePresence(&c) && !e.take(&c) && !e.takeFlag(&c, expireKeep) {
			ctx.Error(args.ErrSyntax)
			return
		}
	}
	at, errText := e.at(ctx.Tx.Now(), "msetex")
	switch {
	case errText != "":
		ctx.Error(errText)
	case !ctx.all(condition.kind, pairs):
		ctx.Flag(false)
	case ctx.setAll(pairs, at):
		ctx.Flag(true)
	}
}

// all reports whether every key of pairs is absent, or present, as kind asks.
func (ctx *Context) all(kind conditionKind, pairs [][]byte) bool {
	c := condition{kind: kind}
	for i := 0; i < len(pairs); i += 2 {
		if met, _ := c.met(ctx.Tx, pairs[i]); !met {
			return false
		}
	}
	return true
}

// setAll sets pairs of keys and values. If one fails it writes the error and
// reports false.
func (ctx *Context) setAll(pairs [][]byte, at int64) bool {
	for i := 0; i < len(pairs); i += 2 {
		if err := ctx.Tx.Set(pairs[i], pairs[i+1], at); err != nil {
			ctx.fail(err)
			return false
		}
		ctx.notifySet(pairs[i], at)
	}
	return true
}

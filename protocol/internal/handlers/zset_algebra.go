package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// zsetAlgebraRows are the commands on several sorted sets.
var zsetAlgebraRows = []Row{
	{
		Spec: command.Spec{
			Name: "zunion", Arity: -3, Summary: "Add multiple sorted sets",
			Flags: command.ReadOnly | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "weight", Type: "integer", Token: "WEIGHTS", Optional: true, Multiple: true},
				{Name: "aggregate", Type: "oneof", Token: "AGGREGATE", Optional: true, Args: []command.Arg{
					{Name: "sum", Type: "pure-token", Token: "SUM"},
					{Name: "min", Type: "pure-token", Token: "MIN"},
					{Name: "max", Type: "pure-token", Token: "MAX"},
				}},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
			},
		},
		Run: runZUnion,
	},
	{
		Spec: command.Spec{
			Name: "zinter", Arity: -3, Summary: "Intersect multiple sorted sets",
			Flags: command.ReadOnly | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "weight", Type: "integer", Token: "WEIGHTS", Optional: true, Multiple: true},
				{Name: "aggregate", Type: "oneof", Token: "AGGREGATE", Optional: true, Args: []command.Arg{
					{Name: "sum", Type: "pure-token", Token: "SUM"},
					{Name: "min", Type: "pure-token", Token: "MIN"},
					{Name: "max", Type: "pure-token", Token: "MAX"},
				}},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
			},
		},
		Run: runZInter,
	},
	{
		Spec: command.Spec{
			Name: "zdiff", Arity: -3, Summary: "Subtract multiple sorted sets",
			Flags: command.ReadOnly | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
			},
		},
		Run: runZDiff,
	},
	{
		Spec: command.Spec{
			Name: "zunionstore", Arity: -4, Summary: "Add multiple sorted sets and store the resulting sorted set in a new key",
			Flags: command.Write | command.DenyOOM | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "2.0.0", Group: "sorted-set", Complexity: "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				{Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1},
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
				{Name: "weight", Type: "integer", Token: "WEIGHTS", Optional: true, Multiple: true},
				{Name: "aggregate", Type: "oneof", Token: "AGGREGATE", Optional: true, Args: []command.Arg{
					{Name: "sum", Type: "pure-token", Token: "SUM"},
					{Name: "min", Type: "pure-token", Token: "MIN"},
					{Name: "max", Type: "pure-token", Token: "MAX"},
				}},
			},
		},
		Run: runZUnionStore,
	},
	{
		Spec: command.Spec{
			Name: "zinterstore", Arity: -4, Summary: "Intersect multiple sorted sets and store the resulting sorted set in a new key",
			Flags: command.Write | command.DenyOOM | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "2.0.0", Group: "sorted-set", Complexity: "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				{Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1},
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
				{Name: "weight", Type: "integer", Token: "WEIGHTS", Optional: true, Multiple: true},
				{Name: "aggregate", Type: "oneof", Token: "AGGREGATE", Optional: true, Args: []command.Arg{
					{Name: "sum", Type: "pure-token", Token: "SUM"},
					{Name: "min", Type: "pure-token", Token: "MIN"},
					{Name: "max", Type: "pure-token", Token: "MAX"},
				}},
			},
		},
		Run: runZInterStore,
	},
	{
		Spec: command.Spec{
			Name: "zdiffstore", Arity: -4, Summary: "Subtract multiple sorted sets and store the resulting sorted set in a new key",
			Flags: command.Write | command.DenyOOM | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				{Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1},
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
			},
		},
		Run: runZDiffStore,
	},
	{
		Spec: command.Spec{
			Name: "zintercard", Arity: -3, Summary: "Intersect multiple sorted sets and return the cardinality of the result",
			Flags: command.ReadOnly | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "7.0.0", Group: "sorted-set", Complexity: "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "limit", Type: "integer", Token: "LIMIT", Optional: true},
			},
		},
		Run: runZInterCard,
	},
}

// zalgebra is an operation on several sorted sets, as it was given. Plain sets may
// stand among them. What is wrong is told in redis-server's order: the number of keys,
// the types of the keys, the options from left to right.
type zalgebra struct {
	cache.ZCombine
	keys       [][]byte
	withScores bool
	limit      int64
}

// zoptions says which options a command on several sets has.
type zoptions struct{ combine, withScores, limit bool }

// runZUnion, runZInter and runZDiff are ZUNION, ZINTER, ZDIFF numkeys key [key ...]
// [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES], ZDIFF without weights.
func runZUnion(ctx *Context) {
	if z, ok := ctx.zalgebra(1, zoptions{combine: true, withScores: true}); ok {
		ctx.zmembers(&z)(ctx.Tx.ZUnion(z.keys, z.ZCombine))
	}
}

// runZInter: intersect multiple sorted sets.
func runZInter(ctx *Context) {
	if z, ok := ctx.zalgebra(1, zoptions{combine: true, withScores: true}); ok {
		ctx.zmembers(&z)(ctx.Tx.ZInter(z.keys, z.ZCombine))
	}
}

// runZDiff: subtract multiple sorted sets.
func runZDiff(ctx *Context) {
	if z, ok := ctx.zalgebra(1, zoptions{withScores: true}); ok {
		ctx.zmembers(&z)(ctx.Tx.ZDiff(z.keys))
	}
}

// runZUnionStore, runZInterStore and runZDiffStore are ZUNIONSTORE, ZINTERSTORE,
// ZDIFFSTORE destination numkeys key [key ...] and the options but WITHSCORES.
func runZUnionStore(ctx *Context) {
	if z, ok := ctx.zalgebra(2, zoptions{combine: true}); ok {
		dst := ctx.Args[1]
		ctx.stores(pubsub.ZSet, "zunionstore", dst, func() (int, error) { return ctx.Tx.ZUnionStore(dst, z.keys, z.ZCombine) })
	}
}

// runZInterStore: intersect multiple sorted sets and store the resulting sorted set in a new
// key.
func runZInterStore(ctx *Context) {
	if z, ok := ctx.zalgebra(2, zoptions{combine: true}); ok {
		dst := ctx.Args[1]
		ctx.stores(pubsub.ZSet, "zinterstore", dst, func() (int, error) { return ctx.Tx.ZInterStore(dst, z.keys, z.ZCombine) })
	}
}

// runZDiffStore: subtract multiple sorted sets and store the resulting sorted set in a new
// key.
func runZDiffStore(ctx *Context) {
	if z, ok := ctx.zalgebra(2, zoptions{}); ok {
		dst := ctx.Args[1]
		ctx.stores(pubsub.ZSet, "zdiffstore", dst, func() (int, error) { return ctx.Tx.ZDiffStore(dst, z.keys) })
	}
}

// runZInterCard is ZINTERCARD numkeys key [key ...] [LIMIT limit].
func runZInterCard(ctx *Context) {
	if z, ok := ctx.zalgebra(1, zoptions{limit: true}); ok {
		ctx.lengthOr(ctx.Tx.ZInterCard(z.keys, int(min(z.limit, math.MaxInt))))
	}
}

// zmembers writes the members that an operation results in.
func (ctx *Context) zmembers(z *zalgebra) func([]cache.ZMember, error) {
	return func(members []cache.ZMember, err error) {
		switch {
		case err != nil:
			ctx.fail(err)
		case z.withScores:
			ctx.pairs(len(members))
			for _, m := range members {
				ctx.pair(m.Member, m.Score)
			}
		default:
			ctx.Array(len(members))
			for _, m := range members {
				ctx.Bulk(m.Member)
			}
		}
	}
}

// zalgebra reads the arguments from numkeys on, which stands at; or it replies with an
// error. Keys of other types are told before the options are looked at.
func (ctx *Context) zalgebra(at int, o zoptions) (z zalgebra, ok bool) {
	n, ok := args.Int(ctx.Args[at])
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
		return z, false
	case n < 1:
		ctx.Error("ERR at least 1 input key is needed for '" + ctx.Command.FullName + "' command")
		return z, false
	case n > int64(len(ctx.Args)-at-1):
		ctx.Error(args.ErrSyntax)
		return z, false
	}
	c := args.From(ctx.Args, at+1+int(n))
	z.keys = ctx.Args[at+1 : c.Position()]
	for _, key := range z.keys {
		if t := ctx.Tx.Type(key); t != cache.None && t != cache.ZSet && t != cache.Set {
			ctx.Error(args.ErrWrongType)
			return z, false
		}
	}
	for c.More() {
		if fault := z.option(&c, o); fault != "" {
			ctx.Error(fault)
			return z, false
		}
	}
	return z, true
}

// option reads one option.
func (z *zalgebra) option(c *args.Cursor, o zoptions) (fault string) {
	switch {
	case o.combine && c.Option("weights", len(z.keys)):
		z.Weights = make([]float64, len(z.keys))
		for i := range z.Weights {
			var ok bool
			if z.Weights[i], ok = args.Float(c.Next()); !ok {
				return "ERR weight value is not a float"
			}
		}
	case o.combine && c.Option("aggregate", 1):
		switch {
		case c.Word("sum"):
			z.Aggregate = cache.ZSum
		case c.Word("min"):
			z.Aggregate = cache.ZMin
		case c.Word("max"):
			z.Aggregate = cache.ZMax
		default:
			return args.ErrSyntax
		}
	case o.withScores && c.Word("withscores"):
		z.withScores = true
	case o.limit && c.Option("limit", 1):
		var ok bool
		if z.limit, ok = args.Int(c.Next()); !ok || z.limit < 0 {
			return "ERR LIMIT can't be negative"
		}
	default:
		return args.ErrSyntax
	}
	return ""
}

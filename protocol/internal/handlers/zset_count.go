package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// zsetCountRows are the commands that count or remove ranges of a sorted set.
var zsetCountRows = []Row{
	{
		Spec: command.Spec{
			Name: "zcount", Arity: 4, Summary: "Count the members in a sorted set with scores within the given values",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "2.0.0", Group: "sorted-set", Complexity: "O(log(N)) with N being the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "min", Type: "double"},
				{Name: "max", Type: "double"},
			},
		},
		Run: runZCount,
	},
	{
		Spec: command.Spec{
			Name: "zlexcount", Arity: 4, Summary: "Count the number of members in a sorted set between a given lexicographical range",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)) with N being the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "min", Type: "string"},
				{Name: "max", Type: "string"},
			},
		},
		Run: runZLexCount,
	},
	{
		Spec: command.Spec{
			Name: "zremrangebyrank", Arity: 4, Summary: "Remove all members in a sorted set within the given indexes",
			Flags: command.Write, Categories: command.CatSortedSet,
			Since: "2.0.0", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "integer"},
				{Name: "stop", Type: "integer"},
			},
		},
		Run: runZRemRangeByRank,
	},
	{
		Spec: command.Spec{
			Name: "zremrangebyscore", Arity: 4, Summary: "Remove all members in a sorted set within the given scores",
			Flags: command.Write, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "min", Type: "double"},
				{Name: "max", Type: "double"},
			},
		},
		Run: runZRemRangeByScore,
	},
	{
		Spec: command.Spec{
			Name: "zremrangebylex", Arity: 4, Summary: "Remove all members in a sorted set between the given lexicographical range",
			Flags: command.Write, Categories: command.CatSortedSet,
			Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "min", Type: "string"},
				{Name: "max", Type: "string"},
			},
		},
		Run: runZRemRangeByLex,
	},
}

// runZCount is ZCOUNT key min max.
func runZCount(ctx *Context) { ctx.zends(cache.ZByScore, ctx.Tx.ZCount) }

// runZLexCount is ZLEXCOUNT key min max.
func runZLexCount(ctx *Context) { ctx.zends(cache.ZByLex, ctx.Tx.ZCount) }

// runZRemRangeByRank is ZREMRANGEBYRANK key start stop.
func runZRemRangeByRank(ctx *Context) { ctx.zremRange(cache.ZByRank, "zremrangebyrank") }

// runZRemRangeByScore is ZREMRANGEBYSCORE key min max.
func runZRemRangeByScore(ctx *Context) { ctx.zremRange(cache.ZByScore, "zremrangebyscore") }

// runZRemRangeByLex is ZREMRANGEBYLEX key min max.
func runZRemRangeByLex(ctx *Context) { ctx.zremRange(cache.ZByLex, "zremrangebylex") }

// zremRange removes what is between the two ends that are the arguments.
func (ctx *Context) zremRange(by cache.ZBy, event string) {
	ctx.zends(by, func(key []byte, r cache.ZRange) (int, error) {
		n, err := ctx.Tx.ZRemRange(key, r)
		if n > 0 {
			ctx.NotifyTaken(pubsub.ZSet, event, key)
		}
		return n, err
	})
}

// zends replies with what do counts between the two ends that are the arguments.
func (ctx *Context) zends(by cache.ZBy, do func(key []byte, r cache.ZRange) (int, error)) {
	z := zrange{ZRange: cache.ZRange{By: by}}
	if fault := z.ends(ctx.Args[2], ctx.Args[3]); fault != "" {
		ctx.Error(fault)
		return
	}
	ctx.lengthOr(do(ctx.Args[1], z.ZRange))
}

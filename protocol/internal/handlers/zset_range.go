package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// zsetRangeRows are the commands on ranges of a sorted set.
var zsetRangeRows = []Row{
	{
		Spec: command.Spec{
			Name: "zrange", Arity: -4, Summary: "Return a range of members in a sorted set",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "string"},
				{Name: "stop", Type: "string"},
				{Name: "sortby", Type: "oneof", Since: "6.2.0", Optional: true, Args: []command.Arg{
					{Name: "byscore", Type: "pure-token", Token: "BYSCORE"},
					{Name: "bylex", Type: "pure-token", Token: "BYLEX"},
				}},
				{Name: "rev", Type: "pure-token", Token: "REV", Since: "6.2.0", Optional: true},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Since: "6.2.0", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
			},
		},
		Run: runZRange,
	},
	{
		Spec: command.Spec{
			Name: "zrevrange", Arity: -4, Summary: "Return a range of members in a sorted set, by index, with scores ordered from high to low",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
			Deprecated: "6.2.0", ReplacedBy: "`ZRANGE` with the `REV` argument",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "integer"},
				{Name: "stop", Type: "integer"},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
			},
		},
		Run: runZRevRange,
	},
	{
		Spec: command.Spec{
			Name: "zrangebyscore", Arity: -4, Summary: "Return a range of members in a sorted set, by score",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "1.0.5", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
			Deprecated: "6.2.0", ReplacedBy: "`ZRANGE` with the `BYSCORE` argument",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "2.0.0", What: "Added the `WITHSCORES` modifier."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "min", Type: "double"},
				{Name: "max", Type: "double"},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Since: "2.0.0", Optional: true},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
			},
		},
		Run: runZRangeByScore,
	},
	{
		Spec: command.Spec{
			Name: "zrevrangebyscore", Arity: -4, Summary: "Return a range of members in a sorted set, by score, with scores ordered from high to low",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "2.2.0", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
			Deprecated: "6.2.0", ReplacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "2.1.6", What: "`min` and `max` can be exclusive."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "max", Type: "double"},
				{Name: "min", Type: "double"},
				{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
			},
		},
		Run: runZRevRangeByScore,
	},
	{
		Spec: command.Spec{
			Name: "zrangebylex", Arity: -4, Summary: "Return a range of members in a sorted set, by lexicographical range",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
			Deprecated: "6.2.0", ReplacedBy: "`ZRANGE` with the `BYLEX` argument",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "min", Type: "string"},
				{Name: "max", Type: "string"},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
			},
		},
		Run: runZRangeByLex,
	},
	{
		Spec: command.Spec{
			Name: "zrevrangebylex", Arity: -4, Summary: "Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
			Deprecated: "6.2.0", ReplacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "max", Type: "string"},
				{Name: "min", Type: "string"},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
			},
		},
		Run: runZRevRangeByLex,
	},
	{
		Spec: command.Spec{
			Name: "zrangestore", Arity: -5, Summary: "Store a range of members from sorted set into another key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				command.KeyAt(2, "RO", "access"),
			},
			Args: []command.Arg{
				{Name: "dst", Type: "key", KeySpecIndex: 1},
				{Name: "src", Type: "key", KeySpecIndex: 2},
				{Name: "min", Type: "string"},
				{Name: "max", Type: "string"},
				{Name: "sortby", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "byscore", Type: "pure-token", Token: "BYSCORE"},
					{Name: "bylex", Type: "pure-token", Token: "BYLEX"},
				}},
				{Name: "rev", Type: "pure-token", Token: "REV", Optional: true},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
			},
		},
		Run: runZRangeStore,
	},
}

const (
	errZLimit     = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	errZLexScores = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
	errZScores    = "ERR min or max is not a float"
	errZMembers   = "ERR min or max not valid string range item"
)

// zrange is a command on a range as it was given: what its name says, then what its
// options do. Seven commands come down to it:
//
//	                     by      order     options
//	ZRANGE               rank    forward   BYSCORE BYLEX REV LIMIT WITHSCORES
//	ZRANGESTORE          rank    forward   BYSCORE BYLEX REV LIMIT
//	ZREVRANGE            rank    reverse   WITHSCORES
//	Z[REV]RANGEBYSCORE   score   either    LIMIT WITHSCORES
//	Z[REV]RANGEBYLEX     member  either    LIMIT
//
// All of them understand LIMIT and WITHSCORES, and say so where these do not fit the
// range: that is an error of its own, not one of syntax. A reverse range by score or by
// member has its upper end first.
type zrange struct {
	cache.ZRange
	anyBy      bool // BYSCORE and BYLEX are options
	anyOrder   bool // REV is one
	withScores bool
	limited    bool // there is a count that is not -1
}

// runZRange is ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count]
// [WITHSCORES].
func runZRange(ctx *Context) { ctx.zrange(zrange{anyBy: true, anyOrder: true}) }

// runZRevRange is ZREVRANGE key start stop [WITHSCORES].
func runZRevRange(ctx *Context) { ctx.zrange(zrange{ZRange: cache.ZRange{Reverse: true}}) }

// runZRangeByScore is ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count].
func runZRangeByScore(ctx *Context) { ctx.zrange(zrange{ZRange: cache.ZRange{By: cache.ZByScore}}) }

// runZRevRangeByScore is ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count].
func runZRevRangeByScore(ctx *Context) {
	ctx.zrange(zrange{ZRange: cache.ZRange{By: cache.ZByScore, Reverse: true}})
}

// runZRangeByLex is ZRANGEBYLEX key min max [LIMIT offset count].
func runZRangeByLex(ctx *Context) { ctx.zrange(zrange{ZRange: cache.ZRange{By: cache.ZByLex}}) }

// runZRevRangeByLex is ZREVRANGEBYLEX key max min [LIMIT offset count].
func runZRevRangeByLex(ctx *Context) {
	ctx.zrange(zrange{ZRange: cache.ZRange{By: cache.ZByLex, Reverse: true}})
}

// runZRangeStore is ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV]
// [LIMIT offset count].
func runZRangeStore(ctx *Context) {
	z := zrange{anyBy: true, anyOrder: true}
	if fault := z.parse(ctx.Args, 3, true); fault != "" {
		ctx.Error(fault)
		return
	}
	dst := ctx.Args[1]
	ctx.stores(pubsub.ZSet, "zrangestore", dst, func() (int, error) {
		return ctx.Tx.ZRangeStore(dst, ctx.Args[2], z.ZRange)
	})
}

// zrange writes the elements in a range of the key at the first argument.
func (ctx *Context) zrange(z zrange) {
	if fault := z.parse(ctx.Args, 2, false); fault != "" {
		ctx.Error(fault)
		return
	}
	span, err := ctx.Tx.ZRange(ctx.Args[1], z.ZRange)
	if err != nil {
		ctx.fail(err)
		return
	}
	if !z.withScores {
		ctx.Array(span.Len())
		span.Each(func(member []byte, _ float64) bool {
			ctx.Bulk(member)
			return true
		})
		return
	}
	ctx.pairs(span.Len())
	span.Each(func(member []byte, score float64) bool {
		ctx.pair(member, score)
		return true
	})
}

// pairs opens a list of n members with their scores: of pairs with RESP3, flat before.
func (ctx *Context) pairs(n int) {
	if ctx.Proto < 3 {
		n *= 2
	}
	ctx.Array(n)
}

// pair writes one of them.
func (ctx *Context) pair(member []byte, score float64) {
	if ctx.Proto >= 3 {
		ctx.Array(2)
	}
	ctx.Bulk(member)
	ctx.Double(score)
}

// parse reads the arguments of a range, whose ends stand from argument at on. store
// says that the command is ZRANGESTORE.
func (z *zrange) parse(list [][]byte, at int, store bool) (fault string) {
	for c := args.From(list, at+2); c.More(); {
		switch {
		case !store && c.Word("withscores"):
			z.withScores = true
		case c.Option("limit", 2):
			if fault := z.limit(&c); fault != "" {
				return fault
			}
		case z.anyOrder && c.Word("rev"):
			z.Reverse, z.anyOrder = true, false
		case z.anyBy && c.Word("bylex"):
			z.By, z.anyBy = cache.ZByLex, false
		case z.anyBy && c.Word("byscore"):
			z.By, z.anyBy = cache.ZByScore, false
		default:
			return args.ErrSyntax
		}
	}
	switch {
	case z.limited && z.By == cache.ZByRank:
		return errZLimit
	case z.withScores && z.By == cache.ZByLex:
		return errZLexScores
	}
	first, last := list[at], list[at+1]
	if z.Reverse && z.By != cache.ZByRank {
		first, last = last, first
	}
	return z.ends(first, last)
}

// limit reads LIMIT's offset and count. A count below 0 is none; to redis-server only
// -1 is as if the option were not there.
func (z *zrange) limit(c *args.Cursor) (fault string) {
	offset, fault := c.Int()
	if fault != "" {
		return fault
	}
	count, fault := c.Int()
	z.Limited, z.Offset, z.Count = true, int(offset), int(count)
	z.limited = count != -1
	return fault
}

// ends reads the ends of the range.
func (z *zrange) ends(first, last []byte) (fault string) {
	ok, ok2 := true, true
	switch z.By {
	case cache.ZByScore:
		fault = errZScores
		z.Min, ok = scoreBound(first)
		z.Max, ok2 = scoreBound(last)
	case cache.ZByLex:
		fault = errZMembers
		z.MinLex, ok = lexBound(first)
		z.MaxLex, ok2 = lexBound(last)
	default:
		var start, stop int64
		fault = args.ErrNotInteger
		start, ok = args.Int(first)
		stop, ok2 = args.Int(last)
		z.Start, z.Stop = int(start), int(stop)
	}
	if ok && ok2 {
		return ""
	}
	return fault
}

// scoreBound reads an end of a range of scores: a number, not included after "(".
func scoreBound(b []byte) (bound cache.ZBound, ok bool) {
	if len(b) > 0 && b[0] == '(' {
		bound.Open = true
		b = b[1:]
	}
	bound.Score, ok = args.Strtod(b)
	return bound, ok
}

// lexBound reads an end of a range of members: "-", "+", or a member after "[", which
// includes it, or "(".
func lexBound(b []byte) (bound cache.ZLexBound, ok bool) {
	if len(b) == 0 {
		return bound, false
	}
	switch b[0] {
	case '-', '+':
		if bound.Inf = -1; b[0] == '+' {
			bound.Inf = 1
		}
		return bound, len(b) == 1 || b[1] == 0 // it is a C string to redis-server
	case '(', '[':
		return cache.ZLexBound{Member: b[1:], Open: b[0] == '('}, true
	}
	return bound, false
}

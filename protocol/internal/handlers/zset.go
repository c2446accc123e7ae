package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// zsetRows are the commands on the elements of a sorted set, by member.
var zsetRows = []Row{
	{
		Spec: command.Spec{
			Name: "zadd", Arity: -4, Summary: "Add one or more members to a sorted set, or update its score if it already exists",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple elements."},
				{Since: "3.0.2", What: "Added the `XX`, `NX`, `CH` and `INCR` options."},
				{Since: "6.2.0", What: "Added the `GT` and `LT` options."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "condition", Type: "oneof", Since: "3.0.2", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
				}},
				{Name: "comparison", Type: "oneof", Since: "6.2.0", Optional: true, Args: []command.Arg{
					{Name: "gt", Type: "pure-token", Token: "GT"},
					{Name: "lt", Type: "pure-token", Token: "LT"},
				}},
				{Name: "change", Type: "pure-token", Token: "CH", Since: "3.0.2", Optional: true},
				{Name: "increment", Type: "pure-token", Token: "INCR", Since: "3.0.2", Optional: true},
				{Name: "score_member", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "score", Type: "double"},
					{Name: "member", Type: "string"},
				}},
			},
		},
		Run: runZAdd, Element: 3, Ranks: true,
	},
	{
		Spec: command.Spec{
			Name: "zincrby", Arity: 4, Summary: "Increment the score of a member in a sorted set",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)) where N is the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "increment", Type: "integer"},
				{Name: "member", Type: "string"},
			},
		},
		Run: runZIncrBy, Element: 3, Ranks: true,
	},
	{
		Spec: command.Spec{
			Name: "zrem", Arity: -3, Summary: "Remove one or more members from a sorted set",
			Flags: command.Write | command.Fast, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple elements."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runZRem, Element: 2, Ranks: true,
	},
	{
		Spec: command.Spec{
			Name: "zscore", Arity: 3, Summary: "Get the score associated with the given member in a sorted set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string"},
			},
		},
		Run: runZScore, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "zmscore", Arity: -3, Summary: "Get the score associated with the given members in a sorted set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(N) where N is the number of members being requested.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runZMScore,
	},
	{
		Spec: command.Spec{
			Name: "zcard", Arity: 2, Summary: "Get the number of members in a sorted set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "1.2.0", Group: "sorted-set", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runZCard,
	},
	{
		Spec: command.Spec{
			Name: "zrank", Arity: -3, Summary: "Determine the index of a member in a sorted set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "2.0.0", Group: "sorted-set", Complexity: "O(log(N))",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "7.2.0", What: "Added the optional `WITHSCORE` argument."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string"},
				{Name: "withscore", Type: "pure-token", Token: "WITHSCORE", Since: "7.2.0", Optional: true},
			},
		},
		Run: runZRank, Element: 2, Ranks: true,
	},
	{
		Spec: command.Spec{
			Name: "zrevrank", Arity: -3, Summary: "Determine the index of a member in a sorted set, with scores ordered from high to low",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSortedSet,
			Since: "2.0.0", Group: "sorted-set", Complexity: "O(log(N))",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "7.2.0", What: "Added the optional `WITHSCORE` argument."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string"},
				{Name: "withscore", Type: "pure-token", Token: "WITHSCORE", Since: "7.2.0", Optional: true},
			},
		},
		Run: runZRevRank, Element: 2, Ranks: true,
	},
}

const (
	errZAddPresence = "ERR XX and NX options at the same time are not compatible"
	errZAddOrder    = "ERR GT, LT, and/or NX options at the same time are not compatible"
	errZAddIncr     = "ERR INCR option supports a single increment-element pair"
)

// parseScore reads a score: most are small whole numbers.
func parseScore(b []byte) (float64, bool) {
	if len(b) <= 15 {
		if n, ok := args.Int(b); ok {
			return float64(n), true
		}
	}
	return args.Float(b)
}

// runZAdd is ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...].
func runZAdd(ctx *Context) { ctx.zadd(false) }

// runZIncrBy is ZINCRBY key increment member: to redis-server it is ZADD, down to the
// options that it does not have but would read.
func runZIncrBy(ctx *Context) { ctx.zadd(true) }

// zaddOptions are what may stand before ZADD's elements, in any order and as often as
// one likes. The first word that is none of them is the first score.
type zaddOptions struct {
	flags    cache.ZAddFlags
	ch, incr bool
	first    int // argument after them
}

// parse reads the options, up to the first word that is none.
func (o *zaddOptions) parse(list [][]byte) {
	for c := args.From(list, 2); ; {
		o.first = c.Position()
		switch {
		case c.Word("nx"):
			o.flags |= cache.ZAddNX
		case c.Word("xx"):
			o.flags |= cache.ZAddXX
		case c.Word("gt"):
			o.flags |= cache.ZAddGT
		case c.Word("lt"):
			o.flags |= cache.ZAddLT
		case c.Word("ch"):
			o.ch = true
		case c.Word("incr"):
			o.incr = true
		default:
			return
		}
	}
}

// fault is what is wrong with the options before n arguments of elements.
func (o *zaddOptions) fault(n int) string {
	has := func(f cache.ZAddFlags) bool { return o.flags&f == f }
	switch {
	case n == 0 || n%2 != 0:
		return args.ErrSyntax
	case has(cache.ZAddNX | cache.ZAddXX):
		return errZAddPresence
	case has(cache.ZAddGT | cache.ZAddNX), has(cache.ZAddLT | cache.ZAddNX), has(cache.ZAddGT | cache.ZAddLT):
		return errZAddOrder
	case o.incr && n > 2:
		return errZAddIncr
	}
	return ""
}

// zadd is ZADD, or ZINCRBY, which has INCR by itself. All scores are read before
// anything is changed.
func (ctx *Context) zadd(incr bool) {
	o := zaddOptions{incr: incr}
	o.parse(ctx.Args)
	list := ctx.Args[o.first:]
	if fault := o.fault(len(list)); fault != "" {
		ctx.Error(fault)
		return
	}
	members := ctx.members[:0]
	defer func() { ctx.keepMembers(members) }()
	for i := 0; i < len(list); i += 2 {
		f, ok := parseScore(list[i])
		if !ok {
			ctx.Error(args.ErrNotFloat)
			return
		}
		members = append(members, cache.ZMember{Member: list[i+1], Score: f})
	}
	if o.incr {
		ctx.zincr(o.flags, members[0])
		return
	}
	ctx.zaddAll(&o, members)
}

// keepMembers keeps the space that members took for the next command, unless it is
// large, but none of the arguments.
func (ctx *Context) keepMembers(members []cache.ZMember) {
	const keep = 1024
	if cap(members) <= keep {
		clear(members)
		ctx.members = members[:0]
	}
}

// zaddAll is ZADD without INCR: how many are new, or with CH, changed.
func (ctx *Context) zaddAll(o *zaddOptions, members []cache.ZMember) {
	added, updated, err := ctx.Tx.ZAdd(ctx.Args[1], o.flags, members...)
	if added+updated > 0 {
		ctx.Notify(pubsub.ZSet, "zadd", ctx.Args[1])
	}
	if o.ch {
		added += updated
	}
	ctx.lengthOr(added, err)
}

// zincr is ZADD INCR: the new score, or null where a condition kept it as it was. An
// increment that changes nothing, such as any of an infinite score, is no event.
func (ctx *Context) zincr(flags cache.ZAddFlags, m cache.ZMember) {
	before, missing := 0.0, error(nil)
	if ctx.Server.Events.On(pubsub.ZSet) {
		before, missing = ctx.Tx.ZScore(ctx.Args[1], m.Member)
	}
	sum, done, err := ctx.Tx.ZIncrBy(ctx.Args[1], flags, m.Member, m.Score)
	switch {
	case err != nil:
		ctx.fail(err)
	case !done:
		ctx.Null()
	default:
		if missing != nil || sum != before {
			ctx.Notify(pubsub.ZSet, "zincr", ctx.Args[1])
		}
		ctx.Double(sum)
	}
}

// runZRem is ZREM key member [member ...].
func runZRem(ctx *Context) {
	n, err := ctx.Tx.ZRem(ctx.Args[1], ctx.Args[2:]...)
	ctx.taken(pubsub.ZSet, "zrem", n, err)
}

// runZScore is ZSCORE key member.
func runZScore(ctx *Context) {
	score, err := ctx.Tx.ZScore(ctx.Args[1], ctx.Args[2])
	switch err {
	case nil:
		ctx.Double(score)
	case cache.ErrNotFound:
		ctx.Null()
	default:
		ctx.fail(err)
	}
}

// runZMScore is ZMSCORE key member [member ...].
func runZMScore(ctx *Context) {
	start := len(ctx.B)
	ctx.Array(len(ctx.Args) - 2)
	err := ctx.Tx.ZMScore(ctx.Args[1], ctx.Args[2:], func(score float64, ok bool) {
		if !ok {
			ctx.Null()
			return
		}
		ctx.Double(score)
	})
	if err != nil {
		ctx.B = ctx.B[:start]
		ctx.fail(err)
	}
}

// runZCard is ZCARD key.
func runZCard(ctx *Context) { ctx.lengthOr(ctx.Tx.ZCard(ctx.Args[1])) }

// runZRank and runZRevRank are ZRANK, ZREVRANK key member [WITHSCORE].
func runZRank(ctx *Context) { ctx.zrank(false) }

// runZRevRank: determine the index of a member in a sorted set, with scores ordered from high
// to low.
func runZRevRank(ctx *Context) { ctx.zrank(true) }

// zrank is ZRANK or ZREVRANK, with the score where WITHSCORE asks for it.
func (ctx *Context) zrank(reverse bool) {
	withScore := len(ctx.Args) > 3
	switch {
	case len(ctx.Args) > 4:
		ctx.Error(args.WrongArity(ctx.Command.FullName))
		return
	case withScore && !args.Is(ctx.Args[3], "withscore"):
		ctx.Error(args.ErrSyntax)
		return
	}
	rank, score, err := ctx.Tx.ZRank(ctx.Args[1], ctx.Args[2], reverse)
	switch {
	case err == cache.ErrNotFound && withScore:
		ctx.NullArray()
	case err == cache.ErrNotFound:
		ctx.Null()
	case err != nil:
		ctx.fail(err)
	case withScore:
		ctx.Array(2)
		ctx.Int(int64(rank))
		ctx.Double(score)
	default:
		ctx.Int(int64(rank))
	}
}

package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// zsetPopRows are the commands that take elements from an end of a sorted set.
var zsetPopRows = []Row{
	{
		Spec: command.Spec{
			Name: "zpopmin", Arity: -2, Summary: "Remove and return members with the lowest scores in a sorted set",
			Flags: command.Write | command.Fast, Categories: command.CatSortedSet,
			Since: "5.0.0", Group: "sorted-set", Complexity: "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer", Optional: true},
			},
		},
		Run: runZPopMin,
	},
	{
		Spec: command.Spec{
			Name: "zpopmax", Arity: -2, Summary: "Remove and return members with the highest scores in a sorted set",
			Flags: command.Write | command.Fast, Categories: command.CatSortedSet,
			Since: "5.0.0", Group: "sorted-set", Complexity: "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer", Optional: true},
			},
		},
		Run: runZPopMax,
	},
	{
		Spec: command.Spec{
			Name: "zmpop", Arity: -4, Summary: "Remove and return members with scores in a sorted set",
			Flags: command.Write | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "7.0.0", Group: "sorted-set", Complexity: "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
			Keys: []command.KeySpec{{Flags: []string{"RW", "access", "delete"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "where", Type: "oneof", Args: []command.Arg{
					{Name: "min", Type: "pure-token", Token: "MIN"},
					{Name: "max", Type: "pure-token", Token: "MAX"},
				}},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runZMPop,
	},
	{
		Spec: command.Spec{
			Name: "bzpopmin", Arity: -3, Summary: "Remove and return the member with the lowest score from one or more sorted sets, or block until one is available",
			Flags: command.Write | command.NoScript | command.Blocking | command.Fast, Categories: command.CatSortedSet,
			Since: "5.0.0", Group: "sorted-set", Complexity: "O(log(N)) with N being the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyRange(1, -2, 1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "6.0.0", What: "`timeout` is interpreted as a double instead of an integer."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "timeout", Type: "double"},
			},
		},
		Run: runBZPopMin,
	},
	{
		Spec: command.Spec{
			Name: "bzpopmax", Arity: -3, Summary: "Remove and return the member with the highest score from one or more sorted sets, or block until one is available",
			Flags: command.Write | command.NoScript | command.Blocking | command.Fast, Categories: command.CatSortedSet,
			Since: "5.0.0", Group: "sorted-set", Complexity: "O(log(N)) with N being the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyRange(1, -2, 1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "6.0.0", What: "`timeout` is interpreted as a double instead of an integer."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "timeout", Type: "double"},
			},
		},
		Run: runBZPopMax,
	},
	{
		Spec: command.Spec{
			Name: "bzmpop", Arity: -5, Summary: "Remove and return members with scores in a sorted set or block until one is available",
			Flags: command.Write | command.Blocking | command.MovableKeys, Categories: command.CatSortedSet,
			Since: "7.0.0", Group: "sorted-set", Complexity: "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
			Keys: []command.KeySpec{{Flags: []string{"RW", "access", "delete"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "timeout", Type: "double"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "where", Type: "oneof", Args: []command.Arg{
					{Name: "min", Type: "pure-token", Token: "MIN"},
					{Name: "max", Type: "pure-token", Token: "MAX"},
				}},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runBZMPop,
	},
}

// runZPopMin and runZPopMax are ZPOPMIN, ZPOPMAX key [count].
func runZPopMin(ctx *Context) { ctx.zpopOne(false) }

// runZPopMax: remove and return members with the highest scores in a sorted set.
func runZPopMax(ctx *Context) { ctx.zpopOne(true) }

// zpopOne: with a count, RESP3 gets pairs; without one a flat list, as RESP2 always
// does.
func (ctx *Context) zpopOne(highest bool) {
	p := zpop{keys: ctx.Args[1:2], highest: highest, count: 1}
	switch len(ctx.Args) {
	case 2:
	case 3:
		count, ok := args.Int(ctx.Args[2])
		if !ok || count < 0 {
			ctx.Error(args.ErrNotPositive)
			return
		}
		p.count, p.nested = count, ctx.Proto >= 3
	default:
		ctx.Error(args.ErrSyntax)
		return
	}
	if !ctx.zpop(&p) {
		ctx.Array(0)
	}
}

// runBZPopMin and runBZPopMax are BZPOPMIN, BZPOPMAX key [key ...] timeout.
func runBZPopMin(ctx *Context) { ctx.bzpopOne(false) }

// runBZPopMax: remove and return the member with the highest score from one or more sorted
// sets, or block until one is available.
func runBZPopMax(ctx *Context) { ctx.bzpopOne(true) }

// bzpopOne is BZPOPMIN or BZPOPMAX.
func (ctx *Context) bzpopOne(highest bool) {
	last := len(ctx.Args) - 1
	p := zpop{keys: ctx.Args[1:last], highest: highest, count: 1, named: true}
	ctx.bzpop(&p, ctx.Args[last])
}

// bzpop takes what there is, or waits.
func (ctx *Context) bzpop(p *zpop, timeout []byte) {
	ms, fault := args.Timeout(timeout)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	if !ctx.zpop(p) {
		ctx.Block(Wait{Keys: p.keys, Type: cache.ZSet, Timeout: ms})
	}
}

// runZMPop is ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count].
func runZMPop(ctx *Context) {
	p, fault := parseZMPop(ctx.Args, 1)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	if !ctx.zpop(&p) {
		ctx.NullArray()
	}
}

// runBZMPop is BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]. What is
// wrong with the time-out is told last.
func runBZMPop(ctx *Context) {
	p, fault := parseZMPop(ctx.Args, 2)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	ctx.bzpop(&p, ctx.Args[1])
}

// zpop is what to take: up to count elements of the first of the keys that has any.
// The reply has one of four forms, for historical reasons:
//
//	ZPOPMIN              member, score, ...          flat
//	ZPOPMIN with count   [member, score], ...        pairs with RESP3, flat before
//	BZPOPMIN             key, member, score          flat
//	ZMPOP, BZMPOP        key, [[member, score], ...] pairs, whatever the protocol
type zpop struct {
	keys    [][]byte
	highest bool
	count   int64
	named   bool // the reply begins with the key
	nested  bool // and has pairs
}

// parseZMPop reads the arguments from numkeys on, which stands at.
func parseZMPop(list [][]byte, at int) (p zpop, fault string) {
	keys, ok := args.Int(list[at])
	switch {
	case !ok || keys < 1:
		return p, "ERR numkeys should be greater than 0"
	case keys >= int64(len(list)-at-1): // MIN or MAX must follow
		return p, args.ErrSyntax
	}
	first := at + 1
	c := args.From(list, first+int(keys))
	p = zpop{keys: list[first : first+int(keys)], named: true, nested: true}
	switch {
	case c.Word("min"):
	case c.Word("max"):
		p.highest = true
	default:
		return p, args.ErrSyntax
	}
	for c.More() {
		if p.count != 0 || !c.Option("count", 1) {
			return p, args.ErrSyntax
		}
		if p.count, ok = args.Int(c.Next()); !ok || p.count < 1 {
			return p, "ERR count should be greater than 0"
		}
	}
	p.count = max(p.count, 1)
	return p, ""
}

// zpop takes elements and writes them; false: there are none, and nothing was written.
func (ctx *Context) zpop(p *zpop) bool {
	r := cache.ZRange{Stop: int(min(p.count, math.MaxInt)) - 1, Reverse: p.highest}
	for _, key := range p.keys {
		n, err := ctx.Tx.ZCard(key)
		switch {
		case err != nil:
			ctx.fail(err)
			return true
		case n == 0:
			continue
		case p.count == 0:
			return false
		}
		span, err := ctx.Tx.ZRange(key, r)
		if err != nil {
			ctx.fail(err)
			return true
		}
		ctx.zpopHead(p, key, span.Len())
		span.Each(func(member []byte, score float64) bool {
			if p.nested {
				ctx.Array(2)
			}
			ctx.Bulk(member)
			ctx.Double(score)
			return true
		})
		_, _ = ctx.Tx.ZRemRange(key, r) // cannot fail where ZRange did not
		event := "zpopmin"
		if p.highest {
			event = "zpopmax"
		}
		ctx.NotifyTaken(pubsub.ZSet, event, key)
		return true
	}
	return false
}

// zpopHead writes what comes before n elements of a key.
func (ctx *Context) zpopHead(p *zpop, key []byte, n int) {
	switch {
	case p.named && p.nested:
		ctx.Array(2)
		ctx.Bulk(key)
		ctx.Array(n)
	case p.named:
		ctx.Array(1 + 2*n)
		ctx.Bulk(key)
	case p.nested:
		ctx.Array(n)
	default:
		ctx.Array(2 * n)
	}
}

package handlers

import (
	"math"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// zsetScanRows are the commands that go through a sorted set, or pick from it.
var zsetScanRows = []Row{
	{
		Spec: command.Spec{
			Name: "zrandmember", Arity: -2, Summary: "Get one or multiple random elements from a sorted set",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "6.2.0", Group: "sorted-set", Complexity: "O(N) where N is the number of elements returned",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "options", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer"},
					{Name: "withscores", Type: "pure-token", Token: "WITHSCORES", Optional: true},
				}},
			},
		},
		Run: runZRandMember,
	},
	{
		Spec: command.Spec{
			Name: "zscan", Arity: -3, Summary: "Incrementally iterate sorted sets elements and associated scores",
			Flags: command.ReadOnly, Categories: command.CatSortedSet,
			Since: "2.8.0", Group: "sorted-set", Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "cursor", Type: "integer"},
				{Name: "pattern", Type: "pattern", Token: "MATCH", Optional: true},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runZScan,
	},
}

// runZRandMember is ZRANDMEMBER key [count [WITHSCORES]]: without a count one member,
// or null.
func runZRandMember(ctx *Context) {
	if len(ctx.Args) > 2 {
		ctx.zrandMany()
		return
	}
	start := len(ctx.B)
	err := ctx.Tx.ZRandMember(ctx.Args[1], 1, func(member []byte, _ float64) bool {
		ctx.Bulk(member)
		return true
	})
	switch {
	case err != nil:
		ctx.fail(err)
	case len(ctx.B) == start:
		ctx.Null()
	}
}

// zrandMany is ZRANDMEMBER with a count; below 0, members may come more than once.
func (ctx *Context) zrandMany() {
	count, fault := args.IntRange(ctx.Args[2], -math.MaxInt64, math.MaxInt64)
	withScores := len(ctx.Args) == 4
	switch {
	case fault != "":
	case len(ctx.Args) > 4, withScores && !args.Is(ctx.Args[3], "withscores"):
		fault = args.ErrSyntax
	case withScores && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		fault = args.ErrOutOfRange
	}
	if fault != "" {
		ctx.Error(fault)
		return
	}
	size, err := ctx.Tx.ZCard(ctx.Args[1])
	if err != nil {
		ctx.fail(err)
		return
	}
	n := int(min(count, int64(size)))
	switch {
	case size == 0:
		n, count = 0, 0
	case count < 0:
		n = int(-count)
	}
	start, fits := len(ctx.B), true
	if withScores {
		ctx.pairs(n)
	} else {
		ctx.Array(n)
	}
	err = ctx.Tx.ZRandMember(ctx.Args[1], int(count), func(member []byte, score float64) bool {
		if withScores {
			ctx.pair(member, score)
		} else {
			ctx.Bulk(member)
		}
		fits = len(ctx.B)-start <= maxRandomReply
		return fits
	})
	if err == nil && fits {
		return
	}
	ctx.B = ctx.B[:start]
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Error(args.ErrOutOfRange)
}

// runZScan is ZSCAN key cursor [MATCH pattern] [COUNT count]. The cursor is looked at
// before the key, and the options only where there is such a set. Scores are text in
// both protocols; redis-server prints those of a skiplist with 17 digits.
func runZScan(ctx *Context) {
	cursor, fault := args.ScanCursor(ctx.Args[2])
	if fault != "" {
		ctx.Error(fault)
		return
	}
	key := ctx.Args[1]
	if n, err := ctx.Tx.ZCard(key); err != nil {
		ctx.fail(err)
		return
	} else if n == 0 {
		ctx.scanHead(0, 0)
		return
	}
	options, fault := setScanOptions(ctx.Args)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	info, _ := ctx.Tx.Object(key)
	start, found := len(ctx.B), 0
	count := options.Count
	if count == 0 {
		count = 10
	}
	var digits [32]byte
	next, err := ctx.Tx.ZScan(key, cursor, count, func(member []byte, score float64) {
		if options.Match != nil && !options.Match(member) {
			return
		}
		ctx.Bulk(member)
		if info.Encoding == cache.EncodingSkiplist && !math.IsInf(score, 0) {
			ctx.Bulk(strconv.AppendFloat(digits[:0], score, 'g', 17, 64))
		} else {
			ctx.Bulk(resp.AppendDouble(digits[:0], score))
		}
		found += 2
	})
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.insert(start, func(w *resp.Writer) { scanHead(w, next, found) })
}

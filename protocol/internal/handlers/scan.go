package handlers

import (
	"math"
	"slices"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// walkRows are the commands that look at every key. As with databaseRows, the
// cache takes the locks, one shard after another.
var walkRows = []Row{
	{
		Spec: command.Spec{
			Name: "keys", Arity: 2, Summary: "Find all keys matching the given pattern",
			Flags: command.ReadOnly | command.AllKeys | command.KeyspaceWalk, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "1.0.0", Group: "generic", Complexity: "O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.",
			Tips: []string{"request_policy:all_shards", "nondeterministic_output_order"},
			Args: []command.Arg{
				{Name: "pattern", Type: "pattern"},
			},
		},
		Run: runKeys,
	},
	{
		Spec: command.Spec{
			Name: "scan", Arity: -2, Summary: "Incrementally iterate the keys space",
			Flags: command.ReadOnly | command.AllKeys | command.KeyspaceWalk, Categories: command.CatKeyspace,
			Since: "2.8.0", Group: "generic", Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
			Tips: []string{"nondeterministic_output", "request_policy:special"},
			History: []command.Change{
				{Since: "6.0.0", What: "Added the `TYPE` subcommand."},
			},
			Args: []command.Arg{
				{Name: "cursor", Type: "integer"},
				{Name: "pattern", Type: "pattern", Token: "MATCH", Optional: true},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
				{Name: "type", Type: "string", Token: "TYPE", Since: "6.0.0", Optional: true},
			},
		},
		Run: runScan,
	},
}

// runKeys appends the keys straight to the reply, under the lock of their
// shard, and puts the length in front afterwards: keys are borrowed and must be
// copied somewhere, and how many match is known only at the end.
func runKeys(ctx *Context) {
	start, found := len(ctx.B), 0
	matches := glob.Pattern(ctx.Args[1])
	ctx.Tx.Keys(func(key []byte) {
		if matches(key) {
			ctx.Bulk(key)
			found++
		}
	})
	var room [32]byte
	head := resp.Writer{B: room[:0]}
	head.Array(found)
	ctx.B = slices.Insert(ctx.B, start, head.B...)
}

// runScan replies with the cursor to go on from and the keys found, which may be
// none before the end. A key that is there all the while comes up at least once,
// whatever the others do: the engine's cursor sees to that.
func runScan(ctx *Context) {
	cursor, err := args.ScanCursor(ctx.Args[1])
	if err != "" {
		ctx.Error(err)
		return
	}
	options, err := scanOptions(ctx.Args)
	if err != "" {
		ctx.Error(err)
		return
	}
	start, found := len(ctx.B), 0
	next := ctx.Tx.Scan(cursor, options, func(key []byte, _ cache.Type) {
		ctx.Bulk(key)
		found++
	})
	var room [64]byte
	var digits [20]byte
	head := resp.Writer{B: room[:0]}
	head.Array(2)
	head.Bulk(strconv.AppendUint(digits[:0], next, 10))
	head.Array(found)
	ctx.B = slices.Insert(ctx.B, start, head.B...)
}

// maxScanCount is the highest COUNT that is told from those above it: to the client,
// it is everything.
const maxScanCount = math.MaxInt32

// scanOptions reads what follows SCAN's cursor. COUNT bounds how many keys one call
// looks at, not how many it finds, and so how long a shard's lock is held.
func scanOptions(list [][]byte) (o cache.ScanOptions, err string) {
	for opt := args.From(list, 2); opt.More(); {
		switch {
		case opt.Option("count", 1):
			count, err := opt.Int()
			switch {
			case err != "":
				return o, err
			case count < 1:
				return o, args.ErrSyntax
			}
			o.Count = int(min(count, maxScanCount))
		case opt.Option("match", 1):
			pattern := opt.Next()
			if o.Match = nil; !glob.All(pattern) { // the last MATCH counts
				o.Match = glob.Pattern(pattern)
			}
		case opt.Option("type", 1):
			o.Type = typeByName(opt.Next())
		default:
			return o, args.ErrSyntax
		}
	}
	if o.Type == noSuchType { // walks on all the same, so the cursor comes to its end
		o.Type, o.Match = cache.None, func([]byte) bool { return false }
	}
	return o, ""
}

// noSuchType is the type of no key: what SCAN TYPE makes of a name that it does
// not know, which is no error.
const noSuchType = cache.Type(255)

// typeByName finds the type that TYPE calls name, in any case.
func typeByName(name []byte) cache.Type {
	for t := cache.String; t <= cache.Stream; t++ {
		if args.Is(name, t.String()) {
			return t
		}
	}
	return noSuchType
}

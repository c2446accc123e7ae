package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// hashWalkRows are the commands that go through a hash or pick fields of it.
var hashWalkRows = []Row{
	{
		Spec: command.Spec{
			Name: "hgetall", Arity: 2, Summary: "Get all the fields and values in a hash",
			Flags: command.ReadOnly, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(N) where N is the size of the hash.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runHGetAll,
	},
	{
		Spec: command.Spec{
			Name: "hkeys", Arity: 2, Summary: "Get all the fields in a hash",
			Flags: command.ReadOnly, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(N) where N is the size of the hash.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runHKeys,
	},
	{
		Spec: command.Spec{
			Name: "hvals", Arity: 2, Summary: "Get all the values in a hash",
			Flags: command.ReadOnly, Categories: command.CatHash,
			Since: "2.0.0", Group: "hash", Complexity: "O(N) where N is the size of the hash.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runHVals,
	},
	{
		Spec: command.Spec{
			Name: "hrandfield", Arity: -2, Summary: "Get one or multiple random fields from a hash",
			Flags: command.ReadOnly, Categories: command.CatHash,
			Since: "6.2.0", Group: "hash", Complexity: "O(N) where N is the number of fields returned",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "options", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer"},
					{Name: "withvalues", Type: "pure-token", Token: "WITHVALUES", Optional: true},
				}},
			},
		},
		Run: runHRandField,
	},
	{
		Spec: command.Spec{
			Name: "hscan", Arity: -3, Summary: "Incrementally iterate hash fields and associated values",
			Flags: command.ReadOnly, Categories: command.CatHash,
			Since: "2.8.0", Group: "hash", Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "cursor", Type: "integer"},
				{Name: "pattern", Type: "pattern", Token: "MATCH", Optional: true},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
				{Name: "novalues", Type: "pure-token", Token: "NOVALUES", Since: "7.4.0", Optional: true},
			},
		},
		Run: runHScan,
	},
}

// hashView opens the command's hash; there is none without err where the key is not
// there.
func (ctx *Context) hashView() (view cache.HashView, there, ok bool) {
	view, err := ctx.Tx.HView(ctx.Args[1])
	if err != nil && err != cache.ErrNotFound {
		ctx.fail(err)
		return view, false, false
	}
	return view, err == nil, true
}

// runHGetAll is HGETALL key: a map.
func runHGetAll(ctx *Context) {
	view, there, ok := ctx.hashView()
	if !ok {
		return
	}
	if !there {
		ctx.Map(0)
		return
	}
	ctx.Map(view.Len())
	view.Each(func(field, value []byte) bool {
		ctx.Bulk(field)
		ctx.Bulk(value)
		return true
	})
}

// runHKeys is HKEYS key, runHVals HVALS key.
func runHKeys(ctx *Context) { ctx.hashList(func(field, _ []byte) []byte { return field }) }

// runHVals: get all the values in a hash.
func runHVals(ctx *Context) { ctx.hashList(func(_, value []byte) []byte { return value }) }

// hashList replies with one thing of each field.
func (ctx *Context) hashList(part func(field, value []byte) []byte) {
	view, there, ok := ctx.hashView()
	if !ok {
		return
	}
	if !there {
		ctx.Array(0)
		return
	}
	ctx.Array(view.Len())
	view.Each(func(field, value []byte) bool {
		ctx.Bulk(part(field, value))
		return true
	})
}

// runHRandField is HRANDFIELD key [count [WITHVALUES]]: without a count one field, or
// null.
func runHRandField(ctx *Context) {
	if len(ctx.Args) > 2 {
		ctx.randomFields()
		return
	}
	view, there, ok := ctx.hashView()
	if !ok {
		return
	}
	found := there && view.Random(1, func(field, _ []byte) bool {
		ctx.Bulk(field)
		return true
	})
	if !found {
		ctx.Null()
	}
}

// randomFields is HRANDFIELD with a count; below 0, fields may come more than once.
func (ctx *Context) randomFields() {
	count, fault := args.IntRange(ctx.Args[2], -math.MaxInt64, math.MaxInt64)
	withValues := len(ctx.Args) == 4 && args.Is(ctx.Args[3], "withvalues")
	switch {
	case fault != "":
	case len(ctx.Args) > 3 && !withValues:
		fault = args.ErrSyntax
	case withValues && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		fault = args.ErrOutOfRange
	}
	if fault != "" {
		ctx.Error(fault)
		return
	}
	view, there, ok := ctx.hashView()
	if !ok {
		return
	}
	if !there || count == 0 {
		ctx.Array(0)
		return
	}
	if count > 0 {
		ctx.sampleFields(&view, count, withValues)
		return
	}
	start, fits := len(ctx.B), true
	ctx.randomHead(&ctx.Writer, int(-count), withValues)
	found := view.Random(int(-count), func(field, value []byte) bool {
		ctx.randomField(field, value, withValues)
		fits = len(ctx.B)-start <= maxRandomReply
		return fits
	})
	if !found || !fits {
		ctx.B = ctx.B[:start]
	}
	switch {
	case !found: // all have expired
		ctx.Array(0)
	case !fits:
		ctx.Error(args.ErrOutOfRange)
	}
}

// sampleFields is HRANDFIELD for different fields.
func (ctx *Context) sampleFields(view *cache.HashView, count int64, withValues bool) {
	start, n := len(ctx.B), 0
	view.Sample(int(count), func(field, value []byte) {
		ctx.randomField(field, value, withValues)
		n++
	})
	ctx.insert(start, func(w *resp.Writer) { ctx.randomHead(w, n, withValues) })
}

// randomHead opens a reply of n fields: with values, a flat array in RESP2 and one of
// pairs in RESP3.
func (ctx *Context) randomHead(w *resp.Writer, n int, withValues bool) {
	if withValues && ctx.Proto < 3 {
		n *= 2
	}
	w.Array(n)
}

// randomField writes a field of HRANDFIELD, with its value if asked for.
func (ctx *Context) randomField(field, value []byte, withValues bool) {
	if withValues && ctx.Proto >= 3 {
		ctx.Array(2)
	}
	ctx.Bulk(field)
	if withValues {
		ctx.Bulk(value)
	}
}

// runHScan is HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]. The cursor
// is looked at before the key, and the options only where there is such a hash.
func runHScan(ctx *Context) {
	cursor, fault := args.ScanCursor(ctx.Args[2])
	if fault != "" {
		ctx.Error(fault)
		return
	}
	if !ctx.hashOrNone() {
		return
	}
	var options cache.ScanOptions
	values := true
	if ctx.Tx.Type(ctx.Args[1]) == cache.Hash {
		if options, values, fault = hashScanOptions(ctx.Args); fault != "" {
			ctx.Error(fault)
			return
		}
	}
	start, found := len(ctx.B), 0
	next, err := ctx.Tx.HScan(ctx.Args[1], cursor, options, func(field, value []byte) {
		ctx.Bulk(field)
		found++
		if values {
			ctx.Bulk(value)
			found++
		}
	})
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.insert(start, func(w *resp.Writer) { scanHead(w, next, found) })
}

// hashScanOptions reads what follows HSCAN's cursor.
func hashScanOptions(list [][]byte) (o cache.ScanOptions, values bool, err string) {
	values = true
	for opt := args.From(list, 3); opt.More(); {
		switch {
		case opt.Option("count", 1):
			count, err := opt.Int()
			switch {
			case err != "":
				return o, values, err
			case count < 1:
				return o, values, args.ErrSyntax
			}
			o.Count = int(min(count, maxScanCount))
		case opt.Option("match", 1):
			pattern := opt.Next()
			if o.Match = nil; !glob.All(pattern) { // the last MATCH counts
				o.Match = glob.Pattern(pattern)
			}
		case opt.Word("novalues"):
			values = false
		default:
			return o, values, args.ErrSyntax
		}
	}
	return o, values, ""
}

package handlers

import (
	"strings"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// bitmapRows are the commands on single bits, on ranges of them and on whole
// bitmaps.
var bitmapRows = []Row{
	{
		Spec: command.Spec{
			Name: "setbit", Arity: 4, Summary: "Sets or clears the bit at offset in the string value stored at key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatBitmap,
			Since: "2.2.0", Group: "bitmap", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "offset", Type: "integer"},
				{Name: "value", Type: "integer"},
			},
		},
		Run: runSetbit,
	},
	{
		Spec: command.Spec{
			Name: "getbit", Arity: 3, Summary: "Returns the bit value at offset in the string value stored at key",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatBitmap,
			Since: "2.2.0", Group: "bitmap", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "offset", Type: "integer"},
			},
		},
		Run: runGetbit,
	},
	{
		Spec: command.Spec{
			Name: "bitcount", Arity: -2, Summary: "Count set bits in a string",
			Flags: command.ReadOnly, Categories: command.CatBitmap,
			Since: "2.6.0", Group: "bitmap", Complexity: "O(N)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added the `BYTE|BIT` option."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "index", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "start", Type: "integer"},
					{Name: "end", Type: "integer"},
					{Name: "index_unit", Type: "oneof", Since: "7.0.0", Optional: true, Args: []command.Arg{
						{Name: "byte", Type: "pure-token", Token: "BYTE"},
						{Name: "bit", Type: "pure-token", Token: "BIT"},
					}},
				}},
			},
		},
		Run: runBitcount,
	},
	{
		Spec: command.Spec{
			Name: "bitpos", Arity: -3, Summary: "Find first bit set or clear in a string",
			Flags: command.ReadOnly, Categories: command.CatBitmap,
			Since: "2.8.7", Group: "bitmap", Complexity: "O(N)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added the `BYTE|BIT` option."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "bit", Type: "integer"},
				{Name: "index", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "start", Type: "integer"},
					{Name: "end_index", Type: "block", Optional: true, Args: []command.Arg{
						{Name: "end", Type: "integer"},
						{Name: "index_unit", Type: "oneof", Since: "7.0.0", Optional: true, Args: []command.Arg{
							{Name: "byte", Type: "pure-token", Token: "BYTE"},
							{Name: "bit", Type: "pure-token", Token: "BIT"},
						}},
					}},
				}},
			},
		},
		Run: runBitpos,
	},
	{
		Spec: command.Spec{
			Name: "bitop", Arity: -4, Summary: "Perform bitwise operations between strings",
			Flags: command.Write | command.DenyOOM, Categories: command.CatBitmap,
			Since: "2.6.0", Group: "bitmap", Complexity: "O(N)",
			Keys: []command.KeySpec{
				command.KeyAt(2, "OW", "update"),
				command.KeyRange(3, -1, 1, "RO", "access"),
			},
			Args: []command.Arg{
				{Name: "operation", Type: "string"},
				{Name: "destkey", Type: "key", KeySpecIndex: 1},
				{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
			},
		},
		Run: runBitop,
	},
}

// bitOffset reads the offset of a bit, which must lie within proto-max-bulk-len. In
// a bit field of width bits "#3" is the third multiple of them; 0 where there is no
// such form.
func (ctx *Context) bitOffset(arg []byte, width int64) (offset int64, err string) {
	const invalid = "ERR bit offset is not an integer or out of range"
	counted := width > 0 && len(arg) > 0 && arg[0] == '#'
	if counted {
		arg = arg[1:]
	}
	offset, ok := args.Int(arg)
	if counted {
		offset *= width // wraps round like redis-server's
	}
	if !ok || offset < 0 || offset>>3 >= ctx.Server.Config.ProtoMaxBulkLen.Int() {
		return 0, invalid
	}
	return offset, ""
}

// runSetbit is SETBIT key offset value.
func runSetbit(ctx *Context) {
	offset, err := ctx.bitOffset(ctx.Args[2], 0)
	if err != "" {
		ctx.Error(err)
		return
	}
	value, ok := args.Int(ctx.Args[3])
	if !ok || value != 0 && value != 1 {
		ctx.Error("ERR bit is not an integer or out of range")
		return
	}
	length := ctx.lengthForEvent(ctx.Args[1])
	was, fault := ctx.Tx.SetBit(ctx.Args[1], offset, value == 1)
	if fault == nil && (was != (value == 1) || length != ctx.lengthForEvent(ctx.Args[1])) {
		ctx.Notify(pubsub.String, "setbit", ctx.Args[1])
	}
	ctx.flagOr(was, fault)
}

// lengthForEvent is how long a string is, if there are events for those: whether a
// write of bits has changed it shows in that, too.
func (ctx *Context) lengthForEvent(key []byte) int {
	if !ctx.Server.Events.On(pubsub.String) {
		return 0
	}
	value, _ := ctx.Tx.Peek(key)
	return len(value)
}

// flagOr writes 1 or 0, or the error.
func (ctx *Context) flagOr(yes bool, err error) {
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Flag(yes)
}

// runGetbit is GETBIT key offset.
func runGetbit(ctx *Context) {
	offset, err := ctx.bitOffset(ctx.Args[2], 0)
	if err != "" {
		ctx.Error(err)
		return
	}
	ctx.flagOr(ctx.Tx.GetBit(ctx.Args[1], offset))
}

// bitUnit reads BYTE or BIT, if there is such an argument.
func bitUnit(rest [][]byte) (unit cache.BitUnit, ok bool) {
	switch {
	case len(rest) == 0 || args.Is(rest[0], "byte"):
		return cache.InBytes, true
	case args.Is(rest[0], "bit"):
		return cache.InBits, true
	}
	return 0, false
}

// runBitcount is BITCOUNT key [start end [BYTE | BIT]]. What is wrong with the
// arguments is said even where there is no key, as since Redis 7.2.
func runBitcount(ctx *Context) {
	r := cache.WholeBitmap
	switch len(ctx.Args) {
	case 2:
	case 4, 5:
		start, ok := args.Int(ctx.Args[2])
		end, okEnd := args.Int(ctx.Args[3])
		if !ok || !okEnd {
			ctx.Error(args.ErrNotInteger)
			return
		}
		unit, ok := bitUnit(ctx.Args[4:])
		if !ok {
			ctx.Error(args.ErrSyntax)
			return
		}
		r = cache.BitRange{Start: start, End: end, Unit: unit}
	default:
		ctx.Error(args.ErrSyntax)
		return
	}
	n, err := ctx.Tx.BitCount(ctx.Args[1], r)
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Int(n)
}

// runBitpos is BITPOS key bit [start [end [BYTE | BIT]]]. The unit is looked at
// before the end, as redis-server does.
func runBitpos(ctx *Context) {
	bit, ok := args.Int(ctx.Args[2])
	r := cache.WholeBitmap
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
		return
	case bit != 0 && bit != 1:
		ctx.Error("ERR The bit argument must be 1 or 0.")
		return
	case len(ctx.Args) > 6:
		ctx.Error(args.ErrSyntax)
		return
	}
	if len(ctx.Args) > 3 {
		if r.Start, ok = args.Int(ctx.Args[3]); !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
	}
	if len(ctx.Args) > 5 {
		if r.Unit, ok = bitUnit(ctx.Args[5:]); !ok {
			ctx.Error(args.ErrSyntax)
			return
		}
	}
	if len(ctx.Args) > 4 {
		if r.End, ok = args.Int(ctx.Args[4]); !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
	}
	at, err := ctx.Tx.BitPos(ctx.Args[1], bit == 1, r, len(ctx.Args) < 5)
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Int(at)
}

// bitOperations are BITOP's, the last four since Redis 8.2.
var bitOperations = []struct {
	name string
	op   cache.BitOperation
}{
	{"and", cache.BitAnd}, {"or", cache.BitOr}, {"xor", cache.BitXor}, {"not", cache.BitNot},
	{"diff", cache.BitDiff}, {"diff1", cache.BitDiff1}, {"andor", cache.BitAndOr}, {"one", cache.BitOne},
}

// runBitop is BITOP operation destkey key [key ...].
func runBitop(ctx *Context) {
	for _, o := range bitOperations {
		if !args.Is(ctx.Args[1], o.name) {
			continue
		}
		sources := ctx.Args[3:]
		switch o.op {
		case cache.BitNot:
			if len(sources) != 1 {
				ctx.Error("ERR BITOP NOT must be called with a single source key.")
				return
			}
		case cache.BitDiff, cache.BitDiff1, cache.BitAndOr:
			if len(sources) < 2 {
				ctx.Error("ERR BITOP " + strings.ToUpper(o.name) + " must be called with at least two source keys.")
				return
			}
		}
		ctx.stores(pubsub.String, "set", ctx.Args[2], func() (int, error) {
			return ctx.Tx.BitOp(o.op, ctx.Args[2], sources...)
		})
		return
	}
	ctx.Error(args.ErrSyntax)
}

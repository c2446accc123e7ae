package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// stringRangeRows are the commands on part of a value.
var stringRangeRows = []Row{
	{
		Spec: command.Spec{
			Name: "append", Arity: 3, Summary: "Append a value to a key",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatString,
			Since: "2.0.0", Group: "string", Complexity: "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "value", Type: "string"},
			},
		},
		Run: runAppend,
	},
	{
		Spec: command.Spec{
			Name: "getrange", Arity: 4, Summary: "Get a substring of the string stored at a key",
			Flags: command.ReadOnly, Categories: command.CatString,
			Since: "2.4.0", Group: "string", Complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "integer"},
				{Name: "end", Type: "integer"},
			},
		},
		Run: runGetrange,
	},
	{
		Spec: command.Spec{
			Name: "substr", Arity: 4, Summary: "Get a substring of the string stored at a key",
			Flags: command.ReadOnly, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
			Deprecated: "2.0.0", ReplacedBy: "`GETRANGE`",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "integer"},
				{Name: "end", Type: "integer"},
			},
		},
		Run: runGetrange,
	},
	{
		Spec: command.Spec{
			Name: "setrange", Arity: 4, Summary: "Overwrite part of a string at key starting at the specified offset",
			Flags: command.Write | command.DenyOOM, Categories: command.CatString,
			Since: "2.2.0", Group: "string", Complexity: "O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "offset", Type: "integer"},
				{Name: "value", Type: "string"},
			},
		},
		Run: runSetrange,
	},
}

// defaultLongest is the default of proto-max-bulk-len, and the longest value
// the engine makes by itself.
const defaultLongest = 512 << 20

// runAppend is APPEND key value.
func runAppend(ctx *Context) {
	key, tail := ctx.Args[1], ctx.Args[2]
	// Only a bound below the engine's own takes a look at the value before.
	if longest := ctx.Server.Config.ProtoMaxBulkLen.Int(); longest < defaultLongest {
		if old, err := ctx.Tx.Peek(key); err == nil && int64(len(old)+len(tail)) > longest {
			ctx.Error(args.ErrTooLarge)
			return
		}
	}
	length, err := ctx.Tx.Append(key, tail)
	if err == nil {
		ctx.Notify(pubsub.String, "append", key)
	}
	ctx.lengthOr(length, err)
}

// lengthOr writes the length of a value that was changed, or the error.
func (ctx *Context) lengthOr(length int, err error) {
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Int(int64(length))
}

// runSetrange is SETRANGE key offset value. Nothing written to a key that does
// not exist leaves it so, whatever the offset. The bound is proto-max-bulk-len
// (redis-server's checkStringLength), and another type is told before it.
func runSetrange(ctx *Context) {
	key, part := ctx.Args[1], ctx.Args[3]
	offset, ok := args.Int(ctx.Args[2])
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
		return
	case offset < 0:
		ctx.Error("ERR offset is out of range")
		return
	case len(part) == 0:
		offset = 0
	case offset > ctx.Server.Config.ProtoMaxBulkLen.Int()-int64(len(part)):
		if t := ctx.Tx.Type(key); t != cache.None && t != cache.String {
			ctx.fail(cache.ErrWrongType)
			return
		}
		ctx.Error(args.ErrTooLarge)
		return
	}
	length, err := ctx.Tx.SetRange(key, int(offset), part)
	if err == nil && len(part) > 0 {
		ctx.Notify(pubsub.String, "setrange", key)
	}
	ctx.lengthOr(length, err)
}

// runGetrange is GETRANGE key start end, and SUBSTR, its old name. What there is
// none of is the empty string and never null.
func runGetrange(ctx *Context) {
	start, ok := args.Int(ctx.Args[2])
	end, okEnd := args.Int(ctx.Args[3])
	if !ok || !okEnd {
		ctx.Error(args.ErrNotInteger)
		return
	}
	value, err := ctx.Tx.Get(ctx.Args[1])
	if err != nil && err != cache.ErrNotFound {
		ctx.fail(err)
		return
	}
	ctx.Bulk(slice(value, start, end))
}

// slice is value from start to end, both included and, if negative, counted
// from the end; what lies outside is cut off. Two negative bounds in the wrong
// order give nothing even where cutting would make them meet at 0.
func slice(value []byte, start, end int64) []byte {
	if start < 0 && end < 0 && start > end {
		return nil
	}
	length := int64(len(value))
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end = max(end+length, 0)
	}
	end = min(end, length-1)
	if start > end {
		return nil
	}
	return value[start : end+1]
}

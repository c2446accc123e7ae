package handlers

import (
	"github.com/zeebo/xxh3"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// bitfieldRows are the commands on integers within bitmaps.
var bitfieldRows = []Row{
	{
		Spec: command.Spec{
			Name: "bitfield", Arity: -2, Summary: "Perform arbitrary bitfield integer operations on strings",
			Flags: command.Write | command.DenyOOM, Categories: command.CatBitmap,
			Since: "3.2.0", Group: "bitmap", Complexity: "O(1) for each subcommand specified",
			Keys: []command.KeySpec{{Notes: "This command allows both access and modification of the key", Flags: []string{"RW", "access", "update", "variable_flags"}, Index: 1, LastKey: 0, Step: 1}},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "operation", Type: "oneof", Optional: true, Multiple: true, Args: []command.Arg{
					{Name: "encoding_offset", Type: "block", Token: "GET", Args: []command.Arg{
						{Name: "encoding", Type: "string"},
						{Name: "offset", Type: "integer"},
					}},
					{Name: "write", Type: "block", Args: []command.Arg{
						{Name: "wrap_sat_fail", Type: "oneof", Token: "OVERFLOW", Optional: true, Args: []command.Arg{
							{Name: "wrap", Type: "pure-token", Token: "WRAP"},
							{Name: "sat", Type: "pure-token", Token: "SAT"},
							{Name: "fail", Type: "pure-token", Token: "FAIL"},
						}},
						{Name: "write_operation", Type: "oneof", Args: []command.Arg{
							{Name: "encoding_offset_value", Type: "block", Token: "SET", Args: []command.Arg{
								{Name: "encoding", Type: "string"},
								{Name: "offset", Type: "integer"},
								{Name: "value", Type: "integer"},
							}},
							{Name: "encoding_offset_increment", Type: "block", Token: "INCRBY", Args: []command.Arg{
								{Name: "encoding", Type: "string"},
								{Name: "offset", Type: "integer"},
								{Name: "increment", Type: "integer"},
							}},
						}},
					}},
				}},
			},
		},
		Run: runBitfield,
	},
	{
		Spec: command.Spec{
			Name: "bitfield_ro", Arity: -2, Summary: "Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatBitmap,
			Since: "6.0.0", Group: "bitmap", Complexity: "O(1) for each subcommand specified",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "encoding_offset", Type: "block", Token: "GET", Optional: true, Multiple: true, MultipleToken: true, Args: []command.Arg{
					{Name: "encoding", Type: "string"},
					{Name: "offset", Type: "integer"},
				}},
			},
		},
		Run: runBitfieldRO,
	},
}

// bitfieldRoom is how many operations a command may have before a list of them is
// had from the heap.
const bitfieldRoom = 8

// runBitfield is BITFIELD key [GET type offset | [OVERFLOW rule] SET type offset value
// | INCRBY type offset increment ...].
func runBitfield(ctx *Context) { ctx.bitfield(false) }

// runBitfieldRO is BITFIELD_RO key [GET type offset ...].
func runBitfieldRO(ctx *Context) { ctx.bitfield(true) }

// bitfield is BITFIELD, or BITFIELD_RO, which may only GET.
func (ctx *Context) bitfield(readOnly bool) {
	var room [bitfieldRoom]cache.BitFieldOp
	ops, writes, err := ctx.bitfieldOps(room[:0])
	if err == "" && writes && readOnly {
		err = "ERR BITFIELD_RO only supports the GET subcommand"
	}
	if err != "" {
		ctx.Error(err)
		return
	}
	before := ctx.digestForEvent(ctx.Args[1], writes)
	if err := ctx.Tx.BitField(ctx.Args[1], ops); err != nil {
		ctx.fail(err)
		return
	}
	if before != ctx.digestForEvent(ctx.Args[1], writes) {
		ctx.Notify(pubsub.String, "setbit", ctx.Args[1])
	}
	ctx.Array(len(ops))
	for i := range ops {
		if ops[i].Done {
			ctx.Int(ops[i].Result)
		} else {
			ctx.Null()
		}
	}
}

// digestForEvent tells one state of a string from another, if there are events for
// strings: several fields may be written, each perhaps with what it has.
func (ctx *Context) digestForEvent(key []byte, writes bool) uint64 {
	if !writes || !ctx.Server.Events.On(pubsub.String) {
		return 0
	}
	value, err := ctx.Tx.Peek(key)
	if err != nil {
		return 1
	}
	return xxh3.Hash(value) + uint64(len(value))
}

// bitfieldOps reads the operations. OVERFLOW holds for those that follow it.
func (ctx *Context) bitfieldOps(ops []cache.BitFieldOp) (_ []cache.BitFieldOp, writes bool, err string) {
	overflow := cache.OverflowWrap
	for c := args.From(ctx.Args, 2); c.More(); {
		if c.Option("overflow", 1) {
			if overflow, err = overflowRule(&c); err != "" {
				return nil, false, err
			}
			continue
		}
		op := cache.BitFieldOp{Overflow: overflow}
		switch {
		case c.Option("get", 2):
			op.Action = cache.FieldGet
		case c.Option("set", 3):
			op.Action = cache.FieldSet
		case c.Option("incrby", 3):
			op.Action = cache.FieldIncrBy
		default:
			return nil, false, args.ErrSyntax
		}
		if op.Signed, op.Bits, err = fieldType(c.Next()); err != "" {
			return nil, false, err
		}
		if op.Offset, err = ctx.bitOffset(c.Next(), int64(op.Bits)); err != "" {
			return nil, false, err
		}
		if op.Action != cache.FieldGet {
			writes = true
			if op.Value, err = c.Int(); err != "" {
				return nil, false, err
			}
		}
		ops = append(ops, op)
	}
	return ops, writes, ""
}

// overflowRule reads what follows OVERFLOW.
func overflowRule(c *args.Cursor) (rule cache.Overflow, err string) {
	switch {
	case c.Word("wrap"):
		return cache.OverflowWrap, ""
	case c.Word("sat"):
		return cache.OverflowSat, ""
	case c.Word("fail"):
		return cache.OverflowFail, ""
	}
	return 0, "ERR Invalid OVERFLOW type specified"
}

// fieldType reads the type of an integer: i1 to i64, u1 to u63. redis-server reads
// the number up to the first NUL byte.
func fieldType(arg []byte) (signed bool, width uint8, err string) {
	const invalid = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	if len(arg) == 0 || arg[0] != 'i' && arg[0] != 'u' {
		return false, 0, invalid
	}
	signed = arg[0] == 'i'
	digits := args.ClipTo(arg[1:], len(arg))
	n, ok := args.Int(digits)
	if !ok || n < 1 || n > 64 || n == 64 && !signed {
		return false, 0, invalid
	}
	return signed, uint8(n), ""
}

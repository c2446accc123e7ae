package handlers

import (
	"errors"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// hyperloglogRows are the commands on HyperLogLogs.
var hyperloglogRows = []Row{
	{
		Spec: command.Spec{
			Name: "pfadd", Arity: -2, Summary: "Adds the specified elements to the specified HyperLogLog.",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHyperLogLog,
			Since: "2.8.9", Group: "hyperloglog", Complexity: "O(1) to add every element.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "element", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runPfadd,
	},
	{
		Spec: command.Spec{
			Name: "pfcount", Arity: -2, Summary: "Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).",
			Flags: command.ReadOnly | command.MayReplicate, Categories: command.CatHyperLogLog,
			Since: "2.8.9", Group: "hyperloglog", Complexity: "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.",
			Keys: []command.KeySpec{{Notes: "RW because it may change the internal representation of the key, and propagate to replicas", Flags: []string{"RW", "access"}, Index: 1, LastKey: -1, Step: 1}},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runPfcount,
	},
	{
		Spec: command.Spec{
			Name: "pfmerge", Arity: -2, Summary: "Merge N different HyperLogLogs into a single one.",
			Flags: command.Write | command.DenyOOM, Categories: command.CatHyperLogLog,
			Since: "2.8.9", Group: "hyperloglog", Complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "insert"),
				command.KeyRange(2, -1, 1, "RO", "access"),
			},
			Args: []command.Arg{
				{Name: "destkey", Type: "key", KeySpecIndex: 1},
				{Name: "sourcekey", Type: "key", KeySpecIndex: 2, Multiple: true},
			},
		},
		Run: runPfmerge,
	},
	{
		Spec: command.Spec{
			Name: "pfdebug", Arity: 3, Summary: "Internal commands for debugging HyperLogLog values",
			Flags: command.Write | command.DenyOOM | command.Admin, Categories: command.CatHyperLogLog,
			Since: "2.8.9", Group: "hyperloglog", Complexity: "N/A",
			SysCmd: true,
			Keys:   []command.KeySpec{command.KeyAt(2, "RW", "access")},
			Args: []command.Arg{
				{Name: "subcommand", Type: "string"},
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runPfdebug,
	},
	{
		Spec: command.Spec{
			Name: "pfselftest", Arity: 1, Summary: "An internal command for testing HyperLogLog values",
			Flags: command.Admin, Categories: command.CatHyperLogLog,
			Since: "2.8.9", Group: "hyperloglog", Complexity: "N/A",
			SysCmd: true,
		},
		Run: runPfselftest,
	},
}

// runPfadd is PFADD key [element ...].
func runPfadd(ctx *Context) {
	changed, err := ctx.Tx.PFAdd(ctx.Args[1], ctx.Args[2:]...)
	if changed {
		ctx.Notify(pubsub.String, "pfadd", ctx.Args[1])
	}
	ctx.flagOr(changed, err)
}

// runPfcount is PFCOUNT key [key ...].
func runPfcount(ctx *Context) {
	n, err := ctx.Tx.PFCount(ctx.Args[1:]...)
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Int(int64(n))
}

// runPfmerge is PFMERGE destkey [sourcekey ...].
func runPfmerge(ctx *Context) {
	if err := ctx.Tx.PFMerge(ctx.Args[1], ctx.Args[2:]...); err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.String, "pfadd", ctx.Args[1])
	ctx.OK()
}

// runPfdebug is PFDEBUG GETREG|DECODE|ENCODING|TODENSE key. The key is looked at
// before the subcommand.
func runPfdebug(ctx *Context) {
	key := ctx.Args[2]
	dense, err := ctx.Tx.HLLDense(key)
	switch {
	case errors.Is(err, cache.ErrNotFound):
		ctx.Error("ERR The specified key does not exist")
	case err != nil:
		ctx.fail(err)
	case args.Is(ctx.Args[1], "getreg"):
		ctx.hllRegisters(key)
	case args.Is(ctx.Args[1], "decode"):
		if dense {
			ctx.Error("ERR HLL encoding is not sparse")
			return
		}
		text, _, _ := ctx.Tx.HLLDecode(nil, key)
		ctx.Bulk(text)
	case args.Is(ctx.Args[1], "encoding"):
		if dense {
			ctx.Simple("dense")
			return
		}
		ctx.Simple("sparse")
	case args.Is(ctx.Args[1], "todense"):
		ctx.flagOr(ctx.Tx.HLLToDense(key))
	default:
		ctx.Error("ERR Unknown PFDEBUG subcommand '" + string(args.ClipTo(ctx.Args[1], len(ctx.Args[1]))) + "'")
	}
}

// hllRegisters writes the values of all registers.
func (ctx *Context) hllRegisters(key []byte) {
	registers, err := ctx.Tx.HLLRegisters(nil, key)
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Array(len(registers))
	for _, v := range registers {
		ctx.Int(int64(v))
	}
}

// runPfselftest is PFSELFTEST.
func runPfselftest(ctx *Context) {
	if err := cache.HLLSelfTest(); err != nil {
		ctx.Error("TESTFAILED " + err.Error())
		return
	}
	ctx.OK()
}

package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// setRandomRows are the commands that pick members at random: each member with the
// same probability, and of several each choice with the same.
var setRandomRows = []Row{
	{
		Spec: command.Spec{
			Name: "spop", Arity: -2, Summary: "Remove and return one or multiple random members from a set",
			Flags: command.Write | command.Fast, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "3.2.0", What: "Added the `count` argument."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer", Since: "3.2.0", Optional: true},
			},
		},
		Run: runSPop,
	},
	{
		Spec: command.Spec{
			Name: "srandmember", Arity: -2, Summary: "Get one or multiple random members from a set",
			Flags: command.ReadOnly, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "2.6.0", What: "Added the optional `count` argument."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer", Since: "2.6.0", Optional: true},
			},
		},
		Run: runSRandMember,
	},
}

// runSPop is SPOP key [count]: without a count one member, or null.
func runSPop(ctx *Context) {
	switch {
	case len(ctx.Args) == 3:
		ctx.popMany()
		return
	case len(ctx.Args) > 3:
		ctx.Error(args.ErrSyntax)
		return
	}
	switch n, err := ctx.Tx.SPop(ctx.Args[1], 1, ctx.Bulk); {
	case err != nil:
		ctx.fail(err)
	case n == 0:
		ctx.Null()
	default:
		ctx.NotifyTaken(pubsub.Set, "spop", ctx.Args[1])
	}
}

// popMany is SPOP with a count, which may be 0. The count is looked at before the key:
// a bad one is an error also where there is no set.
func (ctx *Context) popMany() {
	count, ok := args.Int(ctx.Args[2])
	if !ok || count < 0 {
		ctx.Error(args.ErrNotPositive)
		return
	}
	size, err := ctx.Tx.SCard(ctx.Args[1])
	if err != nil {
		ctx.fail(err)
		return
	}
	n := int(min(count, int64(size)))
	ctx.Set(n)
	if n == 0 {
		return
	}
	if _, err := ctx.Tx.SPop(ctx.Args[1], n, ctx.Bulk); err != nil {
		ctx.fail(err)
		return
	}
	ctx.NotifyTaken(pubsub.Set, "spop", ctx.Args[1])
}

// runSRandMember is SRANDMEMBER key [count]: without a count one member, or null.
func runSRandMember(ctx *Context) {
	switch {
	case len(ctx.Args) == 3:
		ctx.randomMany()
		return
	case len(ctx.Args) > 3:
		ctx.Error(args.ErrSyntax)
		return
	}
	start := len(ctx.B)
	err := ctx.Tx.SRandMember(ctx.Args[1], 1, func(member []byte) bool {
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

// randomMany is SRANDMEMBER with a count; below 0, members may come more than once and
// there are always as many as were asked for, unless the set is empty. The least
// integer has no positive counterpart, and is out of range.
func (ctx *Context) randomMany() {
	count, fault := args.IntRange(ctx.Args[2], -math.MaxInt64, math.MaxInt64)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	members, err := ctx.Tx.SMembers(ctx.Args[1])
	if err != nil {
		ctx.fail(err)
		return
	}
	start, n := len(ctx.B), members.Len()
	switch {
	case n == 0:
		ctx.Array(0)
		return
	case -count > maxRandomReply/leastBulk:
		ctx.Error(errTooMany)
		return
	case count < 0:
		ctx.Array(int(-count))
	default:
		ctx.Array(int(min(count, int64(n))))
	}
	fits := true
	err = ctx.Tx.SRandMember(ctx.Args[1], int(count), func(member []byte) bool {
		ctx.Bulk(member)
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
	ctx.Error(errTooMany)
}

// maxRandomReply is the longest reply, about, to a count of members that may come
// more than once. redis-server goes on for as long as it has memory.
const maxRandomReply = 512 << 20

// leastBulk is the length of the shortest member in a reply.
const leastBulk = int64(len("$0\r\n\r\n"))

// errTooMany is the reply to a count of members that would make a reply without end.
const errTooMany = "ERR value is out of range"

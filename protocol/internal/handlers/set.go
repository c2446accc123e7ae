package handlers

import (
	"bytes"
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// Sets. A key that is not there is an empty set to every command that reads, and a set
// that loses its last member is gone, with its expiry: so no reply tells "empty" from
// "missing" but those of one member, which are null.
//
// The order in which members come means nothing but for small sets of integers, which
// come sorted, as they do from redis-server's intsets; small sets of words come in the
// order in which they were added. Clients that speak RESP3 get a set (~) where Redis
// says set, and an array from SRANDMEMBER, which may name a member more than once.
//
// Whether a key has the wrong type is found out before anything is written: where a
// command has read several keys, the first wrong one ends it, even if an empty set
// among them has decided the result already.

// setRows are the commands on sets.
var setRows = slices.Concat(setMemberRows, setRandomRows, setAlgebraRows)

// setMemberRows are the commands on the members of one set, or two. Those that take
// many members are flagged fast all the same: their time is what was asked for.
var setMemberRows = []Row{
	{
		Spec: command.Spec{
			Name: "sadd", Arity: -3, Summary: "Add one or more members to a set",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple `member` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runSAdd, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "srem", Arity: -3, Summary: "Remove one or more members from a set",
			Flags: command.Write | command.Fast, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N) where N is the number of members to be removed.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple `member` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runSRem, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "sismember", Arity: 3, Summary: "Determine if a given value is a member of a set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string"},
			},
		},
		Run: runSIsMember, Element: 2,
	},
	{
		Spec: command.Spec{
			Name: "smismember", Arity: -3, Summary: "Returns the membership associated with the given elements for a set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSet,
			Since: "6.2.0", Group: "set", Complexity: "O(N) where N is the number of elements being checked for membership",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runSMIsMember,
	},
	{
		Spec: command.Spec{
			Name: "scard", Arity: 2, Summary: "Get the number of members in a set",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runSCard,
	},
	{
		Spec: command.Spec{
			Name: "smembers", Arity: 2, Summary: "Get all the members in a set",
			Flags: command.ReadOnly, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(N) where N is the set cardinality.",
			Tips: []string{"nondeterministic_output_order"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runSMembers,
	},
	{
		Spec: command.Spec{
			Name: "smove", Arity: 4, Summary: "Move a member from one set to another",
			Flags: command.Write | command.Fast, Categories: command.CatSet,
			Since: "1.0.0", Group: "set", Complexity: "O(1)",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "delete"),
				command.KeyAt(2, "RW", "insert"),
			},
			Args: []command.Arg{
				{Name: "source", Type: "key", KeySpecIndex: 1},
				{Name: "destination", Type: "key", KeySpecIndex: 2},
				{Name: "member", Type: "string"},
			},
		},
		Run: runSMove,
	},
	{
		Spec: command.Spec{
			Name: "sscan", Arity: -3, Summary: "Incrementally iterate Set elements",
			Flags: command.ReadOnly, Categories: command.CatSet,
			Since: "2.8.0", Group: "set", Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "cursor", Type: "integer"},
				{Name: "pattern", Type: "pattern", Token: "MATCH", Optional: true},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runSScan,
	},
}

// insert writes the head of a reply in front of what was written from start on: of
// lists whose length is known only at their end.
func (ctx *Context) insert(start int, head func(*resp.Writer)) {
	var room [64]byte
	w := resp.Writer{B: room[:0], Proto: ctx.Proto}
	head(&w)
	ctx.B = slices.Insert(ctx.B, start, w.B...)
}

// runSAdd is SADD key member [member ...].
func runSAdd(ctx *Context) {
	n, err := ctx.Tx.SAdd(ctx.Args[1], ctx.Args[2:]...)
	ctx.added(pubsub.Set, "sadd", n, err)
}

// runSRem is SREM key member [member ...].
func runSRem(ctx *Context) {
	n, err := ctx.Tx.SRem(ctx.Args[1], ctx.Args[2:]...)
	ctx.taken(pubsub.Set, "srem", n, err)
}

// runSIsMember is SISMEMBER key member.
func runSIsMember(ctx *Context) { ctx.flagOr(ctx.Tx.SIsMember(ctx.Args[1], ctx.Args[2])) }

// runSMIsMember is SMISMEMBER key member [member ...]. The head of the reply is written
// first, as its length is known, and taken back if the key is no set.
func runSMIsMember(ctx *Context) {
	start := len(ctx.B)
	ctx.Array(len(ctx.Args) - 2)
	if err := ctx.Tx.SMIsMember(ctx.Args[1], ctx.Args[2:], ctx.Flag); err != nil {
		ctx.B = ctx.B[:start]
		ctx.fail(err)
	}
}

// runSCard is SCARD key.
func runSCard(ctx *Context) { ctx.lengthOr(ctx.Tx.SCard(ctx.Args[1])) }

// runSMembers is SMEMBERS key. Members go from where they lie in the cache straight
// into the reply.
func runSMembers(ctx *Context) {
	members, err := ctx.Tx.SMembers(ctx.Args[1])
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Set(members.Len())
	members.Each(func(member []byte) bool {
		ctx.Bulk(member)
		return true
	})
}

// runSMove is SMOVE source destination member. A destination of the wrong type does
// not count where there is no source.
func runSMove(ctx *Context) {
	from, to, member := ctx.Args[1], ctx.Args[2], ctx.Args[3]
	had := false
	if ctx.Server.Events.On(pubsub.Set) {
		had, _ = ctx.Tx.SIsMember(to, member)
	}
	moved, err := ctx.Tx.SMove(from, to, member)
	if moved && !bytes.Equal(from, to) {
		ctx.NotifyTaken(pubsub.Set, "srem", from)
		if !had {
			ctx.Notify(pubsub.Set, "sadd", to)
		}
	}
	ctx.flagOr(moved, err)
}

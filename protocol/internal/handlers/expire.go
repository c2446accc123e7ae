package handlers

import (
	"math"
	"strings"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// expireRows are the commands on a key's time to live.
var expireRows = []Row{
	{
		Spec: command.Spec{
			Name: "expire", Arity: -3, Summary: "Set a key's time to live in seconds",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added options: `NX`, `XX`, `GT` and `LT`."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "seconds", Type: "integer"},
				{Name: "condition", Type: "oneof", Since: "7.0.0", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
					{Name: "gt", Type: "pure-token", Token: "GT"},
					{Name: "lt", Type: "pure-token", Token: "LT"},
				}},
			},
		},
		Run: runExpire,
	},
	{
		Spec: command.Spec{
			Name: "pexpire", Arity: -3, Summary: "Set a key's time to live in milliseconds",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "2.6.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added options: `NX`, `XX`, `GT` and `LT`."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "milliseconds", Type: "integer"},
				{Name: "condition", Type: "oneof", Since: "7.0.0", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
					{Name: "gt", Type: "pure-token", Token: "GT"},
					{Name: "lt", Type: "pure-token", Token: "LT"},
				}},
			},
		},
		Run: runPExpire,
	},
	{
		Spec: command.Spec{
			Name: "expireat", Arity: -3, Summary: "Set the expiration for a key as a UNIX timestamp",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "1.2.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added options: `NX`, `XX`, `GT` and `LT`."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "unix-time-seconds", Type: "unix-time"},
				{Name: "condition", Type: "oneof", Since: "7.0.0", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
					{Name: "gt", Type: "pure-token", Token: "GT"},
					{Name: "lt", Type: "pure-token", Token: "LT"},
				}},
			},
		},
		Run: runExpireAt,
	},
	{
		Spec: command.Spec{
			Name: "pexpireat", Arity: -3, Summary: "Set the expiration for a key as a UNIX timestamp specified in milliseconds",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "2.6.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added options: `NX`, `XX`, `GT` and `LT`."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "unix-time-milliseconds", Type: "unix-time"},
				{Name: "condition", Type: "oneof", Since: "7.0.0", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
					{Name: "gt", Type: "pure-token", Token: "GT"},
					{Name: "lt", Type: "pure-token", Token: "LT"},
				}},
			},
		},
		Run: runPExpireAt,
	},
	{
		Spec: command.Spec{
			Name: "ttl", Arity: 2, Summary: "Get the time to live for a key in seconds",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "2.8.0", What: "Added the -2 reply."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runTTL,
	},
	{
		Spec: command.Spec{
			Name: "pttl", Arity: 2, Summary: "Get the time to live for a key in milliseconds",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "2.6.0", Group: "generic", Complexity: "O(1)",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "2.8.0", What: "Added the -2 reply."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runPTTL,
	},
	{
		Spec: command.Spec{
			Name: "expiretime", Arity: 2, Summary: "Get the expiration Unix timestamp for a key",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "7.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runExpireTime,
	},
	{
		Spec: command.Spec{
			Name: "pexpiretime", Arity: 2, Summary: "Get the expiration Unix timestamp for a key in milliseconds",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "7.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runPExpireTime,
	},
	{
		Spec: command.Spec{
			Name: "persist", Arity: 2, Summary: "Remove the expiration from a key",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "2.2.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runPersist,
	},
}

// runExpire: set a key's time to live in seconds.
func runExpire(ctx *Context) { ctx.expire(ctx.Tx.Now(), 1000) }

// runPExpire: set a key's time to live in milliseconds.
func runPExpire(ctx *Context) { ctx.expire(ctx.Tx.Now(), 1) }

// runExpireAt: set the expiration for a key as a UNIX timestamp.
func runExpireAt(ctx *Context) { ctx.expire(0, 1000) }

// runPExpireAt: set the expiration for a key as a UNIX timestamp specified in milliseconds.
func runPExpireAt(ctx *Context) { ctx.expire(0, 1) }

// expire is the EXPIRE family (redis-server's expireGenericCommand): the argument,
// in units of so many milliseconds, counts from base, a unix time that is 0 where
// the argument is one itself. A time that has already come deletes the key, and
// that too is replied to with 1.
func (ctx *Context) expire(base, unit int64) {
	when, err := expireCondition(ctx.Args[3:])
	if err != "" {
		ctx.Error(err)
		return
	}
	n, ok := args.Int(ctx.Args[2]) // after the options, as in Redis: it shows in the error
	if !ok {
		ctx.Error(args.ErrNotInteger)
		return
	}
	// Both steps to a unix time in milliseconds may overflow: the unit, the base.
	if n > math.MaxInt64/unit || n < math.MinInt64/unit || n*unit > math.MaxInt64-base {
		ctx.Error(args.InvalidExpire(ctx.Command.Name))
		return
	}
	key, at := ctx.Args[1], base+n*unit
	current, ok := ctx.Tx.ExpireAt(key)
	if !ok || !when.allows(current, at) {
		ctx.Flag(false)
		return
	}
	if at <= ctx.Tx.Now() { // also at 0, which SetExpireAt would take for "never"
		ctx.Flag(ctx.remove(key))
		return
	}
	ctx.Flag(ctx.Tx.SetExpireAt(key, at))
	ctx.Notify(pubsub.Generic, "expire", key)
}

// expireWhen is the condition of an EXPIRE: NX, XX, GT and LT, which may be
// given together as far as they make sense.
type expireWhen struct{ nx, xx, gt, lt bool }

// expireCondition reads the options that follow the time.
func expireCondition(options [][]byte) (when expireWhen, err string) {
	for _, option := range options {
		switch {
		case args.Is(option, "nx"):
			when.nx = true
		case args.Is(option, "xx"):
			when.xx = true
		case args.Is(option, "gt"):
			when.gt = true
		case args.Is(option, "lt"):
			when.lt = true
		default:
			return when, "ERR Unsupported option " + strings.SplitN(string(option), "\x00", 2)[0]
		}
	}
	switch {
	case when.nx && (when.xx || when.gt || when.lt):
		return when, "ERR NX and XX, GT or LT options at the same time are not compatible"
	case when.gt && when.lt:
		return when, "ERR GT and LT options at the same time are not compatible"
	}
	return when, ""
}

// allows says whether a key that expires at current may do so at at instead.
// One that does not expire counts as living longer than any time:
//
//	     current is   none   before at   at    after at
//	NX                yes    no          no    no
//	XX                no     yes         yes   yes
//	GT                no     yes         no    no
//	LT                yes    no          no    yes
func (when expireWhen) allows(current, at int64) bool {
	volatile := current != cache.NoExpiry
	switch {
	case when.nx && volatile, when.xx && !volatile:
		return false
	case when.gt && (!volatile || at <= current):
		return false
	case when.lt && volatile && at >= current:
		return false
	}
	return true
}

// runTTL: get the time to live for a key in seconds.
func runTTL(ctx *Context) { ctx.timeToLive(ctx.Tx.Now(), toSeconds) }

// runPTTL: get the time to live for a key in milliseconds.
func runPTTL(ctx *Context) { ctx.timeToLive(ctx.Tx.Now(), toMillis) }

// runExpireTime: get the expiration Unix timestamp for a key.
func runExpireTime(ctx *Context) { ctx.timeToLive(0, toSeconds) }

// runPExpireTime: get the expiration Unix timestamp for a key in milliseconds.
func runPExpireTime(ctx *Context) { ctx.timeToLive(0, toMillis) }

// toSeconds rounds to the nearest second, as TTL always has.
func toSeconds(ms int64) int64 { return (ms + 500) / 1000 }

// toMillis is for times that come in milliseconds already.
func toMillis(ms int64) int64 { return ms }

// timeToLive replies with a key's expiry, counted from a time: -2 without the
// key, -1 without an expiry.
func (ctx *Context) timeToLive(from int64, unit func(ms int64) int64) {
	key := ctx.Args[1]
	if !ctx.lookup(key) {
		ctx.Int(-2)
		return
	}
	at, _ := ctx.Tx.ExpireAt(key) // the shard is locked: it is still there
	if at == cache.NoExpiry {
		ctx.Int(-1)
		return
	}
	ctx.Int(unit(max(at-from, 0)))
}

// runPersist says whether there was an expiry to take away.
func runPersist(ctx *Context) {
	done := ctx.Tx.Persist(ctx.Args[1])
	if done {
		ctx.Notify(pubsub.Generic, "persist", ctx.Args[1])
	}
	ctx.Flag(done)
}

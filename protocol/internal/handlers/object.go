package handlers

import (
	"strings"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
)

// objectRows are OBJECT and what it contains.
var objectRows = []Row{
	{
		Spec: command.Spec{
			Name: "object", Arity: -2, Summary: "A container for object introspection commands",
			Since: "2.2.3", Group: "generic", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "encoding", Arity: 3, Summary: "Inspect the internal encoding of a Redis object",
					Flags: command.ReadOnly, Categories: command.CatKeyspace,
					Since: "2.2.3", Group: "generic", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
					Keys: []command.KeySpec{command.KeyAt(2, "RO")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
					},
				},
				Run: runObjectEncoding,
			},
			{
				Spec: command.Spec{
					Name: "freq", Arity: 3, Summary: "Get the logarithmic access frequency counter of a Redis object",
					Flags: command.ReadOnly, Categories: command.CatKeyspace,
					Since: "4.0.0", Group: "generic", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
					Keys: []command.KeySpec{command.KeyAt(2, "RO")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
					},
				},
				Run: runObjectFreq,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatKeyspace,
					Since: "6.2.0", Group: "generic", Complexity: "O(1)",
				},
				Run: runObjectHelp,
			},
			{
				Spec: command.Spec{
					Name: "idletime", Arity: 3, Summary: "Get the time since a Redis object was last accessed",
					Flags: command.ReadOnly, Categories: command.CatKeyspace,
					Since: "2.2.3", Group: "generic", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
					Keys: []command.KeySpec{command.KeyAt(2, "RO")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
					},
				},
				Run: runObjectIdleTime,
			},
			{
				Spec: command.Spec{
					Name: "refcount", Arity: 3, Summary: "Get the number of references to the value of the key",
					Flags: command.ReadOnly, Categories: command.CatKeyspace,
					Since: "2.2.3", Group: "generic", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
					Keys: []command.KeySpec{command.KeyAt(2, "RO")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
					},
				},
				Run: runObjectRefCount,
			},
		},
	},
}

// What OBJECT says where the policy in force does not keep what is asked for.
const (
	policyChange = " Please note that when switching between policies at runtime LRU and LFU data" +
		" will take some time to adjust."
	errNoFrequency = "ERR An LFU maxmemory policy is not selected, access frequency not tracked." + policyChange
	errNoIdleTime  = "ERR An LFU maxmemory policy is selected, idle time not tracked." + policyChange
)

// sharedRefCount is how redis-server counts the references to the integers that
// it shares among all keys.
const sharedRefCount = 1<<31 - 1

var objectHelp = []string{
	"ENCODING <key>",
	"    Return the kind of internal representation used in order to store the value",
	"    associated with a <key>.",
	"FREQ <key>",
	"    Return the access frequency index of the <key>. The returned integer is",
	"    proportional to the logarithm of the recent access frequency of the key.",
	"IDLETIME <key>",
	"    Return the idle time of the <key>, that is the approximated number of",
	"    seconds elapsed since the last access to the key.",
	"REFCOUNT <key>",
	"    Return the number of references of the value associated with the specified",
	"    <key>.",
}

// runObjectHelp: show helpful text about the different subcommands.
func runObjectHelp(ctx *Context) { ctx.help("OBJECT", objectHelp) }

// object finds the key that OBJECT is about; without it the reply is null. To ask
// does not count as an access, or IDLETIME could only ever answer 0.
func (ctx *Context) object() (info cache.ObjectInfo, ok bool) {
	if !ctx.lookup(ctx.Args[2]) {
		ctx.Null()
		return info, false
	}
	return ctx.Tx.Object(ctx.Args[2])
}

// runObjectEncoding tells how the value is stored, by Redis's names for it.
func runObjectEncoding(ctx *Context) {
	if info, ok := ctx.object(); ok {
		ctx.BulkString(info.Encoding.String())
	}
}

// runObjectFreq and runObjectIdleTime answer as Redis does under Redis's
// policies, of which each keeps one figure. The density policies weigh both.
func runObjectFreq(ctx *Context) {
	info, ok := ctx.object()
	switch policy := ctx.policy(); {
	case !ok:
	case isLFU(policy) || isDensity(policy):
		ctx.Int(int64(info.Frequency))
	default:
		ctx.Error(errNoFrequency)
	}
}

// runObjectIdleTime: get the time since a Redis object was last accessed.
func runObjectIdleTime(ctx *Context) {
	info, ok := ctx.object()
	switch {
	case !ok:
	case isLFU(ctx.policy()):
		ctx.Error(errNoIdleTime)
	default:
		ctx.Int(info.IdleMs / 1000)
	}
}

// runObjectRefCount: see refCount.
func runObjectRefCount(ctx *Context) {
	if info, ok := ctx.object(); ok {
		ctx.Int(ctx.refCount(ctx.Tx, ctx.Args[2], info))
	}
}

// refCount is 1, as no value has two owners here. Small integers get the answer
// that redis-server gives where it shares them: clients look for it.
func (ctx *Context) refCount(tx *cache.Tx, key []byte, info cache.ObjectInfo) int64 {
	if info.Encoding != cache.EncodingInt || info.Length > len("9999") {
		return 1
	}
	if value, err := tx.Peek(key); err != nil || value[0] == '-' {
		return 1
	}
	policy := ctx.policy()
	bounded := ctx.Server.Config.MaxMemory.Int() != 0
	if bounded && (isLFU(policy) || isDensity(policy) || strings.HasSuffix(policy, "-lru")) {
		return 1 // each value needs its own access time, so nothing is shared
	}
	return sharedRefCount
}

// policy is the name of the eviction policy in force.
func (ctx *Context) policy() string { return ctx.Server.Config.MaxMemoryPolicy.Text() }

// isLFU tells whether a policy counts accesses, as OBJECT FREQ wants it.
func isLFU(policy string) bool { return strings.HasSuffix(policy, "-lfu") }

// isDensity tells whether a policy keeps both counts and times.
func isDensity(policy string) bool { return strings.Contains(policy, "-density") }

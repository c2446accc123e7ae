package handlers

import (
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// restoreHistory and restoreArgs are the same for both names of RESTORE.
var (
	restoreHistory = []command.Change{
		{Since: "3.0.0", What: "Added the `REPLACE` modifier."},
		{Since: "5.0.0", What: "Added the `ABSTTL` modifier."},
		{Since: "5.0.0", What: "Added the `IDLETIME` and `FREQ` options."},
	}
	restoreArgs = []command.Arg{
		{Name: "key", Type: "key", KeySpecIndex: 1},
		{Name: "ttl", Type: "integer"},
		{Name: "serialized-value", Type: "string"},
		{Name: "replace", Type: "pure-token", Token: "REPLACE", Since: "3.0.0", Optional: true},
		{Name: "absttl", Type: "pure-token", Token: "ABSTTL", Since: "5.0.0", Optional: true},
		{Name: "seconds", Type: "integer", Token: "IDLETIME", Since: "5.0.0", Optional: true},
		{Name: "frequency", Type: "integer", Token: "FREQ", Since: "5.0.0", Optional: true},
	}
)

// restoreComplexity is long.
const restoreComplexity = "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N))."

// dumpRows are the commands that turn values into bytes and back.
var dumpRows = []Row{
	{
		Spec: command.Spec{
			Name: "dump", Arity: 2, Summary: "Return a serialized version of the value stored at the specified key.",
			Flags: command.ReadOnly, Categories: command.CatKeyspace,
			Since: "2.6.0", Group: "generic", Complexity: "O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runDump,
	},
	{
		Spec: command.Spec{
			Name: "restore", Arity: -4, Summary: "Create a key using the provided serialized value, previously obtained using DUMP.",
			Flags: command.Write | command.DenyOOM, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "2.6.0", Group: "generic", Complexity: restoreComplexity,
			Keys:    []command.KeySpec{command.KeyAt(1, "OW", "update")},
			History: restoreHistory, Args: restoreArgs,
		},
		Run: runRestore,
	},
	{
		Spec: command.Spec{
			Name: "restore-asking", Arity: -4, Summary: "An internal command for migrating keys in a cluster",
			Flags: command.Write | command.DenyOOM | command.Asking, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "3.0.0", Group: "server", Complexity: restoreComplexity,
			SysCmd:  true,
			Keys:    []command.KeySpec{command.KeyAt(1, "OW", "update")},
			History: restoreHistory, Args: restoreArgs,
		},
		Run: runRestore,
	},
}

// runDump is DUMP key. The value is serialised where the reply is written, and the
// reply's head put before it when its length is known.
func runDump(ctx *Context) {
	start := len(ctx.B)
	out, err := ctx.Tx.Dump(ctx.B, ctx.Args[1], cache.DumpPortable)
	if err != nil {
		ctx.Null()
		return
	}
	ctx.B = bulkFrom(out, start)
}

// bulkFrom makes what stands in b from start on a bulk string.
func bulkFrom(b []byte, start int) []byte {
	var room [24]byte
	n := len(b) - start
	head := append(strconv.AppendInt(append(room[:0], '$'), int64(n), 10), "\r\n"...)
	b = append(b, head...)
	b = append(b, "\r\n"...)
	copy(b[start+len(head):], b[start:start+n])
	copy(b[start:], head)
	return b
}

// restoreOptions are those of RESTORE.
type restoreOptions struct {
	replace, absolute bool
	idle, frequency   int64 // seconds, a counter; -1: not given
}

// restoreOptions parses them. The result is the error to answer with, if any.
func (ctx *Context) restoreOptions() (o restoreOptions, text string) {
	o.idle, o.frequency = -1, -1
	for opt := args.From(ctx.Args, 4); opt.More(); {
		switch {
		case opt.Word("replace"):
			o.replace = true
		case opt.Word("absttl"):
			o.absolute = true
		case o.frequency == -1 && opt.Option("idletime", 1):
			if o.idle, text = opt.Int(); text == "" && o.idle < 0 {
				text = "ERR Invalid IDLETIME value, must be >= 0"
			}
		case o.idle == -1 && opt.Option("freq", 1):
			if o.frequency, text = opt.Int(); text == "" && (o.frequency < 0 || o.frequency > 255) {
				text = "ERR Invalid FREQ value, must be >= 0 and <= 255"
			}
		default:
			text = args.ErrSyntax
		}
		if text != "" {
			return o, text
		}
	}
	return o, ""
}

// runRestore is RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds]
// [FREQ frequency].
func runRestore(ctx *Context) {
	o, text := ctx.restoreOptions()
	if text != "" {
		ctx.Error(text)
		return
	}
	key := ctx.Args[1]
	there := ctx.Tx.Type(key) != cache.None
	if there && !o.replace {
		ctx.Error("BUSYKEY Target key name already exists.")
		return
	}
	at, ok := args.Int(ctx.Args[2])
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
		return
	case at < 0:
		ctx.Error("ERR Invalid TTL value, must be >= 0")
		return
	case at != 0 && !o.absolute:
		at += ctx.Tx.Now() // below 0 if that is too much: it has come already
		if at == cache.NoExpiry {
			at = 1
		}
	}
	if err := ctx.Tx.Restore(key, ctx.Args[3], at); err != nil {
		ctx.fail(err)
		return
	}
	if ctx.Tx.Type(key) != cache.None {
		ctx.restoredAge(key, o)
		ctx.Notify(pubsub.Generic, "restore", key)
	} else if there {
		ctx.Notify(pubsub.Generic, "del", key)
	}
	ctx.OK()
}

// restoredAge gives a key the age that RESTORE says, if the policy keeps such a thing.
func (ctx *Context) restoredAge(key []byte, o restoreOptions) {
	switch policy := ctx.policy(); {
	case o.frequency >= 0 && isLFU(policy):
		ctx.Tx.SetFrequency(key, uint8(o.frequency))
	case o.idle >= 0 && !isLFU(policy):
		ctx.Tx.SetIdle(key, o.idle)
	}
}

package handlers

import (
	"math"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// debugRows is DEBUG. As in Redis it is one command, not a container: COMMAND
// knows nothing of what it can do. It takes the locks it needs by itself. Whether
// a client may use it (enable-debug-command) the executor has checked before.
var debugRows = []Row{
	{
		Spec: command.Spec{
			Name: "debug", Arity: -2, Summary: "A container for debugging commands",
			Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.Protected | command.KeyspaceWalk,
			Since: "1.0.0", Group: "server", Complexity: "Depends on subcommand.",
			SysCmd: true,
		},
		Run: runDebug,
	},
}

// debugHelp lists what there is: of Redis's many, those that do not ask about
// machinery (dicts, replication, an append-only file) which is not here.
var debugHelp = []string{
	"CHANGE-REPL-ID",
	"    Change the replication IDs of the instance.",
	"    Dangerous: should be used only for testing the replication subsystem.",
	"CONFIG-REWRITE-FORCE-ALL",
	"    Like CONFIG REWRITE but writes all configuration options, including",
	"    keywords not listed in original configuration file or default values.",
	"DIGEST",
	"    Output a hex signature representing the current DB content.",
	"DIGEST-VALUE <key> [<key> ...]",
	"    Output a hex signature of the values of all the specified keys.",
	"ERROR <string>",
	"    Return a Redis protocol error with <string> as message. Useful for clients",
	"    unit tests to simulate Redis errors.",
	"LOG <message>",
	"    Write <message> to the server log.",
	"HTSTATS <dbid>",
	"    Return hash table statistics of the specified Redis database.",
	"HTSTATS-KEY <key>",
	"    Like HTSTATS but for the hash table stored at <key>'s value.",
	"LISTPACK <key>",
	"    Show low level info about the listpack encoding of <key>.",
	"OBJECT <key>",
	"    Show low level info about `key` and associated value.",
	"PAUSE-CRON <0|1>",
	"    Stop periodic cron job processing.",
	"POPULATE <count> [<prefix>] [<size>]",
	"    Create <count> string keys named key:<num>. If <prefix> is specified then",
	"    it is used instead of the 'key' prefix.",
	"PROTOCOL <type>",
	"    Reply with a test value of the specified type. <type> can be: string,",
	"    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
	"    true, false.",
	"QUICKLIST-PACKED-THRESHOLD <size>",
	"    Accepted and without effect: how elements of lists are kept is not for setting.",
	"RELOAD [option ...]",
	"    Save the RDB on disk and reload it back to memory. Valid <option> values:",
	"    * MERGE: conflicting keys will be loaded from RDB.",
	"    * NOFLUSH: the existing database will not be removed before load, but",
	"      conflicting keys will generate an exception and kill the server.",
	"    * NOSAVE: the database will be loaded from an existing RDB file.",
	"    Examples:",
	"    * DEBUG RELOAD: verify that the server is able to persist, flush and reload",
	"      the database.",
	"    * DEBUG RELOAD NOSAVE: replace the current database with the contents of an",
	"      existing RDB file.",
	"    * DEBUG RELOAD NOSAVE NOFLUSH MERGE: add the contents of an existing RDB",
	"      file to the database.",
	"SET-ACTIVE-EXPIRE <0|1>",
	"    Setting it to 0 disables expiring keys in background when they are not",
	"    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
	"    default.",
	"REPLYBUFFER PEAK-RESET-TIME <NEVER||RESET|time>",
	"REPLYBUFFER RESIZING <0|1>",
	"    Accepted and without effect: clients have no reply buffers of their own.",
	"SET-DISABLE-DENY-SCRIPTS <0|1>",
	"    Setting it to 1 lets scripts call commands that are not for them.",
	"SLEEP <seconds>",
	"    Stop the server for <seconds>. Decimals allowed.",
	"STRINGMATCH-LEN <length> <pattern>",
	"    Match a glob-style pattern with <length> letters 'a'.",
}

// runDebug finds its subcommands by itself: name and number of arguments must
// both fit, or the reply is the same as for a name that does not exist.
func runDebug(ctx *Context) {
	is := func(name string, count int) bool {
		return len(ctx.Args) == count && args.Is(ctx.Args[1], name)
	}
	switch {
	case is("help", 2):
		ctx.help("DEBUG", debugHelp)
	case is("sleep", 3):
		ctx.Server.Pause.Sleep(debugSeconds(ctx.Args[2]))
		ctx.OK()
	case is("set-active-expire", 3):
		ctx.Server.Cache.SetActiveExpire(leadingInt(ctx.Args[2]) != 0)
		ctx.OK()
	case is("object", 3):
		ctx.debugObject(ctx.Args[2])
	case args.Is(ctx.Args[1], "reload"):
		ctx.debugReload()
	case is("digest", 2):
		ctx.debugDigest()
	case len(ctx.Args) >= 2 && args.Is(ctx.Args[1], "digest-value"):
		ctx.debugDigestValue()
	case ctx.debugTool():
	default:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "DEBUG"))
	}
}

// debugSeconds reads a time as C's strtod does: what is no number counts as 0.
// All clients wait meanwhile, as in Redis (package pause).
func debugSeconds(arg []byte) time.Duration {
	seconds, ok := args.Float(arg)
	if !ok || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
}

// leadingInt reads an integer as C's atoi does: up to the first byte that is no
// digit, and 0 for what starts with none.
func leadingInt(arg []byte) int64 {
	end := 0
	for end < len(arg) && (arg[end] >= '0' && arg[end] <= '9' || end == 0 && arg[end] == '-') {
		end++
	}
	n, _ := strconv.ParseInt(string(arg[:end]), 10, 64)
	return n
}

// debugObject describes a key. Items move and so have no address to show; the
// length is that of the value in an RDB file, without compression.
func (ctx *Context) debugObject(key []byte) {
	var tx cache.Tx
	ctx.Server.Cache.BeginKey(&tx, ctx.Session.DB, key)
	defer tx.End()
	info, ok := tx.Object(key)
	if !ok {
		ctx.Error(args.ErrNoSuchKey)
		return
	}
	idle := info.IdleMs / 1000
	ctx.Simple("Value at:0x0 refcount:" + strconv.FormatInt(ctx.refCount(&tx, key, info), 10) +
		" encoding:" + info.Encoding.String() +
		" serializedlength:" + strconv.Itoa(serializedLength(&tx, key, info)) +
		" lru:" + strconv.FormatInt(lruClock(tx.Now()-info.IdleMs), 10) +
		" lru_seconds_idle:" + strconv.FormatInt(idle, 10))
}

// serializedLength is how many bytes a string takes in an RDB file, as
// redis-server's rdbSavedObjectLen says it: an integer of 8, 16 or 32 bits after
// a byte that says so, or the text after its length, which takes
//
//	1 byte    below 64          00llllll
//	2 bytes   below 16,384      01llllll llllllll
//	5 bytes   above             10000000 and 32 bits
//
// For a collection, whose length there hangs on the encoding that a file has for it,
// it is what the key takes in memory.
func serializedLength(tx *cache.Tx, key []byte, info cache.ObjectInfo) int {
	if info.Type != cache.String {
		return info.Bytes
	}
	if info.Encoding == cache.EncodingInt {
		value, _ := tx.Peek(key)
		n, _ := args.Int(value)
		switch {
		case n >= math.MinInt8 && n <= math.MaxInt8:
			return 2
		case n >= math.MinInt16 && n <= math.MaxInt16:
			return 3
		case n >= math.MinInt32 && n <= math.MaxInt32:
			return 5
		}
	}
	switch {
	case info.Length < 1<<6:
		return 1 + info.Length
	case info.Length < 1<<14:
		return 2 + info.Length
	}
	return 5 + info.Length
}

// lruClock is the time as Redis keeps it beside each value: seconds, 24 bits,
// which come round every 194 days. ms is unix time in milliseconds.
func lruClock(ms int64) int64 { return ms / 1000 & (1<<24 - 1) }

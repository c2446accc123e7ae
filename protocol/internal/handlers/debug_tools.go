package handlers

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
)

// DEBUG's subcommands that test suites and tools lean on.

// debugTools are those with a fixed number of arguments, DEBUG and the name included.
// What they ask about machinery that is not here they answer as redis-server does, and
// do nothing.
var debugTools = []struct {
	name  string
	count int
	run   Handler
}{
	{"change-repl-id", 2, func(ctx *Context) { ctx.Server.Process.NewReplID(); ctx.OK() }},
	{"config-rewrite-force-all", 2, (*Context).debugRewriteAll},
	{"error", 3, func(ctx *Context) { ctx.Error(string(ctx.Args[2])) }},
	{"htstats", 3, (*Context).debugTables},
	{"htstats-key", 3, (*Context).debugTableOf},
	{"listpack", 3, (*Context).debugListpack},
	{"log", 3, (*Context).debugLog},
	{"pause-cron", 3, func(ctx *Context) { ctx.Server.Pause.HoldCron(leadingInt(ctx.Args[2]) != 0); ctx.OK() }},
	{"populate", 3, (*Context).debugPopulate},
	{"populate", 4, (*Context).debugPopulate},
	{"populate", 5, (*Context).debugPopulate},
	{"protocol", 3, (*Context).debugProtocol},
	{"quicklist-packed-threshold", 3, (*Context).debugThreshold},
	{"replybuffer", 4, (*Context).debugReplyBuffer},
	{"set-disable-deny-scripts", 3, (*Context).debugDenyScripts},
	{"stringmatch-len", 4, (*Context).debugMatch},
}

// debugTool runs one of debugTools; false if there is none for these arguments.
func (ctx *Context) debugTool() bool {
	for _, tool := range debugTools {
		if len(ctx.Args) == tool.count && args.Is(ctx.Args[1], tool.name) {
			tool.run(ctx)
			return true
		}
	}
	return false
}

// debugRewriteAll is DEBUG CONFIG-REWRITE-FORCE-ALL: every setting is written out.
func (ctx *Context) debugRewriteAll() {
	if err := ctx.Server.Config.RewriteAll(); err != nil {
		ctx.Error("ERR CONFIG-REWRITE-FORCE-ALL failed: " + err.Error())
		return
	}
	ctx.OK()
}

// debugLog is DEBUG LOG message: it goes to the server's log.
func (ctx *Context) debugLog() {
	if ctx.Server.log != nil {
		ctx.Server.log.Warn("DEBUG LOG", "message", string(ctx.Args[2]))
	}
	ctx.OK()
}

// debugDenyScripts is DEBUG SET-DISABLE-DENY-SCRIPTS: scripts may call what they are
// otherwise denied.
func (ctx *Context) debugDenyScripts() {
	ctx.Server.AllowDenyScripts.Store(leadingInt(ctx.Args[2]) != 0)
	ctx.OK()
}

// debugThreshold: from which size on an element of a list has a node of its own is not
// for setting here.
func (ctx *Context) debugThreshold() {
	if n, ok := config.ParseMemory(string(ctx.Args[2])); !ok || n >= 4<<30 {
		ctx.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
		return
	}
	ctx.OK()
}

// debugReplyBuffer is about clients' own reply buffers, which they have none of.
func (ctx *Context) debugReplyBuffer() {
	what, value := ctx.Args[2], ctx.Args[3]
	switch _, isInt := args.Int(value); {
	case args.Is(what, "resizing"),
		args.Is(what, "peak-reset-time") && (isInt || args.Is(value, "never") || args.Is(value, "reset")):
		ctx.OK()
	case args.Is(what, "peak-reset-time"):
		ctx.Error(args.ErrNotInteger)
	default:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "DEBUG"))
	}
}

// debugMatch is STRINGMATCH-LEN length pattern: whether a pattern matches so many
// letters a, for those that take long to find out.
func (ctx *Context) debugMatch() {
	const most = 1 << 20
	n, ok := args.Int(ctx.Args[2])
	if !ok || n < 0 || n > most {
		ctx.Error(args.ErrNotInteger)
		return
	}
	ctx.Flag(glob.Match(ctx.Args[3], bytes.Repeat([]byte("a"), int(n)), false))
}

// debugPopulate is POPULATE count [prefix] [size]: keys prefix:0, prefix:1, ... with
// values that begin with value:0, value:1, ... and are filled up with zeros to size.
// Keys that are there stay as they are.
func (ctx *Context) debugPopulate() {
	count, size, err := int64(0), int64(0), ""
	if count, err = positive(ctx.Args[2]); err == "" && len(ctx.Args) > 4 {
		size, err = positive(ctx.Args[4])
	}
	if err != "" {
		ctx.Error(err)
		return
	}
	prefix := []byte("key")
	if len(ctx.Args) > 3 {
		prefix = ctx.Args[3]
	}
	if size > ctx.Server.Config.ProtoMaxBulkLen.Int() {
		ctx.Error("ERR value is out of range, must be positive")
		return
	}
	var tx cache.Tx
	key, value := append(bytes.Clone(prefix), ':'), []byte{}
	for i := range count {
		key = strconv.AppendInt(key[:len(prefix)+1], i, 10)
		value = strconv.AppendInt(append(value[:0], "value:"...), i, 10)
		if size > 0 {
			value = append(value, make([]byte, max(0, int(size)-len(value)))...)[:size]
		}
		ctx.Server.Cache.BeginKey(&tx, ctx.Session.DB, key)
		var failed error
		if tx.Type(key) == cache.None {
			failed = tx.Set(key, value, 0)
		}
		tx.End()
		if failed != nil {
			ctx.Error(args.ErrOOM)
			return
		}
	}
	ctx.OK()
}

// positive reads a number as redis-server's getPositiveLongFromObjectOrReply does.
func positive(arg []byte) (n int64, err string) {
	if n, ok := args.Int(arg); ok && n >= 0 {
		return n, ""
	}
	return 0, "ERR value is out of range, must be positive"
}

// debugListpack would print the blob; it says no more than whether it is one.
func (ctx *Context) debugListpack() {
	info, ok := ctx.peekObject(ctx.Args[2])
	switch {
	case !ok:
		ctx.Error(args.ErrNoSuchKey)
	case info.Encoding != cache.EncodingListpack && info.Encoding != cache.EncodingListpackEx:
		ctx.Error("ERR Not a listpack encoded object.")
	default:
		if ctx.Server.log != nil {
			ctx.Server.log.Info("DEBUG LISTPACK", "encoding", info.Encoding.String(), "elements", info.Length, "bytes", info.Bytes)
		}
		ctx.Simple("Listpack structure printed on stdout")
	}
}

// peekObject describes a key of the client's database, without touching it.
func (ctx *Context) peekObject(key []byte) (cache.ObjectInfo, bool) {
	var tx cache.Tx
	ctx.Server.Cache.BeginKey(&tx, ctx.Session.DB, key)
	defer tx.End()
	return tx.Object(key)
}

// debugTables is HTSTATS db: what there is to count of a table that has no chains.
func (ctx *Context) debugTables() {
	db, ok := args.Int(ctx.Args[2])
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
		return
	case db < 0 || db >= int64(ctx.Server.Cache.Databases()):
		ctx.Error("ERR Out of range database")
		return
	}
	keys, expires := int64(0), int64(0)
	for _, used := range ctx.Server.usedDatabases() {
		if used.index == int(db) {
			keys, expires = int64(used.Keys), int64(used.Expires)
		}
	}
	ctx.Verbatim("txt", "[Dictionary HT]\n"+tableStats(keys)+"[Expires HT]\n"+tableStats(expires))
}

// tableStats describes a hash table of so many elements as DEBUG HTSTATS does.
func tableStats(elements int64) string {
	const title = "Hash table 0 stats (main hash table):\n"
	if elements == 0 {
		return title + "No stats available for empty dictionaries\n"
	}
	return title + fmt.Sprintf(" number of elements: %d\n", elements)
}

// debugTableOf is HTSTATS-KEY key, for what Redis keeps in a hash table.
func (ctx *Context) debugTableOf() {
	info, ok := ctx.peekObject(ctx.Args[2])
	switch {
	case !ok:
		ctx.Error(args.ErrNoSuchKey)
	case info.Encoding != cache.EncodingHashTable && info.Encoding != cache.EncodingSkiplist:
		ctx.Error("ERR The value stored at the specified key is not represented using an hash table")
	default:
		ctx.Verbatim("txt", tableStats(int64(info.Length)))
	}
}

// debugProtocol replies with a value of the type that is asked for, so that a client
// library can be tried on it.
func (ctx *Context) debugProtocol() {
	samples := map[string]func(){
		"string":  func() { ctx.BulkString("Hello World") },
		"integer": func() { ctx.Int(12345) },
		"double":  func() { ctx.Double(3.141) },
		"null":    ctx.Null,
		"array":   func() { ctx.Array(3); ctx.countTo(3) },
		"set":     func() { ctx.Set(3); ctx.countTo(3) },
		"map": func() {
			ctx.Map(3)
			for i := range 3 {
				ctx.Int(int64(i))
				ctx.Bool(i == 1)
			}
		},
		"attrib":   ctx.sampleAttribute,
		"push":     ctx.samplePush,
		"verbatim": func() { ctx.Verbatim("txt", "This is a verbatim\nstring") },
		"true":     func() { ctx.Bool(true) },
		"false":    func() { ctx.Bool(false) },
		"bignum":   func() { ctx.BigNumber("1234567999999999999999999999999999999") },
	}
	if write := samples[string(bytes.ToLower(ctx.Args[2]))]; write != nil {
		write()
		return
	}
	ctx.Error("ERR Wrong protocol type name. Please use one of the following: " +
		"string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
}

// countTo writes the numbers below n.
func (ctx *Context) countTo(n int) {
	for i := range n {
		ctx.Int(int64(i))
	}
}

// sampleAttribute: clients of RESP2 get the reply alone.
func (ctx *Context) sampleAttribute() {
	if ctx.Proto > 2 {
		ctx.Attribute(1)
		ctx.BulkString("key-popularity")
		ctx.Array(2)
		ctx.BulkString("key:123")
		ctx.Int(90)
	}
	ctx.BulkString("Some real reply following the attribute")
}

// samplePush writes the out-of-band message of DEBUG PROTOCOL.
func (ctx *Context) samplePush() {
	if ctx.Proto < 3 {
		ctx.Error("ERR RESP2 is not supported by this command")
		return
	}
	ctx.Push(2)
	ctx.BulkString("server-cpu-usage")
	ctx.Int(42)
	ctx.BulkString("Some real reply following the push reply")
}

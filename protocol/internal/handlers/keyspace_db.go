package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// databaseRows are the commands on whole databases. But for SWAPDB they run without
// a lock of the executor's: the cache takes those it needs, shard by shard.
var databaseRows = []Row{
	{
		Spec: command.Spec{
			Name: "swapdb", Arity: 3, Summary: "Swaps two Redis databases",
			Flags: command.Write | command.Fast | command.AllKeys, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "4.0.0", Group: "server", Complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
			Args: []command.Arg{
				{Name: "index1", Type: "integer"},
				{Name: "index2", Type: "integer"},
			},
		},
		Run: runSwapDB,
	},
	{
		Spec: command.Spec{
			Name: "dbsize", Arity: 1, Summary: "Return the number of keys in the selected database",
			Flags: command.ReadOnly | command.Fast | command.AllKeys | command.KeyspaceWalk, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "server", Complexity: "O(1)",
			Tips: []string{"request_policy:all_shards", "response_policy:agg_sum"},
		},
		Run: runDBSize,
	},
	{
		Spec: command.Spec{
			Name: "flushdb", Arity: -1, Summary: "Remove all keys from the current database",
			Flags: command.Write | command.AllKeys, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "1.0.0", Group: "server", Complexity: "O(N) where N is the number of keys in the selected database",
			Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
			History: []command.Change{
				{Since: "4.0.0", What: "Added the `ASYNC` flushing mode modifier."},
				{Since: "6.2.0", What: "Added the `SYNC` flushing mode modifier."},
			},
			Args: []command.Arg{
				{Name: "async", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "async", Type: "pure-token", Token: "ASYNC", Since: "4.0.0"},
					{Name: "sync", Type: "pure-token", Token: "SYNC", Since: "6.2.0"},
				}},
			},
		},
		Run: runFlushDB,
	},
	{
		Spec: command.Spec{
			Name: "flushall", Arity: -1, Summary: "Remove all keys from all databases",
			Flags: command.Write | command.AllKeys, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "1.0.0", Group: "server", Complexity: "O(N) where N is the total number of keys in all databases",
			Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
			History: []command.Change{
				{Since: "4.0.0", What: "Added the `ASYNC` flushing mode modifier."},
				{Since: "6.2.0", What: "Added the `SYNC` flushing mode modifier."},
			},
			Args: []command.Arg{
				{Name: "async", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "async", Type: "pure-token", Token: "ASYNC", Since: "4.0.0"},
					{Name: "sync", Type: "pure-token", Token: "SYNC", Since: "6.2.0"},
				}},
			},
		},
		Run: runFlushAll,
	},
	{
		Spec: command.Spec{
			Name: "randomkey", Arity: 1, Summary: "Return a random key from the keyspace",
			Flags: command.ReadOnly | command.AllKeys | command.KeyspaceWalk, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Tips: []string{"request_policy:all_shards", "nondeterministic_output"},
		},
		Run: runRandomKey,
	},
}

// runSwapDB exchanges two databases for everybody at once: who has selected one
// of them sees the other's keys from now on. The errors name which index is bad
// only while it is no number.
func runSwapDB(ctx *Context) {
	a, ok := args.Int(ctx.Args[1])
	if !ok || a < math.MinInt32 || a > math.MaxInt32 {
		ctx.Error("ERR invalid first DB index")
		return
	}
	b, ok := args.Int(ctx.Args[2])
	if !ok || b < math.MinInt32 || b > math.MaxInt32 {
		ctx.Error("ERR invalid second DB index")
		return
	}
	if count := int64(ctx.Server.Cache.Databases()); min(a, b) < 0 || max(a, b) >= count {
		ctx.Error(args.ErrDBIndex)
		return
	}
	if a != b {
		ctx.touchSwapped(int(a), int(b))
		ctx.Tx.Swap(int(a), int(b)) // and whose keys are there now are served at once
	}
	ctx.OK()
}

// touchSwapped marks those who watch keys that are there in either of two databases.
func (ctx *Context) touchSwapped(a, b int) {
	current := ctx.Tx.DB()
	for _, k := range ctx.Server.Watch.In(a, b) {
		name, there := []byte(k.Name), false
		for _, db := range []int{a, b} {
			ctx.Tx.SelectDB(db)
			there = there || ctx.Tx.Type(name) != cache.None
		}
		if there {
			ctx.Server.Watch.Changed(k.DB, name, cache.Written)
		}
	}
	ctx.Tx.SelectDB(current)
}

// runDBSize counts expired keys too as long as nothing has removed them.
func runDBSize(ctx *Context) {
	ctx.Int(int64(ctx.Tx.Size()))
}

// runFlushDB: remove all keys from the current database.
func runFlushDB(ctx *Context) { ctx.flush(ctx.Session.DB) }

// runFlushAll: remove all keys from all databases.
func runFlushAll(ctx *Context) { ctx.flush(-1) }

// flush empties a database, or all of them for -1. SYNC and ASYNC make no
// difference: the keys are gone at once and their memory is reclaimed in the
// background, in small steps, either way.
func (ctx *Context) flush(db int) {
	if len(ctx.Args) > 2 ||
		len(ctx.Args) == 2 && !args.Is(ctx.Args[1], "sync") && !args.Is(ctx.Args[1], "async") {
		ctx.Error(args.ErrSyntax)
		return
	}
	ctx.Tx.Flush(db)
	ctx.OK()
}

// runRandomKey copies the key out of the cache, which is unlocked again by then.
// Keys of usual length fit on the stack.
func runRandomKey(ctx *Context) {
	var room [64]byte
	key, ok := ctx.Tx.RandomKey(room[:0])
	if !ok {
		ctx.Null()
		return
	}
	ctx.Bulk(key)
}

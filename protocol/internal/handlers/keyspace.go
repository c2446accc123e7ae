package handlers

import (
	"bytes"
	"math"
	"slices"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// keyspaceRows are the commands that are about keys rather than values.
var keyspaceRows = slices.Concat(keyRows, expireRows, walkRows, databaseRows, objectRows, memoryRows)

// keyRows are the commands on keys that are named.
var keyRows = []Row{
	{
		Spec: command.Spec{
			Name: "del", Arity: -2, Summary: "Delete a key",
			Flags: command.Write, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RM", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runDel,
	},
	{
		Spec: command.Spec{
			Name: "unlink", Arity: -2, Summary: "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "4.0.0", Group: "generic", Complexity: "O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RM", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runUnlink,
	},
	{
		Spec: command.Spec{
			Name: "exists", Arity: -2, Summary: "Determine if a key exists",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(N) where N is the number of keys to check.",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO")},
			History: []command.Change{
				{Since: "3.0.3", What: "Accepts multiple `key` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runExists,
	},
	{
		Spec: command.Spec{
			Name: "touch", Arity: -2, Summary: "Alters the last access time of a key(s). Returns the number of existing keys specified.",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "3.2.1", Group: "generic", Complexity: "O(N) where N is the number of keys that will be touched.",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			},
		},
		Run: runTouch,
	},
	{
		Spec: command.Spec{
			Name: "type", Arity: 2, Summary: "Determine the type stored at key",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runType,
	},
	{
		Spec: command.Spec{
			Name: "rename", Arity: 3, Summary: "Rename a key",
			Flags: command.Write, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "delete"),
				command.KeyAt(2, "OW", "update"),
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "newkey", Type: "key", KeySpecIndex: 2},
			},
		},
		Run: runRename,
	},
	{
		Spec: command.Spec{
			Name: "renamenx", Arity: 3, Summary: "Rename a key, only if the new key does not exist",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "delete"),
				command.KeyAt(2, "OW", "insert"),
			},
			History: []command.Change{
				{Since: "3.2.0", What: "The command no longer returns an error when source and destination names are the same."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "newkey", Type: "key", KeySpecIndex: 2},
			},
		},
		Run: runRenameNX,
	},
	{
		Spec: command.Spec{
			Name: "copy", Arity: -3, Summary: "Copy a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatKeyspace,
			Since: "6.2.0", Group: "generic", Complexity: "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RO", "access"),
				command.KeyAt(2, "OW", "update"),
			},
			Args: []command.Arg{
				{Name: "source", Type: "key", KeySpecIndex: 1},
				{Name: "destination", Type: "key", KeySpecIndex: 2},
				{Name: "destination-db", Type: "integer", Token: "DB", Optional: true},
				{Name: "replace", Type: "pure-token", Token: "REPLACE", Optional: true},
			},
		},
		Run: runCopy,
	},
	{
		Spec: command.Spec{
			Name: "move", Arity: 3, Summary: "Move a key to another database",
			Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
			Since: "1.0.0", Group: "generic", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "db", Type: "integer"},
			},
		},
		Run: runMove,
	},
}

// errSameObject is the reply where source and destination are one and the same.
const errSameObject = "ERR source and destination objects are the same"

// runDel counts what was there: a key named twice is deleted once.
func runDel(ctx *Context) {
	deleted := int64(0)
	for _, key := range ctx.Args[1:] {
		if ctx.remove(key) {
			deleted++
		}
	}
	ctx.Int(deleted)
}

// runUnlink is DEL: to delete never takes long here, since memory is given back
// in the background anyway.
// remove deletes a key, and publishes that.
func (ctx *Context) remove(key []byte) bool {
	there := ctx.Tx.Delete(key)
	if there {
		ctx.Notify(pubsub.Generic, "del", key)
	}
	return there
}

// runUnlink: delete a key asynchronously in another thread. Otherwise it is just as DEL, but
// non blocking.
func runUnlink(ctx *Context) { runDel(ctx) }

// lookup finds a key as Redis's inspecting commands do (EXISTS, TYPE, TTL,
// OBJECT): it counts as a hit or a miss, but not as an access.
func (ctx *Context) lookup(key []byte) bool {
	ctx.Tx.SetNoTouch(true)
	found := ctx.Tx.Exists(key)
	ctx.Tx.SetNoTouch(ctx.Session.NoTouch)
	return found
}

// runExists counts a key as often as it is named.
func runExists(ctx *Context) {
	found := int64(0)
	for _, key := range ctx.Args[1:] {
		if ctx.lookup(key) {
			found++
		}
	}
	ctx.Int(found)
}

// runTouch is an access even for a client that said CLIENT NO-TOUCH ON.
func runTouch(ctx *Context) {
	ctx.Tx.SetNoTouch(false)
	touched := int64(0)
	for _, key := range ctx.Args[1:] {
		if ctx.Tx.Exists(key) {
			touched++
		}
	}
	ctx.Tx.SetNoTouch(ctx.Session.NoTouch)
	ctx.Int(touched)
}

// runType replies with a status, "none" without the key; it is never an error.
func runType(ctx *Context) {
	t := cache.None
	if ctx.lookup(ctx.Args[1]) {
		t = ctx.Tx.Type(ctx.Args[1])
	}
	ctx.Simple(t.String())
}

// runRename replaces dst, whatever it holds, and takes the expiry along. To
// rename a key to itself is no error, but there must be one.
func runRename(ctx *Context) {
	src, dst := ctx.Args[1], ctx.Args[2]
	switch {
	case ctx.Tx.Type(src) == cache.None:
		ctx.Error(args.ErrNoSuchKey)
		return
	case bytes.Equal(src, dst):
		ctx.OK()
		return
	}
	if ctx.rename(src, dst) {
		ctx.OK()
	}
}

// runRenameNX is runRename unless dst exists.
func runRenameNX(ctx *Context) {
	src, dst := ctx.Args[1], ctx.Args[2]
	switch {
	case ctx.Tx.Type(src) == cache.None:
		ctx.Error(args.ErrNoSuchKey)
		return
	case ctx.Tx.Type(dst) != cache.None: // src itself among others
		ctx.Flag(false)
		return
	}
	if ctx.rename(src, dst) {
		ctx.Flag(true)
	}
}

// rename renames a key that is there, and tells whether that went well; else it has
// replied. For subscribers what takes another key's place is new.
func (ctx *Context) rename(src, dst []byte) bool {
	if ctx.Server.Events.On(pubsub.NewKey) && ctx.Tx.Type(dst) != cache.None {
		ctx.Notify(pubsub.NewKey, "new", dst)
	}
	if err := ctx.Tx.Rename(src, dst); err != nil {
		ctx.fail(err)
		return false
	}
	ctx.Notify(pubsub.Generic, "rename_from", src)
	ctx.Notify(pubsub.Generic, "rename_to", dst)
	return true
}

// runCopy copies value and expiry. That both names and databases are the same is
// an error even where there is no such key; the source counts as read.
func runCopy(ctx *Context) {
	src, dst, db, replace := ctx.Args[1], ctx.Args[2], ctx.Session.DB, false
	for opt := args.From(ctx.Args, 3); opt.More(); {
		switch {
		case opt.Word("replace"):
			replace = true
		case opt.Option("db", 1):
			var err string
			if db, err = ctx.database(opt.Next()); err != "" {
				ctx.Error(err)
				return
			}
		default:
			ctx.Error(args.ErrSyntax)
			return
		}
	}
	if db == ctx.Session.DB && bytes.Equal(src, dst) {
		ctx.Error(errSameObject)
		return
	}
	if !ctx.Tx.Exists(src) {
		ctx.Flag(false)
		return
	}
	if replace && ctx.Server.Events.On(pubsub.NewKey) {
		ctx.Tx.SelectDB(db)
		if ctx.Tx.Type(dst) != cache.None { // what takes its place is new all the same
			ctx.Notify(pubsub.NewKey, "new", dst)
		}
		ctx.Tx.SelectDB(ctx.Session.DB)
	}
	copied, err := ctx.Tx.Copy(src, db, dst, replace)
	if err != nil {
		ctx.fail(err)
		return
	}
	if copied {
		ctx.notifyIn(db, "copy_to", dst)
	}
	ctx.Flag(copied)
}

// runMove leaves the key where it is if the other database has one of its name.
// A key lives in the same shard whatever its database, so one lock is enough.
func runMove(ctx *Context) {
	db, err := ctx.database(ctx.Args[2])
	switch {
	case err != "":
		ctx.Error(err)
	case db == ctx.Session.DB:
		ctx.Error(errSameObject)
	default:
		moved := ctx.Tx.Move(ctx.Args[1], db)
		if moved {
			ctx.Notify(pubsub.Generic, "move_from", ctx.Args[1])
			ctx.notifyIn(db, "move_to", ctx.Args[1])
		}
		ctx.Flag(moved)
	}
}

// database reads the number of a database, with the three errors that Redis has
// for it: no number, no C int, no such database.
func (ctx *Context) database(arg []byte) (db int, err string) {
	n, err := args.IntRange(arg, math.MinInt32, math.MaxInt32)
	switch {
	case err != "":
		return 0, err
	case n < 0 || n >= int64(ctx.Server.Cache.Databases()):
		return 0, args.ErrDBIndex
	}
	return int(n), ""
}

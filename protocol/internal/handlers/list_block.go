package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// listBlockRows are the commands that wait for a list to have an element.
var listBlockRows = []Row{
	{
		Spec: command.Spec{
			Name: "blpop", Arity: -3, Summary: "Remove and get the first element in a list, or block until one is available",
			Flags: command.Write | command.NoScript | command.Blocking, Categories: command.CatList,
			Since: "2.0.0", Group: "list", Complexity: "O(N) where N is the number of provided keys.",
			Keys: []command.KeySpec{command.KeyRange(1, -2, 1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "6.0.0", What: "`timeout` is interpreted as a double instead of an integer."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "timeout", Type: "double"},
			},
		},
		Run: runBlpop,
	},
	{
		Spec: command.Spec{
			Name: "brpop", Arity: -3, Summary: "Remove and get the last element in a list, or block until one is available",
			Flags: command.Write | command.NoScript | command.Blocking, Categories: command.CatList,
			Since: "2.0.0", Group: "list", Complexity: "O(N) where N is the number of provided keys.",
			Keys: []command.KeySpec{command.KeyRange(1, -2, 1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "6.0.0", What: "`timeout` is interpreted as a double instead of an integer."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "timeout", Type: "double"},
			},
		},
		Run: runBrpop,
	},
	{
		Spec: command.Spec{
			Name: "blmpop", Arity: -5, Summary: "Pop elements from a list, or block until one is available",
			Flags: command.Write | command.Blocking | command.MovableKeys, Categories: command.CatList,
			Since: "7.0.0", Group: "list", Complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
			Keys: []command.KeySpec{{Flags: []string{"RW", "access", "delete"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "timeout", Type: "double"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "where", Type: "oneof", Args: []command.Arg{
					{Name: "left", Type: "pure-token", Token: "LEFT"},
					{Name: "right", Type: "pure-token", Token: "RIGHT"},
				}},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runBlmpop,
	},
	{
		Spec: command.Spec{
			Name: "blmove", Arity: 6, Summary: "Pop an element from a list, push it to another list and return it; or block until one is available",
			Flags: command.Write | command.DenyOOM | command.NoScript | command.Blocking, Categories: command.CatList,
			Since: "6.2.0", Group: "list", Complexity: "O(1)",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "delete"),
				command.KeyAt(2, "RW", "insert"),
			},
			Args: []command.Arg{
				{Name: "source", Type: "key", KeySpecIndex: 1},
				{Name: "destination", Type: "key", KeySpecIndex: 2},
				{Name: "wherefrom", Type: "oneof", Args: []command.Arg{
					{Name: "left", Type: "pure-token", Token: "LEFT"},
					{Name: "right", Type: "pure-token", Token: "RIGHT"},
				}},
				{Name: "whereto", Type: "oneof", Args: []command.Arg{
					{Name: "left", Type: "pure-token", Token: "LEFT"},
					{Name: "right", Type: "pure-token", Token: "RIGHT"},
				}},
				{Name: "timeout", Type: "double"},
			},
		},
		Run: runBlmove,
	},
	{
		Spec: command.Spec{
			Name: "brpoplpush", Arity: 4, Summary: "Pop an element from a list, push it to another list and return it; or block until one is available",
			Flags: command.Write | command.DenyOOM | command.NoScript | command.Blocking, Categories: command.CatList,
			Since: "2.2.0", Group: "list", Complexity: "O(1)",
			Deprecated: "6.2.0", ReplacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "delete"),
				command.KeyAt(2, "RW", "insert"),
			},
			History: []command.Change{
				{Since: "6.0.0", What: "`timeout` is interpreted as a double instead of an integer."},
			},
			Args: []command.Arg{
				{Name: "source", Type: "key", KeySpecIndex: 1},
				{Name: "destination", Type: "key", KeySpecIndex: 2},
				{Name: "timeout", Type: "double"},
			},
		},
		Run: runBrpoplpush,
	},
}

// runBlpop: remove and get the first element in a list, or block until one is available.
func runBlpop(ctx *Context) { ctx.blockingPop(cache.Left) }

// runBrpop: remove and get the last element in a list, or block until one is available.
func runBrpop(ctx *Context) { ctx.blockingPop(cache.Right) }

// blockingPop is BLPOP and BRPOP key [key ...] timeout.
func (ctx *Context) blockingPop(side cache.Side) {
	last := len(ctx.Args) - 1
	timeout, text := args.Timeout(ctx.Args[last])
	if text != "" {
		ctx.Error(text)
		return
	}
	keys := ctx.Args[1:last]
	for _, key := range keys {
		n, err := ctx.Tx.LPopN(key, side, 1, func(_, _ int, element []byte) {
			ctx.Array(2)
			ctx.Bulk(key)
			ctx.Bulk(element)
		})
		if err != nil {
			ctx.fail(err)
		}
		if n > 0 {
			ctx.notifyPopped(key, side)
		}
		if n > 0 || err != nil {
			return
		}
	}
	ctx.Block(Wait{Keys: keys, Type: cache.List, Timeout: timeout})
}

// runBlmpop is BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]. The
// timeout is looked at last.
func runBlmpop(ctx *Context) {
	m, text := ctx.multiPop(2)
	timeout, textTimeout := args.Timeout(ctx.Args[1])
	if text == "" {
		text = textTimeout
	}
	if text != "" {
		ctx.Error(text)
		return
	}
	if !ctx.popFirst(m) {
		ctx.Block(Wait{Keys: m.keys, Type: cache.List, Timeout: timeout})
	}
}

// runBlmove is BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout.
func runBlmove(ctx *Context) {
	take, ok := sideOf(ctx.Args[3])
	add, okAdd := sideOf(ctx.Args[4])
	if !ok || !okAdd {
		ctx.Error(args.ErrSyntax)
		return
	}
	ctx.blockingMove(take, add, ctx.Args[5])
}

// runBrpoplpush is BRPOPLPUSH source destination timeout.
func runBrpoplpush(ctx *Context) { ctx.blockingMove(cache.Right, cache.Left, ctx.Args[3]) }

// blockingMove is BLMOVE or BRPOPLPUSH.
func (ctx *Context) blockingMove(take, add cache.Side, wait []byte) {
	timeout, text := args.Timeout(wait)
	if text != "" {
		ctx.Error(text)
		return
	}
	if !ctx.move(take, add) {
		ctx.Block(Wait{Keys: ctx.Args[1:2], Type: cache.List, Timeout: timeout, NullBulk: true})
	}
}

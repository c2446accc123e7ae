package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// listRows are the commands that add to the ends of lists and take from them.
var listRows = []Row{
	{
		Spec: command.Spec{
			Name: "lpush", Arity: -3, Summary: "Prepend one or multiple elements to a list",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple `element` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "element", Type: "string", Multiple: true},
			},
		},
		Run: runLpush,
	},
	{
		Spec: command.Spec{
			Name: "rpush", Arity: -3, Summary: "Append one or multiple elements to a list",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			History: []command.Change{
				{Since: "2.4.0", What: "Accepts multiple `element` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "element", Type: "string", Multiple: true},
			},
		},
		Run: runRpush,
	},
	{
		Spec: command.Spec{
			Name: "lpushx", Arity: -3, Summary: "Prepend an element to a list, only if the list exists",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatList,
			Since: "2.2.0", Group: "list", Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			History: []command.Change{
				{Since: "4.0.0", What: "Accepts multiple `element` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "element", Type: "string", Multiple: true},
			},
		},
		Run: runLpushx,
	},
	{
		Spec: command.Spec{
			Name: "rpushx", Arity: -3, Summary: "Append an element to a list, only if the list exists",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatList,
			Since: "2.2.0", Group: "list", Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "insert")},
			History: []command.Change{
				{Since: "4.0.0", What: "Accepts multiple `element` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "element", Type: "string", Multiple: true},
			},
		},
		Run: runRpushx,
	},
	{
		Spec: command.Spec{
			Name: "lpop", Arity: -2, Summary: "Remove and get the first elements in a list",
			Flags: command.Write | command.Fast, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(N) where N is the number of elements returned",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `count` argument."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer", Since: "6.2.0", Optional: true},
			},
		},
		Run: runLpop,
	},
	{
		Spec: command.Spec{
			Name: "rpop", Arity: -2, Summary: "Remove and get the last elements in a list",
			Flags: command.Write | command.Fast, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(N) where N is the number of elements returned",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `count` argument."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "count", Type: "integer", Since: "6.2.0", Optional: true},
			},
		},
		Run: runRpop,
	},
	{
		Spec: command.Spec{
			Name: "lmpop", Arity: -4, Summary: "Pop elements from a list",
			Flags: command.Write | command.MovableKeys, Categories: command.CatList,
			Since: "7.0.0", Group: "list", Complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
			Keys: []command.KeySpec{{Flags: []string{"RW", "access", "delete"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "where", Type: "oneof", Args: []command.Arg{
					{Name: "left", Type: "pure-token", Token: "LEFT"},
					{Name: "right", Type: "pure-token", Token: "RIGHT"},
				}},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runLmpop,
	},
	{
		Spec: command.Spec{
			Name: "lmove", Arity: 5, Summary: "Pop an element from a list, push it to another list and return it",
			Flags: command.Write | command.DenyOOM, Categories: command.CatList,
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
			},
		},
		Run: runLmove,
	},
	{
		Spec: command.Spec{
			Name: "rpoplpush", Arity: 3, Summary: "Remove the last element in a list, prepend it to another list and return it",
			Flags: command.Write | command.DenyOOM, Categories: command.CatList,
			Since: "1.2.0", Group: "list", Complexity: "O(1)",
			Deprecated: "6.2.0", ReplacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RW", "access", "delete"),
				command.KeyAt(2, "RW", "insert"),
			},
			Args: []command.Arg{
				{Name: "source", Type: "key", KeySpecIndex: 1},
				{Name: "destination", Type: "key", KeySpecIndex: 2},
			},
		},
		Run: runRpoplpush,
	},
}

// runLpush: prepend one or multiple elements to a list.
func runLpush(ctx *Context) {
	n, err := ctx.Tx.LPush(ctx.Args[1], ctx.Args[2:]...)
	ctx.added(pubsub.List, "lpush", n, err)
}

// runRpush: append one or multiple elements to a list.
func runRpush(ctx *Context) {
	n, err := ctx.Tx.RPush(ctx.Args[1], ctx.Args[2:]...)
	ctx.added(pubsub.List, "rpush", n, err)
}

// runLpushx: prepend an element to a list, only if the list exists.
func runLpushx(ctx *Context) {
	n, err := ctx.Tx.LPushX(ctx.Args[1], ctx.Args[2:]...)
	ctx.added(pubsub.List, "lpush", n, err)
}

// runRpushx: append an element to a list, only if the list exists.
func runRpushx(ctx *Context) {
	n, err := ctx.Tx.RPushX(ctx.Args[1], ctx.Args[2:]...)
	ctx.added(pubsub.List, "rpush", n, err)
}

// popEvents and pushEvents are what an end of a list gives or gets, to subscribers.
var (
	popEvents  = [...]string{cache.Left: "lpop", cache.Right: "rpop"}
	pushEvents = [...]string{cache.Left: "lpush", cache.Right: "rpush"}
)

// notifyPopped is about a list that gave elements.
func (ctx *Context) notifyPopped(key []byte, side cache.Side) {
	ctx.NotifyTaken(pubsub.List, popEvents[side], key)
}

// runLpop: remove and get the first elements in a list.
func runLpop(ctx *Context) { ctx.pop(cache.Left) }

// runRpop: remove and get the last elements in a list.
func runRpop(ctx *Context) { ctx.pop(cache.Right) }

// pop is LPOP and RPOP. With a count the reply is an array, whatever the count.
func (ctx *Context) pop(side cache.Side) {
	switch len(ctx.Args) {
	case 2:
		n, err := ctx.Tx.LPopN(ctx.Args[1], side, 1, func(_, _ int, element []byte) { ctx.Bulk(element) })
		if err != nil {
			ctx.fail(err)
		} else if n == 0 {
			ctx.Null()
		} else {
			ctx.notifyPopped(ctx.Args[1], side)
		}
	case 3:
		count, text := args.Positive(ctx.Args[2])
		if text != "" {
			ctx.Error(args.ErrNotPositive) // also where it is no integer
			return
		}
		ctx.popCount(side, int(count))
	default:
		ctx.Error(args.WrongArity(ctx.Command.FullName))
	}
}

// popCount is LPOP with a count. That of 0 tells whether there is a list at all.
func (ctx *Context) popCount(side cache.Side, count int) {
	key := ctx.Args[1]
	n, err := ctx.popArray(key, side, count)
	if n > 0 {
		ctx.notifyPopped(key, side)
	}
	if n == 0 && err == nil {
		if n, err = ctx.Tx.LLen(key); n > 0 {
			ctx.Array(0)
			return
		}
	}
	switch {
	case err != nil:
		ctx.fail(err)
	case n == 0:
		ctx.NullArray()
	}
}

// popArray takes up to count elements from a list and writes them as an array, if
// there are any.
func (ctx *Context) popArray(key []byte, side cache.Side, count int) (int, error) {
	return ctx.Tx.LPopN(key, side, count, func(i, n int, element []byte) {
		if i == 0 {
			ctx.Array(n)
		}
		ctx.Bulk(element)
	})
}

// multiPop are the arguments of LMPOP.
type multiPop struct {
	keys  [][]byte
	side  cache.Side
	count int
}

// multiPop reads numkeys key ... LEFT|RIGHT [COUNT count] from an argument on.
func (ctx *Context) multiPop(from int) (m multiPop, text string) {
	const badKeys, badCount = "ERR numkeys should be greater than 0", "ERR count should be greater than 0"
	c := args.From(ctx.Args, from)
	n, text := c.Int()
	switch {
	case text != "" || n < 1:
		return m, badKeys
	case n >= int64(c.Left()):
		return m, args.ErrSyntax
	}
	first := c.Position()
	m.keys = ctx.Args[first : first+int(n)]
	c = args.From(ctx.Args, first+int(n))
	ok := false
	if m.side, ok = sideOf(c.Next()); !ok {
		return m, args.ErrSyntax
	}
	for m.count = 1; c.More(); {
		if ok = ok && c.Option("count", 1); !ok {
			return m, args.ErrSyntax
		}
		ok = false // it may be given once
		n, text := c.Int()
		if text != "" || n < 1 {
			return m, badCount
		}
		m.count = int(n)
	}
	return m, ""
}

// sideOf reads LEFT or RIGHT.
func sideOf(word []byte) (cache.Side, bool) {
	if args.Is(word, "left") {
		return cache.Left, true
	}
	return cache.Right, args.Is(word, "right")
}

// runLmpop is LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count].
func runLmpop(ctx *Context) {
	m, text := ctx.multiPop(1)
	if text != "" {
		ctx.Error(text)
		return
	}
	if !ctx.popFirst(m) {
		ctx.NullArray()
	}
}

// popFirst takes elements from the first list that has any and replies with its key
// and them, or with an error; it tells whether it replied.
func (ctx *Context) popFirst(m multiPop) bool {
	for _, key := range m.keys {
		n, err := ctx.Tx.LPopN(key, m.side, m.count, func(i, n int, element []byte) {
			if i == 0 {
				ctx.Array(2)
				ctx.Bulk(key)
				ctx.Array(n)
			}
			ctx.Bulk(element)
		})
		if err != nil {
			ctx.fail(err)
			return true
		}
		if n > 0 {
			ctx.notifyPopped(key, m.side)
			return true
		}
	}
	return false
}

// runLmove is LMOVE source destination LEFT|RIGHT LEFT|RIGHT.
func runLmove(ctx *Context) {
	take, ok := sideOf(ctx.Args[3])
	add, okAdd := sideOf(ctx.Args[4])
	if !ok || !okAdd {
		ctx.Error(args.ErrSyntax)
		return
	}
	if !ctx.move(take, add) {
		ctx.Null()
	}
}

// runRpoplpush is RPOPLPUSH source destination.
func runRpoplpush(ctx *Context) {
	if !ctx.move(cache.Right, cache.Left) {
		ctx.Null()
	}
}

// move moves an element from the list of the first argument to that of the second
// and replies with it, or with an error. There is no reply, and false, if the first
// list is empty.
func (ctx *Context) move(take, add cache.Side) bool {
	err := ctx.Tx.LMove(ctx.Args[1], ctx.Args[2], take, add, func(element []byte) { ctx.Bulk(element) })
	if err == cache.ErrNotFound {
		return false
	}
	if err != nil {
		ctx.fail(err)
		return true
	}
	ctx.Notify(pubsub.List, pushEvents[add], ctx.Args[2])
	ctx.notifyPopped(ctx.Args[1], take)
	return true
}

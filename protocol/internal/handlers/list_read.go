package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// listReadRows are the commands that read lists.
var listReadRows = []Row{
	{
		Spec: command.Spec{
			Name: "llen", Arity: 2, Summary: "Get the length of a list",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runLlen,
	},
	{
		Spec: command.Spec{
			Name: "lindex", Arity: 3, Summary: "Get an element from a list by its index",
			Flags: command.ReadOnly, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "index", Type: "integer"},
			},
		},
		Run: runLindex,
	},
	{
		Spec: command.Spec{
			Name: "lrange", Arity: 4, Summary: "Get a range of elements from a list",
			Flags: command.ReadOnly, Categories: command.CatList,
			Since: "1.0.0", Group: "list", Complexity: "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "integer"},
				{Name: "stop", Type: "integer"},
			},
		},
		Run: runLrange,
	},
	{
		Spec: command.Spec{
			Name: "lpos", Arity: -3, Summary: "Return the index of matching elements on a list",
			Flags: command.ReadOnly, Categories: command.CatList,
			Since: "6.0.6", Group: "list", Complexity: "O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "element", Type: "string"},
				{Name: "rank", Type: "integer", Token: "RANK", Optional: true},
				{Name: "num-matches", Type: "integer", Token: "COUNT", Optional: true},
				{Name: "len", Type: "integer", Token: "MAXLEN", Optional: true},
			},
		},
		Run: runLpos,
	},
}

// runLlen: get the length of a list.
func runLlen(ctx *Context) { ctx.lengthOr(ctx.Tx.LLen(ctx.Args[1])) }

// runLindex is LINDEX key index. Without a list the index is not looked at.
func runLindex(ctx *Context) {
	index, ok := args.Int(ctx.Args[2])
	element, err := ctx.Tx.LIndex(ctx.Args[1], int(index))
	switch {
	case err != nil && err != cache.ErrNotFound:
		ctx.fail(err)
	case !ok && ctx.Tx.Exists(ctx.Args[1]):
		ctx.Error(args.ErrNotInteger)
	case err != nil:
		ctx.Null()
	default:
		ctx.Bulk(element)
	}
}

// runLrange is LRANGE key start stop.
func runLrange(ctx *Context) {
	start, ok := args.Int(ctx.Args[2])
	stop, okStop := args.Int(ctx.Args[3])
	if !ok || !okStop {
		ctx.Error(args.ErrNotInteger)
		return
	}
	list, err := ctx.Tx.LRange(ctx.Args[1], int(start), int(stop))
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Array(list.Len())
	for element, ok := list.Next(); ok; element, ok = list.Next() {
		ctx.Bulk(element)
	}
}

// search are the options of LPOS.
type search struct {
	rank, count, maxLen int64 // count -1: it was not given
}

const errRankZero = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ..." +
	" or use negative to start from the end of the list"

// search reads [RANK rank] [COUNT count] [MAXLEN length], in any order; of one given
// twice the last counts.
func (ctx *Context) search() (s search, text string) {
	s = search{rank: 1, count: -1}
	c := args.From(ctx.Args, 3)
	for c.More() {
		switch {
		case c.Option("rank", 1):
			if s.rank, text = args.IntRange(c.Next(), -math.MaxInt64, math.MaxInt64); text != "" {
				return s, text
			}
			if s.rank == 0 {
				return s, errRankZero
			}
		case c.Option("count", 1):
			if s.count, text = args.Positive(c.Next()); text != "" {
				return s, "ERR COUNT can't be negative"
			}
		case c.Option("maxlen", 1):
			if s.maxLen, text = args.Positive(c.Next()); text != "" {
				return s, "ERR MAXLEN can't be negative"
			}
		default:
			return s, args.ErrSyntax
		}
	}
	return s, ""
}

// runLpos is LPOS key element [RANK rank] [COUNT count] [MAXLEN length]. With COUNT
// the reply is an array.
func runLpos(ctx *Context) {
	s, text := ctx.search()
	if text != "" {
		ctx.Error(text)
		return
	}
	count := s.count
	if count < 0 {
		count = 1
	}
	var few [16]int
	found, err := ctx.Tx.LPos(few[:0], ctx.Args[1], ctx.Args[2], int(s.rank), int(count), int(s.maxLen))
	switch {
	case err != nil:
		ctx.fail(err)
	case s.count >= 0:
		ctx.Array(len(found))
		for _, index := range found {
			ctx.Int(int64(index))
		}
	case len(found) == 0:
		ctx.Null()
	default:
		ctx.Int(int64(found[0]))
	}
}

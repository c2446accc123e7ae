package handlers

import (
	"bytes"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// SORT works in four steps: it reads its arguments, copies the elements out of the
// cache, finds out what each is to be sorted by and sorts, and looks up for the reply
// what GET asks for. All of it happens in one transaction, so what BY and GET find is
// what was there when the elements were read.
//
// An order that Redis leaves to chance is a fixed one here: elements that are equal in
// every way stay in the order in which they were read.

// sortRows are SORT and what it is called where it must not write. The keys that BY
// and GET look at are found out only as it runs, and may be anywhere: so it has the
// locks of all, unless no pattern could name any (sortsAlone). The key that STORE names is found by its keyword, for COMMAND GETKEYS,
// though clients are told that it cannot be, as redis-server tells them.
var sortRows = []Row{
	{
		Spec: command.Spec{
			Name: "sort", Arity: -2, Summary: "Sort the elements in a list, set or sorted set",
			Flags: command.Write | command.DenyOOM | command.MovableKeys | command.AllKeys, Categories: command.CatSet | command.CatSortedSet | command.CatList | command.CatDangerous,
			Since: "1.0.0", Group: "generic", Complexity: "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RO", "access"),
				{Notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort", Flags: []string{"RO", "access"}, Unknown: true},
				{Notes: "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array", Flags: []string{"OW", "update"}, Unknown: true, Keyword: "STORE", StartFrom: -2, Step: 1},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "pattern", Type: "pattern", KeySpecIndex: 2, Token: "BY", Optional: true},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
				{Name: "pattern", Type: "pattern", KeySpecIndex: 2, Token: "GET", Optional: true, Multiple: true, MultipleToken: true},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
				{Name: "sorting", Type: "pure-token", Token: "ALPHA", Optional: true},
				{Name: "destination", Type: "key", KeySpecIndex: 3, Token: "STORE", Optional: true},
			},
		},
		Run:    runSort,
		Narrow: sortsAlone,
	},
	{
		Spec: command.Spec{
			Name: "sort_ro", Arity: -2, Summary: "Sort the elements in a list, set or sorted set. Read-only variant of SORT.",
			Flags: command.ReadOnly | command.MovableKeys | command.AllKeys, Categories: command.CatSet | command.CatSortedSet | command.CatList | command.CatDangerous,
			Since: "7.0.0", Group: "generic", Complexity: "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RO", "access"),
				{Notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort", Flags: []string{"RO", "access"}, Unknown: true},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "pattern", Type: "pattern", KeySpecIndex: 2, Token: "BY", Optional: true},
				{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []command.Arg{
					{Name: "offset", Type: "integer"},
					{Name: "count", Type: "integer"},
				}},
				{Name: "pattern", Type: "pattern", KeySpecIndex: 2, Token: "GET", Optional: true, Multiple: true, MultipleToken: true},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
				{Name: "sorting", Type: "pure-token", Token: "ALPHA", Optional: true},
			},
		},
		Run:    runSortRO,
		Narrow: sortsAlone,
	},
}

// sortsAlone tells that a SORT looks at no other keys than its own and STORE's: that no
// argument is a pattern with a star, and the word "store" stands once, so that it is clear
// which key it means.
func sortsAlone(argv [][]byte) bool {
	stores := 0
	for _, arg := range argv[min(2, len(argv)):] {
		if bytes.IndexByte(arg, '*') >= 0 {
			return false
		}
		if args.Is(arg, "store") {
			stores++
		}
	}
	return stores <= 1
}

// runSort is SORT, runSortRO is SORT without STORE.
func runSort(ctx *Context) { ctx.sort(true) }

// runSortRO: sort the elements in a list, set or sorted set. Read-only variant of SORT.
func runSortRO(ctx *Context) { ctx.sort(false) }

// sorting is one SORT as its arguments ask for it.
type sorting struct {
	desc, alpha   bool
	offset, count int64        // LIMIT; a count below 0 is all
	by            *sortPattern // nil: the elements themselves
	asIs          bool         // BY a pattern without *: not sorted at all
	gets          []sortPattern
	store         []byte // the destination's key, or nil
}

// parseSort reads what follows SORT's key. Options may come in any order and again and
// again: the last one counts, but for GET, of which all do. A word that lacks its
// values is a syntax error, found when its turn comes, so that a bad number before it
// is told first. Without readsAll, what reads keys whose names are made of elements is
// refused: which keys these are cannot be told beforehand.
func parseSort(list [][]byte, mayStore, readsAll bool) (s sorting, fault string) {
	s.count = -1
	for opt := args.From(list, 2); opt.More(); {
		switch {
		case opt.Word("asc"):
			s.desc = false
		case opt.Word("desc"):
			s.desc = true
		case opt.Word("alpha"):
			s.alpha = true
		case opt.Option("limit", 2):
			if s.offset, fault = opt.Int(); fault == "" {
				s.count, fault = opt.Int()
			}
			if fault != "" {
				return s, fault
			}
		case mayStore && opt.Option("store", 1):
			s.store = opt.Next()
		case opt.Option("by", 1):
			p := parseSortPattern(opt.Next())
			if p.varies && !readsAll {
				return s, "ERR BY option of SORT denied due to insufficient ACL permissions."
			}
			s.by = &p
			s.asIs = s.asIs || !p.varies // also if another BY follows, as in redis-server
		case opt.Option("get", 1):
			if !readsAll {
				return s, "ERR GET option of SORT denied due to insufficient ACL permissions."
			}
			s.gets = append(s.gets, parseSortPattern(opt.Next()))
		default:
			return s, args.ErrSyntax
		}
	}
	return s, ""
}

// window is LIMIT applied to n elements: from start to before end.
func (s *sorting) window(n int) (start, end int) {
	from := min(max(s.offset, 0), int64(n))
	to := int64(n)
	if s.count >= 0 {
		to = min(from+min(s.count, int64(n)), to)
	}
	return int(from), int(to)
}

// sort is SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC]
// [ALPHA] [STORE destination].
func (ctx *Context) sort(mayStore bool) {
	s, fault := parseSort(ctx.Args, mayStore, ctx.ReadsAllKeys())
	if fault != "" {
		ctx.Error(fault)
		return
	}
	key := ctx.Args[1]
	kind := ctx.Tx.Type(key)
	switch kind {
	case cache.None, cache.List, cache.Set, cache.ZSet:
	default:
		ctx.fail(cache.ErrWrongType)
		return
	}
	if s.asIs && kind == cache.Set && s.store != nil {
		// What is stored must not depend on the order that a set happens to have.
		s.asIs, s.alpha, s.by = false, true, nil
	}
	v, err := ctx.loadSort(key, kind, &s)
	if err != nil {
		ctx.fail(err)
		return
	}
	if !s.asIs {
		if !v.weigh(ctx.Tx, &s) {
			ctx.Error("ERR One or more scores can't be converted into double")
			return
		}
		v.order(&s)
		start, end := s.window(len(v.items))
		v.items = v.items[start:end]
	}
	if s.store != nil {
		ctx.storeSort(&s, v)
		return
	}
	ctx.replySort(&s, v)
}

// replySort writes the elements, or what GET makes of each.
func (ctx *Context) replySort(s *sorting, v *sortVector) {
	if len(s.gets) == 0 {
		ctx.Array(len(v.items))
		for i := range v.items {
			ctx.Bulk(v.items[i].element)
		}
		return
	}
	ctx.Array(len(v.items) * len(s.gets))
	for i := range v.items {
		for g := range s.gets {
			if value, ok := s.gets[g].lookup(ctx.Tx, v.items[i].element); ok {
				ctx.Bulk(value)
			} else {
				ctx.Null()
			}
		}
	}
}

// storeSort makes a list of the elements, or of what GET makes of each: the empty
// string where that is nothing.
func (ctx *Context) storeSort(s *sorting, v *sortVector) {
	var list [][]byte
	for i := range v.items {
		if len(s.gets) == 0 {
			list = append(list, v.items[i].element)
		}
		for g := range s.gets {
			value, _ := s.gets[g].lookup(ctx.Tx, v.items[i].element)
			list = append(list, v.copy(value))
		}
	}
	was := ctx.Tx.Delete(s.store)
	if was && ctx.Server.Events.On(pubsub.NewKey) {
		defer ctx.Server.Events.Replace(s.store)()
	}
	if len(list) > 0 {
		if _, err := ctx.Tx.RPush(s.store, list...); err != nil {
			ctx.fail(err)
			return
		}
	}
	ctx.notifyStored(pubsub.List, "sortstore", s.store, len(list), was)
	ctx.Int(int64(len(list)))
}

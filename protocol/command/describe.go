package command

import "github.com/ashlar-cache/ashlar/protocol/resp"

// Entry is a row in its place in the table.
type Entry struct {
	*Spec
	FullName string // "client|list"
	Subs     []*Entry
	Beyond   string // the version of Redis or Valkey that has it, where 7.4 has not
}

// WriteInfo writes what COMMAND INFO tells of a command, in the shape of
// redis-server's addReplyCommandInfo:
//
//	[name, arity, flags, first key, last key, step,     since the beginning
//	 ACL categories,                                    since 6.0
//	 tips, key specifications, subcommands]             since 7.0
//
// A subcommand is again such an array. Flags, categories, tips and
// specifications are sets, so RESP3 clients must not count on their order;
// RESP2 clients get arrays.
func (e *Entry) WriteInfo(w *resp.Writer) {
	w.Array(10)
	w.BulkString(e.FullName)
	w.Int(int64(e.Arity))
	writeStatuses(w, FlagNames(e.Flags))
	first, last, step := e.LegacyRange()
	w.Int(int64(first))
	w.Int(int64(last))
	w.Int(int64(step))
	categories := CategoryNames(e.AllCategories())
	w.Set(len(categories))
	for _, name := range categories {
		w.Simple("@" + name)
	}
	w.Set(len(e.Tips))
	for _, tip := range e.Tips {
		w.BulkString(tip)
	}
	w.Set(len(e.Keys))
	for i := range e.Keys {
		e.Keys[i].write(w)
	}
	if e.Subs == nil {
		w.Set(0) // so it is in redis-server: a set if empty, an array if not
		return
	}
	w.Array(len(e.Subs))
	for _, sub := range e.Subs {
		sub.WriteInfo(w)
	}
}

func writeStatuses(w *resp.Writer, names []string) {
	w.Set(len(names))
	for _, name := range names {
		w.Simple(name)
	}
}

// write writes one key specification: where to begin, and how to go on from
// there. A client that finds "unknown" in either half has to ask COMMAND GETKEYS.
func (k *KeySpec) write(w *resp.Writer) {
	if k.Notes == "" {
		w.Map(3)
	} else {
		w.Map(4)
		text(w, "notes", k.Notes)
	}
	w.BulkString("flags")
	writeStatuses(w, k.Flags)

	w.BulkString("begin_search")
	switch {
	case k.Unknown:
		typeAndSpec(w, "unknown", 0)
	case k.Keyword != "":
		typeAndSpec(w, "keyword", 2)
		text(w, "keyword", k.Keyword)
		number(w, "startfrom", k.StartFrom)
	default:
		typeAndSpec(w, "index", 1)
		number(w, "index", k.Index)
	}

	w.BulkString("find_keys")
	switch {
	case k.Unknown:
		typeAndSpec(w, "unknown", 0)
	case k.KeyNum:
		typeAndSpec(w, "keynum", 3)
		number(w, "keynumidx", k.KeyNumIdx)
		number(w, "firstkey", k.FirstKey)
		number(w, "keystep", k.Step)
	default:
		typeAndSpec(w, "range", 3)
		number(w, "lastkey", k.LastKey)
		number(w, "keystep", k.Step)
		number(w, "limit", k.Limit)
	}
}

// typeAndSpec opens half a key specification, whose spec has n fields.
func typeAndSpec(w *resp.Writer, kind string, n int) {
	w.Map(2)
	text(w, "type", kind)
	w.BulkString("spec")
	w.Map(n)
}

// text writes a field of a map, if it is not empty; the caller has counted it.
func text(w *resp.Writer, name, value string) {
	if value != "" {
		w.BulkString(name)
		w.BulkString(value)
	}
}

func number(w *resp.Writer, name string, value int) {
	w.BulkString(name)
	w.Int(int64(value))
}

// count is the number of conditions that hold: the size of a map of optional fields.
func count(present ...bool) int {
	n := 0
	for _, p := range present {
		if p {
			n++
		}
	}
	return n
}

// WriteDocs writes what COMMAND DOCS tells of a command: its name, then a map,
// so that the caller's map is name to description. Fields without a value are
// left out and not sent empty, as in Redis, but RESP gives a map's size first:
// hence the count of those that will follow.
func (e *Entry) WriteDocs(w *resp.Writer) {
	w.BulkString(e.FullName)
	var flags []string
	if e.Deprecated != "" {
		flags = append(flags, "deprecated")
	}
	if e.SysCmd {
		flags = append(flags, "syscmd")
	}
	w.Map(count(e.Summary != "", e.Since != "", e.Group != "", e.Complexity != "", flags != nil,
		e.Deprecated != "", e.ReplacedBy != "", e.History != nil, e.Args != nil, e.Subs != nil))
	text(w, "summary", e.Summary)
	text(w, "since", e.Since)
	text(w, "group", e.Group)
	text(w, "complexity", e.Complexity)
	if flags != nil {
		w.BulkString("doc_flags")
		writeStatuses(w, flags)
	}
	text(w, "deprecated_since", e.Deprecated)
	text(w, "replaced_by", e.ReplacedBy)
	if e.History != nil {
		w.BulkString("history")
		w.Set(len(e.History))
		for _, h := range e.History {
			w.Array(2)
			w.BulkString(h.Since)
			w.BulkString(h.What)
		}
	}
	if e.Args != nil {
		w.BulkString("arguments")
		writeArgs(w, e.Args)
	}
	if e.Subs != nil {
		w.BulkString("subcommands")
		w.Map(len(e.Subs))
		for _, sub := range e.Subs {
			sub.WriteDocs(w)
		}
	}
}

func writeArgs(w *resp.Writer, args []Arg) {
	w.Array(len(args))
	for i := range args {
		args[i].write(w)
	}
}

// write writes one argument, with those that a "oneof" or "block" is made of.
// redis-cli makes its hints of this.
func (a *Arg) write(w *resp.Writer) {
	var flags []string
	for _, f := range []struct {
		on   bool
		name string
	}{{a.Optional, "optional"}, {a.Multiple, "multiple"}, {a.MultipleToken, "multiple_token"}} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	hasToken := a.Token != "" || a.Type == "pure-token" // MIGRATE has an empty one
	w.Map(2 + count(a.Display != "", a.KeySpecIndex != 0, hasToken, a.Summary != "", a.Since != "",
		a.Deprecated != "", flags != nil, a.Args != nil))
	text(w, "name", a.Name)
	text(w, "type", a.Type)
	text(w, "display_text", a.Display)
	if a.KeySpecIndex != 0 {
		number(w, "key_spec_index", a.KeySpecIndex-1)
	}
	if hasToken {
		w.BulkString("token")
		w.BulkString(a.Token)
	}
	text(w, "summary", a.Summary)
	text(w, "since", a.Since)
	text(w, "deprecated_since", a.Deprecated)
	if flags != nil {
		w.BulkString("flags")
		writeStatuses(w, flags)
	}
	if a.Args != nil {
		w.BulkString("arguments")
		writeArgs(w, a.Args)
	}
}

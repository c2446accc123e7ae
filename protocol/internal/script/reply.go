package script

import (
	"bytes"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// This file turns replies into values and values into replies, as EVAL's
// documentation has it:
//
//	reply            value                          and back
//	integer          number                         truncated
//	bulk string      string                         bulk string
//	status           {ok=...}                       status
//	error            {err=...}                      error
//	array            table                          up to the first nil
//	null             false (RESP3: nil)             null
//	map, set         {map=...}, {set={member=true}} (RESP3)
//	double           {double=...}                   (RESP3)
//	big number       {big_number=...}               (RESP3)
//	verbatim         {verbatim_string={string=..., format=...}} (RESP3)
//	true, false      the same                       1, null; RESP3: the same

// A reply comes as the bytes that a client would be sent, in RESP2 or in RESP3, as
// redis.setresp says; the framing is known to be right. Strings are copied, since the
// bytes are overwritten by the next call.

// value reads one reply; rest is what follows it.
func (vm *VM) value(reply []byte) (v lua.LValue, rest []byte) {
	end := bytes.IndexByte(reply, '\n')
	if end < 2 {
		return lua.LNil, nil
	}
	line, rest := reply[1:end-1], reply[end+1:]
	switch reply[0] {
	case ':':
		n, _ := strconv.ParseInt(string(line), 10, 64)
		return lua.LNumber(n), rest
	case '+':
		return vm.table1("ok", lua.LString(line)), rest
	case '-':
		return vm.errorTable(string(line)), rest
	case '$', '=':
		n, _ := strconv.Atoi(string(line))
		if n < 0 {
			return lua.LFalse, rest
		}
		text := lua.LString(rest[:n])
		if reply[0] == '=' {
			t := vm.table1("format", text[:3])
			t.RawSetString("string", text[4:])
			return vm.table1("verbatim_string", t), rest[n+2:]
		}
		return text, rest[n+2:]
	case '*', '>':
		return vm.array(line, rest)
	case '%', '~':
		return vm.mapping(reply[0], line, rest)
	case '_':
		return lua.LNil, rest
	case '#':
		return lua.LBool(line[0] == 't'), rest
	case ',':
		f, _ := strconv.ParseFloat(string(line), 64)
		return vm.table1("double", lua.LNumber(f)), rest
	case '(':
		return vm.table1("big_number", lua.LString(line)), rest
	}
	return lua.LNil, rest
}

// table1 makes a table of one field.
func (vm *VM) table1(name string, v lua.LValue) *lua.LTable {
	t := vm.L.CreateTable(0, 1)
	t.RawSetString(name, v)
	return t
}

// errorTable is the value of an error reply.
func (vm *VM) errorTable(text string) *lua.LTable {
	t := vm.table1("err", lua.LString(text))
	t.RawSetString("ignore_error_stats_update", lua.LTrue)
	return t
}

// array reads the elements of an array. A null in it is false, so that # counts it; in
// RESP3 it is nil, and # may not.
func (vm *VM) array(line, rest []byte) (lua.LValue, []byte) {
	n, _ := strconv.Atoi(string(line))
	if n < 0 {
		return lua.LFalse, rest
	}
	t := vm.L.CreateTable(n, 0)
	for i := 1; i <= n; i++ {
		var v lua.LValue
		v, rest = vm.value(rest)
		t.RawSetInt(i, v)
	}
	return t, rest
}

// mapping reads the pairs of a map or the members of a set.
func (vm *VM) mapping(kind byte, line, rest []byte) (lua.LValue, []byte) {
	n, _ := strconv.Atoi(string(line))
	t := vm.L.NewTable()
	for range n {
		var k, v lua.LValue = nil, lua.LTrue
		k, rest = vm.value(rest)
		if kind == '%' {
			v, rest = vm.value(rest)
		}
		if k != lua.LNil {
			t.RawSet(k, v)
		}
	}
	if kind == '~' {
		return vm.table1("set", t), rest
	}
	return vm.table1("map", t), rest
}

// maxReply is how deep tables in a reply may be nested.
const maxReply = 1000

// WriteReply writes a script's value as a reply. Resp is the protocol that the script
// has chosen; the writer's is the client's.
func (vm *VM) WriteReply(w *resp.Writer, v lua.LValue) { vm.reply(w, v, 0) }

// reply writes any value.
func (vm *VM) reply(w *resp.Writer, v lua.LValue, depth int) {
	switch v := v.(type) {
	case lua.LString:
		w.BulkString(string(v))
	case lua.LNumber:
		w.Int(int64(v))
	case lua.LBool:
		switch {
		case vm.resp >= 3:
			w.Bool(bool(v))
		case bool(v):
			w.Int(1)
		default:
			w.Null()
		}
	case *lua.LTable:
		if depth >= maxReply {
			w.Error("ERR reached lua stack limit")
			return
		}
		vm.tableReply(w, vm.behind(v), depth+1)
	default:
		w.Null()
	}
}

// tableReply writes a table: by its first field that says what it is, or as an array.
func (vm *VM) tableReply(w *resp.Writer, t *lua.LTable, depth int) {
	if s, ok := t.RawGetString("err").(lua.LString); ok {
		w.Error(string(s))
		return
	}
	if s, ok := t.RawGetString("ok").(lua.LString); ok {
		w.Simple(oneLine(string(s)))
		return
	}
	if n, ok := t.RawGetString("double").(lua.LNumber); ok {
		w.Double(float64(n))
		return
	}
	if m, ok := t.RawGetString("map").(*lua.LTable); ok {
		vm.mapReply(w, m, depth)
		return
	}
	if m, ok := t.RawGetString("set").(*lua.LTable); ok {
		vm.setReply(w, m, depth)
		return
	}
	if s, ok := t.RawGetString("big_number").(lua.LString); ok {
		w.BigNumber(oneLine(string(s)))
		return
	}
	if m, ok := t.RawGetString("verbatim_string").(*lua.LTable); ok {
		format, ok1 := m.RawGetString("format").(lua.LString)
		text, ok2 := m.RawGetString("string").(lua.LString)
		if ok1 && ok2 {
			w.Verbatim((string(format) + "   ")[:3], string(text))
			return
		}
	}
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	w.Array(n)
	for i := 1; i <= n; i++ {
		vm.reply(w, t.RawGetInt(i), depth)
	}
}

// mapReply writes a table as a map. It is counted first: RESP has the size in front.
func (vm *VM) mapReply(w *resp.Writer, t *lua.LTable, depth int) {
	n := 0
	t.ForEach(func(_, _ lua.LValue) { n++ })
	w.Map(n)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		vm.reply(w, k, depth)
		vm.reply(w, v, depth)
	}
}

// setReply writes the keys of a table as a set.
func (vm *VM) setReply(w *resp.Writer, t *lua.LTable, depth int) {
	n := 0
	t.ForEach(func(_, _ lua.LValue) { n++ })
	w.Set(n)
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		vm.reply(w, k, depth)
	}
}

// oneLine puts blanks in place of line ends, which would break the framing.
func oneLine(s string) string {
	for i := range len(s) {
		if s[i] == '\r' || s[i] == '\n' {
			b := []byte(s)
			for j := range b {
				if b[j] == '\r' || b[j] == '\n' {
					b[j] = ' '
				}
			}
			return string(b)
		}
	}
	return s
}

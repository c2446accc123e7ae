package script

import (
	"math"
	"runtime/metrics"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// What of the basic library is replaced, and why:
//
//	pcall, xpcall          Redis has changed the first; both are bounded in depth and
//	                       keep the machine from parting shared variables (onCaught)
//	error                  the machine's looks for a place where Lua's finds none
//	next, pairs            have to show what is behind a guard
//	rawget, rawset         likewise, and must not write to a guard
//	getmetatable,          the machine's let a script at the metatable of strings
//	setmetatable
//	rawequal               the machine's compares interfaces
//	tostring, tonumber     numbers in Go's forms rather than C's
//	unpack                 has no bound in the machine
//	load, loadstring       have to bound what they compile, and refuse bytecode
//	collectgarbage         the machine's runs Go's collector, for everybody
//	_G                     a guard
//
// assert, ipairs, select and type are the machine's own. Everything else that it has is
// left out; most of it would open files or run programs.

// baseFunctions replaces the functions of the basic library that would let a script
// out, that do not know the guards, or that differ from Lua's.
func (vm *VM) baseFunctions() {
	L, g := vm.L, vm.globals
	for name, f := range map[string]lua.LGFunction{
		"pcall": vm.nested(vm.pcall), "xpcall": vm.nested(vm.xpcall), "next": vm.next, "pairs": vm.pairs, "unpack": unpack,
		"rawget": vm.rawget, "rawset": vm.rawset, "rawequal": rawequal,
		"getmetatable": vm.getmetatable, "setmetatable": vm.setmetatable,
		"tostring": tostring, "tonumber": tonumber, "load": vm.load, "loadstring": vm.loadstring,
		"collectgarbage": collectgarbage, "gcinfo": gcinfo, concatName: concat, "error": raise,
		"__redis__err__handler": errorHandler,
	} {
		g.RawSetString(name, L.NewFunction(f))
	}
}

// pcall is Lua's, as Redis has changed it: of an error that is a table its text.
func (vm *VM) pcall(L *lua.LState) int {
	if L.GetTop() == 0 {
		L.ArgError(1, "value expected")
	}
	n := L.GetTop() - 1
	if err := L.PCall(n, lua.MultRet, vm.keep); err != nil {
		L.SetTop(0)
		L.Push(lua.LFalse)
		v := caught(err)
		if t, ok := v.(*lua.LTable); ok {
			if text, ok := t.RawGetString("err").(lua.LString); ok {
				v = text
			}
		}
		L.Push(v)
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// raise is Lua's error. The place that it puts in front is that of the function at the
// level, if that is one of the script's.
func raise(L *lua.LState) int {
	v := L.Get(1)
	level := optInt(L, 2, 1)
	if s := text(v); lua.LVCanConvToString(v) && level > 0 {
		if dbg, ok := L.GetStack(level); ok {
			if _, err := L.GetInfo("Sl", dbg, lua.LNil); err == nil && dbg.CurrentLine > 0 {
				v = lua.LString(dbg.Source + ":" + strconv.Itoa(dbg.CurrentLine) + ": " + s)
			}
		}
	}
	L.Error(v, 0)
	return 0
}

// errorHandler is a global that redis-server happens to leave behind.
func errorHandler(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		t = L.NewTable()
		t.RawSetString("err", lua.LString("ERR "+L.ToStringMeta(L.Get(1)).String()))
	}
	if p := whereOf(L); p.source != "" {
		t.RawSetString("source", lua.LString(p.source))
		t.RawSetString("line", lua.LNumber(p.line))
	}
	L.Push(t)
	return 1
}

// caught is the value of an error.
func caught(err error) lua.LValue {
	if api, ok := err.(*lua.ApiError); ok {
		if s, ok := api.Object.(lua.LString); ok {
			return lua.LString(luaText(string(s)))
		}
		return api.Object
	}
	return lua.LString(err.Error())
}

// xpcall is Lua's: the handler is given the error while what failed is on the stack.
func (vm *VM) xpcall(L *lua.LState) int {
	handler, ok := L.Get(2).(*lua.LFunction)
	f := L.Get(1)
	if !ok {
		handler = vm.keep
	}
	L.SetTop(0)
	L.Push(f)
	if err := L.PCall(0, lua.MultRet, handler); err != nil {
		L.SetTop(0)
		L.Push(lua.LFalse)
		L.Push(caught(err))
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// next is Lua's, and shows what is behind a guard. The function that concatenates is
// passed over: its name is no concern of the script's.
func (vm *VM) next(L *lua.LState) int {
	t := vm.behind(L.CheckTable(1))
	key, value := t.Next(L.Get(2))
	if key == lua.LString(concatName) {
		key, value = t.Next(key)
	}
	if key == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(key)
	L.Push(value)
	return 2
}

// pairs is Lua's, with the next that knows guards.
func (vm *VM) pairs(L *lua.LState) int {
	t := L.CheckTable(1)
	L.Push(vm.globals.RawGetString("next"))
	L.Push(t)
	L.Push(lua.LNil)
	return 3
}

// maxUnpack is the limit of the C implementation.
const maxUnpack = 7998

// unpack is Lua's, with the C implementation's bound on results.
func unpack(L *lua.LState) int {
	t := L.CheckTable(1)
	from, to := optInt(L, 2, 1), optInt(L, 3, t.Len())
	if from > to {
		return 0
	}
	if to-from >= maxUnpack {
		L.RaiseError("too many results to unpack")
	}
	for i := from; i <= to; i++ {
		L.Push(t.RawGetInt(i))
	}
	return to - from + 1
}

// rawget is Lua's, and shows what is behind a guard.
func (vm *VM) rawget(L *lua.LState) int {
	L.Push(vm.behind(L.CheckTable(1)).RawGet(L.CheckAny(2)))
	return 1
}

// rawset is Lua's, and refuses guards: it would write to the guard itself, and so
// hide what is behind it.
func (vm *VM) rawset(L *lua.LState) int {
	t := L.CheckTable(1)
	vm.writable(L, t)
	L.RawSet(t, L.CheckAny(2), L.CheckAny(3))
	L.SetTop(1)
	return 1
}

// rawequal is Lua's; the machine's compares NaN with itself as equal.
func rawequal(L *lua.LState) int {
	L.Push(lua.LBool(L.RawEqual(L.CheckAny(1), L.CheckAny(2))))
	return 1
}

// getmetatable shows no metatable that scripts share.
func (vm *VM) getmetatable(L *lua.LState) int {
	v := L.CheckAny(1)
	if t, ok := v.(*lua.LTable); ok && vm.guards[t] != nil {
		v = vm.guards[t].Metatable
		if m, ok := v.(*lua.LTable); ok {
			L.Push(vm.guard(m))
			return 1
		}
		L.Push(lua.LNil)
		return 1
	}
	if v.Type() == lua.LTString {
		// The one that is used leads to the library itself.
		shown := L.NewTable()
		shown.RawSetString("__index", vm.globals.RawGetString("string"))
		L.Push(vm.guard(shown))
		return 1
	}
	L.Push(L.GetMetatable(v))
	return 1
}

// setmetatable is Lua's. The machine's takes values of any type, and so would let a
// script change the metatable of all strings.
func (vm *VM) setmetatable(L *lua.LState) int {
	t := L.CheckTable(1)
	m := L.Get(2)
	if m != lua.LNil && m.Type() != lua.LTTable {
		L.ArgError(2, "nil or table expected")
	}
	vm.writable(L, t)
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = m
	L.SetTop(1)
	return 1
}

// appendNumber prints a number as C's "%.<digits>g" does.
func appendNumber(dst []byte, f float64, digits int) []byte {
	switch {
	case math.IsNaN(f) && math.Signbit(f):
		return append(dst, "-nan"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if i := int64(f); float64(i) == f && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10)
	}
	return strconv.AppendFloat(dst, f, 'g', digits, 64)
}

// numberText is a number as Lua prints it.
func numberText(f float64) string { return string(appendNumber(nil, f, 14)) }

// tostring is Lua's, with numbers as C prints them.
func tostring(L *lua.LState) int {
	v := L.CheckAny(1)
	if n, ok := v.(lua.LNumber); ok {
		L.Push(lua.LString(numberText(float64(n))))
		return 1
	}
	if u, ok := v.(*lua.LUserData); ok && u.Value == nil {
		L.Push(lua.LString("userdata: (nil)"))
		return 1
	}
	L.Push(L.ToStringMeta(v))
	return 1
}

// tonumber is Lua's. The machine's reads numbers as Go does: 1_000, 0b1, 0o7.
func tonumber(L *lua.LState) int {
	base := optInt(L, 2, 10)
	v := L.CheckAny(1)
	if base == 10 {
		switch v := v.(type) {
		case lua.LNumber:
			L.Push(v)
			return 1
		case lua.LString:
			if f, ok := parseNumber(string(v)); ok {
				L.Push(lua.LNumber(f))
				return 1
			}
		}
		L.Push(lua.LNil)
		return 1
	}
	if base < 2 || base > 36 {
		L.ArgError(2, "base out of range")
	}
	text := strings.ToLower(strings.Trim(L.CheckString(1), " \t\n\v\f\r"))
	if base == 16 {
		text = strings.TrimPrefix(text, "0x")
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), base, 64)
	if err != nil {
		L.Push(lua.LNil)
		return 1
	}
	if strings.HasPrefix(text, "-") {
		n = -n
	}
	L.Push(lua.LNumber(n))
	return 1
}

// parseNumber reads a number as the C function strtod does, with blanks around it.
func parseNumber(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	body := strings.TrimLeft(s, "+-")
	if body == "" || len(s)-len(body) > 1 || strings.IndexByte(s, '_') >= 0 {
		return 0, false
	}
	if len(body) > 2 && body[0] == '0' && body[1]|0x20 == 'x' && !strings.ContainsAny(body, "pP") {
		s += "p0"
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && err.(*strconv.NumError).Err != strconv.ErrRange {
		return 0, false
	}
	return f, true
}

// load and loadstring make functions of text; bytecode is refused.
func (vm *VM) load(L *lua.LState) int {
	f := L.CheckFunction(1)
	name := L.OptString(2, "=(load)")
	var text strings.Builder
	for {
		L.Push(f)
		L.Call(0, 1)
		piece := L.Get(-1)
		L.Pop(1)
		s := lua.LVAsString(piece)
		if piece == lua.LNil || s == "" {
			break
		}
		if text.Len()+len(s) > maxString {
			L.RaiseError(errMemory)
		}
		text.WriteString(s)
	}
	return vm.loaded(L, text.String(), name)
}

// loadstring names what it compiles after its text, unless it is told a name.
func (vm *VM) loadstring(L *lua.LState) int {
	text := L.CheckString(1)
	return vm.loaded(L, text, L.OptString(2, text))
}

// loaded pushes a text as a function, or nil and what is wrong with it. It is compiled
// like a script, so that the bounds hold for it too.
func (vm *VM) loaded(L *lua.LState, text, name string) int {
	w := walker{name: chunkName(name)}
	proto, problem := w.compile(text)
	if problem != "" {
		L.Push(lua.LNil)
		L.Push(lua.LString(problem))
		return 2
	}
	L.Push(L.NewFunctionFromProto(proto))
	return 1
}

// chunkName is what errors call a text that was loaded.
func chunkName(name string) string {
	const most = 44
	if strings.HasPrefix(name, "=") || strings.HasPrefix(name, "@") {
		return name[1:]
	}
	text, _, more := strings.Cut(name, "\n")
	if len(text) > most {
		text, more = text[:most], true
	}
	if more {
		text += "..."
	}
	return `[string "` + text + `"]`
}

// collectgarbage knows only what to answer: the garbage is Go's.
func collectgarbage(L *lua.LState) int {
	switch L.OptString(1, "collect") {
	case "count":
		L.Push(lua.LNumber(heapKilobytes()))
	case "step":
		L.Push(lua.LTrue)
	case "collect", "stop", "restart", "setpause", "setstepmul":
		L.Push(lua.LNumber(0))
	default:
		L.ArgError(1, "invalid option '"+L.CheckString(1)+"'")
	}
	return 1
}

// gcinfo is the old form of collectgarbage("count").
func gcinfo(L *lua.LState) int {
	L.Push(lua.LNumber(math.Floor(heapKilobytes())))
	return 1
}

// heapKilobytes is the size of Go's heap, all that there is to tell.
func heapKilobytes() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64()) / 1024
}

// concat is a..b..c.
func concat(L *lua.LState) int {
	n := L.GetTop()
	size := 0
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 24
		default:
			return concatByMethod(L, n)
		}
	}
	if size > maxString {
		L.RaiseError(errMemory)
	}
	out := make([]byte, 0, size)
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			out = append(out, v...)
		case lua.LNumber:
			out = appendNumber(out, float64(v), 14)
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// concatByMethod is concat where an operand is neither string nor number: pair by
// pair, from the right.
func concatByMethod(L *lua.LState, n int) int {
	joins := func(v lua.LValue) bool { return lua.LVCanConvToString(v) }
	right := L.Get(n)
	for i := n - 1; i > 0; i-- {
		left := L.Get(i)
		if joins(left) && joins(right) {
			right = lua.LString(text(left) + text(right))
			continue
		}
		f := L.GetMetaField(left, "__concat")
		if f == lua.LNil {
			f = L.GetMetaField(right, "__concat")
		}
		if f == lua.LNil {
			bad := left
			if joins(left) {
				bad = right
			}
			L.RaiseError("attempt to concatenate a %s value", bad.Type().String())
		}
		L.Push(f)
		L.Push(left)
		L.Push(right)
		L.Call(2, 1)
		right = L.Get(-1)
		L.Pop(1)
	}
	L.Push(right)
	return 1
}

// text is a string or a number as a string.
func text(v lua.LValue) string {
	if n, ok := v.(lua.LNumber); ok {
		return numberText(float64(n))
	}
	return lua.LVAsString(v)
}

// optInt is an argument that may be left out, within 32 bits: numbers further out are
// taken to be the last ones, so that differences do not overflow.
func optInt(L *lua.LState, n, otherwise int) int {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	f := float64(L.CheckNumber(n))
	if f != f {
		return math.MinInt32
	}
	return int(min(max(f, math.MinInt32), math.MaxInt32))
}

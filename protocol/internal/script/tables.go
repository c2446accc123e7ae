package script

import (
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// tableTable makes the library table.
func (vm *VM) tableTable(_ *lua.LTable) *lua.LTable {
	return vm.library(map[string]lua.LGFunction{
		"concat": tableConcat, "insert": vm.tableInsert, "remove": vm.tableRemove, "sort": vm.tableSort,
		"maxn": tableMaxN, "foreach": vm.tableForeach, "foreachi": tableForeachI,
		"getn": func(L *lua.LState) int { L.Push(lua.LNumber(L.CheckTable(1).Len())); return 1 },
		"setn": func(L *lua.LState) int { L.RaiseError("'setn' is obsolete"); return 0 },
	})
}

// tableConcat is table.concat, within the bound on strings.
func tableConcat(L *lua.LState) int {
	t := L.CheckTable(1)
	sep := ""
	if L.Get(2) != lua.LNil {
		sep = L.CheckString(2)
	}
	from, to := optInt(L, 3, 1), optInt(L, 4, t.Len())
	var out []byte
	for i := from; i <= to; i++ {
		v := t.RawGetInt(i)
		if !lua.LVCanConvToString(v) {
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type().String(), i)
		}
		out = append(out, text(v)...)
		if i < to {
			out = append(out, sep...)
		}
		if len(out) > maxString {
			L.RaiseError(errMemory)
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// tableInsert is table.insert: at the end, or at a place from which the others move up.
func (vm *VM) tableInsert(L *lua.LState) int {
	t := L.CheckTable(1)
	vm.writable(L, t)
	end := t.Len() + 1
	switch L.GetTop() {
	case 2:
		L.RawSetInt(t, end, L.Get(2))
	case 3:
		at := optInt(L, 2, end)
		end = max(end, at)
		for i := end; i > at; i-- { // from a place far below, if that is asked for
			vm.stopped(L, end-i)
			t.RawSetInt(i, t.RawGetInt(i-1))
		}
		L.RawSetInt(t, at, L.Get(3))
	default:
		L.RaiseError("wrong number of arguments to 'insert'")
	}
	return 0
}

// tableRemove is table.remove: of the end, or of a place to which the others move down.
func (vm *VM) tableRemove(L *lua.LState) int {
	t := L.CheckTable(1)
	vm.writable(L, t)
	end := t.Len()
	at := optInt(L, 2, end)
	if at < 1 || at > end {
		return 0
	}
	L.Push(t.RawGetInt(at))
	if at == end {
		t.Remove(at)
		return 1
	}
	for i := at; i < end; i++ {
		t.RawSetInt(i, t.RawGetInt(i+1))
	}
	t.Remove(end)
	return 1
}

// tableMaxN is table.maxn: the largest number that is a key.
func tableMaxN(L *lua.LState) int {
	most := 0.0
	L.CheckTable(1).ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok {
			most = math.Max(most, float64(n))
		}
	})
	L.Push(lua.LNumber(most))
	return 1
}

// tableForeach is table.foreach, which ends at the first result that is not nil.
func (vm *VM) tableForeach(L *lua.LState) int {
	t, f := vm.behind(L.CheckTable(1)), L.CheckFunction(2)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if visited(L, f, k, v) {
			return 1
		}
	}
	return 0
}

// tableForeachI is table.foreachi.
func tableForeachI(L *lua.LState) int {
	t, f := L.CheckTable(1), L.CheckFunction(2)
	for i, n := 1, t.Len(); i <= n; i++ {
		if visited(L, f, lua.LNumber(i), t.RawGetInt(i)) {
			return 1
		}
	}
	return 0
}

// visited calls a function; its result, if it has one, stays on the stack.
func visited(L *lua.LState, f *lua.LFunction, k, v lua.LValue) bool {
	L.Push(f)
	L.Push(k)
	L.Push(v)
	L.Call(2, 1)
	if L.Get(-1) != lua.LNil {
		return true
	}
	L.Pop(1)
	return false
}

// before tells whether a comes before b: by a script's function, or by <.
func before(L *lua.LState, less *lua.LFunction, a, b lua.LValue) bool {
	if less == nil {
		return smaller(L, a, b)
	}
	L.Push(less)
	L.Push(a)
	L.Push(b)
	L.Call(2, 1)
	yes := lua.LVAsBool(L.Get(-1))
	L.Pop(1)
	return yes
}

// smaller is a < b, with the errors that a library's function has: without a place.
func smaller(L *lua.LState, a, b lua.LValue) bool {
	x, ok := a.(lua.LNumber)
	y, ok2 := b.(lua.LNumber)
	switch {
	case ok && ok2:
		return x < y
	case a.Type() != b.Type():
		L.Error(lua.LString("attempt to compare "+a.Type().String()+" with "+b.Type().String()), 0)
	case a.Type() != lua.LTString && L.GetMetaField(a, "__lt") == lua.LNil:
		L.Error(lua.LString("attempt to compare two "+a.Type().String()+" values"), 0)
	}
	return L.LessThan(a, b)
}

// tableSort is table.sort. An order that contradicts itself gives some order; the C
// implementation may call it invalid.
func (vm *VM) tableSort(L *lua.LState) int {
	t := L.CheckTable(1)
	vm.writable(L, t)
	var less *lua.LFunction
	if L.Get(2) != lua.LNil {
		less = L.CheckFunction(2)
	}
	var list []lua.LValue
	for i := range t.Len() {
		list = append(list, t.RawGetInt(i+1))
	}
	slices.SortFunc(list, func(a, b lua.LValue) int { // asks only whether it is below zero
		if before(L, less, a, b) {
			return -1
		}
		return 0
	})
	for i, v := range list {
		t.RawSetInt(i+1, v)
	}
	return 0
}

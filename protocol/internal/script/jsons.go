package script

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// This file writes JSON as lua-cjson 2.1 does.
//
//	string     with escapes for " \ / and control characters; other bytes as they are,
//	           UTF-8 or not
//	number     with encode_number_precision digits. NaN and infinities are an error, or
//	           what encode_invalid_numbers says: as they are, or null
//	boolean    true, false
//	nil, null  null
//	table      an array, if all keys are whole numbers from 1 on; else an object. The
//	           empty table is an object: nothing tells that it is not
//	others     an error
//
// An array with holes is written with null in them, unless it is sparse: its last index
// is beyond encode_sparse_array's safe one and more than ratio times the number of its
// elements. Then it is an error, or an object where convert says so.
//
// A table that contains itself ends at encode_max_depth.

// jsonOptions are what the functions cjson.encode_* and cjson.decode_* set. In
// redis-server they hold for all scripts from then on, and so they do here.
type jsonOptions struct {
	sparseConvert bool
	sparseRatio   int
	sparseSafe    int
	encodeDepth   int
	decodeDepth   int
	precision     int
	encodeInvalid int // 0: an error; 1: as it is; 2: null
	decodeInvalid bool
	keepBuffer    bool // means nothing here
}

var defaultJSON = jsonOptions{
	sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, precision: 14,
	decodeInvalid: true, keepBuffer: true,
}

// jsonTable makes the library cjson.
func (vm *VM) jsonTable() *lua.LTable {
	t := vm.library(map[string]lua.LGFunction{
		"encode": vm.jsonEncode, "decode": vm.jsonDecode,
		"encode_sparse_array": vm.jsonSparse,
		"encode_max_depth": vm.jsonInt(1, math.MaxInt32, func(o *jsonOptions) *int {
			return &o.encodeDepth
		}),
		"decode_max_depth": vm.jsonInt(1, math.MaxInt32, func(o *jsonOptions) *int {
			return &o.decodeDepth
		}),
		"encode_number_precision": vm.jsonInt(1, 14, func(o *jsonOptions) *int { return &o.precision }),
		"encode_keep_buffer":      vm.jsonBool(func(o *jsonOptions) *bool { return &o.keepBuffer }),
		"decode_invalid_numbers":  vm.jsonBool(func(o *jsonOptions) *bool { return &o.decodeInvalid }),
		"encode_invalid_numbers":  vm.jsonInvalid,
		"new": func(L *lua.LState) int {
			L.Push(vm.globals.RawGetString("cjson"))
			return 1
		},
	})
	t.RawSetString("null", vm.null())
	t.RawSetString("_NAME", lua.LString("cjson"))
	t.RawSetString("_VERSION", lua.LString("2.1.0"))
	return t
}

// null is cjson.null, a userdata that equals only itself.
func (vm *VM) null() *lua.LUserData {
	if vm.L.G.Registry.RawGetString("null") == lua.LNil {
		vm.L.G.Registry.RawSetString("null", vm.L.NewUserData())
	}
	return vm.L.G.Registry.RawGetString("null").(*lua.LUserData)
}

// jsonSet changes the options.
func (vm *VM) jsonSet(change func(*jsonOptions)) *jsonOptions {
	o := *vm.engine.json.Load()
	change(&o)
	vm.engine.json.Store(&o)
	return &o
}

// jsonInt makes a function that sets a number, if it is given one, and tells it.
func (vm *VM) jsonInt(low, high int, field func(*jsonOptions) *int) lua.LGFunction {
	return func(L *lua.LState) int {
		if L.Get(1) != lua.LNil {
			n := int(L.CheckNumber(1))
			if n < low || n > high {
				L.ArgError(1, "expected integer between "+numberText(float64(low))+" and "+numberText(float64(high)))
			}
			vm.jsonSet(func(o *jsonOptions) { *field(o) = n })
		}
		L.Push(lua.LNumber(*field(vm.engine.json.Load())))
		return 1
	}
}

// jsonBool makes one for a boolean.
func (vm *VM) jsonBool(field func(*jsonOptions) *bool) lua.LGFunction {
	return func(L *lua.LState) int {
		if L.Get(1) != lua.LNil {
			on := onOff(L, 1)
			vm.jsonSet(func(o *jsonOptions) { *field(o) = on })
		}
		L.Push(lua.LBool(*field(vm.engine.json.Load())))
		return 1
	}
}

// onOff reads true, false, "on" or "off".
func onOff(L *lua.LState, n int) bool {
	switch v := L.Get(n).(type) {
	case lua.LBool:
		return bool(v)
	case lua.LString:
		switch v {
		case "on":
			return true
		case "off":
			return false
		}
		L.ArgError(n, "invalid option '"+string(v)+"'")
	}
	L.TypeError(n, lua.LTString)
	return false
}

// jsonInvalid is cjson.encode_invalid_numbers, which knows "null" beside yes and no.
func (vm *VM) jsonInvalid(L *lua.LState) int {
	if v := L.Get(1); v != lua.LNil {
		mode := 0
		if v == lua.LString("null") {
			mode = 2
		} else if onOff(L, 1) {
			mode = 1
		}
		vm.jsonSet(func(o *jsonOptions) { o.encodeInvalid = mode })
	}
	if mode := vm.engine.json.Load().encodeInvalid; mode == 2 {
		L.Push(lua.LString("null"))
	} else {
		L.Push(lua.LBool(mode == 1))
	}
	return 1
}

// jsonSparse is cjson.encode_sparse_array, with its three settings.
func (vm *VM) jsonSparse(L *lua.LState) int {
	number := func(n int, to *int) {
		if L.Get(n) == lua.LNil {
			return
		}
		i := int(L.CheckNumber(n))
		if i < 0 {
			L.ArgError(n, "expected integer between 0 and 2147483647")
		}
		*to = i
	}
	o := vm.jsonSet(func(o *jsonOptions) {
		if L.Get(1) != lua.LNil {
			o.sparseConvert = onOff(L, 1)
		}
		number(2, &o.sparseRatio)
		number(3, &o.sparseSafe)
	})
	L.Push(lua.LBool(o.sparseConvert))
	L.Push(lua.LNumber(o.sparseRatio))
	L.Push(lua.LNumber(o.sparseSafe))
	return 3
}

// encoder writes JSON.
type encoder struct {
	vm  *VM
	L   *lua.LState
	o   *jsonOptions
	out []byte
}

// jsonEncode is cjson.encode.
func (vm *VM) jsonEncode(L *lua.LState) int {
	if L.GetTop() != 1 {
		L.ArgError(1, "expected 1 argument")
	}
	e := encoder{vm: vm, L: L, o: vm.engine.json.Load()}
	e.value(L.Get(1), 0)
	L.Push(lua.LString(e.out))
	return 1
}

// fail raises the error for what JSON has no form for.
func (e *encoder) fail(what, why string) {
	e.L.RaiseError("Cannot serialise %s: %s", what, why)
}

// value writes any value.
func (e *encoder) value(v lua.LValue, depth int) {
	if len(e.out) > maxString {
		e.L.RaiseError(errMemory)
	}
	switch v := v.(type) {
	case lua.LString:
		e.text(string(v))
	case lua.LNumber:
		e.number(float64(v))
	case lua.LBool:
		e.out = append(e.out, v.String()...)
	case *lua.LTable:
		depth++
		if depth > e.o.encodeDepth {
			e.L.RaiseError("Cannot serialise, excessive nesting (%d)", depth)
		}
		if n := e.arrayLength(e.vm.behind(v)); n > 0 {
			e.array(v, n, depth)
		} else {
			e.object(e.vm.behind(v), depth)
		}
	case *lua.LNilType:
		e.out = append(e.out, "null"...)
	case *lua.LUserData:
		if v != e.vm.null() {
			e.fail("userdata", "type not supported")
		}
		e.out = append(e.out, "null"...)
	default:
		e.fail(v.Type().String(), "type not supported")
	}
}

// number writes a number with as many digits as are set.
func (e *encoder) number(f float64) {
	if f != f || math.IsInf(f, 0) {
		switch e.o.encodeInvalid {
		case 0:
			e.fail("number", "must not be NaN or Inf")
		case 2:
			e.out = append(e.out, "null"...)
			return
		}
	}
	e.out = appendNumber(e.out, f, e.o.precision)
}

// arrayLength is how many elements the table has if it is an array: all keys are whole
// numbers from 1 on, and not too many are missing. It is 0 for others, and empty ones.
func (e *encoder) arrayLength(t *lua.LTable) int {
	most, items := 0, 0
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		n, ok := k.(lua.LNumber)
		if !ok || n < 1 || float64(n) != math.Floor(float64(n)) || v == lua.LNil {
			return 0
		}
		most = max(most, int(n))
		items++
	}
	if e.o.sparseRatio > 0 && most > items*e.o.sparseRatio && most > e.o.sparseSafe {
		if !e.o.sparseConvert {
			e.fail("table", "excessively sparse array")
		}
		return 0
	}
	return most
}

// array writes the first n elements; what is missing is null.
func (e *encoder) array(t *lua.LTable, n, depth int) {
	e.out = append(e.out, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.out = append(e.out, ',')
		}
		e.value(t.RawGetInt(i), depth)
	}
	e.out = append(e.out, ']')
}

// object writes all pairs. Numbers become strings, as names have to be.
func (e *encoder) object(t *lua.LTable, depth int) {
	e.out = append(e.out, '{')
	first := true
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		switch k := k.(type) {
		case lua.LNumber:
			e.out = append(e.out, '"')
			e.number(float64(k))
			e.out = append(e.out, `":`...)
		case lua.LString:
			e.text(string(k))
			e.out = append(e.out, ':')
		default:
			e.fail("table", "table key must be a number or string")
		}
		e.value(v, depth)
	}
	e.out = append(e.out, '}')
}

// text writes a string. Bytes above 127 stay as they are, UTF-8 or not.
func (e *encoder) text(s string) {
	const hex = "0123456789abcdef"
	e.out = append(e.out, '"')
	for i := range len(s) {
		if len(e.out) > maxString { // six bytes may come of one
			e.L.RaiseError(errMemory)
		}
		switch c := s[i]; {
		case c == '"' || c == '\\' || c == '/':
			e.out = append(e.out, '\\', c)
		case c == '\b':
			e.out = append(e.out, `\b`...)
		case c == '\t':
			e.out = append(e.out, `\t`...)
		case c == '\n':
			e.out = append(e.out, `\n`...)
		case c == '\f':
			e.out = append(e.out, `\f`...)
		case c == '\r':
			e.out = append(e.out, `\r`...)
		case c < 32 || c == 127:
			e.out = append(e.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			e.out = append(e.out, c)
		}
	}
	e.out = append(e.out, '"')
}

package script

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// packTable makes the library cmsgpack: MessagePack, as redis-server's has it.
func (vm *VM) packTable() *lua.LTable {
	t := vm.library(map[string]lua.LGFunction{
		"pack":         vm.msgPack,
		"unpack":       func(L *lua.LState) int { return vm.msgUnpack(L, 0, 0) },
		"unpack_one":   func(L *lua.LState) int { return vm.msgUnpackSome(L, 1, optInt(L, 2, 0)) },
		"unpack_limit": func(L *lua.LState) int { return vm.msgUnpackSome(L, optInt(L, 2, 0), optInt(L, 3, 0)) },
	})
	t.RawSetString("_NAME", lua.LString("cmsgpack"))
	t.RawSetString("_VERSION", lua.LString("lua-cmsgpack 0.4.0"))
	t.RawSetString("_COPYRIGHT", lua.LString("Copyright (C) 2012, Salvatore Sanfilippo"))
	t.RawSetString("_DESCRIPTION", lua.LString("MessagePack C implementation for Lua"))
	return t
}

// The forms, by their first byte. x stands for bits of the value or of a length, and
// numbers of several bytes have the highest first:
//
//	0xxxxxxx          a number from 0 to 127
//	1000xxxx  80      a map of 0 to 15 pairs, which follow
//	1001xxxx  90      an array of 0 to 15 elements
//	101xxxxx  a0      a string of 0 to 31 bytes
//	          c0      nil
//	          c2 c3   false, true
//	          c4 c5 c6   bytes; a length of 1, 2 or 4 bytes; read as strings, never written
//	          ca cb   a float of 4 or 8 bytes
//	          cc cd ce cf   a number that is not negative, of 1, 2, 4 or 8 bytes
//	          d0 d1 d2 d3   a number with a sign, of 1, 2, 4 or 8 bytes
//	          d9 da db      a string; a length of 1, 2 or 4 bytes
//	          dc dd   an array; a count of 2 or 4 bytes
//	          de df   a map; a count of 2 or 4 bytes
//	111xxxxx  e0      a number from -32 to -1
//
// Everything is written in the shortest form that holds it, as redis-server does, so
// that what is packed can be compared as bytes. A float that loses nothing in 4 bytes
// is written in 4. Extensions (c7 to c9, d4 to d8) are errors.

// maxPackDepth is how deep tables are packed; what is below becomes nil.
const maxPackDepth = 16

// msgPack is cmsgpack.pack: its arguments one after another.
func (vm *VM) msgPack(L *lua.LState) int {
	n := L.GetTop()
	if n == 0 {
		L.ArgError(0, "MessagePack pack needs input.")
	}
	var out []byte
	for i := 1; i <= n; i++ {
		out = vm.appendPacked(L, out, L.Get(i), 0)
	}
	L.Push(lua.LString(out))
	return 1
}

// appendPacked appends any value. What MessagePack has no form for becomes nil.
func (vm *VM) appendPacked(L *lua.LState, out []byte, v lua.LValue, depth int) []byte {
	if len(out) > maxString {
		L.RaiseError(errMemory)
	}
	switch v := v.(type) {
	case lua.LString:
		return appendPackedText(out, string(v))
	case lua.LBool:
		if v {
			return append(out, 0xc3)
		}
		return append(out, 0xc2)
	case lua.LNumber:
		return appendPackedNumber(out, float64(v))
	case *lua.LTable:
		if depth == maxPackDepth {
			return append(out, 0xc0)
		}
		return vm.appendPackedTable(L, out, vm.behind(v), depth+1)
	}
	return append(out, 0xc0)
}

// appendSize appends the head of something with a length: a short form, if it has
// one, or one of three lengths.
func appendSize(out []byte, n int, short byte, most int, h8, h16, h32 byte) []byte {
	switch {
	case n <= most:
		return append(out, short|byte(n))
	case n <= math.MaxUint8 && h8 != 0:
		return append(out, h8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, h16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(out, h32), uint32(n))
}

// appendPackedText appends a string, in the shortest form.
func appendPackedText(out []byte, s string) []byte {
	return append(appendSize(out, len(s), 0xa0, 31, 0xd9, 0xda, 0xdb), s...)
}

// appendPackedNumber appends a number: as an integer where it is one, else as a float of
// the precision that it needs, in the shortest form.
func appendPackedNumber(out []byte, f float64) []byte {
	n := int64(f)
	if float64(n) != f || f >= 1<<63 {
		if single := float32(f); float64(single) == f {
			return binary.BigEndian.AppendUint32(append(out, 0xca), math.Float32bits(single))
		}
		return binary.BigEndian.AppendUint64(append(out, 0xcb), math.Float64bits(f))
	}
	switch {
	case n >= 0 && n <= 127, n < 0 && n >= -32:
		return append(out, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		return append(out, 0xcc, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, 0xcd), uint16(n))
	case n >= 0 && n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(out, 0xce), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(out, 0xcf), uint64(n))
	case n >= math.MinInt8:
		return append(out, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(out, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(out, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(out, 0xd3), uint64(n))
}

// appendPackedTable appends a table: as an array where its keys are 1 to n, the empty
// one included, else as a map.
func (vm *VM) appendPackedTable(L *lua.LState, out []byte, t *lua.LTable, depth int) []byte {
	most, items, array := 0, 0, true
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		items++
		n, ok := k.(lua.LNumber)
		if !ok || n < 1 || float64(n) != math.Floor(float64(n)) {
			array = false
			continue
		}
		most = max(most, int(n))
	}
	if array && most == items {
		out = appendSize(out, items, 0x90, 15, 0, 0xdc, 0xdd)
		for i := 1; i <= items; i++ {
			out = vm.appendPacked(L, out, t.RawGetInt(i), depth)
		}
		return out
	}
	out = appendSize(out, items, 0x80, 15, 0, 0xde, 0xdf)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		out = vm.appendPacked(L, out, k, depth)
		out = vm.appendPacked(L, out, v, depth)
	}
	return out
}

// unpacker reads MessagePack.
type unpacker struct {
	L    *lua.LState
	data string
	at   int
	deep int
}

// take takes n bytes.
func (u *unpacker) take(n int) string {
	if n < 0 || n > len(u.data)-u.at {
		u.L.RaiseError("Missing bytes in input.")
	}
	u.at += n
	return u.data[u.at-n : u.at]
}

// uint reads n bytes as a number.
func (u *unpacker) uint(n int) (x uint64) {
	for _, c := range []byte(u.take(n)) {
		x = x<<8 | uint64(c)
	}
	return x
}

// value reads any value; its first byte says of which type and how long it is.
func (u *unpacker) value() lua.LValue {
	const deepest = 1000
	if u.deep++; u.deep > deepest {
		u.L.RaiseError("Bad data format in input.")
	}
	defer func() { u.deep-- }()
	c := u.take(1)[0]
	switch {
	case c < 0x80:
		return lua.LNumber(c)
	case c >= 0xe0:
		return lua.LNumber(int8(c))
	case c < 0x90:
		return u.mapping(int(c & 15))
	case c < 0xa0:
		return u.array(int(c & 15))
	case c < 0xc0:
		return lua.LString(u.take(int(c & 31)))
	}
	switch c {
	case 0xc0:
		return lua.LNil
	case 0xc2:
		return lua.LFalse
	case 0xc3:
		return lua.LTrue
	case 0xca:
		return lua.LNumber(math.Float32frombits(uint32(u.uint(4))))
	case 0xcb:
		return lua.LNumber(math.Float64frombits(u.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return lua.LNumber(u.uint(1 << (c - 0xcc)))
	case 0xd0:
		return lua.LNumber(int8(u.uint(1)))
	case 0xd1:
		return lua.LNumber(int16(u.uint(2)))
	case 0xd2:
		return lua.LNumber(int32(u.uint(4)))
	case 0xd3:
		return lua.LNumber(int64(u.uint(8)))
	case 0xc4, 0xd9:
		return lua.LString(u.take(int(u.uint(1))))
	case 0xc5, 0xda:
		return lua.LString(u.take(int(u.uint(2))))
	case 0xc6, 0xdb:
		return lua.LString(u.take(int(u.uint(4))))
	case 0xdc:
		return u.array(int(u.uint(2)))
	case 0xdd:
		return u.array(int(u.uint(4)))
	case 0xde:
		return u.mapping(int(u.uint(2)))
	case 0xdf:
		return u.mapping(int(u.uint(4)))
	}
	u.L.RaiseError("Bad data format in input.")
	return nil
}

// array reads n elements. Room is made for no more than there can be bytes for.
func (u *unpacker) array(n int) lua.LValue {
	t := u.L.CreateTable(min(n, len(u.data)-u.at), 0)
	for i := 1; i <= n; i++ {
		t.RawSetInt(i, u.value())
	}
	return t
}

// mapping reads n pairs.
func (u *unpacker) mapping(n int) lua.LValue {
	t := u.L.NewTable()
	for range n {
		k := u.value()
		v := u.value()
		u.L.RawSet(t, k, v)
	}
	return t
}

// msgUnpackSome is for the functions that read some values and tell where they ended.
func (vm *VM) msgUnpackSome(L *lua.LState, limit, offset int) int {
	if limit < 0 || offset < 0 {
		L.RaiseError("Invalid request to unpack with offset of %d and limit of %d.", offset, len(L.CheckString(1)))
	}
	return vm.msgUnpack(L, limit, offset)
}

// msgUnpack reads values from an offset on: all of them where limit is 0, or some, and
// then the offset at which the next begins, -1 at the end, comes first.
func (vm *VM) msgUnpack(L *lua.LState, limit, offset int) int {
	u := unpacker{L: L, data: L.CheckString(1), at: offset}
	if offset > len(u.data) {
		L.RaiseError("Start offset %d greater than input length %d.", offset, len(u.data))
	}
	base := L.GetTop()
	if limit > 0 {
		L.Push(lua.LNil)
	}
	for n := 0; u.at < len(u.data) && (limit == 0 || n < limit); n++ {
		if n >= maxUnpack {
			L.RaiseError("too many results")
		}
		L.Push(u.value())
	}
	if limit > 0 {
		next := -1
		if u.at < len(u.data) {
			next = u.at
		}
		L.Replace(base+1, lua.LNumber(next))
	}
	return L.GetTop() - base
}

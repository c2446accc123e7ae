package script

import (
	"math"
	"math/bits"

	lua "github.com/yuin/gopher-lua"
)

// bitFunctions are LuaBitOp's: numbers are taken modulo 2^32, and results are signed.
var bitFunctions = map[string]lua.LGFunction{
	"tobit":   bitOf(func(x uint32, _ uint) uint32 { return x }, false),
	"bnot":    bitOf(func(x uint32, _ uint) uint32 { return ^x }, false),
	"bswap":   bitOf(func(x uint32, _ uint) uint32 { return bits.ReverseBytes32(x) }, false),
	"lshift":  bitOf(func(x uint32, n uint) uint32 { return x << n }, true),
	"rshift":  bitOf(func(x uint32, n uint) uint32 { return x >> n }, true),
	"arshift": bitOf(func(x uint32, n uint) uint32 { return uint32(int32(x) >> n) }, true),
	"rol":     bitOf(func(x uint32, n uint) uint32 { return bits.RotateLeft32(x, int(n)) }, true),
	"ror":     bitOf(func(x uint32, n uint) uint32 { return bits.RotateLeft32(x, -int(n)) }, true),
	"band":    bitFold(func(x, y uint32) uint32 { return x & y }),
	"bor":     bitFold(func(x, y uint32) uint32 { return x | y }),
	"bxor":    bitFold(func(x, y uint32) uint32 { return x ^ y }),
	"tohex":   bitToHex,
}

// bitArg reads a number as 32 bits, rounded to the nearest whole one.
func bitArg(L *lua.LState, n int) uint32 {
	f := math.RoundToEven(float64(L.CheckNumber(n)))
	if f != f || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(f, 1<<32)
	return uint32(int64(f))
}

// bitOf makes a function of one number, or of a number and a distance, of which five
// bits count.
func bitOf(f func(x uint32, n uint) uint32, shift bool) lua.LGFunction {
	return func(L *lua.LState) int {
		x, n := bitArg(L, 1), uint(0)
		if shift {
			n = uint(bitArg(L, 2) & 31)
		}
		L.Push(lua.LNumber(int32(f(x, n))))
		return 1
	}
}

// bitFold makes a function of one number or more.
func bitFold(f func(x, y uint32) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		x := bitArg(L, 1)
		for i := 2; i <= L.GetTop(); i++ {
			x = f(x, bitArg(L, i))
		}
		L.Push(lua.LNumber(int32(x)))
		return 1
	}
}

// bitToHex is bit.tohex: so many digits, from the right; below zero in capitals.
func bitToHex(L *lua.LState) int {
	x, digits, n := bitArg(L, 1), "0123456789abcdef", int32(8)
	if L.Get(2) != lua.LNil {
		n = int32(bitArg(L, 2))
	}
	if n < 0 {
		n, digits = -n, "0123456789ABCDEF"
	}
	if n < 0 || n > 8 {
		n = 8
	}
	out := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		out[i] = digits[x&15]
		x >>= 4
	}
	L.Push(lua.LString(out))
	return 1
}

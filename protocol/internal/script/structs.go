package script

import (
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// structFunctions pack values into strings, as Roberto Ierusalimschy's library does.
var structFunctions = map[string]lua.LGFunction{"pack": structPack, "unpack": structUnpack, "size": structSize}

// A format is read from left to right, and says what becomes of the arguments one after
// another. Integers are written in two's complement and cut to their size; they are
// read with a sign where the letter is a small one. Sizes are those of the C compiler
// on 64-bit Linux: h has two bytes, l and T have eight, i and I have four unless they
// say how many. Alignment is counted from the beginning of the string, and is nothing
// until ! asks for it: "!4bi" has three bytes of padding, "bi" has none.
//
// The byte order is the machine's until > or < says otherwise, and that is little
// endian on every machine that matters.

// layout reads a format:
//
//	> < =       the byte order        !n          align to n bytes at most
//	x           a zero byte           b B h H l L T i I(n)   integers
//	f d         floats                s           a string with a zero byte
//	c(n)        n bytes; c0: as many as the integer before says
type layout struct {
	L      *lua.LState
	format string
	at     int
	big    bool
	align  int // the most bytes that something is aligned to
}

const maxStructInt = 32

// number reads digits; without any it is otherwise.
func (f *layout) number(otherwise int) int {
	if f.at >= len(f.format) || f.format[f.at] < '0' || f.format[f.at] > '9' {
		return otherwise
	}
	n := 0
	for ; f.at < len(f.format) && f.format[f.at] >= '0' && f.format[f.at] <= '9'; f.at++ {
		if n > (math.MaxInt32-9)/10 {
			f.L.RaiseError("integral size overflow")
		}
		n = n*10 + int(f.format[f.at]-'0')
	}
	return n
}

// next reads an option; ok is false at the end.
func (f *layout) next() (option byte, size int, ok bool) {
	if f.at >= len(f.format) {
		return 0, 0, false
	}
	option = f.format[f.at]
	f.at++
	switch option {
	case 'b', 'B', 'x':
		size = 1
	case 'h', 'H':
		size = 2
	case 'l', 'L', 'T', 'd':
		size = 8
	case 'f':
		size = 4
	case 'c':
		size = f.number(1)
	case 'i', 'I':
		if size = f.number(4); size > maxStructInt {
			f.L.RaiseError("integral size %d is larger than limit of %d", size, maxStructInt)
		}
	case 's', ' ', '<', '>', '!':
	default:
		f.L.ArgError(1, "invalid format option '"+string(rune(option))+"'")
	}
	return option, size, true
}

// control follows an option that is about the format itself.
func (f *layout) control(option byte) {
	switch option {
	case '>':
		f.big = true
	case '<':
		f.big = false
	case '!':
		f.align = f.number(8)
		if f.align == 0 || f.align&(f.align-1) != 0 {
			f.L.RaiseError("alignment is not a power of 2")
		}
	}
}

// padding is how many bytes bring a position to the alignment of an option.
func (f *layout) padding(at, size int, option byte) int {
	if size == 0 || option == 'c' {
		return 0
	}
	size = min(size, f.align)
	if size > 1 {
		return (size - at&(size-1)) & (size - 1)
	}
	return 0
}

// structPack is struct.pack.
func structPack(L *lua.LState) int {
	f := layout{L: L, format: L.CheckString(1), align: 1}
	var out []byte
	for arg := 2; ; {
		option, size, ok := f.next()
		if !ok {
			break
		}
		out = append(out, make([]byte, f.padding(len(out), size, option))...)
		switch option {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			out = f.appendInt(out, float64(L.CheckNumber(arg)), size)
			arg++
		case 'x':
			out = append(out, 0)
		case 'f':
			out = f.appendBits(out, uint64(math.Float32bits(float32(L.CheckNumber(arg)))), 4)
			arg++
		case 'd':
			out = f.appendBits(out, math.Float64bits(float64(L.CheckNumber(arg))), 8)
			arg++
		case 'c', 's':
			s := L.CheckString(arg)
			arg++
			if option == 's' || size == 0 {
				size = len(s)
			}
			if len(s) < size {
				L.ArgError(arg-1, "string too short")
			}
			out = append(out, s[:size]...)
			if option == 's' {
				out = append(out, 0)
			}
		default:
			f.control(option)
		}
		if len(out) > maxString {
			L.RaiseError(errMemory)
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// appendInt appends a number, which wraps around where it does not fit.
func (f *layout) appendInt(out []byte, n float64, size int) []byte {
	bits := uint64(int64(n))
	if n >= 1<<63 {
		bits = uint64(n)
	}
	return f.appendBits(out, bits, size)
}

// appendBits appends the lowest bytes, extended by zeros beyond eight.
func (f *layout) appendBits(out []byte, bits uint64, size int) []byte {
	for i := range size {
		shift := i
		if f.big {
			shift = size - 1 - i
		}
		out = append(out, byte(bits>>(8*shift)))
	}
	return out
}

// structUnpack is struct.unpack: the values, and where the next one would begin.
func structUnpack(L *lua.LState) int {
	f := layout{L: L, format: L.CheckString(1), align: 1}
	data := L.CheckString(2)
	at := optInt(L, 3, 1) - 1
	if at < 0 {
		L.ArgError(3, "offset must be 1 or greater")
	}
	base := L.GetTop()
	for {
		option, size, ok := f.next()
		if !ok {
			break
		}
		at += f.padding(at, size, option)
		if at > len(data) || size > len(data)-at {
			L.ArgError(2, "data string too short")
		}
		if L.GetTop()-base >= maxUnpack {
			L.RaiseError("too many results")
		}
		switch option {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			L.Push(f.integer(data[at:at+size], option))
		case 'x':
		case 'f':
			L.Push(lua.LNumber(math.Float32frombits(uint32(f.bits(data[at : at+4])))))
		case 'd':
			L.Push(lua.LNumber(math.Float64frombits(f.bits(data[at : at+8]))))
		case 'c':
			if size == 0 {
				n, ok := L.Get(-1).(lua.LNumber)
				if !ok || L.GetTop() == base {
					L.RaiseError("format 'c0' needs a previous size")
				}
				L.Pop(1)
				size = int(n)
				if size < 0 || size > len(data)-at {
					L.ArgError(2, "data string too short")
				}
			}
			L.Push(lua.LString(data[at : at+size]))
		case 's':
			end := strings.IndexByte(data[at:], 0)
			if end < 0 {
				L.RaiseError("unfinished string in data")
			}
			size = end + 1
			L.Push(lua.LString(data[at : at+end]))
		default:
			f.control(option)
		}
		at += size
	}
	L.Push(lua.LNumber(at + 1))
	return L.GetTop() - base
}

// bits reads bytes as a number; beyond eight the highest are lost.
func (f *layout) bits(b string) (bits uint64) {
	for i := range len(b) {
		shift := i
		if f.big {
			shift = len(b) - 1 - i
		}
		bits |= uint64(b[i]) << (8 * shift)
	}
	return bits
}

// integer reads a number: signed where the letter is a small one.
func (f *layout) integer(b string, option byte) lua.LNumber {
	bits := f.bits(b)
	if option >= 'a' {
		if n := len(b); n < 8 && n > 0 {
			shift := 64 - 8*n
			return lua.LNumber(int64(bits<<shift) >> shift)
		}
		return lua.LNumber(int64(bits))
	}
	return lua.LNumber(bits)
}

// structSize is struct.size: how long something with a fixed size is.
func structSize(L *lua.LState) int {
	f := layout{L: L, format: L.CheckString(1), align: 1}
	at := 0
	for {
		option, size, ok := f.next()
		if !ok {
			break
		}
		at += f.padding(at, size, option)
		switch {
		case option == 's':
			L.ArgError(1, "option 's' has no fixed size")
		case option == 'c' && size == 0:
			L.ArgError(1, "option 'c0' has no fixed size")
		}
		if size > math.MaxInt32-at {
			L.ArgError(1, "format result too large")
		}
		f.control(option)
		at += size
	}
	L.Push(lua.LNumber(at))
	return 1
}

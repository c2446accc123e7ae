package script

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// stringTable is the machine's, with the functions replaced that use patterns or
// formats, or that make strings without a bound.
func (vm *VM) stringTable(from *lua.LTable) *lua.LTable {
	L := vm.L
	t := L.NewTable()
	for _, name := range []string{"char", "len", "lower", "reverse", "upper"} {
		t.RawSetString(name, from.RawGetString(name))
	}
	gmatch := L.NewFunction(vm.gmatch)
	for name, f := range map[string]lua.LGFunction{
		"rep": stringRep, "byte": stringByte, "sub": stringSub, "format": stringFormat, "gsub": vm.gsub,
		"find":  func(L *lua.LState) int { return vm.find(L, true) },
		"match": func(L *lua.LState) int { return vm.find(L, false) },
		"dump": func(L *lua.LState) int {
			L.RaiseError("unable to dump given function")
			return 0
		},
	} {
		t.RawSetString(name, L.NewFunction(f))
	}
	t.RawSetString("gmatch", gmatch)
	t.RawSetString("gfind", gmatch)
	return t
}

// stringRep is string.rep, within the bound on strings.
func stringRep(L *lua.LState) int {
	s := L.CheckString(1)
	L.CheckNumber(2)
	n := optInt(L, 2, 0)
	if n <= 0 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	if n > maxString/len(s) {
		L.RaiseError(errMemory)
	}
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

// span reads the positions at two arguments, as string.sub does.
func span(L *lua.LState, length, at, first, last int) (from, to int) {
	from, to = optInt(L, at, first), optInt(L, at+1, last)
	if from < 0 {
		from = max(from+length+1, 1)
	} else if from == 0 {
		from = 1
	}
	if to < 0 {
		to += length + 1
	}
	return from, min(to, length)
}

// stringSub is string.sub.
func stringSub(L *lua.LState) int {
	s := L.CheckString(1)
	L.CheckNumber(2)
	from, to := span(L, len(s), 2, 1, -1)
	if from > to {
		L.Push(lua.LString(""))
		return 1
	}
	L.Push(lua.LString(s[from-1 : to]))
	return 1
}

// stringByte is string.byte.
func stringByte(L *lua.LState) int {
	s := L.CheckString(1)
	first := optInt(L, 2, 1)
	from, to := span(L, len(s), 2, 1, first)
	if from > to {
		return 0
	}
	if to-from >= maxUnpack {
		L.RaiseError("string slice too long")
	}
	for i := from; i <= to; i++ {
		L.Push(lua.LNumber(s[i-1]))
	}
	return to - from + 1
}

// find is string.find, or string.match.
func (vm *VM) find(L *lua.LState, find bool) int {
	s, p := L.CheckString(1), L.CheckString(2)
	init := optInt(L, 3, 1)
	if init < 0 {
		init = max(init+len(s)+1, 1)
	}
	init = min(max(init-1, 0), len(s))
	if find && (lua.LVAsBool(L.Get(4)) || !strings.ContainsAny(p, "^$*+?.([%-")) {
		at := strings.Index(s[init:], p)
		if at < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(init + at + 1))
		L.Push(lua.LNumber(init + at + len(p)))
		return 2
	}
	m := matcher{vm: vm, L: L, src: s, pat: p}
	anchor := strings.HasPrefix(p, "^")
	start := 0
	if anchor {
		start = 1
	}
	for at := init; at <= len(s); at++ {
		m.level = 0
		if end := m.match(at, start); end >= 0 {
			if !find {
				return m.push(at, end, true)
			}
			L.Push(lua.LNumber(at + 1))
			L.Push(lua.LNumber(end))
			return m.push(at, end, false) + 2
		}
		if anchor {
			break
		}
	}
	L.Push(lua.LNil)
	return 1
}

// gmatch is string.gmatch: a function that gives one match after another. One that is
// empty is followed by a step, or it would come for ever.
func (vm *VM) gmatch(L *lua.LState) int {
	s, p := L.CheckString(1), L.CheckString(2)
	at := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		m := matcher{vm: vm, L: L, src: s, pat: p}
		for ; at <= len(s); at++ {
			m.level = 0
			if end := m.match(at, 0); end >= 0 {
				from := at
				at = end
				if end == from {
					at++
				}
				return m.push(from, end, true)
			}
		}
		L.Push(lua.LNil)
		return 1
	}))
	return 1
}

// gsub is string.gsub.
func (vm *VM) gsub(L *lua.LState) int {
	s, p := L.CheckString(1), L.CheckString(2)
	repl := L.Get(3)
	switch repl.Type() {
	case lua.LTString, lua.LTNumber, lua.LTTable, lua.LTFunction:
	default:
		L.ArgError(3, "string/function/table expected")
	}
	most := optInt(L, 4, len(s)+1)
	m := matcher{vm: vm, L: L, src: s, pat: p}
	start, anchor := 0, strings.HasPrefix(p, "^")
	if anchor {
		start = 1
	}
	var out []byte
	at, n := 0, 0
	for n < most {
		m.level = 0
		end := m.match(at, start)
		if end >= 0 {
			n++
			out = m.replace(out, repl, at, end)
		}
		if end >= 0 && end > at {
			at = end
		} else if at < len(s) {
			out = append(out, s[at])
			at++
		} else {
			break
		}
		if len(out) > maxString {
			L.RaiseError(errMemory)
		}
		if anchor {
			break
		}
	}
	if at < len(s) {
		out = append(out, s[at:]...)
	}
	L.Push(lua.LString(out))
	L.Push(lua.LNumber(n))
	return 2
}

// replace appends what takes the place of a match.
func (m *matcher) replace(out []byte, repl lua.LValue, s, e int) []byte {
	L := m.L
	var v lua.LValue
	switch r := repl.(type) {
	case *lua.LFunction:
		top := L.GetTop()
		L.Push(r)
		L.Call(m.push(s, e, true), 1)
		v = L.Get(-1)
		L.SetTop(top)
	case *lua.LTable:
		v = L.GetTable(r, m.captured(0, s, e))
	default:
		return m.template(out, text(repl), s, e)
	}
	switch {
	case !lua.LVAsBool(v):
		return append(out, m.src[s:e]...)
	case !lua.LVCanConvToString(v):
		L.RaiseError("invalid replacement value (a %s)", v.Type().String())
	}
	return append(out, text(v)...)
}

// template appends a replacement text, in which %1 stands for a capture.
func (m *matcher) template(out []byte, t string, s, e int) []byte {
	for i := 0; i < len(t); i++ {
		if t[i] != '%' {
			out = append(out, t[i])
			continue
		}
		i++
		switch {
		case i >= len(t):
			out = append(out, 0)
		case t[i] < '0' || t[i] > '9':
			out = append(out, t[i])
		case t[i] == '0':
			out = append(out, m.src[s:e]...)
		default:
			out = append(out, text(m.captured(int(t[i]-'1'), s, e))...)
		}
	}
	return out
}

// stringFormat is C's printf, as far as Lua has it.
func stringFormat(L *lua.LState) int {
	format := L.CheckString(1)
	var out []byte
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out = append(out, format[i])
			continue
		}
		i++
		if i < len(format) && format[i] == '%' {
			out = append(out, '%')
			continue
		}
		from := i
		for i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0 {
			i++
		}
		if i-from > 5 {
			L.RaiseError("invalid format (repeated flags)")
		}
		digits := func() {
			for n := 0; n < 2 && i < len(format) && format[i] >= '0' && format[i] <= '9'; n++ {
				i++
			}
		}
		digits()
		if i < len(format) && format[i] == '.' {
			i++
			digits()
		}
		if i < len(format) && format[i] >= '0' && format[i] <= '9' {
			L.RaiseError("invalid format (width or precision too long)")
		}
		if i >= len(format) {
			L.RaiseError("invalid option '%%' to 'format'")
		}
		if arg++; arg > L.GetTop() {
			L.ArgError(arg, "no value")
		}
		out = formatOne(L, out, format[from:i], format[i], arg)
		if len(out) > maxString {
			L.RaiseError(errMemory)
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// formatOne appends one argument; spec is what stands between the % and the letter.
func formatOne(L *lua.LState, out []byte, spec string, letter byte, arg int) []byte {
	switch letter {
	case 'c':
		return fmt.Appendf(out, "%"+textSpec(spec)+"s", string([]byte{byte(int64(L.CheckNumber(arg)))}))
	case 'd', 'i':
		return fmt.Appendf(out, "%"+spec+"d", int64(L.CheckNumber(arg)))
	case 'u':
		return fmt.Appendf(out, "%"+spec+"d", uint64(int64(L.CheckNumber(arg))))
	case 'o', 'x', 'X':
		return fmt.Appendf(out, "%"+spec+string(letter), uint64(int64(L.CheckNumber(arg))))
	case 'e', 'E', 'f', 'g', 'G':
		return formatFloat(out, spec, letter, float64(L.CheckNumber(arg)))
	case 'q':
		return quoted(out, L.CheckString(arg))
	case 's':
		L.CheckAny(arg)
		s := L.CheckString(arg)
		if !strings.Contains(spec, ".") && len(s) >= 100 {
			return append(out, s...)
		}
		return fmt.Appendf(out, "%"+textSpec(spec)+"s", s)
	}
	L.RaiseError("invalid option '%%%c' to 'format'", letter)
	return nil
}

// textSpec leaves out the flags that mean nothing for a text.
func textSpec(spec string) string {
	n := 0
	for n < len(spec) && strings.IndexByte("-+ #0", spec[n]) >= 0 {
		n++
	}
	if strings.Contains(spec[:n], "-") {
		return "-" + spec[n:]
	}
	return spec[n:]
}

// formatFloat appends a float. C's %g without a precision has six digits, Go's as many
// as it takes.
func formatFloat(out []byte, spec string, letter byte, f float64) []byte {
	if f != f || f-f != 0 { // no digits
		t := strings.TrimLeft(string(appendNumber(nil, f, 6)), "+")
		width := strings.TrimLeft(strings.SplitN(spec, ".", 2)[0], "0#")
		return fmt.Appendf(out, "%"+width+"s", t)
	}
	if letter|0x20 == 'g' && !strings.Contains(spec, ".") {
		spec += ".6"
	}
	if letter|0x20 == 'g' && strings.HasSuffix(spec, ".") {
		spec += "1"
	}
	return fmt.Appendf(out, "%"+spec+string(letter), f)
}

// quoted appends a string so that Lua reads it back.
func quoted(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

package script

import (
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// This file reads JSON as lua-cjson 2.1 does, which takes more than the standard has:
// numbers such as 0x1F, 010, inf and NaN, unless decode_invalid_numbers forbids them,
// and control characters within strings. null becomes cjson.null and not nil, so that
// arrays keep their length and objects their names.
//
// Errors name the token that is there in place of the one expected, by the names that
// the C library has for them (T_OBJ_END, T_COMMA, ...), and the position of its first
// character, counted from 1.

// decoder reads JSON as lua-cjson does, with its errors.
type decoder struct {
	vm    *VM
	L     *lua.LState
	o     *jsonOptions
	text  string
	at    int
	depth int
}

// jsonDecode is cjson.decode.
func (vm *VM) jsonDecode(L *lua.LState) int {
	if L.GetTop() != 1 {
		L.ArgError(1, "expected 1 argument")
	}
	d := decoder{vm: vm, L: L, o: vm.engine.json.Load(), text: L.CheckString(1)}
	if len(d.text) >= 2 && (d.text[0] == 0 || d.text[1] == 0) {
		L.RaiseError("JSON parser does not support UTF-16 or UTF-32")
	}
	v := d.value()
	d.blanks()
	if d.at < len(d.text) {
		d.fail("the end", d.at)
	}
	L.Push(v)
	return 1
}

// blanks passes over blanks.
func (d *decoder) blanks() {
	for d.at < len(d.text) && strings.IndexByte(" \t\n\r", d.text[d.at]) >= 0 {
		d.at++
	}
}

// fail raises an error about the token at a position.
func (d *decoder) fail(expected string, at int) {
	d.at = at
	found := d.token()
	d.L.RaiseError("Expected %s but found %s at character %d", expected, found, at+1)
}

// token names what stands at the current position, as the C library does.
func (d *decoder) token() string {
	if d.at >= len(d.text) {
		return "T_END"
	}
	rest := d.text[d.at:]
	switch c := rest[0]; {
	case c == '{':
		return "T_OBJ_BEGIN"
	case c == '}':
		return "T_OBJ_END"
	case c == '[':
		return "T_ARR_BEGIN"
	case c == ']':
		return "T_ARR_END"
	case c == ',':
		return "T_COMMA"
	case c == ':':
		return "T_COLON"
	case c == '"':
		return "T_STRING"
	case c >= '0' && c <= '9' || c == '-':
		return "T_NUMBER"
	case strings.HasPrefix(rest, "true"), strings.HasPrefix(rest, "false"):
		return "T_BOOLEAN"
	case strings.HasPrefix(rest, "null"):
		return "T_NULL"
	}
	return "invalid token"
}

// descend goes into an array or an object.
func (d *decoder) descend() {
	if d.depth++; d.depth > d.o.decodeDepth {
		d.L.RaiseError("Found too many nested data structures (%d)", d.depth)
	}
}

// value reads any value.
func (d *decoder) value() lua.LValue {
	d.blanks()
	if d.at >= len(d.text) {
		d.fail("value", d.at)
	}
	rest := d.text[d.at:]
	switch c := rest[0]; {
	case c == '"':
		return lua.LString(d.string())
	case c == '{':
		return d.object()
	case c == '[':
		return d.array()
	case strings.HasPrefix(rest, "true"):
		d.at += 4
		return lua.LTrue
	case strings.HasPrefix(rest, "false"):
		d.at += 5
		return lua.LFalse
	case strings.HasPrefix(rest, "null"):
		d.at += 4
		return d.vm.null()
	}
	return d.number()
}

// number reads a number, or one that JSON does not know (inf, nan, 0x10) where that
// is allowed. What follows it is the next token, whatever it is.
func (d *decoder) number() lua.LValue {
	from := d.at
	rest := d.text[from:]
	c := rest[0]
	digits := c >= '0' && c <= '9' || c == '-'
	n := numberLength(rest)
	if n > 0 && (digits || d.o.decodeInvalid) && (d.o.decodeInvalid || plainNumber(rest[:n])) {
		if f, ok := parseNumber(rest[:n]); ok {
			d.at += n
			return lua.LNumber(f)
		}
	}
	if digits {
		d.L.RaiseError("Expected value but found invalid number at character %d", from+1)
	}
	d.fail("value", from)
	return nil
}

// numberLength is how much of a text the C function strtod would read; 0 if nothing.
func numberLength(s string) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	for _, word := range []string{"infinity", "inf", "nan"} {
		if len(s)-i >= len(word) && strings.EqualFold(s[i:i+len(word)], word) {
			return i + len(word)
		}
	}
	isDigit, exponent := func(c byte) bool { return c >= '0' && c <= '9' }, byte('e')
	if len(s)-i > 2 && s[i] == '0' && s[i+1]|0x20 == 'x' && isClass(s[i+2], 'x') {
		i += 2
		isDigit, exponent = func(c byte) bool { return isClass(c, 'x') }, 'p'
	}
	run := func() (n int) {
		for i < len(s) && isDigit(s[i]) {
			i++
			n++
		}
		return n
	}
	n := run()
	if i < len(s) && s[i] == '.' {
		i++
		n += run()
	}
	if n == 0 {
		return 0
	}
	if i+1 < len(s) && s[i]|0x20 == exponent {
		at := i
		i++
		if s[i] == '-' || s[i] == '+' {
			i++
		}
		isDigit = func(c byte) bool { return c >= '0' && c <= '9' }
		if run() == 0 {
			i = at
		}
	}
	return i
}

// plainNumber tells whether JSON knows the number.
func plainNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, "xX") &&
		!(len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9')
}

// object reads an object; of two members with one name the later one stays.
func (d *decoder) object() lua.LValue {
	d.descend()
	t := d.L.NewTable()
	d.at++
	d.blanks()
	if d.at < len(d.text) && d.text[d.at] == '}' {
		d.at++
		d.depth--
		return t
	}
	for {
		d.blanks()
		if d.at >= len(d.text) || d.text[d.at] != '"' {
			d.fail("object key string", d.at)
		}
		key := d.string()
		d.blanks()
		if d.at >= len(d.text) || d.text[d.at] != ':' {
			d.fail("colon", d.at)
		}
		d.at++
		t.RawSetString(key, d.value())
		d.blanks()
		switch {
		case d.at < len(d.text) && d.text[d.at] == '}':
			d.at++
			d.depth--
			return t
		case d.at >= len(d.text) || d.text[d.at] != ',':
			d.fail("comma or object end", d.at)
		}
		d.at++
	}
}

// array reads an array. null in it is cjson.null, so there are no holes.
func (d *decoder) array() lua.LValue {
	d.descend()
	t := d.L.CreateTable(4, 0)
	d.at++
	d.blanks()
	if d.at < len(d.text) && d.text[d.at] == ']' {
		d.at++
		d.depth--
		return t
	}
	for i := 1; ; i++ {
		t.RawSetInt(i, d.value())
		d.blanks()
		switch {
		case d.at < len(d.text) && d.text[d.at] == ']':
			d.at++
			d.depth--
			return t
		case d.at >= len(d.text) || d.text[d.at] != ',':
			d.fail("comma or array end", d.at)
		}
		d.at++
	}
}

// string reads a string. Most have no escapes, and are a part of the text then.
func (d *decoder) string() string {
	from := d.at
	d.at++
	if end := strings.IndexAny(d.text[d.at:], `"\`); end >= 0 && d.text[d.at+end] == '"' {
		s := d.text[d.at : d.at+end]
		d.at += end + 1
		return s
	}
	var out []byte
	for {
		if d.at >= len(d.text) {
			d.L.RaiseError("Expected value but found unexpected end of string at character %d", d.at+1)
		}
		c := d.text[d.at]
		d.at++
		switch c {
		case '"':
			return string(out)
		case '\\':
			out = d.escape(out, from)
		default:
			out = append(out, c)
		}
	}
}

// escape reads what follows a backslash.
func (d *decoder) escape(out []byte, from int) []byte {
	const plain, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if d.at < len(d.text) {
		c := d.text[d.at]
		if i := strings.IndexByte(plain, c); i >= 0 {
			d.at++
			return append(out, meaning[i])
		}
		if r, ok := d.unicode(); c == 'u' && ok {
			return utf8.AppendRune(out, r)
		}
		if c == 'u' {
			d.L.RaiseError("Expected value but found invalid unicode escape code at character %d", d.at)
		}
	}
	d.L.RaiseError("Expected value but found invalid escape code at character %d", d.at)
	return nil
}

// unicode reads uXXXX, and the second half of a pair.
func (d *decoder) unicode() (r rune, ok bool) {
	one, ok := hex4(d.text[d.at:])
	if !ok {
		return 0, false
	}
	switch {
	case one&0xf800 != 0xd800:
		d.at += 5
		return one, true
	case one&0x400 != 0 || d.at+5 >= len(d.text) || d.text[d.at+5] != '\\':
		return 0, false
	}
	two, ok := hex4(d.text[d.at+6:])
	if !ok || two&0xfc00 != 0xdc00 {
		return 0, false
	}
	d.at += 11
	return (one&0x3ff<<10 | two&0x3ff) + 0x10000, true
}

// hex4 reads uXXXX.
func hex4(s string) (r rune, ok bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	for _, c := range []byte(s[1:5]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

package script

import lua "github.com/yuin/gopher-lua"

// This file matches Lua's patterns as the C implementation does, so that errors and
// odd cases are the same. It counts its steps: a pattern may take for ever, and then
// has to be stopped like any other loop.

// A pattern is a sequence of items, each of a class of characters and how often:
//
//	x          the character itself, unless it is one of ^$()%.[]*+-?
//	.          any character
//	%a %c %d %l %p %s %u %w %x %z   letters, control characters, digits, lower case,
//	           punctuation, blanks, upper case, letters and digits, hexadecimal
//	           digits, the zero byte; in capitals: all others
//	%x         for any other x the character itself
//	[set]      ranges, characters and classes; [^set] all others
//
//	class      once
//	class*     as often as possible, or not at all        class+   at least once
//	class-     as seldom as possible                      class?   once or not at all
//
//	%1 .. %9   what that capture has matched, again
//	%bxy       from an x to the y that belongs to it
//	%f[set]    the frontier: between a character that is not in the set and one that is
//	(...)      a capture; () captures the position
//	^ $        at the ends: the beginning and the end of the text
//
// Nothing is compiled: the pattern is interpreted from its text while it matches. What
// can be matched in several ways is tried by a call for each, so a pattern goes as
// deep as it has such items, and the time may grow with the length of the text to the
// power of their number.

const (
	maxCaptures  = 32
	maxMatchDeep = 4000 // nested calls; each takes some of Go's stack
	capUnclosed  = -1
	capPosition  = -2
)

// matcher is one match under way.
type matcher struct {
	vm       *VM
	L        *lua.LState
	src, pat string
	level    int
	deep     int
	steps    int
	capture  [maxCaptures]struct{ from, length int }
}

// fail raises an error about the pattern.
func (m *matcher) fail(text string) { m.L.RaiseError("%s", text) }

// step counts work, and looks now and then whether the script is to be stopped.
func (m *matcher) step() {
	m.steps++
	m.vm.stopped(m.L, m.steps)
}

// isClass tells whether a character is in a class (%a), or not in it (%A). A letter that
// names no class stands for itself.
func isClass(c, class byte) bool {
	var is bool
	switch class | 0x20 {
	case 'a':
		is = isLetter(c)
	case 'c':
		is = c < 32 || c == 127
	case 'd':
		is = c >= '0' && c <= '9'
	case 'l':
		is = c >= 'a' && c <= 'z'
	case 'p':
		is = c > 32 && c < 127 && !isLetter(c) && !(c >= '0' && c <= '9')
	case 's':
		is = c == ' ' || c >= '\t' && c <= '\r'
	case 'u':
		is = c >= 'A' && c <= 'Z'
	case 'w':
		is = isLetter(c) || c >= '0' && c <= '9'
	case 'x':
		is = c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
	case 'z':
		is = c == 0
	default:
		return class == c
	}
	if class >= 'A' && class <= 'Z' {
		return !is
	}
	return is
}

// isLetter tells whether a character is a letter, in C's locale.
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// classEnd is where the single character class at p ends.
func (m *matcher) classEnd(p int) int {
	if p == len(m.pat) {
		m.fail("malformed pattern (ends with '%')")
	}
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pat) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for {
			if p >= len(m.pat) {
				m.fail("malformed pattern (missing ']')")
			}
			c := m.pat[p]
			p++
			if c == '%' && p < len(m.pat) {
				p++
			}
			if p < len(m.pat) && m.pat[p] == ']' {
				return p + 1
			}
		}
	}
	return p
}

// inSet tells whether c is in the set from p, its "[", to end, its "]".
func (m *matcher) inSet(c byte, p, end int) bool {
	in := true
	if m.pat[p+1] == '^' {
		in = false
		p++
	}
	for p++; p < end; p++ {
		switch {
		case m.pat[p] == '%':
			p++
			if isClass(c, m.pat[p]) {
				return in
			}
		case m.pat[p+1] == '-' && p+2 < end:
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return in
			}
			p += 2
		case m.pat[p] == c:
			return in
		}
	}
	return !in
}

// single tells whether the character at s is in the class from p to end.
func (m *matcher) single(s, p, end int) bool {
	if s >= len(m.src) {
		return false
	}
	m.step()
	c := m.src[s]
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return isClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.pat[p] == c
}

// match matches from s with the pattern from p; the result is where it ends, or -1.
func (m *matcher) match(s, p int) int {
	m.deep++
	defer func() { m.deep-- }()
	if m.deep > maxMatchDeep {
		m.fail("pattern too complex")
	}
	for p < len(m.pat) {
		m.step()
		switch c := m.pat[p]; {
		case c == '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(s, p+2, capPosition)
			}
			return m.open(s, p+1, capUnclosed)
		case c == ')':
			return m.close(s, p+1)
		case c == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pat):
			if at, next, special := m.special(s, p); special {
				if at < 0 {
					return -1
				}
				s, p = at, next
				continue
			}
		}
		end := m.classEnd(p)
		var after byte
		if end < len(m.pat) {
			after = m.pat[end]
		}
		switch after {
		case '?':
			if m.single(s, p, end) {
				if r := m.match(s+1, end+1); r >= 0 {
					return r
				}
			}
			p = end + 1
		case '*':
			return m.most(s, p, end)
		case '+':
			if !m.single(s, p, end) {
				return -1
			}
			return m.most(s+1, p, end)
		case '-':
			return m.fewest(s, p, end)
		default:
			if !m.single(s, p, end) {
				return -1
			}
			s++
			p = end
		}
	}
	return s
}

// special matches what begins with %b, %f or %1: from s, the result at, or -1; next is
// where the pattern goes on.
func (m *matcher) special(s, p int) (at, next int, special bool) {
	switch c := m.pat[p+1]; {
	case c == 'b':
		return m.balance(s, p+2), p + 4, true
	case c == 'f':
		end, ok := m.frontier(s, p+2)
		if !ok {
			s = -1
		}
		return s, end, true
	case c >= '0' && c <= '9':
		return m.again(s, c), p + 2, true
	}
	return s, p, false
}

// most is an item that is matched as often as possible, then less often.
func (m *matcher) most(s, p, end int) int {
	i := 0
	for m.single(s+i, p, end) {
		i++
	}
	for ; i >= 0; i-- {
		if r := m.match(s+i, end+1); r >= 0 {
			return r
		}
	}
	return -1
}

// fewest is one that is matched as seldom as possible, then more often.
func (m *matcher) fewest(s, p, end int) int {
	for {
		if r := m.match(s, end+1); r >= 0 {
			return r
		}
		if !m.single(s, p, end) {
			return -1
		}
		s++
	}
}

// open begins a capture.
func (m *matcher) open(s, p, what int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.capture[m.level].from, m.capture[m.level].length = s, what
	m.level++
	r := m.match(s, p)
	if r < 0 {
		m.level--
	}
	return r
}

// close ends the innermost capture that is open.
func (m *matcher) close(s, p int) int {
	l := -1
	for i := m.level - 1; i >= 0; i-- {
		if m.capture[i].length == capUnclosed {
			l = i
			break
		}
	}
	if l < 0 {
		m.fail("invalid pattern capture")
	}
	m.capture[l].length = s - m.capture[l].from
	r := m.match(s, p)
	if r < 0 {
		m.capture[l].length = capUnclosed
	}
	return r
}

// balance matches %bxy: from an x to the y that belongs to it.
func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		m.fail("unbalanced pattern")
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	b, e := m.pat[p], m.pat[p+1]
	depth := 1
	for s++; s < len(m.src); s++ {
		m.step()
		switch m.src[s] {
		case e:
			if depth--; depth == 0 {
				return s + 1
			}
		case b:
			depth++
		}
	}
	return -1
}

// frontier matches %f[set]: nothing, where a character in the set follows one that is
// not. The ends of the text count as zero bytes.
func (m *matcher) frontier(s, p int) (end int, ok bool) {
	if p >= len(m.pat) || m.pat[p] != '[' {
		m.fail("missing '[' after '%f' in pattern")
	}
	end = m.classEnd(p)
	var before, here byte
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		here = m.src[s]
	}
	return end, !m.inSet(before, p, end-1) && m.inSet(here, p, end-1)
}

// again matches what capture l has matched.
func (m *matcher) again(s int, l byte) int {
	i := int(l) - '1'
	if i < 0 || i >= m.level || m.capture[i].length == capUnclosed {
		m.fail("invalid capture index")
	}
	c := m.capture[i]
	if c.length < 0 {
		return -1
	}
	if len(m.src)-s < c.length || m.src[s:s+c.length] != m.src[c.from:c.from+c.length] {
		return -1
	}
	return s + c.length
}

// captured is the i-th capture of a match from s to e, which is itself the first where
// there are none.
func (m *matcher) captured(i, s, e int) lua.LValue {
	if i >= m.level {
		if i != 0 {
			m.fail("invalid capture index")
		}
		return lua.LString(m.src[s:e])
	}
	c := m.capture[i]
	switch c.length {
	case capPosition:
		return lua.LNumber(c.from + 1)
	case capUnclosed:
		m.fail("unfinished capture")
	}
	return lua.LString(m.src[c.from : c.from+c.length])
}

// push pushes all captures; whole: the match itself where there are none.
func (m *matcher) push(s, e int, whole bool) int {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		m.L.Push(m.captured(i, s, e))
	}
	return n
}

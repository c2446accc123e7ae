// Package glob matches byte strings against Redis's glob patterns, as KEYS,
// SCAN MATCH, CONFIG GET and PSUBSCRIBE use them.
//
// # The language
//
//   - any number of bytes, none included
//     ?        one byte
//     [abc]    one of these bytes; [a-c] a range (in either order); [^a] none of them
//     \x       x itself, also within brackets
//     other    itself
//
// Matching is by byte, not by character. The corners are redis-server's own and
// kept to the letter, because patterns in the wild depend on them: a bracket
// that is never closed reaches to the pattern's end, "[]" matches nothing, "-"
// in a bracket is a range only if two bytes follow it, a range compares bytes as
// signed numbers, a backslash at the pattern's end is itself, and the empty
// string is matched by the empty pattern alone (KEYS and SCAN handle "*" before
// they ask).
//
// # Cost
//
// A star is tried from left to right. Once the rest of a pattern behind a later
// star has failed on the whole rest of the string, no earlier star can help, so
// the search ends: the time is bounded by len(pattern) × len(s) rather than
// exponential. Recursion is one level for each star and ends at maxStars.
// Nothing is allocated.
package glob

// maxStars bounds the recursion: a pattern with more runs of stars, that a
// string really gets to, matches nothing. The number is redis-server's.
const maxStars = 1000

// Match reports whether s matches pattern. With fold, ASCII letters match
// whatever their case. The special case of redis-server's commands, that "*"
// matches the empty string too, is the caller's (see Pattern).
func Match(pattern, s []byte, fold bool) bool {
	m := matcher{fold: fold}
	return m.match(pattern, s, 0)
}

// Pattern is Match for commands that walk many keys: it knows the pattern
// that matches everything.
func Pattern(pattern []byte) func(s []byte) bool {
	if All(pattern) {
		return func([]byte) bool { return true }
	}
	return func(s []byte) bool { return Match(pattern, s, false) }
}

// All reports whether pattern is "*", which commands take for "everything",
// the empty string included.
func All(pattern []byte) bool { return len(pattern) == 1 && pattern[0] == '*' }

// matcher is the state of one match.
type matcher struct {
	fold bool
	// hopeless says that the rest of the pattern behind some star matches
	// nowhere in the rest of the string, so that moving an earlier star on,
	// which only leaves less of the string, is in vain.
	hopeless bool
}

func (m *matcher) match(p, s []byte, depth int) bool {
	if depth > maxStars {
		return false
	}
	for len(p) > 0 && len(s) > 0 {
		switch p[0] {
		case '*':
			return m.star(p, s, depth)
		case '?':
			p = p[1:]
		case '[':
			var in bool
			if in, p = m.bracket(p[1:], s[0]); !in {
				return false
			}
		default:
			if p[0] == '\\' && len(p) >= 2 {
				p = p[1:]
			}
			if m.lower(p[0]) != m.lower(s[0]) {
				return false
			}
			p = p[1:]
		}
		s = s[1:]
		if len(s) == 0 {
			p = skipStars(p)
		}
	}
	return len(p) == 0 && len(s) == 0
}

// star matches a pattern that starts with one.
func (m *matcher) star(p, s []byte, depth int) bool {
	p = skipStars(p)
	if len(p) == 0 {
		return true
	}
	for ; len(s) > 0; s = s[1:] {
		if m.match(p, s, depth+1) {
			return true
		}
		if m.hopeless {
			return false
		}
	}
	m.hopeless = true
	return false
}

// bracket matches c against a set whose opening bracket is already gone, and
// gives the pattern behind it.
func (m *matcher) bracket(p []byte, c byte) (in bool, rest []byte) {
	inverted := len(p) > 0 && p[0] == '^'
	if inverted {
		p = p[1:]
	}
	for {
		switch {
		case len(p) == 0: // never closed: taken as closed at the end
			return in != inverted, p
		case p[0] == '\\' && len(p) >= 2: // an escaped byte keeps its case even with fold
			in = in || p[1] == c
			p = p[2:]
		case p[0] == ']':
			return in != inverted, p[1:]
		case len(p) >= 3 && p[1] == '-':
			in = in || m.within(p[0], p[2], c)
			p = p[3:]
		default:
			in = in || m.lower(p[0]) == m.lower(c)
			p = p[1:]
		}
	}
}

// within reports whether c lies between a and b, in whichever order they are.
// Bytes compare as C's signed char, so 0x80 to 0xff come before 0. The bounds
// are put in order before their case is folded, as in redis-server.
func (m *matcher) within(a, b, c byte) bool {
	if int8(a) > int8(b) {
		a, b = b, a
	}
	low, high, n := int8(m.lower(a)), int8(m.lower(b)), int8(m.lower(c))
	return low <= n && n <= high
}

func (m *matcher) lower(c byte) byte {
	if m.fold && 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func skipStars(p []byte) []byte {
	for len(p) > 0 && p[0] == '*' {
		p = p[1:]
	}
	return p
}

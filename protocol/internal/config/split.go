package config

import (
	"fmt"
	"strings"
)

const errUnbalanced = message("unbalanced quotes")

// splitArgs splits a line into words as redis-server does: words are separated
// by white space; "double" quotes understand \n \r \t \b \a \xHH and take any
// other escaped character as itself; 'single' quotes know \' only. A closing
// quote must be followed by white space or the end.
func splitArgs(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t\n\v\f\r")
		if line == "" {
			return words, nil
		}
		word, rest, err := nextWord(line)
		if err != nil {
			return nil, err
		}
		words = append(words, word)
		line = rest
	}
}

// nextWord takes the first word off a line that does not start with white
// space. A quote may open in the middle of a word, and ends it when it closes.
func nextWord(line string) (word, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case isSpace(c):
			return b.String(), line[i:], nil
		case c == '"' || c == '\'':
			n, ok := quoted(&b, line[i+1:], c)
			end := i + 1 + n
			if !ok || end < len(line) && !isSpace(line[end]) {
				return "", "", errUnbalanced
			}
			return b.String(), line[end:], nil
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", nil
}

// quoted appends the text up to the closing quote and returns how many bytes it
// took, that quote included; false if there is none.
func quoted(b *strings.Builder, s string, quote byte) (n int, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			return i + 1, true
		case c != '\\' || i+1 == len(s):
			b.WriteByte(c)
		case quote == '\'':
			if s[i+1] == '\'' {
				c = '\''
				i++
			}
			b.WriteByte(c)
		case s[i+1] == 'x' && i+3 < len(s) && isHex(s[i+2]) && isHex(s[i+3]):
			b.WriteByte(hex(s[i+2])<<4 | hex(s[i+3]))
			i += 3
		default:
			i++
			b.WriteByte(unescape(s[i]))
		}
	}
	return 0, false
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// joinArgs writes words so that splitArgs gives them back, with quotes only
// around those that need them.
func joinArgs(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quoteArg(w)
	}
	return strings.Join(out, " ")
}

func quoteArg(w string) string {
	plain := w != ""
	for i := 0; plain && i < len(w); i++ {
		c := w[i]
		plain = c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '#'
	}
	if plain {
		return w
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(w); i++ {
		switch c := w[i]; c {
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\a':
			b.WriteString(`\a`)
		default:
			if c >= ' ' && c < 0x7f {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

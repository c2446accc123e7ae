package compare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// word is one argument of a line. Bare ones may be variables.
type word struct {
	text string
	bare bool // written without quotes
}

var errQuotes = errors.New("unbalanced quotes")

// splitWords splits a line into arguments by redis-cli's rules.
func splitWords(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return words, nil
		}
		w, rest, err := cutWord(line)
		if err != nil {
			return nil, err
		}
		words, line = append(words, w), rest
	}
}

// cutWord takes the first argument off line. As in redis-cli a closing quote
// must be followed by a blank or the end.
func cutWord(line string) (word, string, error) {
	var quote func(string) (string, string, error)
	switch line[0] {
	case '"':
		quote = cutDouble
	case '\'':
		quote = cutSingle
	default:
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		return word{text: line[:end], bare: true}, line[end:], nil
	}
	text, rest, err := quote(line[1:])
	if err == nil && rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		err = fmt.Errorf("%w: text right after a closing quote", errQuotes)
	}
	return word{text: text}, rest, err
}

func cutDouble(s string) (text, rest string, err error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return out.String(), s[i+1:], nil
		case c == '\\' && i+3 < len(s) && s[i+1] == 'x' && isHex(s[i+2]) && isHex(s[i+3]):
			b, _ := strconv.ParseUint(s[i+2:i+4], 16, 8)
			out.WriteByte(byte(b))
			i += 3
		case c == '\\' && i+1 < len(s):
			i++
			out.WriteByte(unescape(s[i]))
		default:
			out.WriteByte(c)
		}
	}
	return "", "", errQuotes
}

func cutSingle(s string) (text, rest string, err error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return out.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\'':
			i++
		}
		out.WriteByte(s[i])
	}
	return "", "", errQuotes
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
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

// Quote writes s so that a script reads it back: bare where that is safe,
// else in double quotes.
func Quote(s string) string {
	plain := s != ""
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"'\$#@`, c) >= 0 {
			plain = false
		}
	}
	if plain {
		return s
	}
	return quoteBytes(s)
}

// quoteBytes writes s in double quotes, with escapes that splitWords knows.
func quoteBytes(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// QuoteLine writes a command as a line of a script.
func QuoteLine(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = Quote(a)
	}
	return strings.Join(quoted, " ")
}

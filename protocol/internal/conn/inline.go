package conn

import "bytes"

// splitInline takes apart a command typed as a line, without its end of line,
// as redis-server's sdssplitargs does: words between spaces; "double quotes"
// with \n \r \t \b \a, \xHH and a backslash before any other byte for itself;
// 'single quotes' with \' only; a quote that closes must end its word. ok is
// false for quotes that do not.
//
// The words are appended to args and their bytes, unescaped, to scratch. The
// line itself is left as it is, since it may have to be read again.
func splitInline(line []byte, args [][]byte, scratch []byte) (_ [][]byte, _ []byte, ok bool) {
	if end := bytes.IndexByte(line, 0); end >= 0 {
		line = line[:end] // to redis-server this is a C string
	}
	kept := len(args)
	for i := 0; ; {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return args, scratch, true
		}
		start := len(scratch)
		if scratch, i = inlineWord(line, i, scratch); i < 0 {
			return args[:kept], scratch, false
		}
		args = append(args, scratch[start:len(scratch):len(scratch)])
	}
}

// inlineWord appends the word at line[i] to scratch and returns where it ends,
// -1 if its quotes are not balanced.
func inlineWord(line []byte, i int, scratch []byte) ([]byte, int) {
	for i < len(line) {
		switch c := line[i]; c {
		case ' ', '\n', '\r', '\t':
			return scratch, i
		case '"', '\'':
			if scratch, i = quoted(line, i+1, c, scratch); i < 0 {
				return scratch, -1
			}
			// Whatever follows the closing quote must be the end of the word.
			return scratch, i
		default:
			scratch = append(scratch, c)
			i++
		}
	}
	return scratch, i
}

// quoted appends what stands between quotes, of which the first is behind.
func quoted(line []byte, i int, quote byte, scratch []byte) ([]byte, int) {
	for i < len(line) {
		c := line[i]
		switch {
		case c == quote:
			i++
			if i < len(line) && !isSpace(line[i]) {
				return scratch, -1
			}
			return scratch, i
		case c != '\\' || i+1 >= len(line):
			scratch = append(scratch, c)
			i++
		case quote == '\'':
			if line[i+1] == '\'' {
				c = '\''
				i++
			}
			scratch = append(scratch, c)
			i++
		default:
			scratch, i = escaped(line, i+1, scratch)
		}
	}
	return scratch, -1
}

// escaped appends the byte that line[i], after a backslash, stands for.
func escaped(line []byte, i int, scratch []byte) ([]byte, int) {
	c := line[i]
	switch c {
	case 'x':
		if i+2 < len(line) {
			high, ok1 := hexDigit(line[i+1])
			low, ok2 := hexDigit(line[i+2])
			if ok1 && ok2 {
				return append(scratch, high<<4|low), i + 3
			}
		}
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'a':
		c = '\a'
	}
	return append(scratch, c), i + 1
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

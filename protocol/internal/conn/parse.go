package conn

// parseArray reads one whole command in the form that clients send, an array
// of bulk strings, from the start of buf. It appends the arguments, which
// point into buf, to args and returns the command's length in bytes.
//
// A length of 0 means that there is something other than one whole command
// within bounds: one that has not fully arrived, or one to be refused. Which
// of the two, and with what words, the scanner finds out; this function only
// has to be right about what it accepts, and fast. It accepts exactly what the
// scanner does, as the fuzz tests check: numbers without leading zeros, and
// whatever two bytes stand where CR LF is due, at which redis-server does not
// look either.
func parseArray(buf []byte, args [][]byte, b bounds) ([][]byte, int) {
	if len(buf) < 4 {
		return args, 0
	}
	i := 4
	count := int(buf[1] - '0')
	if buf[2] != '\r' || count > 9 {
		if count, i = parseLength(buf, 1); i == 0 {
			return args, 0
		}
	}
	if count > b.args {
		return args, 0
	}
	kept := len(args)
	for ; count > 0; count-- {
		// The shortest bulk string is $0, CR LF twice: i+4 is within any of them.
		if i+4 >= len(buf) || buf[i] != '$' {
			return args[:kept], 0
		}
		size := int(buf[i+1] - '0')
		if size > 9 {
			return args[:kept], 0
		}
		// One and two digits are nearly all there is: keys, names, short values.
		if buf[i+2] == '\r' {
			i += 4
		} else if low := int(buf[i+2] - '0'); low <= 9 && buf[i+3] == '\r' && size != 0 {
			size = size*10 + low
			i += 5
		} else if size, i = parseLength(buf, i+1); i == 0 {
			return args[:kept], 0
		}
		end := i + size
		if size > b.bulk || end+2 > len(buf) {
			return args[:kept], 0
		}
		args = append(args, buf[i:end:end])
		i = end + 2
	}
	return args, i
}

// parseLength reads the decimal number at buf[i] and the two bytes after it,
// the first of which must be CR. next is where it goes on, 0 if there is no
// such number: digits only, no leading zero, no more than maxDigits of them.
func parseLength(buf []byte, i int) (n, next int) {
	start := i
	for ; i < len(buf); i++ {
		digit := buf[i] - '0'
		if digit > 9 {
			break
		}
		n = n*10 + int(digit)
	}
	switch digits := i - start; {
	case digits == 0, digits > maxDigits, digits > 1 && buf[start] == '0':
		return 0, 0
	case i+1 >= len(buf) || buf[i] != '\r':
		return 0, 0
	}
	return n, i + 2
}

// maxDigits keeps every number within an int without a check at each digit;
// no length that is allowed has more.
const maxDigits = 18

// bounds are the limits of one command. Both are lower before authentication.
type bounds struct {
	args int // arguments, the name included
	bulk int // bytes of an argument
}

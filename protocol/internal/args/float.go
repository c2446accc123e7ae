package args

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// The longest float that Redis reads (MAX_LONG_DOUBLE_CHARS); longer ones it
// refuses rather than to cut them.
const maxFloatLength = 5 * 1024

// Float reads a floating point number as Redis's string2d does, which is C's
// strtod over the whole argument: decimal or hexadecimal, "inf" and "infinity"
// in any case, no leading space, no NaN, and nothing that over- or underflows.
//
// The syntax is checked here, so that of what Go's parser takes beyond C's
// (digits grouped by "_") nothing passes; Go's parser then does the rounding.
func Float(b []byte) (float64, bool) {
	if len(b) == 0 || len(b) > maxFloatLength {
		return 0, false
	}
	rest := b
	if rest[0] == '+' || rest[0] == '-' {
		rest = rest[1:]
	}
	if Is(rest, "inf") || Is(rest, "infinity") {
		if b[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	if len(rest) > 2 && rest[0] == '0' && rest[1]|0x20 == 'x' {
		return hexFloat(b, rest[2:])
	}
	zero, ok := mantissa(rest, isDigit, 'e')
	if !ok {
		return 0, false
	}
	return parse(string(b), zero)
}

// hexFloat reads "0x1.8p3"; C lets the exponent go, Go's parser asks for it.
func hexFloat(b, digits []byte) (float64, bool) {
	zero, ok := mantissa(digits, isHex, 'p')
	if !ok {
		return 0, false
	}
	text := string(b)
	if bytes.IndexByte(digits, 'p') < 0 && bytes.IndexByte(digits, 'P') < 0 {
		text += "p0"
	}
	return parse(text, zero)
}

// parse converts text whose syntax is known to be good; zero says that all its
// digits are 0, so that a result of 0 is no underflow.
func parse(text string, zero bool) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && (f != 0 || zero)
}

// mantissa checks digits with at most one point in them, then an optional
// exponent. zero: there is no digit but 0.
func mantissa(b []byte, digit func(byte) bool, exponent byte) (zero, ok bool) {
	zero = true
	point, digits := false, 0
	for i, c := range b {
		switch {
		case digit(c):
			digits++
			zero = zero && c == '0'
		case c == '.' && !point:
			point = true
		case c|0x20 == exponent && digits > 0:
			return zero, integer(b[i+1:])
		default:
			return zero, false
		}
	}
	return zero, digits > 0
}

// integer checks an exponent: digits with an optional sign.
func integer(b []byte) bool {
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		b = b[1:]
	}
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isHex(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }

const errTimeoutRange = "ERR timeout is out of range"

// Timeout reads a time to wait in seconds, with a fraction; 0 means for ever.
// The result is in milliseconds, rounded up, as blocking commands want it; so is
// what is less than a millisecond below 0, which makes it 0, as in Redis.
func Timeout(b []byte) (ms int64, err string) {
	seconds, ok := Float(b)
	wait := math.Ceil(seconds * 1000)
	switch {
	case !ok:
		return 0, "ERR timeout is not a float or out of range"
	case wait >= math.MaxInt64:
		return 0, errTimeoutRange
	case wait < 0:
		return 0, "ERR timeout is negative"
	}
	return reachable(int64(wait))
}

// TimeoutMs reads a time to wait in milliseconds; 0 means for ever.
func TimeoutMs(b []byte) (ms int64, err string) {
	ms, ok := Int(b)
	switch {
	case !ok:
		return 0, "ERR timeout is not an integer or out of range"
	case ms < 0:
		return 0, "ERR timeout is negative"
	}
	return reachable(ms)
}

// reachable refuses a wait whose end is beyond what 64 bits can tell of time.
func reachable(ms int64) (int64, string) {
	// The clock is asked only where it can matter.
	if ms > math.MaxInt64/2 && ms > math.MaxInt64-time.Now().UnixMilli() {
		return 0, errTimeoutRange
	}
	return ms, ""
}

package args

import (
	"bytes"
	"math"
	"strconv"
)

// Strtod reads a number as redis-server does where it calls strtod itself and only
// asks that nothing is left (the ends of ranges of scores): besides what Float takes,
// white space before it, numbers that overflow to infinity or underflow to 0, and
// nothing at all, which is 0. The text ends at a NUL byte.
func Strtod(b []byte) (float64, bool) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, true
	}
	for len(b) > 0 && (b[0] == ' ' || b[0]-'\t' < 5) { // \t \n \v \f \r
		b = b[1:]
	}
	if f, ok := Float(b); ok {
		return f, true
	}
	digits := bytes.TrimLeft(b, "+-")
	if len(b)-len(digits) > 1 || len(b) > maxFloatLength {
		return 0, false
	}
	text := string(b)
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		if _, ok := mantissa(digits[2:], isHex, 'p'); !ok {
			return 0, false
		}
		if !bytes.ContainsAny(digits, "pP") {
			text += "p0"
		}
	} else if _, ok := mantissa(digits, isDigit, 'e'); !ok {
		return 0, false
	}
	// What Float refuses with this syntax is out of range: infinite or next to nothing.
	f, _ := strconv.ParseFloat(text, 64)
	return f, !math.IsNaN(f)
}

package cache

import (
	"math/big"
	"math/bits"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// INCRBYFLOAT computes in C's long double, which on x86-64 is the x87 format:
// a 64-bit mantissa and a 15-bit exponent. A float64 would give other digits
// than a Redis client has come to expect (0.1 + 0.2 is 0.3 there, and
// 0.30000000000000004 here), so this file has the three operations it takes,
// in integers: read as strtold does, add, and print as "%.17Lf" does. Numbers of
// ordinary length need no big.Int and allocate nothing.

// extended is a finite long double, (-1)^neg × mant × 2^exp, or an infinity.
// mant has its top bit set, or is 0 for zero.
//
// Numbers below 2^-16382 keep 64 bits here where the x87 would denormalise
// them. That cannot be seen: nothing so small reaches the 17th decimal, and as
// an addend only its sign counts.
type extended struct {
	mant uint64
	exp  int
	neg  bool
	inf  bool
}

const (
	// maxFloatText is the longest text that is read as a number: Redis copies it
	// into a buffer of 5 KiB to terminate it.
	maxFloatText = 5*1024 - 1

	maxExtendedExp = 16384 - 64 // of the largest finite number: (2^64 - 1) × 2^16320
	halfTiniest    = -16446     // 2^-16446 is half the smallest denormal; it rounds to zero

	// Decimal exponents (of the leading digit) beyond which a number is surely
	// infinite or zero: the largest is 1.19e4932, half the smallest 1.8e-4951.
	maxDecimal = 4934
	minDecimal = -4960

	// saturated is where exponents stop to count. It must outweigh what digits
	// before or after the point can move.
	saturated = 1_000_000

	fraction      = 17                      // decimals printed
	fractionScale = 100_000_000_000_000_000 // 10^17
)

// IncrByFloat adds delta, the text of a number, to the number in key (0 if
// absent), stores the sum and returns its text, which is borrowed until End or
// the next write on tx. The expiry stays. The arithmetic and the text are those
// of Redis on x86-64: 80-bit floats, at most 17 decimals, no trailing zeros.
//
// It takes the text and not a float64 because the two do not round alike. The
// error is ErrNotFloat if delta or the value is no number, ErrNaN if the sum is
// not finite, ErrWrongType, or ErrOutOfMemory; then nothing has changed.
func (tx *Tx) IncrByFloat(key, delta []byte) (text []byte, err error) {
	var sum extended
	switch value, err := tx.Peek(key); err {
	case nil:
		var ok bool
		if sum, ok = parseExtended(value); !ok {
			return nil, ErrNotFloat
		}
	case ErrNotFound:
	default:
		return nil, err
	}
	increment, ok := parseExtended(delta)
	if !ok {
		return nil, ErrNotFloat
	}
	if sum = sum.add(increment); sum.inf {
		return nil, ErrNaN
	}
	var room [64]byte // what an ordinary number takes; more is allocated
	if err := tx.set(key, sum.appendText(room[:0]), KeepTTL, item.StringPlain); err != nil {
		return nil, err
	}
	return tx.Peek(key)
}

// parseExtended reads all of b as strtold does, and refuses what Redis refuses:
// white space around it, a NaN, and numbers too large or too small to be told
// from infinity or zero. An infinity by name is a number.
func parseExtended(b []byte) (extended, bool) {
	if len(b) == 0 || len(b) > maxFloatText {
		return extended{}, false
	}
	neg := false
	if b[0] == '+' || b[0] == '-' {
		neg = b[0] == '-'
		b = b[1:]
	}
	switch {
	case equalFold(b, "inf") || equalFold(b, "infinity"):
		return extended{neg: neg, inf: true}, true
	case len(b) > 1 && b[0] == '0' && b[1]|0x20 == 'x':
		return parseHex(neg, b[2:])
	}
	return parseDecimal(neg, b)
}

// equalFold compares b with lower, which is lower case, without regard to case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range b {
		if b[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// parseDecimal reads digits [. digits] [e exponent].
func parseDecimal(neg bool, b []byte) (extended, bool) {
	var (
		mant     uint64 // the first 19 significant digits
		digits   int    // how many significant digits there are, from the first that is not 0
		scale    int    // minus the number of digits after the point
		any, dot bool
		i        int
	)
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !dot {
			dot = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		any = true
		if dot {
			scale--
		}
		if digits > 0 || c != '0' {
			if digits++; digits <= 19 {
				mant = mant*10 + uint64(c-'0')
			}
		}
	}
	mantissa := b[:i]
	exp, ok := parseExponent(b[i:], 'e')
	switch {
	case !any || !ok:
		return extended{}, false
	case digits == 0:
		return extended{neg: neg}, true // whatever its exponent
	}
	exp += scale
	if digits <= 19 && -19 <= exp && exp <= 19 {
		return scaleDecimal(neg, mant, exp), true
	}
	return parseLong(neg, mantissa, digits, exp)
}

// parseExponent reads nothing, or mark (in either case), a sign and digits.
func parseExponent(b []byte, mark byte) (exp int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0]|0x20 != mark {
		return 0, false
	}
	b = b[1:]
	neg := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		neg = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		exp = min(exp*10+int(c-'0'), saturated)
	}
	if neg {
		exp = -exp
	}
	return exp, true
}

// powersOf10 are those that fit 64 bits.
var powersOf10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// scaleDecimal is mant × 10^exp for a mant above 0 and exp within ±19.
func scaleDecimal(neg bool, mant uint64, exp int) extended {
	if exp >= 0 {
		hi, lo := bits.Mul64(mant, powersOf10[exp])
		return round(neg, hi, lo, 0, false)
	}
	// Divide in three digits of 64 bits. With mant's top bit set the quotient's
	// first or second digit is large enough for 64 bits and a rounding bit.
	shift := bits.LeadingZeros64(mant)
	d := powersOf10[-exp]
	mant <<= shift
	first, rest := mant/d, mant%d
	second, rest := bits.Div64(rest, 0, d)
	third, rest := bits.Div64(rest, 0, d)
	if first != 0 {
		return round(neg, first, second, -64-shift, third|rest != 0)
	}
	return round(neg, second, third, -128-shift, rest != 0)
}

// parseLong is parseDecimal for any number of digits and any exponent: exact,
// in big integers of at most some 17,000 bits.
func parseLong(neg bool, mantissa []byte, digits, exp int) (extended, bool) {
	if lead := digits + exp; lead > maxDecimal || lead < minDecimal {
		return extended{}, false
	}
	text := make([]byte, 0, len(mantissa))
	for _, c := range mantissa {
		if c != '.' {
			text = append(text, c)
		}
	}
	n, _ := new(big.Int).SetString(string(text), 10)
	if exp >= 0 {
		n.Mul(n, power10(exp))
		return roundBig(neg, n, 0, false).parsed()
	}
	d := power10(-exp)
	// Scale so that the quotient has more than 128 bits.
	shift := max(0, 130+d.BitLen()-n.BitLen())
	var rest big.Int
	n.QuoRem(n.Lsh(n, uint(shift)), d, &rest)
	return roundBig(neg, n, -shift, rest.Sign() != 0).parsed()
}

func power10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// roundBig rounds n × 2^exp, plus a little if more is set.
func roundBig(neg bool, n *big.Int, exp int, more bool) extended {
	if extra := n.BitLen() - 128; extra > 0 {
		more = more || n.TrailingZeroBits() < uint(extra)
		n.Rsh(n, uint(extra))
		exp += extra
	}
	var wide [16]byte
	n.FillBytes(wide[:])
	var hi, lo uint64
	for i := range 8 {
		hi = hi<<8 | uint64(wide[i])
		lo = lo<<8 | uint64(wide[i+8])
	}
	return round(neg, hi, lo, exp, more)
}

// parseHex reads hexadecimal digits [. digits] [p exponent], after the 0x.
func parseHex(neg bool, b []byte) (extended, bool) {
	var (
		hi, lo    uint64 // the first significant digits
		exp       int
		more      bool // digits that are not 0 follow those
		any, dot  bool
		remaining = b
	)
	for ; len(remaining) > 0; remaining = remaining[1:] {
		c := remaining[0]
		if c == '.' && !dot {
			dot = true
			continue
		}
		digit, ok := hexDigit(c)
		if !ok {
			break
		}
		any = true
		if dot {
			exp -= 4
		}
		if hi>>60 == 0 {
			hi, lo = hi<<4|lo>>60, lo<<4|uint64(digit)
		} else {
			exp += 4
			more = more || digit != 0
		}
	}
	power, ok := parseExponent(remaining, 'p')
	if !any || !ok {
		return extended{}, false
	}
	if hi|lo == 0 {
		return extended{neg: neg}, true
	}
	return round(neg, hi, lo, exp+power, more).parsed()
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// parsed refuses what a number above zero must not have become by reading it.
func (x extended) parsed() (extended, bool) { return x, !x.inf && x.mant != 0 }

// round gives the extended nearest to the 128-bit integer hi:lo, times 2^exp,
// ties to even. more says that the true number lies above hi:lo by less than
// one; hi must not be 0 then, so that the rounding bit is known. hi:lo is not 0.
func round(neg bool, hi, lo uint64, exp int, more bool) extended {
	if hi == 0 {
		hi, lo, exp = lo, 0, exp-64
	}
	shift := bits.LeadingZeros64(hi)
	hi = hi<<shift | lo>>(64-shift)
	lo <<= shift
	exp += 64 - shift

	const half = 1 << 63
	lead := exp + 63
	if lead < halfTiniest || lead == halfTiniest && hi == half && lo == 0 && !more {
		return extended{neg: neg}
	}
	if lo > half || lo == half && (more || hi&1 == 1) {
		if hi++; hi == 0 {
			hi, exp = half, exp+1
		}
	}
	if exp > maxExtendedExp {
		return extended{neg: neg, inf: true}
	}
	return extended{mant: hi, exp: exp, neg: neg}
}

// add is x + y, rounded to nearest. inf also stands for the NaN that opposite
// infinities make: nobody stores either.
func (x extended) add(y extended) extended {
	switch {
	case x.inf || y.inf:
		return extended{inf: true}
	case x.mant == 0 && y.mant == 0:
		return extended{neg: x.neg && y.neg}
	case x.mant == 0:
		return y
	case y.mant == 0:
		return x
	}
	if y.exp > x.exp || y.exp == x.exp && y.mant > x.mant {
		x, y = y, x
	}
	// Both as 128-bit integers in units of 2^exp: x is mant:0, y what is left of
	// it after moving right.
	exp := x.exp - 64
	hi, lo, more := shiftRight(y.mant, x.exp-y.exp)
	if x.neg == y.neg {
		sum, carry := bits.Add64(x.mant, hi, 0)
		if carry != 0 {
			more = more || lo&1 != 0
			sum, lo, exp = 1<<63|sum>>1, sum<<63|lo>>1, exp+1
		}
		return round(x.neg, sum, lo, exp, more)
	}
	// What y lost by moving makes it larger, the difference smaller: by one unit,
	// to which something below one is then added back.
	borrow := uint64(0)
	if more {
		borrow = 1
	}
	lo, borrow = bits.Sub64(0, lo, borrow)
	hi, _ = bits.Sub64(x.mant, hi, borrow)
	if hi|lo == 0 {
		return extended{}
	}
	return round(x.neg, hi, lo, exp, more)
}

// shiftRight is mant:0 moved right by n bits; more tells that bits were lost.
func shiftRight(mant uint64, n int) (hi, lo uint64, more bool) {
	switch {
	case n < 64:
		return mant >> n, mant << (64 - n), false
	case n < 128:
		n -= 64
		return 0, mant >> n, mant<<(64-n) != 0
	}
	return 0, 0, mant != 0
}

// appendText appends x, which must be finite, as "%.17Lf" prints it, without
// trailing zeros or point, and without the sign of a zero.
func (x extended) appendText(dst []byte) []byte {
	start := len(dst)
	if x.neg {
		dst = append(dst, '-')
	}
	if x.exp >= 0 && x.mant != 0 {
		return x.appendInteger(dst)
	}
	whole, decimals := x.split()
	if whole == 0 && decimals == 0 {
		return append(dst[:start], '0')
	}
	dst = strconv.AppendUint(dst, whole, 10)
	if decimals == 0 {
		return dst
	}
	var digits [fraction]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + decimals%10)
		decimals /= 10
	}
	last := len(digits)
	for digits[last-1] == '0' {
		last--
	}
	return append(append(dst, '.'), digits[:last]...)
}

// appendInteger appends the digits of an x with no fraction.
func (x extended) appendInteger(dst []byte) []byte {
	if x.exp == 0 {
		return strconv.AppendUint(dst, x.mant, 10)
	}
	n := new(big.Int).SetUint64(x.mant)
	return n.Lsh(n, uint(x.exp)).Append(dst, 10)
}

// split gives the whole part of |x| and its fraction in units of 10^-17,
// rounded to nearest, ties to even. x.exp is negative or x zero.
func (x extended) split() (whole, decimals uint64) {
	n := -x.exp
	if n >= 128 || x.mant == 0 {
		return 0, 0 // below 2^-64 units
	}
	part := x.mant
	if n < 64 {
		whole = part >> n
		part &= 1<<n - 1
	}
	hi, lo := bits.Mul64(part, fractionScale)
	var rest uint64 // what follows the unit, its first bit on top
	more := false
	if n < 64 {
		decimals, rest = hi<<(64-n)|lo>>n, lo<<(64-n)
	} else {
		n -= 64
		decimals, rest, more = hi>>n, hi<<(64-n)|lo>>n, lo<<(64-n) != 0
	}
	const half = 1 << 63
	if rest > half || rest == half && (more || decimals&1 == 1) {
		decimals++
	}
	if decimals == fractionScale {
		return whole + 1, 0
	}
	return whole, decimals
}

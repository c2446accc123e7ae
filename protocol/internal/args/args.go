// Package args reads command arguments the way redis-server reads them, and
// holds the error texts that go with it, to the letter.
//
// Two things live here. Parsing functions (Int, Float, Is, ...) take one
// argument as bytes and never allocate; they accept exactly what Redis's
// string2ll, string2d and strcasecmp accept, which is less than Go's strconv
// does in places (no "+5", no "007", no "1_000") and more in others ("0x1A").
// Cursor walks the options that follow a command's fixed arguments.
//
// An error here is the text of the reply, its code first; the empty string
// means that all is well. Handlers pass it straight to resp.Writer.Error.
package args

import "strconv"

// Error texts that many commands share.
const (
	ErrSyntax      = "ERR syntax error"
	ErrNotInteger  = "ERR value is not an integer or out of range"
	ErrNotFloat    = "ERR value is not a valid float"
	ErrOutOfRange  = "ERR value is out of range"
	ErrNotPositive = "ERR value is out of range, must be positive"
	ErrNoSuchKey   = "ERR no such key"
	ErrDBIndex     = "ERR DB index is out of range"
	ErrWrongType   = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrOOM         = "OOM command not allowed when used memory > 'maxmemory'."
	ErrOverflow    = "ERR increment or decrement would overflow"
	ErrNaN         = "ERR increment would produce NaN or Infinity"
	ErrTooLarge    = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrNoAuth      = "NOAUTH Authentication required."
	ErrWrongPass   = "WRONGPASS invalid username-password pair or user is disabled."
)

// WrongArity is the reply to a wrong number of arguments; name is the command's
// full name ("get", "client|list").
func WrongArity(name string) string {
	return "ERR wrong number of arguments for '" + name + "' command"
}

// SubcommandSyntax is the reply of a container's handler to a subcommand whose
// arguments it does not understand. container is in capitals.
func SubcommandSyntax(subcommand []byte, container string) string {
	return "ERR unknown subcommand or wrong number of arguments for '" +
		string(Clip(subcommand)) + "'. Try " + container + " HELP."
}

// UnknownSubcommand is the reply to a subcommand that does not exist.
func UnknownSubcommand(subcommand []byte, container string) string {
	return "ERR unknown subcommand '" + string(Clip(subcommand)) + "'. Try " + container + " HELP."
}

// InvalidExpire is the reply to an expiry time that is not positive or would
// overflow.
func InvalidExpire(name string) string {
	return "ERR invalid expire time in '" + name + "' command"
}

// Clip cuts an argument to what redis-server's "%.128s" prints of it: up to the
// first NUL byte, and 128 bytes at most.
func Clip(b []byte) []byte { return ClipTo(b, 128) }

// ClipTo is Clip with another bound.
func ClipTo(b []byte, most int) []byte {
	if len(b) > most {
		b = b[:most]
	}
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// Is reports whether b is word, which is in lower case, whatever the case of b.
func Is(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range len(word) {
		c := b[i]
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// Int reads a decimal integer in canonical form: no sign but a leading minus, no
// leading zero, no space. This is Redis's string2ll.
func Int(b []byte) (int64, bool) {
	digits := b
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		digits = b[1:]
	}
	switch {
	case len(digits) == 0 || len(digits) > 19:
		return 0, false
	case digits[0] == '0':
		return 0, len(digits) == 1 && !negative
	}
	var n uint64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c) // 19 digits stay below 10^19, which fits
	}
	if negative {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n < 1<<63
}

// IntRange reads an integer from low to high. Redis names the bounds in its
// answer to one that is outside.
func IntRange(b []byte, low, high int64) (n int64, err string) {
	n, ok := Int(b)
	switch {
	case !ok:
		return 0, ErrNotInteger
	case n < low || n > high:
		return 0, "ERR value is out of range, value must between " +
			strconv.FormatInt(low, 10) + " and " + strconv.FormatInt(high, 10)
	}
	return n, ""
}

// Positive reads an integer that is not negative (Redis calls it positive, and
// lets 0 pass).
func Positive(b []byte) (n int64, err string) {
	n, ok := Int(b)
	switch {
	case !ok:
		return 0, ErrNotInteger
	case n < 0:
		return 0, ErrNotPositive
	}
	return n, ""
}

// Unsigned reads a decimal integer of 64 bits without sign, in canonical form.
func Unsigned(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 || (b[0] == '0' && len(b) > 1) {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c -= '0'; c > 9 {
			return 0, false
		}
		next := n*10 + uint64(c)
		if n > (1<<64-1)/10 || next < n*10 {
			return 0, false
		}
		n = next
	}
	return n, true
}

// ScanCursor reads SCAN's cursor, an unsigned number of 64 bits.
func ScanCursor(b []byte) (cursor uint64, err string) {
	const invalid = "ERR invalid cursor"
	if len(b) == 0 {
		return 0, invalid
	}
	for _, c := range b {
		digit := uint64(c - '0')
		if c < '0' || digit > 9 || cursor > (1<<64-1-digit)/10 {
			return 0, invalid
		}
		cursor = cursor*10 + digit
	}
	return cursor, ""
}

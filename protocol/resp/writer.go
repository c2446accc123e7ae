// Package resp writes Redis protocol replies, in the older form (RESP2) and the
// newer one (RESP3), onto a plain byte slice. It knows no server, session or
// command: a handler says what a reply *is* (a map, a double, a null) and the
// Writer picks the form that the client's protocol version has for it.
//
// The encodings follow https://github.com/redis/redis-specifications
// (protocol/RESP3.md) and, where RESP2 has no such type, what redis-server
// falls back to: a map becomes a flat array, a set an array, a double or a
// big number a bulk string, a boolean an integer 0 or 1.
package resp

import (
	"bytes"
	"math"
	"strconv"

	"github.com/tidwall/redcon"
)

// Writer appends replies to B. It is a value with no other state, so a
// connection can lend it the output buffer for one batch and take it back.
type Writer struct {
	B     []byte // what has been written so far; the caller owns it
	Proto int    // 2 or 3: the protocol version the client asked for with HELLO
}

// OK writes +OK.
func (w *Writer) OK() { w.B = append(w.B, "+OK\r\n"...) }

// Simple writes a status reply; s must hold no CR or LF.
func (w *Writer) Simple(s string) {
	w.B = append(w.B, '+')
	w.B = append(w.B, s...)
	w.B = append(w.B, '\r', '\n')
}

// Error writes an error reply. msg starts with its code ("ERR ...", "WRONGTYPE
// ..."); CR and LF in it, which would break the framing, become spaces as they
// do in redis-server.
func (w *Writer) Error(msg string) {
	w.B = append(w.B, '-')
	for i := 0; i < len(msg); i++ {
		c := msg[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		w.B = append(w.B, c)
	}
	w.B = append(w.B, '\r', '\n')
}

// Int writes an integer reply.
func (w *Writer) Int(n int64) { w.B = redcon.AppendInt(w.B, n) }

// Flag writes :1 or :0, the form most Redis commands give a yes or no.
func (w *Writer) Flag(yes bool) {
	if yes {
		w.B = append(w.B, ":1\r\n"...)
		return
	}
	w.B = append(w.B, ":0\r\n"...)
}

// Bulk writes b as a bulk string; an empty or nil b is the empty string, not null.
func (w *Writer) Bulk(b []byte) {
	n, at := len(b), len(w.B)
	if n >= 100 || cap(w.B)-at < n+8 {
		w.B = redcon.AppendBulk(w.B, b)
		return
	}
	// Most of what is in a long reply: short, and there is room for it.
	dst := w.B[at : at+n+8]
	dst[0] = '$'
	head := 2
	if n >= 10 {
		dst[1] = '0' + byte(n/10)
		head = 3
	}
	dst[head-1] = '0' + byte(n%10)
	dst[head], dst[head+1] = '\r', '\n'
	copy(dst[head+2:], b)
	end := head + 2 + n
	dst[end], dst[end+1] = '\r', '\n'
	w.B = w.B[:at+end+2]
}

// BulkString writes s as a bulk string.
func (w *Writer) BulkString(s string) { w.B = redcon.AppendBulkString(w.B, s) }

// BulkInt writes n in decimal as a bulk string.
func (w *Writer) BulkInt(n int64) {
	var digits [20]byte
	w.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// Null writes the null of a bulk string: $-1 in RESP2, _ in RESP3.
func (w *Writer) Null() {
	if w.Proto >= 3 {
		w.B = append(w.B, "_\r\n"...)
		return
	}
	w.B = append(w.B, "$-1\r\n"...)
}

// NullArray writes the null of an array: *-1 in RESP2, _ in RESP3.
func (w *Writer) NullArray() {
	if w.Proto >= 3 {
		w.B = append(w.B, "_\r\n"...)
		return
	}
	w.B = append(w.B, "*-1\r\n"...)
}

// Array opens an array of n replies, which the caller writes next.
func (w *Writer) Array(n int) { w.B = redcon.AppendArray(w.B, n) }

// Map opens a map of n pairs: the caller writes n keys and n values in turn.
// RESP2 gets a flat array of 2n.
func (w *Writer) Map(n int) {
	if w.Proto >= 3 {
		w.length('%', n)
		return
	}
	w.Array(2 * n)
}

// Set opens a set of n members; RESP2 gets an array.
func (w *Writer) Set(n int) {
	if w.Proto >= 3 {
		w.length('~', n)
		return
	}
	w.Array(n)
}

// Push opens an out-of-band message of n replies; RESP2 gets an array.
func (w *Writer) Push(n int) {
	if w.Proto >= 3 {
		w.length('>', n)
		return
	}
	w.Array(n)
}

// Attribute opens n pairs of attributes that precede a reply (RESP3 only: the
// caller must not write them to a RESP2 client).
func (w *Writer) Attribute(n int) { w.length('|', n) }

// Bool writes #t or #f; RESP2 gets :1 or :0.
func (w *Writer) Bool(yes bool) {
	switch {
	case w.Proto < 3:
		w.Flag(yes)
	case yes:
		w.B = append(w.B, "#t\r\n"...)
	default:
		w.B = append(w.B, "#f\r\n"...)
	}
}

// Double writes f with the shortest digits that read back as f; RESP2 gets a
// bulk string. Infinities are "inf" and "-inf".
func (w *Writer) Double(f float64) {
	var digits [32]byte
	text := AppendDouble(digits[:0], f)
	if w.Proto < 3 {
		w.Bulk(text)
		return
	}
	w.B = append(w.B, ',')
	w.B = append(w.B, text...)
	w.B = append(w.B, '\r', '\n')
}

// Verbatim writes text with a three-letter format ("txt", "mkd"); RESP2 gets
// the bare text as a bulk string.
func (w *Writer) Verbatim(format, text string) {
	if w.Proto < 3 {
		w.BulkString(text)
		return
	}
	w.length('=', len(text)+4)
	w.B = append(w.B, format...)
	w.B = append(w.B, ':')
	w.B = append(w.B, text...)
	w.B = append(w.B, '\r', '\n')
}

// BigNumber writes a decimal integer of any size; RESP2 gets a bulk string.
func (w *Writer) BigNumber(decimal string) {
	if w.Proto < 3 {
		w.BulkString(decimal)
		return
	}
	w.B = append(w.B, '(')
	w.B = append(w.B, decimal...)
	w.B = append(w.B, '\r', '\n')
}

func (w *Writer) length(kind byte, n int) {
	w.B = append(w.B, kind)
	w.B = strconv.AppendInt(w.B, int64(n), 10)
	w.B = append(w.B, '\r', '\n')
}

// AppendDouble appends f as redis-server prints a double from 7.2 on: an integer
// where it is one and a 64-bit integer reaches half as far, else the fewest digits that
// read back as f, with an exponent where fpconv_dtoa has one; "inf", "-inf", "nan".
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case f == 0 && math.Signbit(f):
		return append(dst, "-0"...)
	case math.Abs(f) <= math.MaxInt64/2 && f == math.Trunc(f):
		return strconv.AppendInt(dst, int64(f), 10)
	}
	var room [32]byte
	text := strconv.AppendFloat(room[:0], f, 'e', -1, 64) // [-]d[.ddd]e±dd
	if text[0] == '-' {
		dst = append(dst, '-')
		text = text[1:]
	}
	at := bytes.IndexByte(text, 'e')
	exp := exponent(text[at+1:])
	digits := text[:1]
	if at > 1 {
		digits = append(digits, text[2:at]...) // over the point
	}
	return appendDigits(dst, digits, exp, f < 0)
}

// exponent reads ±dd, which AppendFloat has written.
func exponent(text []byte) int {
	n := 0
	for _, c := range text[1:] {
		n = n*10 + int(c-'0')
	}
	if text[0] == '-' {
		return -n
	}
	return n
}

// appendDigits appends the number whose first digit counts 10^exp, in fpconv_dtoa's
// form: without an exponent where no more than six zeros come after the digits (one
// less below zero), or the last digit counts no less than 10^-6, or the first is
// within ten places of the point.
func appendDigits(dst, digits []byte, exp int, negative bool) []byte {
	n := len(digits)
	k := exp - n + 1 // the last digit counts 10^k
	zeros := 7
	if negative {
		zeros--
	}
	switch {
	case k >= 0 && exp < n+zeros:
		dst = append(dst, digits...)
		for ; k > 0; k-- {
			dst = append(dst, '0')
		}
		return dst
	case k < 0 && (k > -7 || max(exp, -exp) < 10):
		if exp >= 0 {
			dst = append(dst, digits[:exp+1]...)
			dst = append(dst, '.')
			return append(dst, digits[exp+1:]...)
		}
		dst = append(dst, "0."...)
		for ; exp < -1; exp++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if n > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e')
	if exp >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

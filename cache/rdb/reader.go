package rdb

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// reader reads lengths and strings off a payload.
type reader struct {
	b       []byte
	off     int
	scratch [3][]byte // what was decompressed, by the string's role
	digits  [3][20]byte
}

// bytes are the next n bytes.
func (r *reader) bytes(n uint64) (b []byte, ok bool) {
	if n > uint64(len(r.b)-r.off) {
		return nil, false
	}
	from := r.off
	r.off += int(n)
	return r.b[from:r.off:r.off], true
}

// length reads a length, or which of the special forms a string has.
func (r *reader) length() (n uint64, special, ok bool) {
	first, ok := r.bytes(1)
	if !ok {
		return 0, false, false
	}
	switch c := first[0]; {
	case c>>6 == 0:
		return uint64(c), false, true
	case c>>6 == 1:
		b, ok := r.bytes(1)
		if !ok {
			return 0, false, false
		}
		return uint64(c&0x3F)<<8 | uint64(b[0]), false, true
	case c>>6 == 3:
		return uint64(c & 0x3F), true, true
	case c == 0x80:
		b, ok := r.bytes(4)
		if !ok {
			return 0, false, false
		}
		return uint64(binary.BigEndian.Uint32(b)), false, true
	case c == 0x81:
		b, ok := r.bytes(8)
		if !ok {
			return 0, false, false
		}
		return binary.BigEndian.Uint64(b), false, true
	}
	return 0, false, false
}

// number reads a length that is no string's.
func (r *reader) number() (n uint64, ok bool) {
	n, _, ok = r.length()
	return n, ok
}

// count reads how many elements follow. The one that Redis takes for an error is one.
func (r *reader) count() (n uint64, ok bool) {
	n, ok = r.number()
	return n, ok && n != math.MaxUint64
}

// str reads a string. role says which of the strings needed at a time it is.
func (r *reader) str(role int) (s []byte, ok bool) {
	n, special, ok := r.length()
	switch {
	case !ok:
		return nil, false
	case special:
		return r.special(role, n)
	case n > MaxString:
		return nil, false
	}
	return r.bytes(n)
}

// special reads a string in one of the special forms.
func (r *reader) special(role int, form uint64) (s []byte, ok bool) {
	switch form {
	case 0, 1, 2:
		b, ok := r.bytes(1 << form)
		if !ok {
			return nil, false
		}
		n := int64(0)
		switch form {
		case 0:
			n = int64(int8(b[0]))
		case 1:
			n = int64(int16(binary.LittleEndian.Uint16(b)))
		default:
			n = int64(int32(binary.LittleEndian.Uint32(b)))
		}
		return strconv.AppendInt(r.digits[role][:0], n, 10), true
	case 3:
		return r.compressed(role)
	}
	return nil, false
}

// compressed reads a string that LZF has compressed. The room for it is made as it
// grows, so a length that is a lie costs nothing.
func (r *reader) compressed(role int) (s []byte, ok bool) {
	packed, ok := r.number()
	if !ok {
		return nil, false
	}
	size, ok := r.number()
	if !ok || size > MaxString {
		return nil, false
	}
	b, ok := r.bytes(packed)
	switch {
	case !ok || size > packed*lzfGrowth:
		return nil, false
	case size == 0:
		return []byte{}, true // Redis does not look at it then
	}
	r.scratch[role], ok = decompress(r.scratch[role][:0], b, int(size))
	return r.scratch[role], ok
}

// millis reads a time, unix milliseconds.
func (r *reader) millis() (ms int64, ok bool) {
	b, ok := r.bytes(8)
	if !ok {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(b)), true
}

// double reads a score of 8 bytes.
func (r *reader) double() (f float64, ok bool) {
	b, ok := r.bytes(8)
	if !ok {
		return 0, false
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), true
}

// textDouble reads a score as old files have it: text after a byte of length, of
// which the last three values stand for what has no text.
func (r *reader) textDouble() (f float64, ok bool) {
	b, ok := r.bytes(1)
	if !ok {
		return 0, false
	}
	switch b[0] {
	case 255:
		return math.Inf(-1), true
	case 254:
		return math.Inf(1), true
	case 253:
		return math.NaN(), true
	}
	if b, ok = r.bytes(uint64(b[0])); !ok {
		return 0, false
	}
	return parseScore(b)
}

// parseScore reads a score in decimal; beyond a double's range it is infinite.
func parseScore(b []byte) (f float64, ok bool) {
	const most = 127 // Redis's buffer for it
	if len(b) == 0 || len(b) > most || bytes.IndexByte(b, '_') >= 0 {
		return 0, false // Go takes underscores between digits, C does not
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

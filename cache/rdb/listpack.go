package rdb

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache/internal/decimal"
)

// A listpack is Redis's packed sequence of strings and integers:
//
//	+-------+-------+---------------------------+----+
//	| bytes | count | entry, its length, ...    | FF |
//	| 4, LE | 2, LE |                           |    |
//	+-------+-------+---------------------------+----+
//
//	0nnnnnnn             an integer up to 127
//	10llllll bytes       a string of up to 63 bytes
//	110nnnnn +1          an integer of 13 bits, signed
//	1110llll +1 bytes    a string of up to 4095 bytes
//	11110000 +4 bytes    any string; length LE
//	11110001 … 11110100  integers of 2, 3, 4 and 8 bytes, LE
//
// The length behind an entry is that of the entry before it, 7 bits in a byte, the
// highest first, all bytes but the first with their top bit set: it can be read from
// its end. A count of 65535 means that there may be more.
const (
	listpackHead = 6
	listpackEnd  = 0xFF
	countUnknown = math.MaxUint16
)

// entry is one element of a listpack: a string, or an integer if it has no string.
type entry struct {
	s []byte
	n int64
}

// text is the element as a string.
func (e entry) text(digits *[20]byte) []byte {
	if e.s != nil {
		return e.s
	}
	return strconv.AppendInt(digits[:0], e.n, 10)
}

// integer is the element as a number, which a string may be as well.
func (e entry) integer() (n int64, ok bool) {
	if e.s == nil {
		return e.n, true
	}
	return decimal.Parse(e.s)
}

// listpack walks over one. It verifies what it walks over.
type listpack struct {
	b     []byte
	off   int
	count int // entries so far
}

// openListpack verifies the frame.
func openListpack(b []byte) (l listpack, ok bool) {
	if len(b) < listpackHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) || b[len(b)-1] != listpackEnd {
		return l, false
	}
	return listpack{b: b, off: listpackHead}, true
}

// done tells whether the walk has come to the end.
func (l *listpack) done() bool { return l.b[l.off] == listpackEnd }

// whole tells, at the end of a walk, whether the frame is right about it.
func (l *listpack) whole() bool {
	said := int(binary.LittleEndian.Uint16(l.b[4:]))
	return l.off == len(l.b)-1 && (said == countUnknown || said == l.count)
}

// next is the next element. Not ok at the end, too.
func (l *listpack) next() (e entry, ok bool) {
	b := l.b[l.off : len(l.b)-1]
	e, n := decodeEntry(b)
	if n == 0 {
		return e, false
	}
	var back [5]byte
	size := putBacklen(back[:], n)
	if n+size > len(b) || string(b[n:n+size]) != string(back[:size]) {
		return e, false
	}
	l.off += n + size
	l.count++
	return e, true
}

// integer is the next element, which must be a number.
func (l *listpack) integer() (n int64, ok bool) {
	e, ok := l.next()
	if !ok {
		return 0, false
	}
	return e.integer()
}

// decodeEntry reads the element that b begins with and tells its size, without the
// length behind it; 0 if there is none.
func decodeEntry(b []byte) (e entry, size int) {
	if len(b) == 0 {
		return e, 0
	}
	c := b[0]
	switch {
	case c < 0x80:
		return entry{n: int64(c)}, 1
	case c < 0xC0:
		return stringEntry(b, 1, int(c&0x3F))
	case c < 0xE0:
		if len(b) < 2 {
			return e, 0
		}
		n := int64(c&0x1F)<<8 | int64(b[1])
		return entry{n: n << 51 >> 51}, 2
	case c < 0xF0:
		if len(b) < 2 {
			return e, 0
		}
		return stringEntry(b, 2, int(c&0x0F)<<8|int(b[1]))
	case c == 0xF0:
		if len(b) < 5 {
			return e, 0
		}
		return stringEntry(b, 5, int(binary.LittleEndian.Uint32(b[1:])))
	case c <= 0xF4:
		width := [...]int{2, 3, 4, 8}[c-0xF1]
		if len(b) < 1+width {
			return e, 0
		}
		return entry{n: signed(b[1 : 1+width])}, 1 + width
	}
	return e, 0
}

func stringEntry(b []byte, head, n int) (e entry, size int) {
	if n > len(b)-head {
		return e, 0
	}
	return entry{s: b[head : head+n : head+n]}, head + n
}

// signed is a little-endian integer of up to 8 bytes.
func signed(b []byte) int64 {
	n := uint64(0)
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return int64(n<<shift) >> shift
}

// putBacklen writes the length that stands behind an entry of n bytes.
func putBacklen(b []byte, n int) (size int) {
	switch {
	case n <= 127:
		size = 1
	case n < 16383:
		size = 2
	case n < 2097151:
		size = 3
	case n < 268435455:
		size = 4
	default:
		size = 5
	}
	for i := range size {
		b[i] = byte(n>>(7*(size-1-i)))&0x7F | 0x80
	}
	b[0] &= 0x7F
	return size
}

// listpackEach hands the elements to f, each valid until three more have come.
func listpackEach(b []byte, f func(e []byte) error) error {
	l, ok := openListpack(b)
	if !ok {
		return ErrFormat
	}
	var digits [3][20]byte
	for !l.done() {
		e, ok := l.next()
		if !ok {
			return ErrFormat
		}
		if err := f(e.text(&digits[l.count%len(digits)])); err != nil {
			return err
		}
	}
	if !l.whole() {
		return ErrFormat
	}
	return nil
}

// builder makes a listpack, behind what b holds.
type builder struct {
	b     []byte
	start int
	count int
}

func newBuilder(b []byte) builder {
	return builder{b: append(b, make([]byte, listpackHead)...), start: len(b)}
}

// integer adds a number.
func (l *builder) integer(n int64) {
	from := len(l.b)
	switch {
	case n >= 0 && n <= 127:
		l.b = append(l.b, byte(n))
	case n >= -1<<12 && n < 1<<12:
		l.b = append(l.b, 0xC0|byte(n>>8)&0x1F, byte(n))
	case n >= math.MinInt16 && n <= math.MaxInt16:
		l.b = append(l.b, 0xF1, byte(n), byte(n>>8))
	case n >= -1<<23 && n < 1<<23:
		l.b = append(l.b, 0xF2, byte(n), byte(n>>8), byte(n>>16))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		l.b = binary.LittleEndian.AppendUint32(append(l.b, 0xF3), uint32(n))
	default:
		l.b = binary.LittleEndian.AppendUint64(append(l.b, 0xF4), uint64(n))
	}
	l.close(from)
}

// add adds a string, as a number if it is one.
func (l *builder) add(s []byte) {
	if n, ok := decimal.Parse(s); ok {
		l.integer(n)
		return
	}
	from, n := len(l.b), len(s)
	switch {
	case n < 1<<6:
		l.b = append(l.b, 0x80|byte(n))
	case n < 1<<12:
		l.b = append(l.b, 0xE0|byte(n>>8), byte(n))
	default:
		l.b = binary.LittleEndian.AppendUint32(append(l.b, 0xF0), uint32(n))
	}
	l.b = append(l.b, s...)
	l.close(from)
}

// close writes the length of the entry from from on behind it.
func (l *builder) close(from int) {
	var back [5]byte
	size := putBacklen(back[:], len(l.b)-from)
	l.b = append(l.b, back[:size]...)
	l.count++
}

// finish writes the frame and returns the listpack, with all that was before it.
func (l *builder) finish() []byte {
	l.b = append(l.b, listpackEnd)
	head := l.b[l.start:]
	binary.LittleEndian.PutUint32(head, uint32(len(head)))
	binary.LittleEndian.PutUint16(head[4:], uint16(min(l.count, countUnknown)))
	return l.b
}

// ListpackEmpty is the number of bytes of a listpack without elements.
const ListpackEmpty = listpackHead + 1

// ListpackSize is the number of bytes that a string takes in a listpack.
func ListpackSize(s []byte) int {
	n := len(s)
	if v, ok := decimal.Parse(s); ok {
		n = integerSize(v)
	} else {
		switch {
		case n < 1<<6:
			n++
		case n < 1<<12:
			n += 2
		default:
			n += 5
		}
	}
	var back [5]byte
	return n + putBacklen(back[:], n)
}

func integerSize(n int64) int {
	switch {
	case n >= 0 && n <= 127:
		return 1
	case n >= -1<<12 && n < 1<<12:
		return 2
	case n >= math.MinInt16 && n <= math.MaxInt16:
		return 3
	case n >= -1<<23 && n < 1<<23:
		return 4
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return 5
	}
	return 9
}

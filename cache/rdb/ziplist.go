package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// What Redis before 7.0 kept small collections in.
//
// A ziplist:
//
//	+-------+-------+-------+----------------------------------+----+
//	| bytes | tail  | count | size before, encoding, value ... | FF |
//	| 4, LE | 4, LE | 2, LE |                                  |    |
//	+-------+-------+-------+----------------------------------+----+
//
//	00llllll   01llllll +1   10000000 +4     strings; lengths BE
//	11000000   11010000      11100000        integers of 2, 4, 8 bytes, LE
//	11110000   11111110      1111nnnn        of 3 and of 1; nnnn-1 itself, 0 … 12
//
// The size of the entry before takes one byte, or 5 (FE, then LE) from 254 on. tail
// is the offset of the last entry.
const ziplistHead = 10

// ziplistEach is to ziplists what listpackEach is to listpacks.
func ziplistEach(b []byte, f func(e []byte) error) error {
	if len(b) < ziplistHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) || b[len(b)-1] != 0xFF {
		return ErrFormat
	}
	var digits [3][20]byte
	off, before, count, last, end := ziplistHead, 0, 0, 0, len(b)-1
	for b[off] != 0xFF {
		e, size, ok := ziplistEntry(b[off:end], before)
		if !ok {
			return ErrFormat
		}
		if err := f(e.text(&digits[count%len(digits)])); err != nil {
			return err
		}
		last, before = off, size
		off += size
		count++
	}
	said, tail := int(binary.LittleEndian.Uint16(b[8:])), uint64(binary.LittleEndian.Uint32(b[4:]))
	if off != end || said != countUnknown && said != count ||
		count > 0 && tail != uint64(last) || tail > uint64(end) {
		return ErrFormat
	}
	return nil
}

// ziplistEntry reads the entry that b begins with, behind one of before bytes.
func ziplistEntry(b []byte, before int) (e entry, size int, ok bool) {
	if len(b) == 0 {
		return e, 0, false
	}
	said, head := int(b[0]), 1
	if said >= 254 {
		if head = 5; len(b) < head {
			return e, 0, false
		}
		said = int(binary.LittleEndian.Uint32(b[1:]))
	}
	if said != before || len(b) == head {
		return e, 0, false
	}
	e, n := ziplistValue(b[head:])
	return e, head + n, n > 0
}

// ziplistValue reads encoding and value, and tells their size; 0 if they are broken.
func ziplistValue(b []byte) (e entry, size int) {
	width := 0
	switch c := b[0]; {
	case c>>6 == 0:
		return stringEntry(b, 1, int(c))
	case c>>6 == 1 && len(b) >= 2:
		return stringEntry(b, 2, int(c&0x3F)<<8|int(b[1]))
	case c>>6 == 2 && len(b) >= 5:
		return stringEntry(b, 5, int(binary.BigEndian.Uint32(b[1:])))
	case c == 0xC0:
		width = 2
	case c == 0xD0:
		width = 4
	case c == 0xE0:
		width = 8
	case c == 0xF0:
		width = 3
	case c == 0xFE:
		width = 1
	case c > 0xF0 && c < 0xFE:
		return entry{n: int64(c&0x0F) - 1}, 1
	}
	if width == 0 || len(b) < 1+width {
		return e, 0
	}
	return entry{n: signed(b[1 : 1+width])}, 1 + width
}

// A zipmap is a hash as Redis 2.4 had it:
//
//	+-------+--------------------------------------------------+----+
//	| count | length, field, length, free, value, free bytes … | FF |
//	+-------+--------------------------------------------------+----+
//
// A length takes one byte, or 5 (FE, then LE) from 254 on; where a field would begin FF is
// the end, and a value's length may begin with it as with FE. A count of 254 says nothing.

// zipmapEach hands fields and values to f in turn.
func zipmapEach(b []byte, f func(e []byte) error) error {
	if len(b) < 2 || b[len(b)-1] != 0xFF {
		return ErrFormat
	}
	off, count, end := 1, 0, len(b)-1
	for b[off] != 0xFF {
		field, next, ok := zipmapString(b[:end], off, 0)
		if !ok {
			return ErrFormat
		}
		value, next, ok := zipmapString(b[:end], next, 1)
		if !ok {
			return ErrFormat
		}
		for _, e := range [...][]byte{field, value} {
			if err := f(e); err != nil {
				return err
			}
		}
		off = next
		count++
	}
	if off != end || b[0] != 254 && int(b[0]) != count {
		return ErrFormat
	}
	return nil
}

// zipmapString reads a length and a string; free is 1 where the number of free bytes
// behind it stands between them.
func zipmapString(b []byte, off, free int) (s []byte, next int, ok bool) {
	if off >= len(b) {
		return nil, 0, false
	}
	n, head := int(b[off]), 1
	if n >= 254 {
		if head = 5; len(b)-off < head {
			return nil, 0, false
		}
		n = int(binary.LittleEndian.Uint32(b[off+1:]))
	}
	off += head
	if len(b)-off < free+n {
		return nil, 0, false
	}
	gap := 0
	if free == 1 {
		gap = int(b[off])
		off++
	}
	next = off + n + gap
	return b[off : off+n : off+n], next, next <= len(b)
}

// An intset is a sorted array: the width of its integers (4 bytes, LE: 2, 4 or 8),
// their number (4, LE), and the integers.
const intsetHead = 8

// intsetEach hands the integers to f in decimal.
func intsetEach(b []byte, f func(e []byte) error) error {
	if len(b) < intsetHead {
		return ErrFormat
	}
	width, n := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	if width != 2 && width != 4 && width != 8 || intsetHead+width*n != uint64(len(b)) {
		return ErrFormat
	}
	var digits [20]byte
	last := int64(math.MinInt64)
	for i, off := 0, intsetHead; off < len(b); i, off = i+1, off+int(width) {
		v := signed(b[off : off+int(width)])
		if i > 0 && v <= last {
			return ErrFormat
		}
		if err := f(strconv.AppendInt(digits[:0], v, 10)); err != nil {
			return err
		}
		last = v
	}
	return nil
}

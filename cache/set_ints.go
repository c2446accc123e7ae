package cache

import (
	"encoding/binary"
	"math"
	"strconv"
)

// ints is the value of a small set of integers: sorted, all of one width, which is
// what the widest needed.
//
//	byte   0       1            1+w          1+2w
//	     +-------+------------+------------+-----
//	     | w     | integer    | integer    | …       w: 2, 4 or 8
//	     | 1     | w, LE      | w, LE      |
//	     +-------+------------+------------+-----
//
// To add one is a binary search and a move of those behind it; one that is wider
// than the others widens them all, and goes to one of the ends.
type ints []byte

const intsHeader = 1

// intWidth is the number of bytes that an integer needs.
func intWidth(n int64) int {
	switch {
	case n >= math.MinInt16 && n <= math.MaxInt16:
		return 2
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return 4
	}
	return 8
}

func (v ints) width() int { return int(v[0]) }

func (v ints) len() int { return (len(v) - intsHeader) / v.width() }

// offset is where the i-th integer lies.
func (v ints) offset(i int) int { return intsHeader + i*v.width() }

func (v ints) at(i int) int64 { return readInt(v, v.width(), i) }

// readInt is the i-th integer of those of width bytes.
func readInt(v ints, width, i int) int64 {
	b := v[intsHeader+i*width:]
	switch width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// writeInt puts the i-th of those of width bytes.
func writeInt(v ints, width, i int, n int64) {
	b := v[intsHeader+i*width:]
	switch width {
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(n))
	default:
		binary.LittleEndian.PutUint64(b, uint64(n))
	}
}

// find is the index of n, or where it would have to stand.
func (v ints) find(n int64) (i int, ok bool) {
	width := v.width()
	low, high := 0, v.len()
	for low < high {
		middle := int(uint(low+high) / 2)
		if readInt(v, width, middle) < n {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < v.len() && readInt(v, width, low) == n
}

// widen spreads n integers of width from, which stand at the beginning of v, to
// width to. From the last on, so that none is written over before it is read.
func (v ints) widen(n, from, to int) {
	for i := n - 1; i >= 0; i-- {
		writeInt(v, to, i, readInt(v, from, i))
	}
	v[0] = byte(to)
}

// text is the i-th integer in decimal, in buf.
func (v ints) text(buf []byte, i int) []byte { return strconv.AppendInt(buf[:0], v.at(i), 10) }

// digits is the most bytes that one of them takes in decimal; the longest is the
// first or the last.
func (v ints) digits() int {
	if v.len() == 0 {
		return 0
	}
	var buf [maxDigits]byte
	first := len(v.text(buf[:], 0))
	return max(first, len(v.text(buf[:], v.len()-1)))
}

// addInt puts n into the set of integers that c is, and tells whether it was not
// there.
func (c *coll) addInt(n int64) bool {
	v := ints(c.value())
	count, width := v.len(), v.width()
	if wanted := intWidth(n); wanted > width {
		v = c.splice(len(v), 0, count*(wanted-width)+wanted)
		v.widen(count, width, wanted)
		if n < 0 {
			copy(v[v.offset(1):], v[intsHeader:v.offset(count)])
			count = 0
		}
		writeInt(v, wanted, count, n)
		return true
	}
	i, found := v.find(n)
	if found {
		return false
	}
	v = c.splice(v.offset(i), 0, width)
	writeInt(v, width, i, n)
	return true
}

package cache

import (
	"encoding/binary"
	"math"
)

// Entries of a sorted set, as they lie one behind the other in order of (score,
// member) in the blob of a small set and in each leaf of a large one:
//
//	┌────────────┬────────────────┬──────────────┐
//	│ len 1 … 5  │ member         │ score 1 … 9  │
//	└────────────┴────────────────┴──────────────┘
//
//	"alice" 12345    05 61 6c 69 63 65 │ b0 39
//
// len is a varint as in package packed. In a leaf, a member of more than maxInline
// bytes is not in place: 4 bytes of handle stand there for the node that holds it.
//
// A score that is a whole number takes as many bytes as it needs; the first says
// how many follow, and whole numbers are most significant byte first:
//
//	0nnnnnnn                      0 … 127
//	10nnnnnn +1                   … 16 383
//	110nnnnn +2                   … 2 097 151
//	1110nnnn +3                   … 268 435 455
//	11110000 … 11110011  +4 … +7  larger ones, up to 2^53
//	11110100 … 11111010  +1 … +7  below zero: the number's absolute value
//	11111011 +4                   a float32, where it is the same number
//	11111100 +8                   any other: -0, infinities, fractions
const (
	scoreTwo      = 0x80 // 10nnnnnn
	scoreThree    = 0xC0 // 110nnnnn
	scoreFour     = 0xE0 // 1110nnnn
	scoreLong     = 0xF0 // + bytes - 4
	scoreNegative = 0xF4 // + bytes - 1
	scoreFloat32  = 0xFB
	scoreFloat64  = 0xFC

	maxScoreSize  = 9
	maxWholeScore = 1 << 53 // beyond it, not every whole number is a float64
)

// wholeBytes is how many bytes a number takes without a tag.
func wholeBytes(n uint64) int {
	size := 1
	for n >= 1<<8 {
		n >>= 8
		size++
	}
	return size
}

// whole tells whether a score is kept as a whole number, and gives its absolute value.
func whole(f float64) (n uint64, ok bool) {
	if f >= 0 {
		if f > maxWholeScore {
			return 0, false
		}
		n = uint64(f)
		return n, float64(n) == f && (n != 0 || !math.Signbit(f))
	}
	if !(f >= -maxWholeScore) {
		return 0, false
	}
	n = uint64(-f)
	return n, float64(n) == -f
}

// scoreSize is the number of bytes that putScore writes.
func scoreSize(f float64) int {
	n, ok := whole(f)
	switch {
	case !ok && float64(float32(f)) == f:
		return 5
	case !ok:
		return 9
	case f < 0:
		return 1 + wholeBytes(n)
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	case n < 1<<21:
		return 3
	case n < 1<<28:
		return 4
	}
	return 1 + max(wholeBytes(n), 4)
}

// putScore writes a score over b from off on and returns the offset behind it.
func putScore(b []byte, off int, f float64) int {
	n, ok := whole(f)
	switch {
	case !ok && float64(float32(f)) == f:
		b[off] = scoreFloat32
		binary.BigEndian.PutUint32(b[off+1:], math.Float32bits(float32(f)))
		return off + 5
	case !ok:
		b[off] = scoreFloat64
		binary.BigEndian.PutUint64(b[off+1:], math.Float64bits(f))
		return off + 9
	case f < 0:
		size := wholeBytes(n)
		b[off] = scoreNegative + byte(size-1)
		return putWhole(b, off+1, n, size)
	case n < 1<<7:
		b[off] = byte(n)
		return off + 1
	case n < 1<<14:
		return putWhole(b, off, n|scoreTwo<<8, 2)
	case n < 1<<21:
		return putWhole(b, off, n|scoreThree<<16, 3)
	case n < 1<<28:
		return putWhole(b, off, n|scoreFour<<24, 4)
	}
	size := max(wholeBytes(n), 4)
	b[off] = scoreLong + byte(size-4)
	return putWhole(b, off+1, n, size)
}

func putWhole(b []byte, off int, n uint64, size int) int {
	for i := size - 1; i >= 0; i-- {
		b[off+i] = byte(n)
		n >>= 8
	}
	return off + size
}

// readScore reads the score at off and the offset behind it.
func readScore(b []byte, off int) (f float64, next int) {
	switch c := b[off]; {
	case c < scoreTwo:
		return float64(c), off + 1
	case c < scoreThree:
		return float64(uint32(c&0x3F)<<8 | uint32(b[off+1])), off + 2
	case c < scoreFour:
		return float64(uint32(c&0x1F)<<16 | uint32(b[off+1])<<8 | uint32(b[off+2])), off + 3
	case c < scoreLong:
		return float64(binary.BigEndian.Uint32(b[off:]) & 0x0FFFFFFF), off + 4
	}
	return readLongScore(b, off)
}

// readLongScore is readScore for the forms that are rare.
func readLongScore(b []byte, off int) (f float64, next int) {
	switch c := b[off]; {
	case c < scoreNegative:
		next = off + 5 + int(c-scoreLong)
	case c < scoreFloat32:
		next = off + 2 + int(c-scoreNegative)
		return -readWhole(b[off+1 : next]), next
	case c == scoreFloat32:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b[off+1:]))), off + 5
	default:
		return math.Float64frombits(binary.BigEndian.Uint64(b[off+1:])), off + 9
	}
	return readWhole(b[off+1 : next]), next
}

func readWhole(b []byte) float64 {
	n := uint64(0)
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return float64(n)
}

// skipScore is the offset behind the score at off.
func skipScore(b []byte, off int) int {
	switch c := b[off]; {
	case c < scoreTwo:
		return off + 1
	case c < scoreThree:
		return off + 2
	case c < scoreFour:
		return off + 3
	case c < scoreLong:
		return off + 4
	case c < scoreNegative:
		return off + 5 + int(c-scoreLong)
	case c < scoreFloat32:
		return off + 2 + int(c-scoreNegative)
	case c == scoreFloat32:
		return off + 5
	}
	return off + 9
}

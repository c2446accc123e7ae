// Package packed reads and writes sequences of entries that lie one behind the
// other in a block of memory: how small collections are kept within an item, and
// what the leaves of large ones hold.
//
// # Two forms
//
// The single form is walked forward only:
//
//	     ┌──────────┬───────────────┐
//	     │ len 1..5 │ len bytes     │   one entry: 1 byte over the payload up to 127
//	     └──────────┴───────────────┘
//
//	"ab", "", "xyz":   02 61 62 │ 00 │ 03 78 79 7a
//
// len is a varint: seven bits a byte, the lowest first, the high bit set in all but
// the last byte.
//
//	     0 ..         127    0nnnnnnn
//	   128 ..      16 383    1nnnnnnn 0nnnnnnn
//	16 384 ..   2 097 151    1nnnnnnn 1nnnnnnn 0nnnnnnn
//	        ..            .. and so on, 5 bytes at most
//
// The double form repeats the length behind the bytes, with its own bytes in
// reverse, so that it reads as a varint from the back: a sequence can be walked
// from either end.
//
//	     ┌──────────┬───────────────┬──────────┐
//	     │ len 1..5 │ len bytes     │ len 1..5 │   2 bytes over the payload up to 127
//	     └──────────┴───────────────┴──────────┘
//
//	"ab", "":          02 61 62 02 │ 00 00
//	200 times "x":     c8 01 │ 78 .. 78 │ 01 c8
//
// A sequence has no header of its own: its length is the length of the slice. Which
// form a sequence has, and how many entries, is its owner's to know.
//
// # Conventions
//
// An offset is that of an entry's first byte; the offset behind the last entry is
// len(b), the end. Functions that read return parts of b. None allocates, but for
// Append where the slice has no room. No function that reads panics, whatever the
// bytes are: a length that points outside b, or one that is not a varint of 5
// bytes, reads as the end of the sequence, as does an offset outside b. Valid tells
// such a sequence from a sound one. Put and DoublePut panic where dst is too short.
package packed

// maxLen is the number of bytes that a length takes at most.
const maxLen = 5

// lenSize is the number of bytes of n's varint.
func lenSize(n int) int {
	size := 1
	for n >= 0x80 {
		n >>= 7
		size++
	}
	return size
}

// Size is the number of bytes that an entry of n bytes takes in the single form.
func Size(n int) int {
	if n < 0x80 {
		return 1 + n
	}
	return lenSize(n) + n
}

// Append adds an entry to the end of a sequence in the single form.
func Append(dst, entry []byte) []byte {
	n := len(entry)
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(append(dst, byte(n)), entry...)
}

// Put writes an entry of the single form over dst from off on, where there must be
// Size(len(entry)) bytes, and returns the offset behind it.
func Put(dst []byte, off int, entry []byte) int {
	off = putLen(dst, off, len(entry))
	return off + copy(dst[off:off+len(entry)], entry)
}

// putLen writes n's varint and returns the offset behind it.
func putLen(dst []byte, off, n int) int {
	for n >= 0x80 {
		dst[off] = byte(n) | 0x80
		n >>= 7
		off++
	}
	dst[off] = byte(n)
	return off + 1
}

// Next is the entry at off and the offset behind it; not ok at the end.
func Next(b []byte, off int) (entry []byte, next int, ok bool) {
	if uint(off) < uint(len(b)) && b[off] < 0x80 {
		if next = off + 1 + int(b[off]); next <= len(b) {
			return b[off+1 : next], next, true
		}
		return nil, off, false
	}
	start, next := longSpan(b, off)
	if next > len(b) {
		return nil, off, false
	}
	return b[start:next], next, true
}

// span tells where the bytes of the entry at off start and end: there is none if
// end is behind len(b). It is a call; Next, which is one already, has its first lines
// for the short lengths that nearly all entries have.
func span(b []byte, off int) (start, end int) {
	if uint(off) < uint(len(b)) && b[off] < 0x80 {
		return off + 1, off + 1 + int(b[off])
	}
	return longSpan(b, off)
}

// longSpan is span for lengths of several bytes, and for offsets outside b.
func longSpan(b []byte, off int) (start, end int) {
	n, size := readLen(b, off)
	if size == 0 || n > uint64(len(b)-off-size) {
		return 0, len(b) + 1
	}
	return off + size, off + size + int(n)
}

// readLen reads the varint at off; size 0: there is none.
func readLen(b []byte, off int) (n uint64, size int) {
	if uint(off) >= uint(len(b)) {
		return 0, 0
	}
	for i, c := range b[off:min(len(b), off+maxLen)] {
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return n, i + 1
		}
	}
	return 0, 0
}

// Skip is the offset of the entry n behind the one at off; that of the end where
// there are just n. Not ok if there are fewer.
func Skip(b []byte, off, n int) (int, bool) {
	for ; n > 0; n-- {
		_, end := span(b, off)
		if end > len(b) {
			return off, false
		}
		off = end
	}
	return off, true
}

// Count is the number of entries.
func Count(b []byte) int {
	n, off := 0, 0
	for {
		_, end := span(b, off)
		if end > len(b) {
			return n
		}
		n, off = n+1, end
	}
}

// Find looks for an entry that equals want: its offset and the one behind it.
func Find(b, want []byte) (at, next int, ok bool) {
	last := lastByte(want)
	for off := 0; ; {
		start, end := span(b, off)
		if end > len(b) {
			return 0, 0, false
		}
		if end-start == len(want) && b[end-1] == last && string(b[start:end]) == string(want) {
			return off, end, true
		}
		off = end
	}
}

// lastByte is what stands at the end of an entry that holds want: entries of one
// length tend to begin alike, so that their last bytes tell them apart soonest. The
// last byte of an empty entry is that of its length.
func lastByte(want []byte) byte {
	if len(want) == 0 {
		return 0
	}
	return want[len(want)-1]
}

// FindEvery is Find from the entry at off on, among every step-th only: with step
// 2, among the fields of a sequence of fields and values. step must be above 0.
func FindEvery(b []byte, off int, want []byte, step int) (at, next int, ok bool) {
	last := lastByte(want)
	for {
		start, end := span(b, off)
		if end > len(b) {
			return 0, 0, false
		}
		if end-start == len(want) && b[end-1] == last && string(b[start:end]) == string(want) {
			return off, end, true
		}
		off = end
		for i := 1; i < step; i++ {
			if _, off = span(b, off); off > len(b) {
				return 0, 0, false
			}
		}
	}
}

// Valid tells whether b is a sequence of the single form to its last byte.
func Valid(b []byte) bool {
	for off := 0; off < len(b); {
		_, off = span(b, off)
		if off > len(b) {
			return false
		}
	}
	return true
}

package packed

// DoubleSize is the number of bytes that an entry of n bytes takes in the double
// form.
func DoubleSize(n int) int {
	if n < 0x80 {
		return n + 2
	}
	return n + 2*lenSize(n)
}

// DoubleAppend adds an entry to the end of a sequence in the double form.
func DoubleAppend(dst, entry []byte) []byte {
	dst = Append(dst, entry)
	n := len(entry)
	for shift := 7 * (lenSize(n) - 1); shift > 0; shift -= 7 {
		dst = append(dst, lenByte(n, shift))
	}
	return append(dst, lenByte(n, 0))
}

// lenByte is the byte of n's varint that holds the seven bits from shift on.
func lenByte(n, shift int) byte {
	if n>>shift >= 0x80 {
		return byte(n>>shift) | 0x80
	}
	return byte(n >> shift)
}

// DoublePut writes an entry of the double form over dst from off on, where there
// must be DoubleSize(len(entry)) bytes, and returns the offset behind it.
func DoublePut(dst []byte, off int, entry []byte) int {
	off = Put(dst, off, entry)
	n := len(entry)
	for shift := 7 * (lenSize(n) - 1); shift > 0; shift -= 7 {
		dst[off] = lenByte(n, shift)
		off++
	}
	dst[off] = lenByte(n, 0)
	return off + 1
}

// DoubleNext is the entry at off and the offset behind it; not ok at the end.
func DoubleNext(b []byte, off int) (entry []byte, next int, ok bool) {
	start, end, next := doubleSpan(b, off)
	if next > len(b) {
		return nil, off, false
	}
	return b[start:end], next, true
}

// doubleSpan tells where the bytes of the entry at off start and end and where the
// next entry is: behind len(b) if there is no entry at off.
func doubleSpan(b []byte, off int) (start, end, next int) {
	start, end = span(b, off)
	// The length behind is as many bytes as the one before: start-off.
	if next = end + start - off; next > len(b) || end > len(b) {
		return 0, 0, len(b) + 1
	}
	return start, end, next
}

// DoublePrev is the entry that ends at off, and its offset; not ok at the beginning.
// DoublePrev(b, len(b)) is the last entry.
func DoublePrev(b []byte, off int) (entry []byte, at int, ok bool) {
	start, end, at := doublePrevSpan(b, off)
	if start == 0 {
		return nil, off, false
	}
	return b[start:end], at, true
}

// doublePrevSpan is doubleSpan for the entry that ends at off: start is 0 if there is none.
func doublePrevSpan(b []byte, off int) (start, end, at int) {
	if uint(off-1) >= uint(len(b)) {
		return 0, 0, 0
	}
	if n := int(b[off-1]); n < 0x80 {
		if at = off - 2 - n; at >= 0 {
			return at + 1, off - 1, at
		}
		return 0, 0, 0
	}
	return longPrevSpan(b, off)
}

// longPrevSpan is doublePrevSpan for lengths of several bytes. off-1 must be an
// offset within b.
func longPrevSpan(b []byte, off int) (start, end, at int) {
	n, size := uint64(0), 0
	for i := 0; ; i++ {
		if i == maxLen || i == off {
			return 0, 0, 0
		}
		c := b[off-1-i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			size = i + 1
			break
		}
	}
	if off < 2*size || n > uint64(off-2*size) {
		return 0, 0, 0
	}
	at = off - 2*size - int(n)
	return at + size, off - size, at
}

// DoubleSkip is Skip in the double form.
func DoubleSkip(b []byte, off, n int) (int, bool) {
	for ; n > 0; n-- {
		_, _, next := doubleSpan(b, off)
		if next > len(b) {
			return off, false
		}
		off = next
	}
	return off, true
}

// DoubleSkipBack is the offset of the entry n before the one at off: with off
// len(b) and n 1, that of the last. Not ok if there are fewer.
func DoubleSkipBack(b []byte, off, n int) (int, bool) {
	for ; n > 0; n-- {
		start, _, at := doublePrevSpan(b, off)
		if start == 0 {
			return off, false
		}
		off = at
	}
	return off, true
}

// DoubleCount is Count in the double form.
func DoubleCount(b []byte) int {
	n, off := 0, 0
	for {
		_, _, next := doubleSpan(b, off)
		if next > len(b) {
			return n
		}
		n, off = n+1, next
	}
}

// DoubleFind is Find in the double form, from the entry at off on.
func DoubleFind(b []byte, off int, want []byte) (at, next int, ok bool) {
	for {
		start, end, next := doubleSpan(b, off)
		if next > len(b) {
			return 0, 0, false
		}
		if end-start == len(want) && string(b[start:end]) == string(want) {
			return off, next, true
		}
		off = next
	}
}

// DoubleValid tells whether b is a sequence of the double form to its last byte,
// with both lengths of each entry the same.
func DoubleValid(b []byte) bool {
	for off := 0; off < len(b); {
		start, _, next := doubleSpan(b, off)
		if next > len(b) {
			return false
		}
		if back, _, at := doublePrevSpan(b, next); back != start || at != off {
			return false
		}
		off = next
	}
	return true
}

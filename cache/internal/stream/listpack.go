package stream

import "github.com/ashlar-cache/ashlar/cache/internal/decimal"

// Redis cuts its blocks by the bytes that they take in its own format, the listpack,
// and what an approximate trim removes depends on the cuts. So a block counts along
// what it would take there, to the byte.
//
// A listpack has 6 bytes of header and one at its end; each element an encoding of
// its own, a number where it is one, and its length behind it.

const packedEmpty = 7 // bytes of a listpack without elements

// packedInt is the bytes of an element that is a number.
func packedInt(n int64) int {
	switch {
	case n >= 0 && n <= 127:
		return 2
	case n >= -1<<12 && n < 1<<12:
		return 3
	case n >= -1<<15 && n < 1<<15:
		return 4
	case n >= -1<<23 && n < 1<<23:
		return 5
	case n >= -1<<31 && n < 1<<31:
		return 6
	}
	return 10
}

// packedBytes is the bytes of an element that is a string, or a number as text.
func packedBytes(s []byte) int {
	if n, ok := decimal.Parse(s); ok {
		return packedInt(n)
	}
	n := len(s)
	switch {
	case n < 64:
		n++
	case n < 4096:
		n += 2
	default:
		n += 5
	}
	switch {
	case n <= 127:
		return n + 1
	case n < 16383:
		return n + 2
	case n < 2097151:
		return n + 3
	case n < 268435455:
		return n + 4
	}
	return n + 5
}

// packedEntry is what an entry adds to a listpack, its counters left out.
func packedEntry(first, id ID, pairs [][]byte, same bool) int {
	elements := len(pairs)/2 + 3
	n := packedInt(0) + packedInt(int64(id.Ms-first.Ms)) + packedInt(int64(id.Seq-first.Seq))
	if !same {
		elements += len(pairs)/2 + 1
		n += packedInt(int64(len(pairs) / 2))
	}
	for i := 0; i < len(pairs); i += 2 {
		if !same {
			n += packedBytes(pairs[i])
		}
		n += packedBytes(pairs[i+1])
	}
	return n + packedInt(int64(elements))
}

// packedMaster is what a block's own fields take in a listpack, header and end
// included.
func packedMaster(pairs [][]byte) int {
	n := packedEmpty + packedInt(int64(len(pairs)/2)) + packedInt(0)
	for i := 0; i < len(pairs); i += 2 {
		n += packedBytes(pairs[i])
	}
	return n
}

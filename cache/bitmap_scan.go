package cache

import (
	"encoding/binary"
	"math/bits"
)

// countBits counts the bits set from first to last, both included, which lie
// within b. It looks at eight bytes at a time; those at the edges are masked.
func countBits(b []byte, first, last int64) int64 {
	from, to := first>>3, last>>3
	head, tail := byte(0xFF)>>(first&7), byte(0xFF)<<(7-last&7)
	if from == to {
		return int64(bits.OnesCount8(b[from] & head & tail))
	}
	n := bits.OnesCount8(b[from]&head) + bits.OnesCount8(b[to]&tail)
	return int64(n) + onesIn(b[from+1:to])
}

// onesIn counts the bits set in b. Four words at a time keep the processor's units
// for it busy: the sums do not wait for each other.
func onesIn(b []byte) int64 {
	var n0, n1, n2, n3 int
	for ; len(b) >= 32; b = b[32:] {
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		n1 += bits.OnesCount64(binary.LittleEndian.Uint64(b[8:]))
		n2 += bits.OnesCount64(binary.LittleEndian.Uint64(b[16:]))
		n3 += bits.OnesCount64(binary.LittleEndian.Uint64(b[24:]))
	}
	for ; len(b) >= 8; b = b[8:] {
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(b))
	}
	for _, c := range b {
		n1 += bits.OnesCount8(c)
	}
	return int64(n0 + n1 + n2 + n3)
}

// findBit finds the first bit from first to last, which lie within b, that is set
// (or is not); -1 if there is none.
func findBit(b []byte, first, last int64, set bool) int64 {
	// What is looked for is made a 1: flip turns the bits round where it is a 0.
	flip := byte(0)
	if !set {
		flip = 0xFF
	}
	from, to := first>>3, last>>3
	if c := (b[from] ^ flip) & (0xFF >> (first & 7)); c != 0 {
		return upTo(from*8+int64(bits.LeadingZeros8(c)), last)
	}
	if from == to {
		return -1
	}
	at := from + 1 + skipBytes(b[from+1:to], ^flip)
	if c := b[at] ^ flip; c != 0 {
		return upTo(at*8+int64(bits.LeadingZeros8(c)), last)
	}
	return -1
}

// upTo is at unless it lies behind last.
func upTo(at, last int64) int64 {
	if at > last {
		return -1
	}
	return at
}

// skipBytes is the index of the first byte of b in which some bit is as want has
// them all; len(b) if there is none. want is 0xFF or 0.
func skipBytes(b []byte, want byte) int64 {
	idle := ^(uint64(want) * 0x0101010101010101)
	i := 0
	for ; len(b)-i >= 32; i += 32 {
		w := b[i : i+32 : i+32]
		x, y := binary.LittleEndian.Uint64(w)^idle, binary.LittleEndian.Uint64(w[8:])^idle
		x |= binary.LittleEndian.Uint64(w[16:]) ^ idle
		y |= binary.LittleEndian.Uint64(w[24:]) ^ idle
		if x|y != 0 {
			break
		}
	}
	for ; i < len(b) && b[i] == ^want; i++ {
	}
	return int64(i)
}

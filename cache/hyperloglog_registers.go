package cache

import (
	"encoding/binary"
	"math/bits"
)

// murmur64A is MurmurHash64A, with which Redis hashes the elements of HyperLogLogs;
// the numbers it gives decide every byte of one, so it can be no other.
func murmur64A(b []byte, seed uint64) uint64 {
	const (
		m = 0xc6a4a7935bd1e995
		r = 47
	)
	h := seed ^ uint64(len(b))*m
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		k ^= k >> r
		h = (h ^ k*m) * m
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		h = (h ^ binary.LittleEndian.Uint64(last[:])) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}

// hllSeed is Redis's.
const hllSeed = 0xadc83b19

// hllPlace is where an element counts: the register that the hash's low bits name,
// and the length of the run of zeros above them, with the one that ends it.
func hllPlace(element []byte) (register int, count uint8) {
	h := murmur64A(element, hllSeed)
	// A one behind the last bit ends the longest run.
	return int(h & (hllRegisters - 1)), uint8(bits.TrailingZeros64(h>>hllIndexBits|1<<hllRunBits)) + 1
}

// denseAt reads a register of a dense HyperLogLog's registers.
func denseAt(regs []byte, i int) uint8 {
	at, shift := i*hllRegisterBits/8, uint(i*hllRegisterBits%8)
	v := uint16(regs[at]) >> shift
	if shift > 8-hllRegisterBits {
		v |= uint16(regs[at+1]) << (8 - shift)
	}
	return uint8(v & hllRegisterMax)
}

// denseRaise sets a register to count unless it is as large already.
func denseRaise(regs []byte, i int, count uint8) bool {
	if denseAt(regs, i) >= count {
		return false
	}
	at, shift := i*hllRegisterBits/8, uint(i*hllRegisterBits%8)
	regs[at] = regs[at]&^byte(hllRegisterMax<<shift) | count<<shift
	if shift > 8-hllRegisterBits {
		regs[at+1] = regs[at+1]&^byte(hllRegisterMax>>(8-shift)) | count>>(8-shift)
	}
	return true
}

// Eight registers take six bytes, so a word holds eight of them and two bytes of
// what follows.
const (
	hllGroup      = 8
	hllGroupBytes = hllGroup * hllRegisterBits / 8
)

// denseGroup loads the six bytes of group g; the last group ends the value.
func denseGroup(regs []byte, g int) uint64 {
	at := g * hllGroupBytes
	if at+8 <= len(regs) {
		return binary.LittleEndian.Uint64(regs[at:])
	}
	return binary.LittleEndian.Uint64(regs[at-2:]) >> 16
}

// denseMax raises the registers in most to those of a dense HyperLogLog.
func denseMax(most *[hllRegisters]uint8, regs []byte) {
	for g := range hllRegisters / hllGroup {
		w := denseGroup(regs, g)
		eight := most[g*hllGroup:][:hllGroup:hllGroup]
		for i := range eight {
			eight[i] = max(eight[i], uint8(w)&hllRegisterMax)
			w >>= hllRegisterBits
		}
	}
}

// densePack writes all registers.
func densePack(regs []byte, from *[hllRegisters]uint8) {
	for g := range hllRegisters / hllGroup {
		w := uint64(0)
		for i, v := range from[g*hllGroup:][:hllGroup:hllGroup] {
			w |= uint64(v) << (i * hllRegisterBits)
		}
		six := regs[g*hllGroupBytes:][:hllGroupBytes:hllGroupBytes]
		binary.LittleEndian.PutUint32(six, uint32(w))
		binary.LittleEndian.PutUint16(six[4:], uint16(w>>32))
	}
}

// histogram counts registers by value. There is room for what a run in a corrupted
// value may say.
type histogram [64]int

// ofDense counts into two tables in turn: neighbours are often equal, and a count
// would wait for the one before it.
func (h *histogram) ofDense(regs []byte) {
	var other histogram
	for g := range hllRegisters / hllGroup {
		w := denseGroup(regs, g)
		h[w&63]++
		other[w>>6&63]++
		h[w>>12&63]++
		other[w>>18&63]++
		h[w>>24&63]++
		other[w>>30&63]++
		h[w>>36&63]++
		other[w>>42&63]++
	}
	for i, n := range other {
		h[i] += n
	}
}

func (h *histogram) ofRegisters(regs *[hllRegisters]uint8) {
	for _, v := range regs {
		h[v&63]++
	}
}

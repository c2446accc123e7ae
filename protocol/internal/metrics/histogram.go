package metrics

import (
	"math/bits"
	"sync/atomic"
)

// histogram counts nanoseconds in buckets that are an eighth of a power of two
// wide: 8 exact ones for 0 to 7, then 8 for each power up to 2^37 (137 s), the
// last taking all that is longer.
//
//	value  0 1 .. 7 | 8 9 .. 15 | 16 18 .. 30 | 32 36 .. 60 | ...
//	bucket 0 1 .. 7 | 8 9 .. 15 | 16 17 .. 23 | 24 25 .. 31 | ...
type histogram struct{ counts [buckets]atomic.Uint64 }

const (
	subBits = 3
	topBit  = 37
	buckets = (topBit-subBits+1)<<subBits + 1
)

// bucket is where a value is counted.
func bucket(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - subBits
	return min(shift<<subBits+int(v>>shift), buckets-1)
}

// upper is the largest value that a bucket counts.
func upper(i int) uint64 {
	if i < 1<<subBits {
		return uint64(i)
	}
	shift := i>>subBits - 1
	return (uint64(i&(1<<subBits-1)|1<<subBits)+1)<<shift - 1
}

func (h *histogram) add(v, weight uint64) { h.counts[bucket(v)].Add(weight) }

// merge adds other's counts and returns how many they were.
func (h *histogram) merge(other *histogram) (n uint64) {
	for i := range h.counts {
		c := other.counts[i].Load()
		h.counts[i].Add(c)
		n += c
	}
	return n
}

// percentile is the upper end of the bucket that p percent of total fall within.
func (h *histogram) percentile(p float64, total uint64) uint64 {
	rank := uint64(p/100*float64(total) + 0.5)
	rank = max(min(rank, total), 1)
	var seen uint64
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen >= rank {
			return upper(i)
		}
	}
	return 0
}

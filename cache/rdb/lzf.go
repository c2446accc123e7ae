package rdb

import "sync"

// LZF is what Redis compresses strings with: runs of bytes as they are, and
// references to what came before.
//
//	000nnnnn bytes                  n+1 bytes as they are
//	lllooooo oooooooo               l+2 bytes from o+1 bytes back; l is 1 … 6
//	111ooooo llllllll oooooooo      l+9 bytes from o+1 bytes back
const (
	lzfRun    = 32      // the most bytes of a run
	lzfBack   = 1 << 13 // how far back a reference reaches
	lzfMatch  = 264     // the most bytes of one
	lzfHash   = 12      // bits
	lzfGrowth = 88      // no byte of input gives more than so many of output
)

// lzfTable remembers where three bytes were seen last. What an earlier string left is
// told apart by base, so that the table need not be cleared for each.
type lzfTable struct {
	at   [1 << lzfHash]uint32 // base + position
	base uint32
}

// tables are those that no Writer uses now: they are large for a payload of one string.
var tables = sync.Pool{New: func() any { return new(lzfTable) }}

func lzfSlot(b []byte, i int) uint32 {
	v := uint32(b[i])<<16 | uint32(b[i+1])<<8 | uint32(b[i+2])
	return v * 2654435761 >> (32 - lzfHash)
}

// compress appends src compressed to dst. Not ok if that is not at least four bytes
// shorter than src: then dst is as it was.
func (t *lzfTable) compress(dst, src []byte) (out []byte, ok bool) {
	if uint64(t.base)+uint64(len(src)) >= 1<<32-1 {
		*t = lzfTable{}
	}
	base := t.base + 1 // 0 is no position
	t.base += uint32(len(src)) + 1
	out = dst
	most := len(dst) + len(src) - 4
	run, i := 0, 0
	for i+2 < len(src) {
		slot := &t.at[lzfSlot(src, i)]
		seen := *slot
		*slot = base + uint32(i)
		from := int(seen) - int(base)
		if seen < base || i-from > lzfBack || src[from] != src[i] || src[from+1] != src[i+1] || src[from+2] != src[i+2] {
			i++
			continue
		}
		n := 3
		for limit := min(len(src)-i, lzfMatch); n < limit && src[from+n] == src[i+n]; n++ {
		}
		if out = putRuns(out, src[run:i]); len(out)+3 > most {
			return dst, false
		}
		back := i - from - 1
		if n < 9 {
			out = append(out, byte((n-2)<<5|back>>8), byte(back))
		} else {
			out = append(out, byte(7<<5|back>>8), byte(n-9), byte(back))
		}
		i += n
		run = i
	}
	if out = putRuns(out, src[run:]); len(out) > most {
		return dst, false
	}
	return out, true
}

// putRuns appends bytes as they are.
func putRuns(out, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), lzfRun)
		out = append(out, byte(n-1))
		out = append(out, b[:n]...)
		b = b[n:]
	}
	return out
}

// decompress appends src, which must be size bytes in the clear, to dst.
func decompress(dst, src []byte, size int) (out []byte, ok bool) {
	start, out := len(dst), dst
	for i := 0; i < len(src); {
		c := int(src[i])
		i++
		if c < lzfRun {
			if i+c+1 > len(src) || len(out)-start+c+1 > size {
				return dst, false
			}
			out = append(out, src[i:i+c+1]...)
			i += c + 1
			continue
		}
		n := c >> 5
		if n == 7 {
			if i == len(src) {
				return dst, false
			}
			n += int(src[i])
			i++
		}
		if i == len(src) {
			return dst, false
		}
		back := (c&0x1F)<<8 + int(src[i]) + 1
		i++
		if n += 2; back > len(out)-start || len(out)-start+n > size {
			return dst, false
		}
		for from := len(out) - back; n > 0; n-- { // they may overlap
			out = append(out, out[from])
			from++
		}
	}
	return out, len(out)-start == size
}

package index

import "math/bits"

// spread turns a hash into a position. It is a parabola that runs twice as steep
// at the start as at the end, so that entries lie twice as dense at the end of
// the table as at its start, with all densities between equally frequent. Thus
// segments are at all stages of growth at any time: neither the memory for an
// entry nor the work for an insertion goes up and down with the table's size.
func spread(hash uint64) uint64 {
	v, _ := bits.Mul64(hash, ^hash) // u(1-u) for u in 0..1
	return hash + v>>2 + v>>4 + v>>6
}

// A leaf is an entry of the directory, and so what is known of a segment before
// its memory is touched:
//
//	31............9 8....4 3....0
//	┌──────────────┬──────┬──────┐
//	│ slot id      │depth │steps │
//	└──────────────┴──────┴──────┘
//
// depth is the number of leading bits that the positions in the leaf share. Without
// steps there is no segment: no entry has a position in this interval.
type leaf uint32

const (
	leafStepMask   = 15
	leafDepthShift = 4
	leafDepthMask  = 31
	leafIDShift    = 9
	maxDepth       = leafDepthMask
)

func makeLeaf(id, depth, steps uint32) leaf {
	return leaf(id<<leafIDShift | depth<<leafDepthShift | steps)
}

func (l leaf) id() uint32      { return uint32(l >> leafIDShift) }
func (l leaf) depth() uint32   { return uint32(l>>leafDepthShift) & leafDepthMask }
func (l leaf) steps() uint32   { return uint32(l & leafStepMask) }
func (l leaf) buckets() uint32 { return l.steps() * stepBuckets }
func (l leaf) width() uint32   { return widthOf(l.steps()) }

// widthOf is the number of bits of the position behind the leaf's prefix that
// home and tag of an entry tell together: eight more than the bucket's number has.
func widthOf(steps uint32) uint32 {
	return uint32(bits.Len32(steps)) + 13
}

// within is the part of pos behind the leaf's prefix, as width bits.
func (l leaf) within(pos uint64) uint32 {
	return uint32(pos << l.depth() >> ((64 - l.width()) & 63))
}

// home is the bucket of x, a position within the leaf. It preserves order.
func (l leaf) home(x uint32) uint32 { return x * l.buckets() >> l.width() }

// start and end are the first position of the leaf that pos lies in, and the
// first behind it, which is 0 at the end of the table.
func (l leaf) start(pos uint64) uint64 {
	return pos >> (64 - l.depth()) << (64 - l.depth())
}

func (l leaf) end(pos uint64) uint64 {
	return (pos>>(64-l.depth()) + 1) << (64 - l.depth())
}

// inverse[s] is 2^32/s, rounded up.
var inverse = [leafStepMask + 1]uint64{0, 1 << 32, 1 << 31, 1<<32/3 + 1, 1 << 30, 1<<32/5 + 1, 1<<32/6 + 1,
	1<<32/7 + 1, 1 << 29, 1<<32/9 + 1, 1<<32/10 + 1, 1<<32/11 + 1, 1<<32/12 + 1, 1<<32/13 + 1, 1<<32/14 + 1, 1<<32/15 + 1}

// firstOf is the least x of width bits whose home is bucket b of so many steps:
// b<<width divided by the number of buckets, rounded up. The multiplication is
// exact for all there are.
func firstOf(b, steps, width uint32) uint32 {
	return uint32(uint64(b<<width/stepBuckets+steps-1) * inverse[steps&leafStepMask] >> 32)
}

// other is the second bucket for an entry in bucket b: home and alternate are
// each other's other. It may be b itself.
func other(b, pair, n uint32) uint32 {
	o := pair*0x9e37&0xffff*n>>16 - b
	if int32(o) < 0 {
		o += n
	}
	return o
}

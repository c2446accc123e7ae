package index

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// A bucket is one cache line: twelve entries and what is known of them.
//
//	byte 0        8     12     16                                            64
//	     ┌─────────┬──────┬──────┬──────┬──────┬──────┬─────────────────┬──────┐
//	     │ tag 0-7 │ 8-11 │ meta │ ref0 │ ref1 │ ref2 │ ...             │ref11 │
//	     └─────────┴──────┴──────┴──────┴──────┴──────┴─────────────────┴──────┘
//
//	meta 31    30     29..24   23........12 11.........0
//	    ┌─────┬──────┬────────┬────────────┬────────────┐
//	    │stale│stash │overflow│ displaced  │ occupied   │
//	    └─────┴──────┴────────┴────────────┴────────────┘
//
// occupied and displaced have a bit for each slot: there is an entry; it is a
// guest here, this being its alternate bucket. overflow counts the entries whose
// home is here but which are guests elsewhere. stash: entries whose home is here
// may be in the table's stash (set, it stays set until the segment is rebuilt).
// stale: the tags of this bucket lack their lowest bit (see doc.go).
//
// A free slot has tag 0 and ref 0.
type bucket struct {
	tags [slotsPerBucket]uint8
	meta uint32
	refs [slotsPerBucket]uint32
}

const (
	bucketSize     = 64
	slotsPerBucket = 12

	occupiedMask   = 1<<slotsPerBucket - 1
	displacedShift = slotsPerBucket
	overflowShift  = 24
	overflowOne    = 1 << overflowShift
	overflowMax    = 63
	overflowMask   = overflowMax << overflowShift
	stashFlag      = 1 << 30
	staleFlag      = 1 << 31
)

// The size of a bucket, held at compile time.
var _ [bucketSize]byte = [unsafe.Sizeof(bucket{})]byte{}

func (b *bucket) occupied() uint32  { return b.meta & occupiedMask }
func (b *bucket) displaced() uint32 { return b.meta >> displacedShift & occupiedMask }
func (b *bucket) natives() uint32   { return b.meta &^ (b.meta >> displacedShift) & occupiedMask }
func (b *bucket) overflow() uint32  { return b.meta >> overflowShift & overflowMax }
func (b *bucket) full() bool        { return b.occupied() == occupiedMask }
func (b *bucket) stale() uint32     { return b.meta >> 31 } // 1 or 0, to shift by

// pair are the bits of an entry's tag from which its alternate follows; they are
// the same whether the tag is stale or not.
func (b *bucket) pair(i uint32) uint32 {
	return uint32(b.tags[i]) >> (1 - b.stale()) & 0x7f
}

// put fills a free slot; guest says that the bucket is the entry's alternate. The
// bucket must have a free slot.
func (b *bucket) put(tag uint8, ref uint32, guest bool) {
	i := uint32(bits.TrailingZeros32(^b.meta & occupiedMask))
	b.tags[i], b.refs[i] = tag, ref
	b.meta |= 1 << i
	if guest {
		b.meta |= 1 << (displacedShift + i)
	}
}

// addOverflow changes the number of entries that are guests elsewhere.
func (b *bucket) addOverflow(n int32) { b.meta += uint32(n) << overflowShift }

// clear frees slot i.
func (b *bucket) clear(i uint32) {
	b.tags[i], b.refs[i] = 0, 0
	b.meta &^= 1<<i | 1<<(displacedShift+i)
}

// match returns a bit for each slot with the tag, free slots perhaps included.
func (b *bucket) match(tag uint8) uint32 {
	const ones = 0x0101010101010101
	const low7 = 0x7f * ones
	const gather = 0x0102040810204080 // moves the low bits of eight bytes to the top byte
	x := binary.LittleEndian.Uint64(b.tags[:8]) ^ uint64(tag)*ones
	y := uint64(binary.LittleEndian.Uint32(b.tags[8:])) ^ uint64(tag)*ones
	// The top bit of each byte becomes 1 where the byte is zero, and only there.
	x = ^(x&low7 + low7 | x | low7)
	y = ^(y&low7 + low7 | y | low7) & 0xffffffff
	return uint32(x>>7*gather>>56) | uint32(y>>7*gather>>56)<<8
}

package evict

import "math/bits"

// Reads that hold no lock cannot write an item's state at each access, nor would it
// tell much: an item that was used a moment ago and is used again is no newer, and the
// hundredth access to it weighs a hundredth of the first. So most are left out and the
// others count for them. What such a reader must know of the policy is published in one
// word; it is as of the latest tick or the insertions before the last few.
//
//	63      34 33 32 31             16 15              0
//	┌─────────┬─────┬─────────────────┬────────────────┐
//	│         │famil│ minute (LFU)    │ tick           │
//	└─────────┴─────┴─────────────────┴────────────────┘

// fresh is how many ticks after its last access an item still counts as in use: the
// learner tells no shorter times apart.
const fresh = 2

// publish renews the word if it has changed: writing it takes it away from all readers.
func (s *Shard) publish() {
	w := uint64(s.family)<<32 | uint64(s.minutes&0xffff)<<16 | s.clock>>32&0xffff
	if s.shown.Load() != w {
		s.shown.Store(w)
	}
}

// Due says, without the lock, for how many accesses the one that a reader has just made
// should be recorded by TouchFor; 0: not at all. draw is any number, another one at each
// call.
func (s *Shard) Due(st State, draw uint64) uint32 {
	w, weight := s.shown.Load(), uint32(1)
	switch family(w >> 32) {
	case recency:
		if uint16(st>>8) != uint16(w) {
			return 1
		}
		return 0
	case lfu:
		if uint16(st>>8) != uint16(w>>16) {
			return 1
		}
		// The counter goes up with a probability of less than this.
		weight = max(1, uint32(st&255)-lfuInit)
	case density:
		// While an item is fresh, a weight of 8 accesses and more grows by an eighth to
		// a quarter at a time. What is older is stamped anew, or it would seem idle.
		octaves, idle := uint32(st&weightMask)>>4, uint16(w)-uint16(st>>8)
		if st&hitBit != 0 && octaves > 2 && idle < fresh {
			weight = 1 << (octaves - 2)
		}
	}
	// The upper bits of a Weyl sequence are as even as can be.
	if weight > 1 && draw*0x9e3779b97f4a7c15>>32 >= 1<<32/uint64(weight) {
		return 0
	}
	return weight
}

// TouchFor is Touch for several accesses at once, as many as Due says.
func (s *Shard) TouchFor(st State, hash uint64, weight uint32) State {
	switch s.family {
	case density:
		return s.touchDensityFor(st, weight)
	case lfu:
		return s.touchLFUFor(st, weight)
	}
	return s.stamp24()
}

func (s *Shard) touchLFUFor(st State, weight uint32) State {
	n := s.decayedLFU(st)
	if s.random()>>32 < uint64(s.incr[n])*uint64(weight) && n < 255 {
		n++
	}
	return State(s.minutes<<8 | n)
}

func (s *Shard) touchDensityFor(st State, weight uint32) State {
	aged := s.aged(st)
	s.learn.hits[cellOf(st, aged)&(cells-1)] += weight
	// log2(2^y + w) is log2(w) + log2(2^(y-log2 w) + 1).
	more := int32(bits.Len32(weight)-1) * octave
	return s.pack(more+plusOne(weightAt(st, aged)-more)) | hitBit
}

package evict

import (
	"math"
	"math/bits"
)

// The weights of accesses are logarithms to base 2 in fixed point. A state has
// 16 steps an octave, arithmetic has 256. A weight halves in halfLife turnovers.
const (
	octave   = 256
	halfLife = 16

	weightMask = 1<<7 - 1
	hitBit     = 1 << 7

	// Idle ticks times Shard.rate are decay with rateShift bits of fraction: at the
	// usual 128 ticks a turnover, a tick is an eighth of a step. The same product
	// shifted less is the scale of ages: 32 units a turnover, 4 bits of fraction.
	rateShift = 20
	rateOne   = 1 << rateShift * octave / (halfLife * ticksPerTurnover)
	ageShift  = 15
)

// sumTable[i] is log2(1 + 2^-y) for y = i/32 octaves, in 256ths: adding one
// access to a weight.
var sumTable = func() (t [8*32 + 1]uint16) {
	for i := range t {
		t[i] = uint16(math.Round(octave * math.Log2(1+math.Exp2(-(float64(i)+0.5)/32))))
	}
	t[8*32] = 0
	return t
}()

// logTable[i] is log2(1 + i/64) in 256ths.
var logTable = func() (t [64]uint16) {
	for i := range t {
		t[i] = uint16(math.Round(octave * math.Log2(1+(float64(i)+0.5)/64)))
	}
	return t
}()

// plusOne is log2(2^y + 1), in and out in 256ths of an octave.
func plusOne(y int32) int32 {
	m := max(y, -y) >> 3
	return max(y, 0) + int32(sumTable[min(m, 8*32)])
}

// log2 of a positive number in 256ths of an octave.
func log2(n uint32) int32 {
	e := bits.Len32(n) - 1
	return int32(e)*octave + int32(logTable[n<<(31-e)>>25&63])
}

// pow2 is its inverse, for people to read.
func pow2(y int32) int { return int(math.Round(math.Exp2(float64(y) / octave))) }

// aged is the item's idle time in units of rate.
func (s *Shard) aged(st State) uint64 {
	return uint64((uint32(s.clock>>32)-uint32(st>>8))&0xffff) * uint64(s.rate)
}

// weightAt is the aged number of accesses; it can be below 0, which is one access.
func weightAt(st State, aged uint64) int32 {
	return int32(st&weightMask)<<4 - int32(aged>>rateShift)
}

func (s *Shard) weight(st State) int32 { return weightAt(st, s.aged(st)) }

func (s *Shard) stamp16() State { return State(s.clock>>32) << 8 & StateMask }

// pack rounds a weight up or down by turns, so that many small steps count: the
// high bits of a Weyl sequence are as even as can be.
func (s *Shard) pack(y int32) State {
	s.weyl += 0x9e3779b97f4a7c15
	return s.stamp16() | State(min((y+int32(s.weyl>>60))>>4, weightMask))
}

// cellOf is where the learner counts items like this one: by its hit bit and the
// octave of its weight as of the last access, and by its age with two steps an octave.
func cellOf(st State, aged uint64) uint32 {
	v := 16 + uint32(aged>>ageShift)
	e := uint32(bits.Len32(v))
	age := min(e<<1-10|v>>(e-2)&1, ages-1)
	return uint32(st&(hitBit|0x70))<<1 | age
}

func (s *Shard) insertDensity(hash uint64) State {
	if y, ok := s.ghost.take(hash); ok {
		return s.pack(plusOne(y))
	}
	return s.stamp16()
}

// updateDensity counts an overwrite in the weight, but not as a hit: that items
// are written does not say that they are read.
func (s *Shard) updateDensity(st State) State {
	return s.pack(plusOne(s.weight(st))) | st&hitBit
}

func (s *Shard) touchDensity(st State) State {
	aged := s.aged(st)
	s.learn.hits[cellOf(st, aged)&(cells-1)]++
	return s.pack(plusOne(weightAt(st, aged))) | hitBit
}

// scoreDensity is, in logarithms, bytes for each hit that they may bring.
func (s *Shard) scoreDensity(st State, size int) uint64 {
	aged := s.aged(st)
	y := weightAt(st, aged) + int32(s.learn.gain[cellOf(st, aged)&(cells-1)])
	if s.kind == AllKeysDensity {
		y -= log2(uint32(max(1, min(size, 1<<32-1))))
	}
	return uint64(1<<30 - int64(y))
}

func (s *Shard) evictedDensity(hash uint64, st State) {
	aged := s.aged(st)
	s.learn.gone[cellOf(st, aged)&(cells-1)]++
	s.ghost.fit(s.items, &s.cfg)
	s.ghost.put(hash, weightAt(st, aged), s.items)
}

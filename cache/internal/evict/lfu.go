package evict

// Redis's LFU, bit for bit: the minute of the last decay in 16 bits and a
// logarithmic counter in 8, which a new key starts at 5.
const lfuInit = 5

// lfuTable has, for each counter value, the threshold below which 32 random
// bits increment it: probability 1/((counter-5)*factor+1).
func lfuTable(factor int) *[256]uint32 {
	t := new([256]uint32)
	for i := range 255 {
		base := uint64(max(0, i-lfuInit))*uint64(max(0, factor)) + 1
		t[i] = uint32((1<<32 - 1) / base)
	}
	return t // t[255] is 0: the counter is full
}

// decayedLFU is the counter less one for each decay period since the last access.
func (s *Shard) decayedLFU(st State) uint32 {
	n := uint32(st & 255)
	if s.decayMinutes == 0 {
		return n
	}
	past := (s.minutes - uint32(st>>8)) & 0xffff
	return n - min(n, past/s.decayMinutes)
}

func (s *Shard) touchLFU(st State) State {
	n := s.decayedLFU(st)
	if uint32(s.random()>>32) < s.incr[n] {
		n++
	}
	return State(s.minutes<<8 | n)
}

// scoreLFU puts the smallest counter first, the longest idle among equals.
func (s *Shard) scoreLFU(st State) uint64 {
	idle := (s.minutes - uint32(st>>8)) & 0xffff
	return uint64(255-s.decayedLFU(st))<<16 | uint64(idle) + 1
}

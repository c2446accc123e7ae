package evict

// Counted is the state of an item whose access counter is what somebody says; other
// policies than LFU keep none.
func (s *Shard) Counted(st State, counter uint8) State {
	if s.family != lfu {
		return st
	}
	return State(s.minutes<<8 | uint32(counter))
}

// Aged is the state of an item that was last accessed idleMs before nowMs: the inverse
// of Idle. What was before the first Tick counts as a tick a second, up to 2^15 of
// them, so that the state can still tell its age from that of what comes after.
func (s *Shard) Aged(st State, idleMs, nowMs int64) State {
	if s.family == lfu {
		minutes := s.minutes - uint32(min(idleMs/60000, 0xffff))
		return State(minutes&0xffff)<<8 | st&255
	}
	const most = 1 << 15
	age := min(s.ticksSince(nowMs-idleMs), most)
	return State((s.clock>>32-uint64(age))<<8)&StateMask | st&255
}

// ticksSince is how many ticks ago a wall time was.
func (s *Shard) ticksSince(wall int64) int64 {
	h, clock := &s.history, s.clock>>32
	if h.n == 0 {
		return 0
	}
	for i := h.n - 1; i >= 0; i-- {
		p := h.point[i]
		if p.wall > wall {
			continue
		}
		tick := p.tick
		if i < h.n-1 {
			q := h.point[i+1]
			tick += uint64(int64(q.tick-p.tick) * (wall - p.wall) / max(q.wall-p.wall, 1))
		}
		return int64(clock - tick)
	}
	first := h.point[0]
	return int64(clock-first.tick) + (first.wall-wall)/wallStep
}

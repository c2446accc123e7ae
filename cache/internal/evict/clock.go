package evict

// Time, for eviction, is turnover: how often the shard's contents could have
// been replaced. The clock makes ticksPerTurnover ticks while as many items are
// inserted as are resident, so that one unit suits a cache that turns over in a
// tenth of a second and one that takes days. Because the unit follows the item
// count by itself, stamps taken earlier stay comparable as a shard grows.
//
// A shard into which nothing is inserted would stand still, and with it what
// OBJECT IDLETIME says; so Tick also lets it go on with the wall clock: one
// tick a second at first, then one in every 8192nd part of the time since the
// start, so that 16 bits last for more than 100 days without a wrap.
const (
	ticksPerTurnover = 128
	parts            = 8 // in which a turnover is measured
	wallTicks        = 8192
	minItems         = 16 // a shard with fewer turns over as if it had these

	marks     = 64 // wall-clock marks kept, one each 1024 ticks
	markShift = 10
)

// wallClock relates ticks to unix milliseconds.
type wallClock struct {
	start, now  int64 // first and latest Tick
	last        int64 // when the wall made its latest tick, or the clock moved by itself
	seen        uint64
	mark        [marks]int64
	marked      uint64 // number of the latest mark
	perTurnover uint64 // ticks a turnover takes lately, wall ticks included
	partStart   uint64 // tick at which this part of a turnover began
	partInserts int
}

// advance moves the clock by one insertion.
func (s *Shard) advance() {
	s.clock += s.step
	s.wall.partInserts++
	if s.wall.partInserts&15 == 0 {
		s.resize()
	}
	if s.family == density {
		s.learnStep()
	}
}

// resize follows the number of items and looks how many ticks an eighth of a
// turnover took. There are more than 16 while a shard grows, and by the wall
// when insertions are few. Decay is meant for each turnover, so it follows; but
// never by more than twofold at once, so that one long night does not count.
func (s *Shard) resize() {
	n := max(s.items, minItems)
	s.step = (ticksPerTurnover << 32) / uint64(n)
	w := &s.wall
	if w.partInserts*parts < n {
		return
	}
	w.partInserts = 0
	t := s.clock>>32 - w.partStart
	w.partStart += t
	p := min((3*w.perTurnover+t*parts)/4, 2*w.perTurnover)
	w.perTurnover = max(ticksPerTurnover, p)
	s.rate = uint32(rateOne * ticksPerTurnover / w.perTurnover)
}

// Tick tells the wall time in unix ms. To be called under the shard's lock some
// ten times a second; once a second does too, with coarser idle times.
func (s *Shard) Tick(nowMs int64) {
	w := &s.wall
	if w.start == 0 {
		w.start, w.last, w.seen = nowMs, nowMs, s.clock>>32
		for i := range w.mark {
			w.mark[i] = nowMs
		}
		w.marked = s.clock >> (32 + markShift)
	}
	w.now = max(w.now, nowMs)
	s.minutes = uint32(nowMs/60000) & 0xffff
	if s.clock>>32 != w.seen {
		w.last = w.now
	} else if q := max(1000, (w.now-w.start)/wallTicks); w.now-w.last >= q {
		n := min((w.now-w.last)/q, wallTicks)
		s.clock += uint64(n) << 32
		w.last += n * q
	}
	w.seen = s.clock >> 32
	for m := s.clock >> (32 + markShift); w.marked < m; {
		if m-w.marked > marks {
			w.marked = m - marks
		}
		w.marked++
		w.mark[w.marked%marks] = w.now
	}
}

// Idle is for how long an item has not been accessed, in ms, as well as its
// state can tell: within a few seconds on a quiet server, within a 64th of a
// turnover or so on a busy one. Under LFU it is a whole number of minutes.
func (s *Shard) Idle(st State, nowMs int64) int64 {
	w := &s.wall
	if s.family == lfu {
		return int64((s.minutes-uint32(st>>8))&0xffff) * 60000
	}
	if w.start == 0 {
		return 0
	}
	clock := s.clock >> 32
	back := (clock - uint64(st>>8)) & 0xffff
	if back > clock {
		back = clock
	}
	tick := clock - back
	// The mark before the tick, and the one after or now.
	i := tick >> markShift
	if w.marked-i >= marks {
		return nowMs - w.mark[(w.marked+1)%marks]
	}
	from, fromTick := w.mark[i%marks], i<<markShift
	to, toTick := w.now, clock
	if i < w.marked {
		to, toTick = w.mark[(i+1)%marks], (i+1)<<markShift
	}
	at := to
	if toTick > fromTick {
		at = from + (to-from)*int64(tick-fromTick)/int64(toTick-fromTick)
	}
	return max(0, nowMs-at)
}

func (s *Shard) stamp24() State { return State(s.clock>>24) & StateMask }

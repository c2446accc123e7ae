package evict

import "math"

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
	minPerTurnover   = 8   // in tiny shards, whose steps are at most a tick
	minItems         = 128 // a shard with fewer has the steps of one with so many
	parts            = 8   // in which a turnover is measured

	wallStep  = 1000 // ms
	wallSteps = 8192
)

// history relates ticks to unix milliseconds: points of a line of which Idle reads
// the time of a tick. When it is full the point goes that bends the line least.
type history struct {
	start, now int64 // wall time of the first and the latest Tick
	last       int64 // when the clock moved last
	n          int
	point      [32]point
}

// point says that the clock stood at tick until wall.
type point struct {
	tick uint64
	wall int64
}

// pace measures how many ticks a turnover takes, wall ticks included.
type pace struct {
	perTurnover uint64
	start       uint64 // tick at which this part of a turnover began
	inserts     int    // since then
}

// advance moves the clock by one insertion.
func (s *Shard) advance() {
	s.clock += s.step
	s.pace.inserts++
	if s.pace.inserts&15 == 0 {
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
	s.publish()
	s.step = (ticksPerTurnover << 32) / uint64(max(s.items, minItems))
	p, n := &s.pace, max(s.items, 16)
	if p.inserts*parts < n {
		return
	}
	t := s.clock>>32 - p.start
	now := t * uint64(n) / uint64(p.inserts)
	p.start += t
	p.inserts = 0
	p.perTurnover = max(minPerTurnover, min((3*p.perTurnover+now)/4, 2*p.perTurnover))
	s.rate = uint32(rateOne * ticksPerTurnover / p.perTurnover)
}

// Tick tells the wall time in unix ms. To be called under the shard's lock some
// ten times a second; once a second does too, with coarser idle times.
func (s *Shard) Tick(nowMs int64) {
	defer s.publish()
	h := &s.history
	s.minutes = uint32(nowMs/60000) & 0xffff
	if h.n == 0 {
		h.start, h.now, h.last = nowMs, nowMs, nowMs
		h.add(s.clock>>32, nowMs)
		return
	}
	h.now = max(h.now, nowMs)
	if p := &h.point[h.n-1]; p.tick == s.clock>>32 {
		q := max(wallStep, (h.now-h.start)/wallSteps)
		p.wall = min(h.now, h.last+q) // a tick that comes late was due then
		n := min((h.now-h.last)/q, wallSteps)
		if n == 0 {
			return
		}
		s.clock += uint64(n) << 32
	}
	h.last = h.now
	h.add(s.clock>>32, h.now)
}

func (h *history) add(tick uint64, wall int64) {
	if h.n == len(h.point) {
		h.thin()
	}
	h.point[h.n] = point{tick, wall}
	h.n++
}

// thin drops the point that the line through its neighbours misses by the least
// part of the time that has passed since.
func (h *history) thin() {
	at, least := 1, math.Inf(1)
	for i := 1; i < h.n-1; i++ {
		p := h.point[i]
		off := between(h.point[i-1], h.point[i+1], p.tick) - p.wall
		miss := math.Abs(float64(off)) / float64(h.now-p.wall+wallStep)
		if miss < least {
			at, least = i, miss
		}
	}
	copy(h.point[at:h.n-1], h.point[at+1:h.n])
	h.n--
}

// between is the wall time at a tick on the line from a to b.
func between(a, b point, tick uint64) int64 {
	if b.tick <= a.tick {
		return b.wall
	}
	part := float64(tick-a.tick) / float64(b.tick-a.tick)
	return a.wall + int64(part*float64(b.wall-a.wall))
}

// Idle is for how long an item has not been accessed, in ms, as well as its
// state can tell: within a second on a young server that is quiet, within some
// hundredths on an old or a busy one. Under LFU it is a whole number of minutes.
func (s *Shard) Idle(st State, nowMs int64) int64 {
	if s.family == lfu {
		return int64((s.minutes-uint32(st>>8))&0xffff) * 60000
	}
	h := &s.history
	if h.n == 0 {
		return 0
	}
	clock := s.clock >> 32
	age := (clock - uint64(st>>8)) & 0xffff
	if age > clock { // from before the first Tick: see Aged
		return min(max(0, nowMs-h.start)+int64(age-clock)*wallStep, nowMs)
	}
	tick := clock - age
	i := h.n - 1
	for i > 0 && h.point[i].tick > tick {
		i--
	}
	at := h.point[i].wall
	switch {
	case tick <= h.point[i].tick:
	case i < h.n-1:
		at = between(h.point[i], h.point[i+1], tick)
	default:
		at = h.now
	}
	return max(0, nowMs-at)
}

// stamp24 is the clock with 8 bits below the tick.
func (s *Shard) stamp24() State { return State(s.clock>>24) & StateMask }

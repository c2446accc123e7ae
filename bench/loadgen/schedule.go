package loadgen

import (
	"math/rand/v2"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// schedule says when the bursts of a thread in an open loop are due. It looks at
// nothing that the server does.
type schedule struct {
	next int64 // when the next one is due, in nanoseconds of the run's clock

	start    int64
	interval float64 // between two of this thread, on average
	n        int64
	clock    float64    // of random moments
	random   *rand.Rand // nil: a steady pace
}

// newSchedule is that of one thread of several, which take turns.
func newSchedule(c *Config, thread int, start int64) schedule {
	s := schedule{interval: 1e9 * float64(c.Threads*c.Burst) / c.Rate}
	if c.Poisson {
		s.random = dist.New(c.Seed, scheduleStream+uint64(thread))
		s.start = start
		s.advance()
		return s
	}
	s.start = start + int64(s.interval*float64(thread)/float64(c.Threads))
	s.next = s.start
	return s
}

// scheduleStream keeps the schedule's random numbers apart from the workload's.
const scheduleStream = 1 << 32

// advance goes on to the next burst. A steady pace counts from the start, so that
// rounding does not add up.
func (s *schedule) advance() {
	if s.random != nil {
		s.clock += s.random.ExpFloat64() * s.interval
		s.next = s.start + int64(s.clock)
		return
	}
	s.n++
	s.next = s.start + int64(float64(s.n)*s.interval)
}

// queue holds numbers in the order in which they came. It is empty nearly always,
// and grows where a server does not keep up.
type queue[T any] struct {
	ring     []T // a power of two
	at, held int
}

// push adds one at the end.
func (q *queue[T]) push(v T) {
	if q.held == len(q.ring) {
		grown := make([]T, max(4, 2*q.held))
		n := copy(grown, q.ring[q.at:])
		copy(grown[n:], q.ring[:q.at])
		q.ring, q.at = grown, 0
	}
	q.ring[(q.at+q.held)&(len(q.ring)-1)] = v
	q.held++
}

// first is the one that pop would take; there must be one.
func (q *queue[T]) first() *T { return &q.ring[q.at] }

// pop takes the first.
func (q *queue[T]) pop() T {
	v := q.ring[q.at]
	q.at = (q.at + 1) & (len(q.ring) - 1)
	q.held--
	return v
}

// clear forgets all of it.
func (q *queue[T]) clear() { q.at, q.held = 0, 0 }

package exec

import "time"

// clock keeps the time of the batch. A look at the system's clock costs tens of
// nanoseconds, as much as a tenth of a pipelined command, so the time of day
// is worked out from the monotonic clock, which is the cheaper one, and compared
// with the real one only once a second.
type clock struct {
	now int64 // unix ms, as of the last look

	wall      func() int64
	monotonic func() time.Duration
	compared  time.Duration // when, on the monotonic clock
	wallThen  int64
}

// started is what the monotonic clock counts from.
var started = time.Now()

func newClock(o Options) clock {
	c := clock{wall: o.Clock, monotonic: o.Monotonic}
	if c.wall == nil {
		c.wall = func() int64 { return time.Now().UnixMilli() }
	}
	if c.monotonic == nil {
		c.monotonic = func() time.Duration { return time.Since(started) }
	}
	c.compared, c.wallThen = c.monotonic(), c.wall()
	c.now = c.wallThen
	return c
}

// look finds out what time it is.
func (c *clock) look() { c.set(c.monotonic()) }

// set is look where the monotonic time is known already.
func (c *clock) set(monotonic time.Duration) {
	if monotonic-c.compared >= time.Second {
		c.compared, c.wallThen = monotonic, c.wall()
	}
	c.now = c.wallThen + (monotonic - c.compared).Milliseconds()
}

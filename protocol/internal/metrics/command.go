package metrics

import (
	"sync/atomic"
	"time"
)

// How often a steady command is timed: each of its first calls, so that rarely
// used commands have true figures, then one in every sampleEvery.
const (
	timeFirst   = 64
	sampleEvery = 16
)

// Command counts one command in one shard.
type Command struct {
	calls    atomic.Uint64
	nanos    atomic.Uint64
	rejected atomic.Uint64
	failed   atomic.Uint64
	latency  atomic.Pointer[histogram] // made at the first timed call
}

// Call counts a call that is about to run, and says whether to time it: weight
// is how many calls the measurement will stand for, 0 if none is wanted. steady
// commands are sampled, the others always timed.
func (c *Command) Call(steady bool) (weight uint64) {
	n := c.calls.Add(1)
	switch {
	case !steady || n <= timeFirst:
		return 1
	case n%sampleEvery == 0:
		return sampleEvery
	}
	return 0
}

// Uncall takes back a Call: the command has not run.
func (c *Command) Uncall() { c.calls.Add(^uint64(0)) }

// Timed adds a measurement that stands for weight calls.
func (c *Command) Timed(d time.Duration, weight uint64) {
	nanos := uint64(max(d, 0))
	c.nanos.Add(nanos * weight)
	h := c.latency.Load()
	if h == nil {
		h = new(histogram)
		if !c.latency.CompareAndSwap(nil, h) {
			h = c.latency.Load()
		}
		if h == nil { // lost to a Reset
			return
		}
	}
	h.add(nanos, weight)
}

// Reject counts a call refused before it ran.
func (c *Command) Reject() { c.rejected.Add(1) }

// Fail counts a call that ran and answered with an error.
func (c *Command) Fail() { c.failed.Add(1) }

func (c *Command) reset() {
	c.calls.Store(0)
	c.nanos.Store(0)
	c.rejected.Store(0)
	c.failed.Store(0)
	c.latency.Store(nil)
}

// CommandStats is one line of INFO commandstats.
type CommandStats struct {
	Name                    string
	Calls, Rejected, Failed uint64
	Usec                    uint64 // time taken by all calls; for steady commands an estimate
}

// CommandStats gives the commands that were called or refused, in table order.
func (m *Metrics) CommandStats() []CommandStats {
	var list []CommandStats
	for i, name := range m.names {
		line := CommandStats{Name: name}
		var nanos uint64
		for _, s := range m.shards {
			c := &s.commands[i]
			line.Calls += c.calls.Load()
			line.Rejected += c.rejected.Load()
			line.Failed += c.failed.Load()
			nanos += c.nanos.Load()
		}
		line.Usec = nanos / 1000
		if line.Calls+line.Rejected+line.Failed > 0 {
			list = append(list, line)
		}
	}
	return list
}

// Latency is one command's distribution of time taken.
type Latency struct {
	Name  string
	Calls uint64 // how many calls it stands for
	merge histogram
}

// Latencies gives the distributions of the commands that have been timed.
func (m *Metrics) Latencies() []*Latency {
	var list []*Latency
	for i, name := range m.names {
		l := &Latency{Name: name}
		for _, s := range m.shards {
			if h := s.commands[i].latency.Load(); h != nil {
				l.Calls += l.merge.merge(h)
			}
		}
		if l.Calls > 0 {
			list = append(list, l)
		}
	}
	return list
}

// Percentile is the time within which p percent of the calls ended, in
// nanoseconds, at most an eighth too high.
func (l *Latency) Percentile(p float64) uint64 { return l.merge.percentile(p, l.Calls) }

// CumulativeUsec calls f with growing bounds, in microseconds, and the number of
// calls that took no longer, up to the first bound that holds all of them: the
// form in which LATENCY HISTOGRAM prints a distribution. As in Redis the bounds
// are 1024 ns, doubled again and again, and so 1, 2, 4, 8, 16, 32, 65, 131, ...
func (l *Latency) CumulativeUsec(f func(usec, calls uint64)) {
	var below uint64
	for bound, i := uint64(1024), 0; below < l.Calls; bound *= 2 {
		before := below
		for ; i < buckets-1 && upper(i) < bound; i++ {
			below += l.merge.counts[i].Load()
		}
		if i == buckets-1 { // it has no upper end
			below = l.Calls
		}
		if below > before {
			f(bound/1000, below)
		}
	}
}

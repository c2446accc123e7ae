package bench

import (
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// dueClock tells when requests are due. Traces have whole seconds: those of one
// second are spread over it, as evenly as the number in the second before allows.
type dueClock struct {
	start  time.Time
	speed  float64
	at     time.Duration // of the last request
	count  float64       // of those at that time
	before float64       // of those at the time before
	last   time.Time
}

// due is when a request of a time in the trace is due; never before the last one.
func (c *dueClock) due(at time.Duration) time.Time {
	if at != c.at {
		if c.count > 0 {
			c.before = c.count
		}
		c.at, c.count = at, 0
	}
	within := time.Duration(0)
	if at%time.Second == 0 {
		within = time.Duration(min(c.count/c.before, 1) * float64(time.Second))
	}
	c.count++
	due := c.start.Add(time.Duration(float64(at+within) / c.speed))
	if due.Before(c.last) {
		due = c.last
	}
	c.last = due
	return due
}

// sample is how a command went.
type sample struct {
	kind    int
	took    time.Duration
	refused bool
}

// tally collects how commands went, second by second.
type tally struct {
	mu      sync.Mutex
	began   time.Time
	probe   func() (cpu time.Duration, resident int64)
	kinds   [lookKinds]*hist.Latencies
	errors  [lookKinds]int64
	lates   *hist.Latencies
	now     *hist.Latencies // of the second under way
	second  result.Second
	cpu     time.Duration // up to the second under way
	seconds []result.Second
}

func newTally(probe func() (time.Duration, int64)) *tally {
	t := &tally{began: time.Now(), probe: probe, lates: hist.New(), now: hist.New()}
	for i := range t.kinds {
		t.kinds[i] = hist.New()
	}
	t.cpu, _ = probe()
	return t
}

// late counts by how much the replay itself missed a moment.
func (t *tally) late(by time.Duration) {
	t.mu.Lock()
	t.lates.Record(by)
	t.mu.Unlock()
}

// add counts a batch.
func (t *tally) add(samples []sample) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := int(time.Since(t.began) / time.Second); at > t.second.At {
		t.close()
		t.second.At = at
	}
	for _, s := range samples {
		t.kinds[s.kind].Record(s.took)
		t.now.Record(s.took)
		t.second.Ops++
		if s.refused {
			t.errors[s.kind]++
			t.second.Errors++
		}
	}
}

// close ends the second under way. Seconds in which nothing was answered are left out.
func (t *tally) close() {
	s := &t.second
	s.P50, s.P99, s.P999, s.Max = t.now.At(50), t.now.At(99), t.now.At(99.9), t.now.Max()
	cpu, resident := t.probe()
	s.CPU, s.Resident = cpu-t.cpu, resident
	t.cpu = cpu
	if s.Ops > 0 {
		t.seconds = append(t.seconds, *s)
	}
	t.second = result.Second{At: s.At}
	t.now.Reset()
}

// fill puts all of it into a result.
func (t *tally) fill(out *Result, sum asked) {
	t.close()
	out.Took = time.Since(t.began)
	out.Ops, out.Errors, out.FirstError = sum.commands, sum.refused, sum.first
	if sum.refused > 0 {
		out.Faults = []result.Fault{{Text: sum.first, Count: sum.refused}}
	}
	out.Hits, out.Misses = sum.hits, sum.gets-sum.hits
	out.HitBytes, out.MissBytes = sum.bytesHit, sum.bytesAsked-sum.bytesHit
	out.Rate = float64(out.Ops) / out.Took.Seconds()
	all := hist.New()
	for i, l := range t.kinds {
		if l.Count() > 0 {
			all.Merge(l)
			out.Commands = append(out.Commands, result.Command{Name: lookNames[i], Ops: l.Count(), Errors: t.errors[i], Latency: l.Summary()})
		}
	}
	out.Latency, out.Timeline, out.Client.Late = all.Summary(), t.seconds, t.lates.At(99)
}

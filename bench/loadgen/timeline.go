package loadgen

import (
	"slices"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// timeline puts together what the workers have counted in each second. A second is
// summed up when all have gone past it; only then it needs no histogram any more, so
// that a run of hours stays small.
type timeline struct {
	mu     sync.Mutex
	passed []int // for each worker, the second that it is in
	open   map[int]*openSecond
	done   []result.Second
	usage  map[int]usage
}

// openSecond is one that some worker may still add to.
type openSecond struct {
	ops, errors int64
	latency     *hist.Latencies
}

// usage is what the server took in a second.
type usage struct {
	cpu      time.Duration
	resident int64
}

func newTimeline(workers int) *timeline {
	return &timeline{passed: make([]int, workers), open: make(map[int]*openSecond), usage: make(map[int]usage)}
}

// add takes what a worker has counted in a second, and notes which one it is in now.
func (t *timeline) add(worker, second, now int, c count) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.open[second]
	if s == nil {
		s = &openSecond{latency: hist.Rough()}
		t.open[second] = s
	}
	s.ops += c.ops
	s.errors += c.errors
	s.latency.Merge(c.latency)
	t.passed[worker] = now
	for at := len(t.done); at < slices.Min(t.passed); at++ {
		t.close(at)
	}
}

// close sums a second up.
func (t *timeline) close(at int) {
	s := result.Second{At: at}
	if o := t.open[at]; o != nil { // nothing in it: a stall
		s.Ops, s.Errors = o.ops, o.errors
		if o.latency.Count() > 0 {
			s.P50, s.P99, s.P999, s.Max = o.latency.At(50), o.latency.At(99), o.latency.At(99.9), o.latency.Max()
		}
		delete(t.open, at)
	}
	t.done = append(t.done, s)
}

// note takes what the server took in a second.
func (t *timeline) note(second int, u usage) {
	t.mu.Lock()
	t.usage[second] = u
	t.mu.Unlock()
}

// last is the last full second.
func (t *timeline) last() result.Second {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.done) == 0 {
		return result.Second{}
	}
	return t.done[len(t.done)-1]
}

// seconds are all of them, with what the server took.
func (t *timeline) seconds() []result.Second {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.done {
		u := t.usage[i]
		t.done[i].CPU, t.done[i].Resident = u.cpu, u.resident
	}
	return t.done
}

// afterEnd is how long after the end of a run replies belong to its last second: no
// more than the last of what was under way.
const afterEnd = int64(time.Second / 2)

// roll hands over what was counted when a second is over.
func (w *worker) roll(now int64) {
	if now >= w.end && now < w.end+afterEnd {
		now = w.end - 1
	}
	if second := int((now - w.start) / int64(time.Second)); second > w.second {
		w.handOver(second)
	}
}

// handOver ends the current second; what comes next belongs to another one.
func (w *worker) handOver(next int) {
	w.flush()
	w.seconds.latency = w.current
	w.line.add(w.index, w.second, next, w.seconds)
	w.current.Reset()
	w.seconds, w.second = count{}, next
}

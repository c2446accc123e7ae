package loadgen

import (
	"time"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/pace"
)

// netTally counts latencies less the time in which the machine itself stood still
// meanwhile. How long a stall was is known only when it is over, and another thread
// than this one notes it, so commands that one may have held up wait a moment before
// they are counted.
type netTally struct {
	still   func(pace.Span) time.Duration // nil: stalls cannot be told, and nothing is counted
	base    time.Time                     // of the run's clock
	latency *hist.Latencies
	slow    queue[slowReplies] // not counted yet, in the order of their replies
}

// slowReplies are n replies that came together, to commands that were due together.
type slowReplies struct{ start, done, n int64 }

const (
	// settleAfter is when all stalls before a reply have been noted, but for those that
	// are longer.
	settleAfter = int64(100 * time.Millisecond)
	// settleEach is how many that have waited are counted for each new one.
	settleEach = 4
	// slowMost bounds what waits. Beyond it, the oldest are counted at once.
	slowMost = 1 << 15
)

func newNetTally(stalls *pace.Stalls, base time.Time) netTally {
	if stalls == nil {
		return netTally{}
	}
	return netTally{still: stalls.Within, base: base, latency: hist.New()}
}

// count counts n replies. It also does what has waited long enough, a little each time:
// all of a second's at once would hold up this thread for a millisecond.
func (t *netTally) count(start, done, n int64) {
	if t.still == nil {
		return
	}
	if d := time.Duration(done - start); d < pace.StallLeast {
		t.latency.RecordN(d, n)
	} else {
		if t.slow.held == slowMost {
			t.settleOne()
		}
		t.slow.push(slowReplies{start, done, n})
	}
	t.settle(done-settleAfter, settleEach)
}

// settle counts replies until a moment, but no more than so many.
func (t *netTally) settle(until int64, most int) {
	for ; most > 0 && t.slow.held > 0 && t.slow.first().done <= until; most-- {
		t.settleOne()
	}
}

// settleOne counts the first of those that wait.
func (t *netTally) settleOne() {
	r := t.slow.pop()
	took := pace.Span{From: t.base.Add(time.Duration(r.start)), To: t.base.Add(time.Duration(r.done))}
	t.latency.RecordN(took.To.Sub(took.From)-t.still(took), r.n)
}

// merge adds what another worker has counted.
func (t *netTally) merge(o *netTally) {
	if t.still != nil {
		t.latency.Merge(o.latency)
	}
}

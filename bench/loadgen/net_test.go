package loadgen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/pace"
)

// TestNet has a machine that stands still from 10 to 14 ms.
func TestNet(t *testing.T) {
	base := time.Unix(100, 0)
	from, to := base.Add(10*time.Millisecond), base.Add(14*time.Millisecond)
	n := netTally{base: base, latency: hist.New(), still: func(s pace.Span) time.Duration {
		return max(min(s.To.Sub(from), to.Sub(from))-max(s.From.Sub(from), 0), 0)
	}}
	ms := int64(time.Millisecond)
	n.count(9*ms, 9*ms+50_000, 7) // too short to be looked into
	assert.Equal(t, int64(7), n.latency.Count())
	n.count(9*ms, 15*ms, 2)
	n.count(12*ms, 15*ms, 1)
	n.count(15*ms, 16*ms, 1)
	n.settle(15*ms, 5)
	assert.Equal(t, int64(10), n.latency.Count(), "the last one still waits")
	n.settle(16*ms, 5)
	assert.Equal(t, int64(11), n.latency.Count())
	assert.Equal(t, 2*time.Millisecond, n.latency.Max().Round(10*time.Microsecond), "6 ms less 4")
	assert.Equal(t, time.Millisecond, n.latency.At(80).Round(10*time.Microsecond), "3 ms less 2, and one that waited for the server alone")

	// What waits is bounded, and nothing is lost.
	for i := range int64(3 * slowMost) {
		n.count((20+i)*ms, (22+i)*ms, 1)
	}
	assert.LessOrEqual(t, n.slow.held, slowMost)
	n.settle(1<<62, 1<<62)
	assert.Equal(t, int64(11+3*slowMost), n.latency.Count())

	none := newNetTally(nil, base)
	none.count(0, ms, 1)
	none.settle(ms, 5)
	none.merge(&n)
	assert.Nil(t, none.latency)
}

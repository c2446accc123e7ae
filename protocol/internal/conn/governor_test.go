package conn

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// rig drives a governor with a made-up load: demand in cores, on a machine
// with so many spare ones, where each loop can do one core's worth of work.
type rig struct {
	governor
	now    time.Duration
	loops  int
	spare  float64
	demand float64
	cost   float64 // what a command costs with more than one loop, relative to one
	limit  float64 // what the clients can use, in cores; 0: no limit
	orders []orderKind
}

func (r *rig) windows(n int) {
	for range n {
		r.now += governPeriod
		cost := 1.0
		if r.loops > 1 && r.cost > 0 {
			cost = r.cost
		}
		work := min(r.demand, float64(r.loops)/cost)
		if r.limit > 0 {
			work = min(work, r.limit)
		}
		s := sample{now: r.now, commands: uint64(work * 1e5), spare: r.spare - work*cost}
		for range r.loops {
			s.cpu = append(s.cpu, work*cost/float64(r.loops))
			s.conns = append(s.conns, 50)
		}
		switch o := r.step(s); o.kind {
		case orderSpread:
			r.loops++
			r.orders = append(r.orders, o.kind)
		case orderGather:
			r.loops--
			r.orders = append(r.orders, o.kind)
		case orderEven:
			r.orders = append(r.orders, o.kind)
		}
	}
}

func TestGovernorStaysWithOneLoop(t *testing.T) {
	for name, r := range map[string]*rig{
		"little load":   {governor: governor{most: 8}, loops: 1, spare: 8, demand: 0.85},
		"no spare core": {governor: governor{most: 2}, loops: 1, spare: 1.3, demand: 5},
		"one allowed":   {governor: governor{most: 1}, loops: 1, spare: 8, demand: 5},
	} {
		r.windows(1000)
		assert.Empty(t, r.orders, name)
	}
}

func TestGovernorFollowsTheLoad(t *testing.T) {
	r := &rig{governor: governor{most: 8}, loops: 1, spare: 16, demand: 3.5}
	r.windows(200)
	assert.Equal(t, 4, r.loops)
	r.demand = 0.1
	r.windows(200)
	assert.Equal(t, 1, r.loops)
	assert.Equal(t, []orderKind{orderSpread, orderSpread, orderSpread, orderGather, orderGather, orderGather}, r.orders)
}

// TestGovernorTakesBackWhatDoesNotHelp: the clients cannot use a second loop.
func TestGovernorTakesBackWhatDoesNotHelp(t *testing.T) {
	r := &rig{governor: governor{most: 8}, loops: 1, spare: 16, demand: 5, limit: 0.97, cost: 1.5}
	r.windows(10 * 60 * 10) // ten minutes
	assert.Equal(t, 1, r.loops)
	assert.LessOrEqual(t, len(r.orders), 2*6, "attempts grow rare")
	assert.GreaterOrEqual(t, len(r.orders), 2*3)
}

// TestGovernorDoesNotPingPong has a load just above what one loop can do.
func TestGovernorDoesNotPingPong(t *testing.T) {
	r := &rig{governor: governor{most: 8}, loops: 1, spare: 16, demand: 1.25, cost: 1.4}
	r.windows(10 * 60 * 10)
	assert.LessOrEqual(t, len(r.orders), 4)
}

func TestGovernorEvensOut(t *testing.T) {
	g := governor{most: 2}
	s := sample{cpu: []float64{0.95, 0.2}, conns: []int64{40, 60}, spare: 1, commands: 1000}
	got := order{}
	for i := 0; i < 20 && got.kind == orderNone; i++ {
		s.now += governPeriod
		got = g.step(s)
	}
	assert.Equal(t, order{orderEven, 0, 1}, got)
	// One connection alone cannot be shared.
	g, s.conns, got = governor{most: 2}, []int64{1, 60}, order{}
	for i := 0; i < 20 && got.kind == orderNone; i++ {
		s.now += governPeriod
		got = g.step(s)
	}
	assert.Equal(t, order{}, got)
}

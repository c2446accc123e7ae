package bench

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/crowd"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// The bars on how much dearer an operation may get.
const (
	keysBar        = 1.5 // with a hundred million keys, than with a hundred thousand
	connectionsBar = 1.2 // from ten thousand connections, than from fifty
)

// scaling is a load whose size is raised while everything else stays.
type scaling struct {
	name    string
	options crowd.Options
}

// measureScale takes what an operation costs as the keys and the connections grow to
// a thousandfold, in processor time.
func measureScale(ctx context.Context, r *run) error {
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			if r.wants("connections") {
				if err := r.scaleConnections(ctx, s, i == 0); err != nil {
					return err
				}
			}
			if r.wants("keys") {
				return r.scaleKeys(ctx, s, i == 0)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	r.Note("%s; keys are asked for at random, over all of them", cpuNote)
	return nil
}

// scaleKeys asks for keys of 16 bytes with values of 16 bytes.
func (r *run) scaleKeys(ctx context.Context, s *target.Server, held bool) error {
	loads := []scaling{
		{"GET, 32 deep", crowd.Options{Conns: 50, Depth: 32}},
		{"SET, 32 deep", crowd.Options{Conns: 50, Depth: 32, Set: true, Value: 16}},
		{"GET, no pipelining", crowd.Options{Conns: 50, Depth: 1}},
	}
	costs := make([][]float64, len(loads))
	columns := []string{"operation", "server"}
	have := 0
	for n := r.count(100_000, 1000); n <= r.count(100_000_000, 1_000_000); n *= 10 {
		r.cfg.Progress.Step("scale: %s, storing up to %d keys", s.Name, n)
		columns = append(columns, "N="+strconv.Itoa(n))
		value := newPayload(16)
		from := have
		err := r.filler(s).fill(ctx, n-have, func(l *lane, i int) {
			l.Set(fmt.Appendf(l.room[:0], "key:%012d", from+i), value[:16])
		})
		if err != nil {
			return err
		}
		have = n
		for k, one := range loads {
			one.options.Keys = n
			cost, err := r.scaleCost(ctx, s, one)
			if err != nil {
				return err
			}
			costs[k] = append(costs[k], cost)
		}
	}
	table := r.Table("µs of processor time an operation, with N keys", append(columns, "last / first", "bar")...)
	for k, one := range loads {
		r.scaleRow(table, one.name, s.Name, costs[k], keysBar, held)
	}
	return nil
}

// scaleConnections has each connection ask and wait, so that all are always active; and
// then one in a hundred, while the others say nothing.
func (r *run) scaleConnections(ctx context.Context, s *target.Server, held bool) error {
	const keys = 100_000
	value := newPayload(64)
	err := r.filler(s).fill(ctx, keys, func(l *lane, i int) {
		l.Set(fmt.Appendf(l.room[:0], "key:%012d", i), value[:64])
	})
	if err != nil {
		return err
	}
	columns := []string{"operation", "server"}
	var costs []float64
	for _, n := range []int{50, 500, 2000, r.count(10_000, 2500)} {
		columns = append(columns, "N="+strconv.Itoa(n))
		cost, err := r.scaleCost(ctx, s, scaling{fmt.Sprintf("GET, %d connections", n), crowd.Options{Conns: n, Depth: 1, Keys: keys}})
		if err != nil {
			return err
		}
		costs = append(costs, cost)
	}
	table := r.Table("µs of processor time an operation, from N connections", append(columns, "last / first", "bar")...)
	r.scaleRow(table, "GET, all active", s.Name, costs, connectionsBar, held)
	most := r.count(10_000, 2500)
	for range most - most/100 {
		c, err := s.Dial(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
	}
	cost, err := r.scaleCost(ctx, s, scaling{fmt.Sprintf("GET, %d connections, 1 %% active", most), crowd.Options{Conns: most / 100, Depth: 1, Keys: keys}})
	if err != nil {
		return err
	}
	r.scaleRow(table, "GET, one in a hundred active", s.Name, []float64{costs[0], math.NaN(), math.NaN(), cost}, connectionsBar, held)
	return nil
}

// scaleRow adds what a server's operation costs at each size, and holds the last to
// the bar.
func (r *run) scaleRow(table *report.Table, what, server string, costs []float64, bar float64, held bool) {
	cells := []any{what, server}
	for _, c := range costs {
		if math.IsNaN(c) {
			cells = append(cells, "")
			continue
		}
		cells = append(cells, c)
	}
	ratio := costs[len(costs)-1] / max(costs[0], 1e-9)
	table.Add(append(cells, ratio, bar)...)
	if held {
		r.AtMost(what+": at the largest size, to that at the smallest", ratio, bar, "times")
	}
}

// scaleCost is what one operation costs: the median of some turns.
func (r *run) scaleCost(ctx context.Context, s *target.Server, one scaling) (float64, error) {
	load := cpuLoad{
		name: one.name, turn: r.span(2*time.Second, 20*time.Millisecond), options: one.options,
		prepare: func(context.Context, *target.Server) error { return nil }, // the keys are there
	}
	requests, err := r.prepareCPU(ctx, s, load)
	if err != nil {
		return 0, err
	}
	var samples []cpuSample
	for round := range max(3, int(5*r.Scale)) {
		o, err := load.takeTurn(ctx, s, requests, r.cfg.Seed+uint64(round))
		if err != nil {
			return 0, err
		}
		samples = append(samples, o)
	}
	return median(samples, func(k int) float64 { return samples[k].cost }), nil
}

package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/crowd"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// growthBar is how much dearer than with a thousand elements an operation may be
// with any number up to ten million.
const growthBar = 3

// growing is a collection, and the operations on it whose cost is followed.
type growing struct {
	fill   operation
	probes []probed
}

// probed is an operation on a collection of n elements.
type probed struct {
	name  string
	words func(n int) []crowd.Word
}

// growings are those of the figure. Elements are asked for at random, over the
// whole of the collection: what is dear about a large one is that it fits no cache
// of the processor, and so do the tables and trees of every server.
func growings() []growing {
	on := func(command string, last ...crowd.Word) []crowd.Word {
		return append(plain(command, oneKey), last...)
	}
	member := func(n int) crowd.Word { return word("m", memberSize, n) }
	return []growing{
		{operation{fill: "HSET", shape: plainField}, []probed{
			{"HGET", func(n int) []crowd.Word { return on("HGET", word("f", fieldSize, n)) }},
		}},
		{operation{fill: "ZADD", shape: plainScored}, []probed{
			{"ZADD", func(n int) []crowd.Word {
				return on("ZADD", crowd.Word{From: 100_000_000, Below: 900_000_000, Digits: 9}, member(n))
			}},
			{"ZRANK", func(n int) []crowd.Word { return on("ZRANK", member(n)) }},
		}},
		{operation{fill: "RPUSH", shape: plainMember}, []probed{
			{"LINDEX", func(n int) []crowd.Word { // one of the tenth in the middle
				middle := crowd.Word{From: uint64(n/2 - n/20), Below: uint64(n / 10)}
				middle.Digits = len(strconv.Itoa(n/2 + n/20 - 1))
				return on("LINDEX", middle)
			}},
		}},
	}
}

// measureGrowth takes what an operation costs at a thousand elements, at ten
// thousand and so on, in processor time.
func measureGrowth(ctx context.Context, r *run) error {
	var sizes []int
	columns := []string{"operation", "server"}
	for n := 1000; n <= r.count(10_000_000, 10_000); n *= 10 {
		sizes = append(sizes, n)
		columns = append(columns, "N="+strconv.Itoa(n))
	}
	table := r.Table("µs of processor time an operation, in one collection of N elements", append(columns, "worst / first", "bar")...)
	for _, g := range growings() {
		// A collection that nobody asks about is not filled.
		g.probes = slices.DeleteFunc(g.probes, func(p probed) bool { return !r.wants(p.name) })
		for i, spec := range r.cfg.Servers {
			if len(g.probes) == 0 {
				continue
			}
			err := r.with(ctx, spec, nil, func(s *target.Server) error {
				costs, err := r.grow(ctx, s, g, sizes)
				if err != nil {
					return err
				}
				r.growthRows(table, g, spec.Name, sizes, costs, i == 0)
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", g.fill.fill, err)
			}
		}
	}
	r.Note("%s; 32 commands in a batch", cpuNote)
	return nil
}

// growthRows adds a server's row for each operation, and checks those of the first.
// The dearest size counts, wherever it lies: costs need not rise steadily.
func (r *run) growthRows(table *report.Table, g growing, server string, sizes []int, costs [][]float64, held bool) {
	for k, p := range g.probes {
		cells, worst := []any{p.name, server}, 0.0
		for _, cost := range costs[k] {
			cells = append(cells, cost)
			worst = max(worst, cost/max(costs[k][0], 1e-9))
		}
		table.Add(append(cells, worst, growthBar)...)
		if held {
			what := fmt.Sprintf("%s: dearest up to %d elements, to that at %d", p.name, sizes[len(sizes)-1], sizes[0])
			r.AtMost(what, worst, growthBar, "times")
		}
	}
}

// grow fills a collection to each of the sizes and takes the cost of each of the
// operations there.
func (r *run) grow(ctx context.Context, s *target.Server, g growing, sizes []int) ([][]float64, error) {
	costs := make([][]float64, len(g.probes))
	have := 0
	for _, n := range sizes {
		r.cfg.Progress.Step("growth: %s, %s to %d elements", s.Name, g.fill.fill, n)
		if err := g.fill.extend(ctx, r, s, have, n); err != nil {
			return nil, err
		}
		have = n
		for k, p := range g.probes {
			// Nothing is to be prepared: the collection is there and stays.
			load := cpuLoad{
				name: p.name, turn: r.span(time.Second, 20*time.Millisecond),
				options: crowd.Options{Conns: 50, Depth: 32, Words: p.words(n)},
				prepare: func(context.Context, *target.Server) error { return nil },
			}
			requests, err := r.prepareCPU(ctx, s, load)
			if err != nil {
				return nil, err
			}
			var samples []cpuSample
			for round := range 3 {
				o, err := load.takeTurn(ctx, s, requests, r.cfg.Seed+uint64(round))
				if err != nil {
					return nil, err
				}
				samples = append(samples, o)
			}
			costs[k] = append(costs[k], median(samples, func(k int) float64 { return samples[k].cost }))
		}
	}
	return costs, nil
}

// extend adds elements from to to-1 to one collection.
func (o operation) extend(ctx context.Context, r *run, s *target.Server, from, to int) error {
	load := r.filler(s)
	load.depth = 16
	return load.fill(ctx, (to-from+chunk-1)/chunk, func(l *lane, i int) {
		at := from + i*chunk
		o.add(l, []byte(oneKey), at, min(chunk, to-at))
	})
}

// add appends the command that adds n elements from number from on.
func (o operation) add(l *lane, key []byte, from, n int) {
	l.Head(2 + n*o.perElement())
	l.Bulk([]byte(o.fill))
	l.Bulk(key)
	for e := range n {
		o.shape(l, from+e)
	}
}

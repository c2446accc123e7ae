package embedded

import (
	"context"
	"fmt"
	"time"

	"github.com/ashlar-cache/ashlar/bench/report"
)

// condition is under what a speed was measured.
type condition struct{ threads, reads int }

// compareSpeed takes the stores in turns, round after round.
func (r *run) compareSpeed(ctx context.Context) error {
	mixes := []int{barReads, 95, 50}
	var conditions []condition
	for _, threads := range threadCounts() {
		for _, reads := range mixes {
			conditions = append(conditions, condition{threads, reads})
		}
	}
	found := make(map[string]map[condition][]speed)
	for n := range rounds {
		for _, m := range r.makers {
			r.cfg.Progress.Step("embedded: throughput of %s, round %d of %d", m.name, n+1, rounds)
			t := r.task(partThroughput, m)
			t.Entries, t.Threads, t.Mixes = r.count(speedEntries, 10_000), threadCounts(), mixes
			o, err := r.cfg.do(ctx, t)
			if err != nil {
				return err
			}
			if found[m.name] == nil {
				found[m.name] = make(map[condition][]speed)
			}
			for _, v := range o.Speeds {
				at := condition{v.Threads, v.Reads}
				found[m.name][at] = append(found[m.name][at], v)
			}
		}
	}
	r.speedTable("millions of operations a second", conditions, found, rate)
	r.speedTable("nanoseconds of processor time an operation", conditions, found, cpuTime)
	r.latencyTable(found)
	r.checkSpeed(found)
	return nil
}

// rate is the median of the rounds, in millions of operations a second.
func rate(of []speed) float64 { return median(each(of, func(v speed) float64 { return v.Rate / 1e6 })) }

// cpuTime is the median of the rounds, in nanoseconds an operation.
func cpuTime(of []speed) float64 { return median(each(of, func(v speed) float64 { return v.CPU })) }

func each(of []speed, f func(speed) float64) (out []float64) {
	for _, v := range of {
		out = append(out, f(v))
	}
	return out
}

func (r *run) speedTable(what string, conditions []condition, found map[string]map[condition][]speed, value func([]speed) float64) {
	columns := []string{"threads, reads"}
	for _, m := range r.makers {
		columns = append(columns, m.name)
	}
	t := r.Table(fmt.Sprintf("%s; %d keys, %d-byte values, all held; keys by zipf %v",
		what, r.count(speedEntries, 10_000), valueSize, exponent), columns...)
	for _, c := range conditions {
		row := []any{fmt.Sprintf("%d, %d %%", c.threads, c.reads)}
		for _, m := range r.makers {
			row = append(row, value(found[m.name][c]))
		}
		t.Add(row...)
	}
}

// latencyTable shows reads under load at the number of threads that the bar is for.
func (r *run) latencyTable(found map[string]map[condition][]speed) {
	t := r.Table(fmt.Sprintf("nanoseconds of a read, one in %d timed, clock included; %d threads, 95 %% reads", round, barThreads),
		"store", "p50", "p99", "p99.9", "max", "hits %")
	for _, m := range r.makers {
		of := found[m.name][condition{barThreads, 95}]
		t.Add(m.name,
			median(each(of, func(v speed) float64 { return float64(v.P50) })),
			median(each(of, func(v speed) float64 { return float64(v.P99) })),
			median(each(of, func(v speed) float64 { return float64(v.P999) })),
			median(each(of, func(v speed) float64 { return float64(v.Max) })),
			median(each(of, func(v speed) float64 { return 100 * v.Hits })))
	}
}

// checkSpeed holds the subject to its bar, if it and a peer took part.
func (r *run) checkSpeed(found map[string]map[condition][]speed) {
	at := condition{barThreads, barReads}
	own, best, name := rate(found[subject][at]), 0.0, ""
	for _, m := range r.makers {
		if v := rate(found[m.name][at]); m.name != subject && v > best {
			best, name = v, m.name
		}
	}
	if own > 0 && best > 0 {
		r.AtLeast(fmt.Sprintf("reads at %d threads, × the fastest peer (%s)", barThreads, name), own/best, readsBar, "")
	}
}

// compareHeap fills each store and looks what the collector makes of it.
func (r *run) compareHeap(ctx context.Context) error {
	entries := r.count(heapEntries, 100_000)
	t := r.Table(fmt.Sprintf("%d entries of %d bytes: at rest, and under 95 %% reads by %d threads with a collection every %v", entries, keySize+valueSize, barThreads, collectEvery),
		"store", "heap MiB", "objects", "resident MiB", "fill", "GC cycle CPU", "GC % of CPU", "cycles", "longest pause", "read p99.9", "hits %")
	own, least, name := 0.0, 0.0, ""
	for _, m := range r.makers {
		r.cfg.Progress.Step("embedded: heap of %s", m.name)
		task := r.task(partHeap, m)
		task.Entries, task.Threads = entries, []int{barThreads}
		task.Seconds *= 5 // some collections should fall into it
		o, err := r.cfg.do(ctx, task)
		if err != nil {
			return err
		}
		h := o.Heap
		t.Add(m.name, float64(h.Bytes)/(1<<20), h.Objects, float64(h.Resident)/(1<<20), h.Fill.Round(10*time.Millisecond),
			h.Cycle.Round(10*time.Microsecond), 100*h.Share, h.Cycles, h.Pause.Round(time.Microsecond), h.P999, 100*h.Hits)
		switch size := float64(h.Bytes); {
		case m.name == subject:
			own = size
		case m.pointers && (name == "" || size < least):
			least, name = size, m.name
		}
	}
	if own != 0 && least > 0 {
		r.AtMost(fmt.Sprintf("Go heap as a share of the leanest that keeps pointers (%s)", name), own/least, heapBar, "")
	}
	return nil
}

// compareHits replays workloads within the same resident memory.
func (r *run) compareHits(ctx context.Context) error {
	columns := []string{"workload"}
	for _, m := range r.makers {
		if m.bounded {
			columns = append(columns, m.name)
		}
	}
	t := r.Table(fmt.Sprintf("hit ratio in %%, look-aside, %d keys, %d requests, at %s peak resident memory beyond an empty process's",
		r.count(hitKeys, 20_000), r.count(hitRequests, 100_000), report.MiB(r.budget)), append(columns, "points")...)
	for _, name := range hitWorkloads {
		row, own, best := []any{name}, -1.0, -1.0
		for _, m := range r.makers {
			if !m.bounded {
				continue
			}
			h, err := r.search(ctx, m, name)
			if err != nil {
				return err
			}
			row = append(row, fmt.Sprintf("%.2f", h.ratio()))
			if m.name == subject {
				own = h.ratio()
			} else {
				best = max(best, h.ratio())
			}
		}
		if own < 0 || best < 0 {
			t.Add(append(row, "")...)
			continue
		}
		t.Add(append(row, fmt.Sprintf("%+.2f", own-best))...)
		r.AtLeast(name+": points above the best peer", own-best, hitsBar, "")
	}
	r.Note("the capacity of each store was searched for until its peak came close to the budget without exceeding it; " +
		"the collector runs at GOGC=100, and what it has not yet freed counts")
	return nil
}

package embedded

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/ashlar-cache/ashlar/bench/workload"
)

// hits is the outcome of a replay.
type hits struct {
	Gets, Hits int64 // after the warming up
	Peak       int64 // resident, beyond what the process had before the store was made
}

func (h *hits) ratio() float64 { return 100 * float64(h.Hits) / float64(max(1, h.Gets)) }

// replay asks a store for the keys of a workload, and stores what is not there.
func (t *task) replay(m maker) (*hits, error) {
	all := workload.All()
	i := slices.IndexFunc(all, func(w workload.Maker) bool { return w.Name == t.Workload })
	if i < 0 {
		return nil, fmt.Errorf("unknown workload %q", t.Workload)
	}
	w := all[i].Make(workload.Size{Keys: t.Entries, Requests: t.Requests, Budget: int(t.Budget), Seed: t.Seed})
	value := make([]byte, workload.MaxSize)
	dst := make([]byte, 0, workload.MaxSize+64)
	runtime.GC()
	debug.FreeOSMemory()
	if err := resetPeak(); err != nil {
		return nil, err
	}
	before := status("VmRSS:")
	// What the workloads' values are on average tells how many entries there will be.
	s, err := m.make(t.Capacity, int(t.Capacity/(workload.MeanSize+keySize)))
	if err != nil {
		return nil, err
	}
	defer s.close()
	h := new(hits)
	one := newOneKey()
	for n := 0; ; n++ {
		q, more := w.Next()
		if !more {
			break
		}
		k := one.write(q.Key)
		ok := false
		if !q.Write {
			_, ok = s.get(dst[:0], k)
			if n >= w.Warm {
				h.Gets++
				if ok {
					h.Hits++
				}
			}
		}
		if !ok {
			s.set(k, value[:q.Size])
		}
	}
	h.Peak = status("VmHWM:") - before
	return h, nil
}

// search finds how many bytes to allow a store so that its peak comes close to the
// budget and stays within it, and returns the best replay that did.
func (r *run) search(ctx context.Context, m maker, name string) (best *hits, err error) {
	const attempts = 7
	t := r.task(partHits, m)
	t.Workload, t.Budget = name, r.budget
	t.Entries, t.Requests = r.count(hitKeys, 20_000), r.count(hitRequests, 100_000)
	near := r.budget / 64
	low, high := int64(0), int64(0) // capacities that were too small and too large
	t.Capacity = r.capacity[m.name]
	for attempt := 0; attempt < attempts || best == nil && attempt < 2*attempts; attempt++ {
		r.cfg.Progress.Step("embedded: %s, %s with %d MiB", name, m.name, t.Capacity>>20)
		o, err := r.cfg.do(ctx, t)
		if err != nil {
			return nil, err
		}
		within := o.Hits.Peak <= r.budget
		if within && best != nil && o.Hits.Hits == best.Hits {
			break // all there is to hold is held
		}
		if within && (best == nil || o.Hits.Hits > best.Hits) {
			best, r.capacity[m.name] = o.Hits, t.Capacity
		}
		if within && (o.Hits.Peak > r.budget-near || best != nil && attempt >= 4) {
			break
		}
		if within {
			low = max(low, t.Capacity)
		} else if high == 0 || t.Capacity < high {
			high = t.Capacity
		}
		aim := r.budget - near/2
		if low == 0 { // peaks vary with when the collector comes: something must fit first
			aim -= r.budget / 16
		}
		t.Capacity = between(low, high, int64(float64(t.Capacity)*float64(aim)/float64(max(o.Hits.Peak, 1))))
	}
	if best == nil {
		return nil, fmt.Errorf("%s: no capacity keeps the peak within the budget", m.name)
	}
	return best, nil
}

// between is the next capacity to try: the one that would be right if the peak were
// in proportion, kept between what was too small and what was too large.
func between(low, high, guess int64) int64 {
	guess = max(guess, 1<<20)
	if high > 0 && (guess >= high || guess <= low) {
		return (low + high) / 2
	}
	if guess <= low {
		return low + low/8
	}
	return guess
}

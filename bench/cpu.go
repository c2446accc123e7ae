package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/bench/crowd"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// cpuProfile is a load under which the cost of an operation is compared.
type cpuProfile struct {
	name         string
	conns, depth int
	value        int // bytes
	set          bool
	bar          float64 // share of the peer's processor time
}

// cpuProfiles are those of the figure: GET without pipelining from few and from many
// connections, GET and SET in deep pipelines, and larger values.
var cpuProfiles = []cpuProfile{
	{name: "p1", conns: 50, depth: 1, value: 64, bar: 0.95},
	{name: "c1000", conns: 1000, depth: 1, value: 64, bar: 0.90},
	{name: "p32", conns: 50, depth: 32, value: 64, bar: 0.75},
	{name: "set32", conns: 50, depth: 32, value: 64, set: true, bar: 0.65},
	{name: "big", conns: 50, depth: 8, value: 4096, bar: 0.85},
}

// cpuKeys is how many keys there are: more than fit a processor's caches.
const cpuKeys = 100_000

// measureCPU compares the processor time that an operation takes. Speeds drift on
// a machine with neighbours, processor time for an operation hardly does: the
// servers take turns, A B A B, and the median of the ratios of a turn counts.
func measureCPU(ctx context.Context, r *run) error {
	servers, stop, err := r.startAll(ctx)
	defer stop()
	if err != nil {
		return err
	}
	table := r.Table("processor time an operation", "profile", "server", "µs", "op/s", "p99", r.subject()+" / it", "bar")
	for _, p := range cpuProfiles {
		if !r.wants(p.name) {
			continue
		}
		if err := r.compareCPU(ctx, servers, p, table); err != nil {
			return fmt.Errorf("profile %s: %w", p.name, err)
		}
	}
	r.Note("a closed loop from one thread; op/s is what this machine did with client and server on it")
	return nil
}

// startAll starts all servers, to run side by side: one that is idle costs the
// other nothing. The function returned stops those that were started.
func (r *run) startAll(ctx context.Context) (servers []*target.Server, stop func(), err error) {
	stop = func() {
		for _, s := range servers {
			s.Stop()
		}
	}
	for _, spec := range r.cfg.Servers {
		s, err := spec.Start(ctx)
		if err != nil {
			return servers, stop, err
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}

// cpuSample is one turn of a server.
type cpuSample struct {
	cost float64 // µs of processor time an operation
	rate float64 // operations a second
	p99  time.Duration
}

// compareCPU takes the turns of a profile and adds a row for each server. The
// number of requests in a turn is each server's own, so that turns take the same
// time; what is compared is the cost of one.
func (r *run) compareCPU(ctx context.Context, servers []*target.Server, p cpuProfile, table *report.Table) error {
	rounds := max(3, int(5*r.Scale))
	turn := r.span(2*time.Second, 20*time.Millisecond)
	samples := make([][]cpuSample, len(servers))
	requests := make([]int, len(servers))
	for i, s := range servers {
		var err error
		if requests[i], err = r.prepareCPU(ctx, s, p, turn); err != nil {
			return err
		}
	}
	for round := range rounds {
		for i, s := range servers {
			r.cfg.Progress.Step("cpu: %s, %s, round %d of %d", p.name, s.Name, round+1, rounds)
			o, err := r.takeTurn(ctx, s, p, requests[i], r.cfg.Seed+uint64(round))
			if err != nil {
				return err
			}
			samples[i] = append(samples[i], o)
		}
	}
	for i, s := range servers {
		ratio := median(samples[0], func(k int) float64 { return samples[0][k].cost / max(samples[i][k].cost, 1e-9) })
		table.Add(p.name, s.Name,
			median(samples[i], func(k int) float64 { return samples[i][k].cost }),
			fmt.Sprintf("%.0f", median(samples[i], func(k int) float64 { return samples[i][k].rate })),
			time.Duration(median(samples[i], func(k int) float64 { return float64(samples[i][k].p99) })).Round(time.Microsecond),
			fmt.Sprintf("%.3f", ratio), p.bar)
		if i > 0 {
			r.AtMost(fmt.Sprintf("%s: CPU an operation as a share of %s's", p.name, s.Name), ratio, p.bar, "")
		}
	}
	return nil
}

// prepareCPU stores the keys in the profile's size, and finds out how many
// requests fill a turn.
func (r *run) prepareCPU(ctx context.Context, s *target.Server, p cpuProfile, turn time.Duration) (int, error) {
	r.cfg.Progress.Step("cpu: %s, %s prepares", p.name, s.Name)
	value := newPayload(p.value)
	err := r.filler(s).fill(ctx, r.count(cpuKeys, 1000), func(l *lane, i int) {
		l.Set(fmt.Appendf(l.room[:0], "key:%012d", i), value[:p.value])
	})
	if err != nil {
		return 0, err
	}
	trial := max(int(200_000*min(1, r.Scale*2)), 2*p.conns*p.depth)
	o, err := crowd.Run(ctx, p.options(r, s, trial, 0))
	if err != nil {
		return 0, err
	}
	if o.Missing > 0 {
		return 0, fmt.Errorf("%s has lost %d of the keys", s.Name, o.Missing)
	}
	return max(int(o.Rate()*turn.Seconds()), trial), nil
}

// options are the crowd's for so many requests.
func (p cpuProfile) options(r *run, s *target.Server, requests int, seed uint64) crowd.Options {
	return crowd.Options{Addr: s.Addr, Conns: p.conns, Depth: p.depth, Keys: r.count(cpuKeys, 1000), Value: p.value, Set: p.set,
		Requests: requests, Seed: seed}
}

// takeTurn loads a server and takes what it used.
func (r *run) takeTurn(ctx context.Context, s *target.Server, p cpuProfile, requests int, seed uint64) (cpuSample, error) {
	before, err := s.CPU()
	if err != nil {
		return cpuSample{}, err
	}
	o, err := crowd.Run(ctx, p.options(r, s, requests, seed))
	if err != nil {
		return cpuSample{}, s.Explain(err)
	}
	after, err := s.CPU()
	used := float64(after-before) / float64(time.Microsecond)
	return cpuSample{used / float64(max(o.Requests, 1)), o.Rate(), o.Latency.At(99)}, err
}

// median of a figure of each sample.
func median(samples []cpuSample, of func(k int) float64) float64 {
	all := make([]float64, len(samples))
	for k := range samples {
		all[k] = of(k)
	}
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

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
	several      int     // not 0: MGET of so many keys
	bar          float64 // share of the peer's processor time
}

// cpuProfiles are those of the figure: GET without pipelining from few and from many
// connections, GET and SET in pipelines, larger values, and MGET.
var cpuProfiles = []cpuProfile{
	{name: "p1", conns: 50, depth: 1, value: 64, bar: 0.90},
	{name: "c1000", conns: 1000, depth: 1, value: 64, bar: 0.80},
	{name: "p16", conns: 50, depth: 16, value: 64, bar: 0.70},
	{name: "p32", conns: 50, depth: 32, value: 64, bar: 0.60},
	{name: "set32", conns: 50, depth: 32, value: 64, set: true, bar: 0.50},
	{name: "big", conns: 50, depth: 8, value: 4 << 10, bar: 0.80},
	{name: "huge", conns: 50, depth: 1, value: 64 << 10, bar: 1.00},
	{name: "mget", conns: 50, depth: 1, value: 64, several: 100, bar: 0.60},
}

// load is the profile as a load.
func (p cpuProfile) load(r *run) cpuLoad {
	keys := r.count(cpuKeys, 1000)
	if p.value > 16<<10 {
		keys = r.count(cpuKeys/20, 1000) // 300 MB of values
	}
	var words []crowd.Word
	if p.several > 0 {
		key := crowd.Word{Text: "key:", Below: uint64(keys), Digits: 12}
		words = append([]crowd.Word{{Text: "MGET"}}, slices.Repeat([]crowd.Word{key}, p.several)...)
	}
	return cpuLoad{
		name: p.name, bar: p.bar, turn: r.span(2*time.Second, 20*time.Millisecond),
		options: crowd.Options{Conns: p.conns, Depth: p.depth, Keys: keys, Value: p.value, Set: p.set, Words: words},
		prepare: func(ctx context.Context, s *target.Server) error {
			value := newPayload(p.value)
			return r.filler(s).fill(ctx, keys, func(l *lane, i int) {
				l.Set(fmt.Appendf(l.room[:0], "key:%012d", i), value[:p.value])
			})
		},
	}
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
	table := r.cpuTable()
	for _, p := range cpuProfiles {
		if !r.wants(p.name) {
			continue
		}
		if err := r.compareCPU(ctx, servers, p.load(r), table); err != nil {
			return fmt.Errorf("profile %s: %w", p.name, err)
		}
	}
	r.Note(cpuNote)
	return nil
}

const cpuNote = "a closed loop from one thread; op/s is what this machine did with client and server on it"

func (r *run) cpuTable() *report.Table {
	return r.Table("processor time an operation", "profile", "server", "µs", "op/s", "p99", r.subject()+" / it", "bar")
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

// cpuLoad is what compareCPU needs to know of a load.
type cpuLoad struct {
	name    string
	bar     float64       // share of the peer's processor time
	turn    time.Duration // how long each lasts
	options crowd.Options // without the server's address, the number of requests and the seed
	// prepare stores what the load asks for, before the first turn; again, if it
	// is not nil, does so before each one, for so many requests.
	prepare func(context.Context, *target.Server) error
	again   func(ctx context.Context, s *target.Server, requests int) error
	// absent says that not every request finds something.
	absent bool
}

// cpuSample is one turn of a server.
type cpuSample struct {
	cost float64 // µs of processor time an operation
	rate float64 // operations a second
	p99  time.Duration
}

// compareCPU takes the turns of a load and adds a row for each server. The number
// of requests in a turn is each server's own, so that turns take the same time;
// what is compared is the cost of one.
func (r *run) compareCPU(ctx context.Context, servers []*target.Server, p cpuLoad, table *report.Table) error {
	rounds := max(3, int(5*r.Scale))
	samples := make([][]cpuSample, len(servers))
	requests := make([]int, len(servers))
	for i, s := range servers {
		var err error
		if requests[i], err = r.prepareCPU(ctx, s, p); err != nil {
			return err
		}
	}
	for round := range rounds {
		for i, s := range servers {
			r.cfg.Progress.Step("%s: %s, %s, round %d of %d", r.Name, p.name, s.Name, round+1, rounds)
			o, err := p.takeTurn(ctx, s, requests[i], r.cfg.Seed+uint64(round))
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

// prepareCPU stores what the load asks for, and finds out how many requests fill a
// turn.
func (r *run) prepareCPU(ctx context.Context, s *target.Server, p cpuLoad) (int, error) {
	r.cfg.Progress.Step("%s: %s, %s prepares", r.Name, p.name, s.Name)
	if err := p.prepare(ctx, s); err != nil {
		return 0, err
	}
	trial := max(int(200_000*min(1, r.Scale*2)), 2*p.options.Conns*p.options.Depth)
	o, _, err := p.crowd(ctx, s, trial, 0)
	if err != nil {
		return 0, err
	}
	return max(int(o.Rate()*p.turn.Seconds()), trial), nil
}

// crowd runs the load once, and takes the processor time that the server used.
func (p cpuLoad) crowd(ctx context.Context, s *target.Server, requests int, seed uint64) (o crowd.Result, used time.Duration, err error) {
	if p.again != nil {
		if err := p.again(ctx, s, requests); err != nil {
			return o, 0, err
		}
	}
	options := p.options
	options.Addr, options.Requests, options.Seed = s.Addr, requests, seed
	before, err := s.CPU()
	if err != nil {
		return o, 0, err
	}
	if o, err = crowd.Run(ctx, options); err != nil {
		return o, 0, s.Explain(err)
	}
	if o.Missing > 0 && !p.absent {
		return o, 0, fmt.Errorf("%s did not find %d of the keys asked for", s.Name, o.Missing)
	}
	after, err := s.CPU()
	return o, after - before, err
}

// takeTurn loads a server and takes what it used.
func (p cpuLoad) takeTurn(ctx context.Context, s *target.Server, requests int, seed uint64) (cpuSample, error) {
	o, used, err := p.crowd(ctx, s, requests, seed)
	if err != nil {
		return cpuSample{}, err
	}
	return cpuSample{float64(used) / float64(time.Microsecond) / float64(max(o.Requests, 1)), o.Rate(), o.Latency.At(99)}, nil
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

package bench

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// The bars on how quiet the server is within.
const (
	heapBar      = 32 << 20 // bytes of Go heap
	collectorBar = 0.5      // percent of the server's processor time
	pauseBar     = time.Millisecond
	requestBar   = 5 * time.Millisecond
)

// quietRate is the load in commands a second. It leaves the processors time to
// spare: at full load requests wait for each other, which is another measurement.
const quietRate = 200_000

// measureQuiet fills a server with 10 million keys and keeps it under load while
// its index grows, items expire, are evicted and are deleted.
func measureQuiet(ctx context.Context, r *run) error {
	if !r.wants("load") {
		return nil
	}
	n := r.count(10_000_000, 50_000)
	columns := append([]string{"server", "phase", "rate/s"}, probeColumns...)
	table := r.Table(fmt.Sprintf("requests with up to %d keys under load", n), columns...)
	inside := r.Table("inside the server", "server", "Go heap", "collector's CPU", "longest pause", "collections", "CPU used")
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			q := &quiet{run: r, server: s, n: n, rate: quietRate, table: table}
			if err := q.measure(ctx); err != nil {
				return err
			}
			q.inside(inside)
			if i == 0 {
				q.check()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	r.Note(probeNote)
	return nil
}

// quiet is the measurement of one server.
type quiet struct {
	*run
	server *target.Server
	n      int
	rate   float64 // commands a second
	table  *report.Table
	values payload
	sizes  dist.Sizes
	probe  *probe
	worst  time.Duration

	goes     bool // the server tells of its Go runtime
	heap     int64
	pause    time.Duration
	gc, cpu  float64 // seconds while measured
	cycles   int64
	cpuStart time.Duration
}

// phase is a stretch of load: n commands.
type phase struct {
	name   string
	n      int
	before func(context.Context) error
	put    func(*lane, int)
	rate   float64 // commands a second; 0: the figure's
}

// measure takes the server through all phases.
func (q *quiet) measure(ctx context.Context) error {
	q.sizes = dist.LogNormal{Mean: 100, Sigma: 0.7, Cap: 8 << 10}
	q.values = newPayload(q.sizes.Max())
	return q.through(ctx, q.phases())
}

// through takes the server through phases, with the probe at work throughout, and
// looks at its runtime before and after.
func (q *quiet) through(ctx context.Context, phases []phase) (err error) {
	if q.probe, err = startProbe(ctx, q.server); err != nil {
		return err
	}
	defer func() {
		if _, closing := q.probe.close(); err == nil {
			err = closing
		}
	}()
	first, err := q.runtime(ctx)
	if err != nil {
		return err
	}
	if q.cpuStart, err = q.server.CPU(); err != nil {
		return err
	}
	for _, p := range phases {
		if err := q.phase(ctx, p); err != nil {
			return fmt.Errorf("phase %s: %w", p.name, err)
		}
	}
	last, err := q.runtime(ctx)
	if err != nil {
		return err
	}
	cpu, err := q.server.CPU()
	q.gc, q.cpu, q.cycles = last.gc-first.gc, (cpu - q.cpuStart).Seconds(), last.cycles-first.cycles
	return err
}

// phases are what the server goes through, each of which makes it do something
// beside answering: its index grows, items reach their time, make room for others
// once maxmemory is set to what is used, move to larger places, and leave pages
// half empty behind them.
func (q *quiet) phases() []phase {
	n := q.n
	store := func(from int, ttl func(uint64) time.Duration) func(*lane, int) {
		return func(l *lane, i int) {
			id := uint64(from + i)
			key, value := l.key('q', id, 16), q.values.value(id, q.sizes.Of(id))
			if ttl == nil {
				l.Set(key, value)
			} else {
				l.SetPX(key, value, ttl(id))
			}
		}
	}
	soon := func(id uint64) time.Duration {
		return 50*time.Millisecond + time.Duration(dist.Unit(dist.Hash(id))*float64(q.span(3*time.Second, 100*time.Millisecond)))
	}
	return []phase{
		{name: "fill", n: n, put: store(0, nil)},
		{name: "read and write", n: n / 5, put: q.mixed},
		{name: "expire", n: n / 5, put: store(n, soon)},
		{name: "evict", n: n / 5, before: q.bound, put: store(2*n, nil)},
		{name: "grow values", n: n / 10, put: q.grow},
		{name: "delete", n: n / 2, put: func(l *lane, i int) { l.Del(l.key('q', dist.Hash(uint64(i))%uint64(n), 16)) }},
	}
}

// mixed reads four times and then writes an existing key.
func (q *quiet) mixed(l *lane, i int) {
	id := dist.Hash(uint64(i)) % uint64(q.n)
	if key := l.key('q', id, 16); i%5 > 0 {
		l.Get(key)
	} else {
		l.Set(key, q.values.value(id, q.sizes.Of(id)))
	}
}

// grow writes values of another size over existing ones.
func (q *quiet) grow(l *lane, i int) {
	id := dist.Hash(uint64(i)) % uint64(q.n)
	l.Set(l.key('q', id, 16), q.values.value(id, 100+q.sizes.Of(id+1)))
}

// bound sets maxmemory to what is used, so that storing more has to evict.
func (q *quiet) bound(ctx context.Context) error {
	info, err := q.server.Info(ctx, "memory")
	if err != nil {
		return err
	}
	c, err := q.server.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if q.server.Name != target.Ashlar {
		if _, err := c.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"); err != nil {
			return err
		}
	}
	_, err = c.Do("CONFIG", "SET", "maxmemory", info["used_memory"])
	return err
}

// phase runs one of the phases and adds its row. The heap is looked at meanwhile.
func (q *quiet) phase(ctx context.Context, p phase) error {
	q.cfg.Progress.Step("%s: %s, %s", q.Name, q.server.Name, p.name)
	q.probe.take()
	if p.before != nil {
		if err := p.before(ctx); err != nil {
			return err
		}
	}
	watch := q.watchHeap(ctx)
	o, err := load{server: q.server, lanes: 2, depth: 32, rate: cmp.Or(p.rate, q.rate), progress: q.cfg.Progress}.run(ctx, p.n, p.put)
	watch()
	if err == nil {
		err = o.failed()
	}
	if err != nil {
		return err
	}
	seen := q.probe.take()
	q.worst = max(q.worst, seen.worst)
	rate := strconv.Itoa(int(float64(p.n) / o.took.Seconds()))
	q.table.Add(append([]any{q.server.Name, p.name, rate}, seen.cells()...)...)
	return nil
}

// watchHeap asks for the heap a few times a second until the function returned is
// called.
func (q *quiet) watchHeap(ctx context.Context) (stop func()) {
	if !q.goes {
		return func() {}
	}
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			if _, err := q.runtime(ctx); err != nil {
				return // the load meets the same and tells
			}
			select {
			case <-done:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	return func() {
		close(done)
		work.Wait()
	}
}

// goRuntime is what a server written in Go tells of its runtime.
type goRuntime struct {
	gc     float64 // seconds of processor time
	cycles int64
}

// runtime asks for it, and notes the largest heap and the longest pause. A server
// that has none leaves goes false.
func (q *quiet) runtime(ctx context.Context) (goRuntime, error) {
	info, err := q.server.Info(ctx, "ashlar")
	if err != nil || info["go_heap_bytes"] == "" {
		return goRuntime{}, err
	}
	q.goes = true
	q.heap = max(q.heap, number(info["go_heap_bytes"]))
	q.pause = max(q.pause, time.Duration(number(info["go_gc_max_pause_usec"]))*time.Microsecond)
	gc, _ := strconv.ParseFloat(info["go_gc_cpu_seconds"], 64)
	return goRuntime{gc: gc, cycles: number(info["go_gc_cycles"])}, nil
}

// number reads a field of INFO; 0 if it is none.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// share is the collector's part of the processor time, in percent.
func (q *quiet) share() float64 { return 100 * q.gc / max(q.cpu, 1e-3) }

// inside adds the row on what the server says of itself.
func (q *quiet) inside(t *report.Table) {
	if !q.goes {
		t.Add(q.server.Name, "none", "", "", "", fmt.Sprintf("%.2f s", q.cpu))
		return
	}
	t.Add(q.server.Name, report.MiB(q.heap), fmt.Sprintf("%.3f %%", q.share()), q.pause, q.cycles, fmt.Sprintf("%.2f s", q.cpu))
}

// check holds the server to the bars.
func (q *quiet) check() {
	if q.goes {
		q.AtMost("Go heap", mib(q.heap), mib(heapBar), "MiB")
		q.AtMost("collector's share of the server's CPU", q.share(), collectorBar, "%")
		q.AtMost("longest pause of the collector", ms(q.pause), ms(pauseBar), "ms")
	}
	q.AtMost("worst request", ms(q.worst), ms(requestBar), "ms")
}

package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/bench/pace"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// run is what all threads of a load share.
type run struct {
	ctx   context.Context
	cfg   *Config
	names []string // of the commands
	base  time.Time
	// The first command is due at start, and none after end; both in nanoseconds
	// since base, and set before any thread goes on.
	start, end int64
	line       *timeline
	stalls     *pace.Stalls   // nil in a closed loop, or where they cannot be told
	ops        []atomic.Int64 // answered, of each thread

	// Messages to subscribers: how many the server says there are, how many came, and
	// how many workers still publish.
	expected, received, publishing atomic.Int64
}

// inputSize is what is read at once. A larger one would not stay in the processor's cache.
const inputSize = 64 << 10

// now is the run's clock. It costs one look at the system's.
func (r *run) now() int64 { return int64(time.Since(r.base)) }

// transport moves the bytes of one worker.
type transport interface {
	// bind takes what the goroutine that calls the other methods needs to be on time.
	bind() (release func())
	// connect opens all connections.
	connect() error
	// serve sends and receives until the worker is over.
	serve() error
	// close ends all connections.
	close()
	// cpu is the processor time that serve has taken.
	cpu() time.Duration
}

// Run makes the load and returns what came of it. With an error, which says why it
// ended early, the result holds what was measured before; its Rate is 0 if nothing was.
func Run(ctx context.Context, c Config) (result.Run, error) {
	if err := c.settle(); err != nil {
		return result.Run{}, err
	}
	r := &run{cfg: &c, base: time.Now(), names: c.Workload.Commands(), ops: make([]atomic.Int64, c.Threads)}
	if c.Protocol == Memcached {
		if _, ok := c.Workload.Stream(0).(Pairs); !ok {
			return result.Run{}, errors.New("memcached can be asked for keys and values only")
		}
		r.names = []string{memcachedGet: "GET", memcachedSet: "SET"}
	}
	// Raw system calls keep a processor of the Go scheduler each, and what else the
	// program does needs one, too: with as many as a process tied to one core gets, a
	// worker would wait 20 ms for its turn.
	if least := c.Threads + 2; runtime.GOMAXPROCS(0) < least {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(least))
	}
	if c.Rate > 0 {
		r.stalls = pace.WatchStalls()
		defer r.stalls.Close()
	}
	r.line = newTimeline(c.Threads)
	r.publishing.Store(int64(c.Threads))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.ctx = ctx
	workers := make([]*worker, c.Threads)
	for i := range workers {
		workers[i] = newWorker(r, i)
	}
	busy, err := r.serve(cancel, workers)
	return r.report(workers, busy), err
}

// serve runs the workers, each on a thread of its own, and returns the processor time
// they took.
func (r *run) serve(cancel func(), workers []*worker) (busy time.Duration, err error) {
	var (
		work    sync.WaitGroup
		mu      sync.Mutex
		first   error
		opened  = make(chan error, len(workers))
		started = make(chan struct{})
		done    = make(chan struct{})
	)
	for _, w := range workers {
		work.Go(func() {
			t := newTransport(w)
			release := t.bind()
			defer release()
			defer t.close()
			err := t.connect()
			opened <- err
			<-started
			if err != nil || r.ctx.Err() != nil {
				return
			}
			w.begin()
			err = t.serve()
			mu.Lock()
			defer mu.Unlock()
			busy += t.cpu()
			if first == nil {
				first = err
			}
		})
	}
	var failed error
	for range workers {
		if err := <-opened; err != nil && failed == nil {
			failed = err
		}
	}
	if failed != nil {
		cancel()
	}
	r.start = r.now()
	r.end = math.MaxInt64 / 2
	if r.cfg.Duration > 0 {
		r.end = r.start + int64(r.cfg.Duration)
	}
	close(started)
	go func() {
		work.Wait()
		close(done)
	}()
	r.watch(done)
	if failed != nil {
		return 0, failed
	}
	return busy, first
}

// watchEvery is how often the run's progress is told.
const watchEvery = 200 * time.Millisecond

// watch tells how the run goes, and looks at the server once a second, until it is done.
func (r *run) watch(done chan struct{}) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var before usage
	if r.cfg.Sample != nil {
		before.cpu, before.resident = r.cfg.Sample()
	}
	second, lastOps, lastAt := 0, int64(0), r.now()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		now := r.now()
		if at := int((now - r.start) / int64(time.Second)); at > second && r.cfg.Sample != nil {
			cpu, resident := r.cfg.Sample()
			// Samples come a moment late; the difference is spread over what it covers.
			for s := second; s < at; s++ {
				r.line.note(s, usage{(cpu - before.cpu) / time.Duration(at-second), resident})
			}
			before.cpu, second = cpu, at
		}
		if r.cfg.Watch != nil {
			ops := r.answered()
			rate := float64(ops-lastOps) / (float64(now-lastAt) / 1e9)
			lastOps, lastAt = ops, now
			r.cfg.Watch(Live{Share: r.share(now, ops), Ops: ops, Rate: rate, P99: r.line.last().P99})
		}
	}
}

// answered is the number of replies so far.
func (r *run) answered() (n int64) {
	for i := range r.ops {
		n += r.ops[i].Load()
	}
	return n
}

// share is how much of the run is done.
func (r *run) share(now, ops int64) float64 {
	share := 0.0
	if r.cfg.Duration > 0 {
		share = float64(now-r.start) / float64(r.cfg.Duration)
	}
	if r.cfg.Requests > 0 {
		share = max(share, float64(ops)/float64(r.cfg.Requests))
	}
	return min(share, 1)
}

// report puts together what the workers have counted.
func (r *run) report(workers []*worker, busy time.Duration) result.Run {
	all, last := &workers[0].tally, workers[0].last
	for _, w := range workers {
		if w.second >= 0 && w.first {
			w.settleBehind(r.now())
			w.handOver(w.second + 1)
			w.net.settle(math.MaxInt64, math.MaxInt)
		}
		last = max(last, w.last)
		if w != workers[0] {
			all.merge(&w.tally)
		}
	}
	c := r.cfg
	out := result.Run{
		Load: result.Load{
			Connections: c.Connections, Depth: c.Depth, Threads: c.Threads, OpenRate: c.Rate,
			Duration: c.Duration, Requests: c.Requests,
		},
		Took: time.Duration(r.took(last)), Hits: all.hits, Misses: all.misses,
		BytesIn: all.bytesIn, BytesOut: all.bytesOut, Closed: all.closed,
		Lost: all.unanswered, Behind: all.behind,
		Client: result.Client{CPU: busy},
	}
	if c.Rate > 0 && c.Burst > 1 {
		out.Load.Burst = c.Burst
	}
	total := merged(all)
	out.Latency = total.Summary()
	if r.stalls != nil {
		net := all.net.latency.Summary()
		out.Net = &net
		out.Stalled = r.stalls.Within(pace.Span{From: r.base.Add(time.Duration(r.start)), To: r.base.Add(time.Duration(max(last, r.start)))})
	}
	for i, k := range all.commands {
		out.Ops += k.ops
		out.Errors += k.errors
		if k.ops > 0 {
			out.Commands = append(out.Commands, result.Command{Name: r.names[i], Ops: k.ops, Errors: k.errors, Latency: k.latency.Summary()})
		}
	}
	if n := all.connects.Count(); n > 0 {
		out.Commands = append(out.Commands, result.Command{Name: ConnectName, Ops: n, Latency: all.connects.Summary()})
	}
	if n := r.received.Load(); n > 0 {
		out.Commands = append(out.Commands, result.Command{Name: MessageName, Ops: n, Latency: all.deliveries.Summary()})
		out.Undelivered = max(r.expected.Load()-n, 0)
	}
	if out.Took > 0 {
		out.Rate = float64(out.Ops) / out.Took.Seconds()
	}
	if all.late.Count() > 0 {
		out.Client.Late = all.late.At(99)
	}
	out.Timeline = r.line.seconds()
	out.Faults, out.FirstError = faults(all)
	out.Client.Bottleneck = r.bottleneck(out)
	return out
}

// The names of what is measured beside commands: opening a connection, and a
// message's way from its publisher to a subscriber.
const (
	ConnectName = "(connect)"
	MessageName = "(message)"
)

// took is how long the run was: until its end, or until the last reply where that is
// later, or nothing says when the end is.
func (r *run) took(last int64) int64 {
	if r.start == 0 {
		return 0
	}
	if r.cfg.Duration > 0 && r.cfg.Requests == 0 && r.ctx.Err() == nil && last < r.end && r.now() >= r.end {
		return r.end - r.start
	}
	return last - r.start
}

// lateBound is the generator's own lateness beyond which it is told.
const lateBound = time.Millisecond

// busyBound is the share of its time that a thread which sets the limit is busy.
const busyBound = 0.9

// bottleneck says whether the generator itself may have set the limit, as far as it
// can be seen from this side.
func (r *run) bottleneck(out result.Run) string {
	share := out.Client.CPU.Seconds() / (out.Took.Seconds() * float64(r.cfg.Threads))
	switch {
	case out.Took > 0 && share >= busyBound:
		return fmt.Sprintf("the generator's threads were busy %.0f %% of the time", min(share, 1)*100)
	case out.Client.Late > lateBound:
		return fmt.Sprintf("the generator itself was late: one command in a hundred by %v or more", out.Client.Late)
	}
	return ""
}

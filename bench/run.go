package bench

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/loadgen"
	"github.com/ashlar-cache/ashlar/bench/mix"
	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// Load is a load to put on a server, for Run. (Config is what figures are taken with.)
type Load struct {
	// Server is where it goes: one that a target.Spec has started, or target.Reach found.
	Server *target.Server
	// Mix is what is sent. A load of something else leaves it nil, sets Workload in the
	// Config below, and Name to what reports shall call it.
	Mix  *mix.Workload
	Name string
	// Config says how: connections, rate, duration and so on. Address, protocol of
	// memcached, password and TLS are the server's.
	loadgen.Config
	// Round is the number of this load among several alike.
	Round int
	// SLO is the bound on latency that the load belongs to the search for, if any.
	SLO string
}

// Result is what came of a load.
type Result = result.Run

// Run puts a load on a server: what was measured by the client, with what the server
// took meanwhile where that can be seen. With an error the result holds what was
// measured before it.
func Run(ctx context.Context, l Load) (Result, error) {
	v := l.Server
	l.address()
	watch := watchUsage(ctx, v)
	l.Sample = watch.sample
	out, err := loadgen.Run(ctx, l.Config)
	out.Server, out.Round = v.Name, l.Round
	out.Version = watch.version
	l.describe(&out.Load)
	watch.end(ctx, &out)
	if err != nil {
		err = v.Explain(err)
		out.FirstError = cmp.Or(out.FirstError, err.Error())
	}
	return out, err
}

// address takes from the server what it says of how to reach it.
func (l *Load) address() {
	v := l.Server
	access := v.Access()
	l.Addr, l.User, l.Password, l.TLS = v.Addr, access.User, access.Password, access.TLS
	if v.Memcached {
		l.Protocol = loadgen.Memcached
	}
	if l.Mix != nil {
		l.Workload = loadgen.Mix(l.Mix)
	}
}

// describe labels the result.
func (l *Load) describe(out *result.Load) {
	out.Workload, out.SLO = l.Name, l.SLO
	if m := l.Mix; m != nil {
		out.Workload = cmp.Or(l.Name, m.Name)
		out.Keys, out.Popularity, out.Values = m.Keys, m.Popularity, m.Values
		if m.TTL != "none" {
			out.TTL = m.TTL
		}
	}
	if l.Poisson && l.Rate > 0 {
		out.Workload += ", random moments"
	}
	if l.Reconnect > 0 {
		out.Workload += fmt.Sprintf(", reconnecting after %d", l.Reconnect)
	}
	if l.Subscribers > 0 {
		out.Workload += fmt.Sprintf(", %d subscribers", l.Subscribers)
	}
}

// Fill stores what a workload asks for. Its result is of the filling itself.
func Fill(ctx context.Context, l Load) (Result, error) {
	l.address()
	l.Threads = cmp.Or(l.Threads, loadgen.DefaultThreads(0))
	l.Threads = min(l.Threads, max(l.Connections, 1))
	l.Workload, l.Requests, l.Duration, l.Rate = loadgen.Fill(l.Mix, l.Threads), int64(l.Mix.Preload()), 0, 0
	l.Reconnect, l.Subscribers, l.Burst = 0, 0, 0
	out, err := loadgen.Run(ctx, l.Config)
	out.Server = l.Server.Name
	l.describe(&out.Load)
	if err == nil && out.Errors > 0 {
		err = fmt.Errorf("%d of %d commands failed, the first with: %s", out.Errors, out.Ops, out.FirstError)
	}
	return out, l.Server.Explain(err)
}

// usageWatch is what a server takes of the machine during a load.
type usageWatch struct {
	v       *target.Server
	version string
	result.Usage
	cpu                    time.Duration
	voluntary, involuntary int64
	gc                     target.Collector
	hasGC                  bool
	peak                   *target.Peak

	mu      sync.Mutex // sample is called by the load
	lastCPU time.Duration
}

// watchUsage begins.
func watchUsage(ctx context.Context, v *target.Server) *usageWatch {
	w := &usageWatch{v: v}
	w.version, _ = v.Version(ctx) // not all servers tell
	w.gc, w.hasGC = v.Collector(ctx)
	if v.Pid == 0 {
		return w
	}
	before, err := v.Resident()
	if err != nil {
		return w
	}
	w.Known, w.Before = true, before
	w.peak = v.WatchPeak(ctx)
	w.voluntary, w.involuntary = v.Switches()
	w.cpu, _ = w.sample()
	return w
}

// sample is what the server has taken so far.
func (w *usageWatch) sample() (cpu time.Duration, resident int64) {
	if !w.Known {
		return 0, 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// If it has died, what it had taken before.
	if cpu, err := w.v.CPU(); err == nil {
		w.lastCPU = cpu
	}
	if n, err := w.v.Resident(); err == nil {
		w.After = n
	}
	return w.lastCPU, w.After
}

// end puts what the server took into the result.
func (w *usageWatch) end(ctx context.Context, out *Result) {
	if w.Known {
		w.Peak = w.peak.Stop()
		cpu, _ := w.sample()
		w.CPU = cpu - w.cpu
		voluntary, involuntary := w.v.Switches()
		w.Voluntary, w.Involuntary = max(voluntary-w.voluntary, 0), max(involuntary-w.involuntary, 0)
		if out.Ops > 0 {
			w.CPUPerOp = float64(w.CPU) / float64(out.Ops)
		}
	}
	if after, ok := w.v.Collector(ctx); ok && w.hasGC {
		w.GC = &result.Collector{
			Cycles: after.Cycles - w.gc.Cycles, CPU: after.CPU - w.gc.CPU, MaxPause: after.MaxPause, Heap: after.Heap,
		}
	}
	out.Usage = w.Usage
	// A busy generator is no limit if the server has no processor left either.
	if w.Known && out.Client.Bottleneck != "" && w.CPU.Seconds() >= busyServer*out.Took.Seconds() {
		if out.Client.Late == 0 {
			out.Client.Bottleneck = ""
		}
	}
}

// busyServer is how many processors a server uses that is at its limit, if it has one
// thread.
const busyServer = 0.9

package bench

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// Figure is something to measure that has a bar to reach.
type Figure struct {
	Name  string // as the command line has it
	Title string // what is measured, in a few words
	// Peers are the known servers that belong into the comparison; the first is
	// held to the bars.
	Peers []string

	measure func(context.Context, *run) error
}

// Figures are all of them, in the order of the README.
func Figures() []Figure {
	alone, both := []string{target.Ashlar}, []string{target.Ashlar, target.Redis}
	return []Figure{
		{"memory", "bytes of overhead an item", alone, measureMemory},
		{"churn", "memory after deletes, and through changes of size", alone, measureChurn},
		{"cpu", "processor time an operation", both, measureCPU},
		{"quiet", "collector and worst latency with 10 million keys under load", alone, measureQuiet},
		{"collections", "bytes of overhead an element of a collection", both, measureCollections},
		{"typecpu", "processor time an operation on collections", both, measureTypeCPU},
		{"growth", "cost of an operation as a collection grows", alone, measureGrowth},
		{"bigquiet", "the same with 100 million elements, and as large collections go", alone, measureBigQuiet},
		{"scale", "cost of an operation as keys and connections grow", alone, measureScale},
		{"hitratio", "hit ratio at 64 MiB of resident memory", []string{target.Ashlar, target.Redis, "memcached"}, measureHitRatio},
		{"expire", "two million items that expire at once, and how late items go", alone, measureExpire},
		{"stuck", "clients that do not read, and idle ones", alone, measureStuck},
	}
}

// wholeValues are the figures that need no more than to read, write and delete whole values.
var wholeValues = []string{"memory", "churn", "hitratio"}

// Config says with what a figure is measured.
type Config struct {
	// Servers take part; the first is held to the bars.
	Servers []target.Spec
	// Scale multiplies the numbers of items and requests and the times: 1 is the
	// size that the bars are meant for.
	Scale float64
	// Seed is where all random numbers come from.
	Seed uint64
	// Progress is told how far it is.
	Progress *report.Progress
	// Memory is the peak of resident memory at which hit ratios are compared, in bytes;
	// 0 is 64 MiB.
	Memory int64
	// Trace is replayed for hit ratios in place of the workloads, if it has a path.
	Trace Trace
	// Only names the parts to measure, for figures that have several (profiles or
	// workloads); empty for all of them.
	Only []string
}

// Quick is the scale for a first look.
const Quick = 0.05

// Measure takes a figure. With an error, the report holds what was found before it.
func (f Figure) Measure(ctx context.Context, cfg Config) (*report.Report, error) {
	if len(cfg.Servers) == 0 {
		return nil, errors.New("no server to measure")
	}
	if i := slices.IndexFunc(cfg.Servers, func(s target.Spec) bool { return s.Memcached }); i >= 0 && !slices.Contains(wholeValues, f.Name) {
		return nil, fmt.Errorf("%s speaks memcached's protocol, which has no commands for this figure, only for %s",
			cfg.Servers[i].Name, strings.Join(wholeValues, ", "))
	}
	if cfg.Scale <= 0 {
		cfg.Scale = 1
	}
	if cfg.Progress == nil {
		cfg.Progress = report.NewProgress(nil)
	}
	r := &run{cfg: cfg, Report: &report.Report{
		Name: f.Name, Title: f.Title, When: time.Now(), Seed: cfg.Seed, Scale: cfg.Scale,
		System: fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	}}
	for _, s := range cfg.Servers {
		r.Servers = append(r.Servers, s.Name)
	}
	err := f.measure(ctx, r)
	if err == nil && !r.met {
		err = fmt.Errorf("%s has no part of that name", f.Name)
	}
	cfg.Progress.Clear()
	return r.Report, err
}

// run is one measurement under way.
type run struct {
	cfg Config
	met bool // a part that was asked for
	*report.Report
}

// count scales a number of items, but keeps at least some.
func (r *run) count(full, least int) int { return max(int(float64(full)*r.Scale), least) }

// span scales a time, but keeps at least some. Times never get longer than in
// full: a larger scale means more items, not more patience.
func (r *run) span(full, least time.Duration) time.Duration {
	return min(full, max(time.Duration(float64(full)*r.Scale), least))
}

// powerOfTwo is the largest one that is not above the scaled number.
func (r *run) powerOfTwo(full, least int) int {
	return 1 << (bits.Len(uint(r.count(full, least))) - 1)
}

// subject is the name of the server that is held to the bars.
func (r *run) subject() string { return r.cfg.Servers[0].Name }

// wants says whether a part was asked for: all are if none was named.
func (r *run) wants(part string) bool {
	yes := len(r.cfg.Only) == 0 || slices.Contains(r.cfg.Only, part)
	r.met = r.met || yes
	return yes
}

// with starts a server, has it measured and stops it. Each measurement gets a
// fresh one, since what went before shows in resident memory. Errors tell if the
// server died, and a death that nothing else noticed is an error too.
func (r *run) with(ctx context.Context, spec target.Spec, settings []target.Setting, do func(*target.Server) error) error {
	server, err := spec.Start(ctx, settings...)
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := do(server); err != nil {
		return server.Explain(err)
	}
	return server.Explain(server.Err())
}

// pause waits, unless the run is cut short.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

package embedded

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/bench/report"
)

// The parts of the comparison.
const (
	partThroughput = "throughput"
	partHeap       = "heap"
	partHits       = "hitratio"
)

// Parts are the names of the parts.
func Parts() []string { return []string{partThroughput, partHeap, partHits} }

// The full sizes.
const (
	speedEntries = 1_000_000
	heapEntries  = 10_000_000
	valueSize    = 64
	hitKeys      = 5_000_000
	hitRequests  = 8_000_000
	hitBudget    = 256 << 20
	rounds       = 3

	// leastBudget is what all stores can keep to: fastcache needs 32 MiB for itself.
	leastBudget = 64 << 20
)

// hitWorkloads are those by which hit ratios are compared, of package workload.
var hitWorkloads = []string{"zipf0.8", "zipf0.99", "popularity", "scans", "onehit"}

// The bars. Those of speed and hits are against the best peer, that of the heap against
// the leanest of those that keep pointers.
const (
	readsBar = 1.0
	heapBar  = 0.01
	hitsBar  = 0.0

	barThreads = 2
	barReads   = 100
)

// Config says what to compare, and how.
type Config struct {
	// Program is the command line of a program that calls Serve on its standard input
	// and output; each measurement runs in one.
	Program []string
	// Scale multiplies the sizes: 1 is what the bars are meant for.
	Scale float64
	Seed  uint64
	// Only names parts, Stores stores; empty for all.
	Only, Stores []string
	Progress     *report.Progress
}

// run is one comparison under way.
type run struct {
	cfg      Config
	makers   []maker
	budget   int64            // bytes, for the hit ratio
	capacity map[string]int64 // by store: what came close to the budget last
	*report.Report
}

// Run compares the stores. With an error, the report holds what was found before it.
func Run(ctx context.Context, cfg Config) (*report.Report, error) {
	if len(cfg.Program) == 0 {
		return nil, errors.New("embedded: no program to measure in")
	}
	if cfg.Scale <= 0 {
		cfg.Scale = 1
	}
	if cfg.Progress == nil {
		cfg.Progress = report.NewProgress(nil)
	}
	r := &run{cfg: cfg, capacity: make(map[string]int64), Report: &report.Report{
		Name: "embedded", Title: "caches inside a Go program", When: time.Now(), Seed: cfg.Seed, Scale: cfg.Scale,
		System: fmt.Sprintf("%s, %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	}}
	defer cfg.Progress.Clear()
	if err := r.choose(); err != nil {
		return nil, err
	}
	parts := map[string]func(context.Context) error{
		partThroughput: r.compareSpeed, partHeap: r.compareHeap, partHits: r.compareHits,
	}
	for _, name := range cfg.Only {
		if parts[name] == nil {
			return nil, fmt.Errorf("embedded has no part %q: there are %v", name, Parts())
		}
	}
	var errs []error
	for _, name := range Parts() {
		if len(cfg.Only) == 0 || slices.Contains(cfg.Only, name) {
			errs = append(errs, parts[name](ctx))
		}
	}
	return r.Report, errors.Join(errs...)
}

// choose finds the stores that take part.
func (r *run) choose() error {
	for _, name := range r.cfg.Stores {
		if _, ok := find(name); !ok {
			return fmt.Errorf("unknown store %q: there are %v", name, Stores())
		}
	}
	for _, m := range makers() {
		if len(r.cfg.Stores) == 0 || slices.Contains(r.cfg.Stores, m.name) {
			r.makers, r.Servers = append(r.makers, m), append(r.Servers, m.name)
		}
	}
	r.budget = int64(math.Max(hitBudget*min(1, r.cfg.Scale), leastBudget))
	for _, m := range r.makers {
		r.capacity[m.name] = r.budget / 2
	}
	return nil
}

// count scales a number, but keeps at least some.
func (r *run) count(full, least int) int { return max(int(float64(full)*r.cfg.Scale), least) }

// seconds is how long each measurement takes.
func (r *run) seconds() float64 { return min(1, max(0.02, 4*r.cfg.Scale)) }

func (r *run) task(part string, m maker) task {
	return task{Part: part, Store: m.name, Seed: r.cfg.Seed, Value: valueSize, Seconds: r.seconds()}
}

// threadCounts are 1, 2, 4 and so on up to the processors, and two at least.
func threadCounts() []int {
	counts := []int{1, barThreads}
	for n := 2 * barThreads; n <= runtime.NumCPU(); n *= 2 {
		counts = append(counts, n)
	}
	return counts
}

// median of some numbers.
func median(of []float64) float64 {
	s := slices.Sorted(slices.Values(of))
	if len(s) == 0 {
		return 0
	}
	return (s[len(s)/2] + s[(len(s)-1)/2]) / 2
}

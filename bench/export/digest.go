// Package export brings saved results into the forms in which they are read: text
// for a terminal, CSV, the lines that benchstat compares, and pictures. Package page
// makes the HTML page of the same.
//
// # From runs to a digest
//
// A file is a list of runs: rounds in turns, several loads, points of a sweep. Digest
// puts together what belongs together, once for all forms, so that they agree:
//
//	File ─┬─ Scenario: one load ──── Row: one server under it (its rounds merged)
//	      └─ Sweep: the same load at rising rates, connections or depths
//
// # How rounds are merged
//
//   - Rates: the median of the rounds; the lowest and highest are kept beside it. A
//     neighbour's disturbance of one round moves a mean, and not a median.
//   - Processor time an operation: all time by all operations.
//   - Latencies: the histograms are added up where they were saved, which gives the
//     percentiles of all commands. Without them the round with the median p99.9 stands
//     for the others, with the maximum of all: percentiles must not be averaged.
//   - Counts of errors and such: added up.
//
// Servers keep the order in which they were named; the first one is what the others
// are compared with.
package export

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/plot"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// Digest is a file put in order.
type Digest struct {
	File      *result.File
	Servers   []string // in the order in which they appear
	Scenarios []*Scenario
	Sweeps    []*Sweep
	// Warnings are the reasons to doubt a figure.
	Warnings []string
}

// Scenario is one load, and how each server did under it.
type Scenario struct {
	Name string // short: what tells it from the others
	Load result.Load
	Rows []*Row
}

// Row is one server in a scenario.
type Row struct {
	Server  string
	Version string
	Index   int // its place among the servers: its colour
	// Runs are the rounds; in a search for the highest rate, the best point's.
	Runs []result.Run
	// Points are all runs of a search for the highest rate within a bound; Met says
	// that the best one is within it.
	Points []result.Run
	Met    bool

	// The median of the rounds, and their range.
	Rate, RateLow, RateHigh float64
	CPU, CPULow, CPUHigh    float64 // nanoseconds an operation; NaN: not known
	// Of all rounds together, as the package's doc says.
	Latency                result.Latency
	Net                    *result.Latency // less the machine's stalls; nil: not known of all
	Ops, Errors, Closed    int64
	FirstError             string
	Hits, Misses           int64
	HitBytes, MissBytes    int64
	Peak                   int64 // resident, of all rounds; 0: not known
	Voluntary, Involuntary int64
	GC                     *result.Collector // the worst of all rounds
	Commands               []result.Command
	// Of the first server's figures; NaN for its own row, or when it has none.
	RateRatio, CPURatio, PeakRatio float64
}

// scene is what runs of one scenario have in common: comparable, hence a key.
type scene struct {
	load   result.Load
	closed bool
}

func sceneOf(r result.Run) scene {
	s := scene{r.Load, r.Load.OpenRate == 0}
	if r.Load.SLO != "" { // the rate is what a search varies
		s.load.OpenRate = 0
	}
	return s
}

// NewDigest puts a file in order.
func NewDigest(f *result.File) *Digest {
	d := &Digest{File: f}
	byScene := make(map[scene]*Scenario)
	for _, r := range f.Runs {
		if !slices.Contains(d.Servers, r.Server) {
			d.Servers = append(d.Servers, r.Server)
		}
		// Points of a search have the same key whatever their rates; see sceneOf.
		key := sceneOf(r)
		s := byScene[key]
		if s == nil {
			s = &Scenario{Load: r.Load}
			byScene[key] = s
			d.Scenarios = append(d.Scenarios, s)
		}
		s.row(r.Server).Points = append(s.row(r.Server).Points, r)
	}
	// In each scenario the servers stand in the order in which they were named, also
	// where another one was first to answer.
	for _, s := range d.Scenarios {
		for _, r := range s.Rows {
			r.Index = slices.Index(d.Servers, r.Server)
		}
		slices.SortFunc(s.Rows, func(a, b *Row) int { return cmp.Compare(a.Index, b.Index) })
		for _, r := range s.Rows {
			r.merge()
		}
		s.compare(d.Servers)
	}
	d.name()
	d.warn()
	d.Sweeps = sweeps(d)
	return d
}

// warn gathers what the client says of itself, once for each row. Points that a search
// went beyond are not looked at: there the client may well have been the limit.
func (d *Digest) warn() {
	for _, s := range d.Scenarios {
		for _, r := range s.Rows {
			var first string
			n := 0
			for _, run := range r.Runs {
				if w := run.Client.Bottleneck; w != "" {
					first, n = cmp.Or(first, w), n+1
				}
			}
			if n == 0 {
				continue
			}
			w := fmt.Sprintf("%s, %s: the client may have set the limit: %s", r.Server, s.Name, first)
			if len(r.Runs) > 1 {
				w += fmt.Sprintf(" (so in %d of %d rounds)", n, len(r.Runs))
			}
			d.Warnings = append(d.Warnings, w)
		}
	}
}

// row is that of a server, made when it is new.
func (s *Scenario) row(server string) *Row {
	for _, r := range s.Rows {
		if r.Server == server {
			return r
		}
	}
	r := &Row{Server: server}
	s.Rows = append(s.Rows, r)
	return r
}

// Search tells whether the scenario looks for the highest rate within a bound.
func (s *Scenario) Search() bool { return s.Load.SLO != "" }

// merge makes a row of its runs.
func (r *Row) merge() {
	r.Runs = r.Points
	if r.Points[0].Load.SLO != "" {
		r.best()
	} else {
		r.Points = nil // all of them are rounds of the same
	}
	var rates, cpus []float64
	var cpu, counted float64
	for _, run := range r.Runs {
		if run.Version != "" {
			r.Version = run.Version
		}
		rates = append(rates, run.Rate)
		r.Ops, r.Errors, r.Closed = r.Ops+run.Ops, r.Errors+run.Errors, r.Closed+run.Closed
		r.Hits, r.Misses = r.Hits+run.Hits, r.Misses+run.Misses
		r.HitBytes, r.MissBytes = r.HitBytes+run.HitBytes, r.MissBytes+run.MissBytes
		if r.FirstError == "" {
			r.FirstError = run.FirstError
		}
		if u := run.Usage; u.Known {
			if run.Ops > 0 {
				cpu, counted = cpu+float64(u.CPU), counted+float64(run.Ops)
				cpus = append(cpus, float64(u.CPU)/float64(run.Ops))
			}
			r.Peak = max(r.Peak, u.Peak)
			r.Voluntary, r.Involuntary = r.Voluntary+u.Voluntary, r.Involuntary+u.Involuntary
			r.GC = worst(r.GC, u.GC)
		}
	}
	r.Rate, r.RateLow, r.RateHigh = middle(rates)
	_, r.CPULow, r.CPUHigh = middle(cpus)
	r.CPU = cpu / counted // 0/0 is NaN: not known
	r.Latency, r.Net = mergeLatencies(r.Runs), mergeNet(r.Runs)
	r.Commands = mergeCommands(r.Runs)
}

// best keeps, of a search, the runs at the highest rate that was within the bound, or
// at the lowest where none was.
func (r *Row) best() {
	slices.SortStableFunc(r.Points, func(a, b result.Run) int { return cmp.Compare(a.Load.OpenRate, b.Load.OpenRate) })
	at := r.Points[0].Load.OpenRate
	for _, p := range r.Points {
		if p.Within != nil && *p.Within {
			at, r.Met = p.Load.OpenRate, true
		}
	}
	// A rate may have been tried more than once: what met the bound there counts.
	r.Runs = nil
	for _, p := range r.Points {
		if p.Load.OpenRate == at && (!r.Met || p.Within != nil && *p.Within) {
			r.Runs = append(r.Runs, p)
		}
	}
}

// worst keeps the larger of each figure.
func worst(a, b *result.Collector) *result.Collector {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return &result.Collector{
		Cycles: a.Cycles + b.Cycles, CPU: a.CPU + b.CPU,
		MaxPause: max(a.MaxPause, b.MaxPause), Heap: max(a.Heap, b.Heap),
	}
}

// middle is the median and the range; all NaN if there is nothing.
func middle(of []float64) (median, low, high float64) {
	if len(of) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	s := slices.Sorted(slices.Values(of))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]
}

// compare fills in the ratios to the first server.
func (s *Scenario) compare(servers []string) {
	// It may be absent from this scenario: then there is nothing to compare with.
	first := &Row{Rate: math.NaN(), CPU: math.NaN()}
	if s.Rows[0].Server == servers[0] {
		first = s.Rows[0]
	}
	for _, r := range s.Rows {
		r.RateRatio, r.CPURatio, r.PeakRatio = math.NaN(), math.NaN(), math.NaN()
		if r != first {
			if !s.Search() || r.Met && first.Met { // else it is not the rate that was looked for
				r.RateRatio = ratio(r.Rate, first.Rate)
			}
			r.CPURatio = ratio(r.CPU, first.CPU)
			r.PeakRatio = ratio(float64(r.Peak), float64(first.Peak))
		}
	}
}

// ratio is NaN where one side is not known.
func ratio(a, b float64) float64 {
	if !(a > 0) || !(b > 0) {
		return math.NaN()
	}
	return a / b
}

// name gives each scenario its workload and what tells it from others.
func (d *Digest) name() {
	// What all have in common would tell nothing apart: it is left out.
	first := details(d.Scenarios)
	for i, s := range d.Scenarios {
		words := []string{s.Load.Workload}
		for part, text := range details(d.Scenarios[i : i+1])[0] {
			differs := slices.ContainsFunc(first, func(other []string) bool { return other[part] != text })
			if differs && text != "" {
				words = append(words, text)
			}
		}
		s.Name = strings.Join(words, ", ")
	}
}

// details says, for each scenario, what may differ besides the workload.
func details(list []*Scenario) [][]string {
	var out [][]string
	for _, s := range list {
		l := s.Load
		rate := "closed loop"
		if l.OpenRate > 0 {
			rate = "open loop"
			if l.SLO == "" {
				rate = count(l.OpenRate) + "/s"
			}
		}
		// In the order in which one would tell two loads apart.
		threads, duration := plural(l.Threads, "client thread"), span(l.Duration)
		if l.Requests > 0 {
			duration = count(float64(l.Requests)) + " commands"
		}
		out = append(out, []string{
			plural(l.Connections, "connection"), deep(l), rate, l.SLO,
			l.Values, count(float64(l.Keys)) + " keys", l.Popularity, l.TTL, threads, duration,
		})
	}
	return out
}

// deep tells how a load is pipelined.
func deep(l result.Load) string {
	if l.Burst > 1 {
		return fmt.Sprintf("%d deep in bursts of %d", l.Depth, l.Burst)
	}
	return fmt.Sprintf("%d deep", l.Depth)
}

func plural(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%s %ss", count(float64(n)), of)
}

// Describe is a load in a sentence.
func Describe(l result.Load) string {
	words := []string{l.Workload, plural(l.Connections, "connection"), deep(l)}
	switch {
	case l.SLO != "":
		words = append(words, "open loop, searching the highest rate with "+Bound(l.SLO))
	case l.OpenRate > 0:
		words = append(words, "open loop at "+count(l.OpenRate)+" commands a second")
	default:
		words = append(words, "closed loop")
	}
	if l.Requests > 0 {
		words = append(words, count(float64(l.Requests))+" commands")
	} else if l.Duration > 0 {
		words = append(words, span(l.Duration)+" each")
	}
	if l.Keys > 0 {
		words = append(words, strings.TrimSpace(count(float64(l.Keys))+" keys "+l.Popularity))
	}
	if l.Values != "" {
		words = append(words, "values "+l.Values)
	}
	if l.TTL != "" {
		words = append(words, "TTL "+l.TTL)
	}
	if l.Threads > 0 {
		words = append(words, plural(l.Threads, "client thread"))
	}
	return strings.Join(words, ", ")
}

// Bound prints p99.9=1ms as a condition; what is no such bound as it is.
func Bound(slo string) string {
	share, limit, ok := parseBound(slo)
	if !ok {
		return slo
	}
	return percentile(share) + " ≤ " + plot.Duration.Text(float64(limit), 4)
}

// span prints a length of time that somebody asked for.
func span(d time.Duration) string { return plot.Duration.Text(float64(d), 4) }

// count prints a number with a comma every three digits.
func count(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	// From the right, three digits at a time.
	digits := fmt.Sprintf("%.0f", f)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Package resulttest makes results for tests of what shows them: as a load run would
// save them, of any size, the same for the same seed. Nothing in them was measured.
//
// # How it imagines
//
// A second's latencies are a body around a median and a tail that grows by a factor
// with each further nine; some seconds have a longer tail. Towards a server's limit
// waiting grows without end, as in any queue, so that a search finds a highest rate.
// The figures are near to what such servers do, for pictures that look like real ones,
// and say nothing about any.
package resulttest

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ashlar-cache/ashlar/bench/result"
)

// server is how one of the imagined servers does.
type server struct {
	name, version string
	cpu           float64 // nanoseconds an operation at 32 deep
	median        time.Duration
	tail          float64 // how much longer each further nine takes
	memory        int64
	top           float64 // the highest rate within a millisecond
}

var servers = []server{
	{"ashlar", "1.0.0", 690, 82 * time.Microsecond, 1.55, 148 << 20, 610e3},
	{"redis-server", "7.0.15", 1190, 96 * time.Microsecond, 1.9, 231 << 20, 402e3},
	{"memcached", "1.6.18", 840, 88 * time.Microsecond, 1.8, 189 << 20, 455e3},
}

// Comparison is a file of "compare": three loads on three servers in two rounds, each
// of so many seconds, and a peer that is absent.
func Comparison(seconds int) *result.File {
	g := rand.New(rand.NewPCG(1, 2))
	f := file("compare")
	f.Absent = []string{"dragonfly"}
	f.Notes = []string{"client and servers shared 2 cores"}
	loads := []result.Load{
		{Workload: "get", Connections: 50, Depth: 32}, {Workload: "set", Connections: 50, Depth: 32}, {Workload: "get", Connections: 50, Depth: 1},
	}
	// In turns: a round of each server, then the next round.
	for _, l := range loads {
		common(&l, seconds)
		for round := range 2 {
			for _, s := range servers {
				rate := 1e9 / (s.cpu * 1.15)
				if l.Depth == 1 {
					rate = 95e3 * (700 + 300/s.tail) / 1000
				}
				f.Runs = append(f.Runs, run(g, s, l, round, rate))
			}
		}
	}
	return f
}

// Search is a file of a search for the highest rate with p99.9 within a millisecond.
func Search(seconds int) *result.File {
	g := rand.New(rand.NewPCG(3, 4))
	f := file("compare")
	f.Title = "highest rate with p99.9 ≤ 1 ms"
	for _, s := range servers {
		for _, part := range []float64{0.25, 0.5, 0.75, 0.9, 0.97, 1, 1.06} {
			l := result.Load{Workload: "get=9,set=1", Connections: 50, Depth: 1, SLO: "p99.9=1ms", OpenRate: math.Round(s.top*part/1000) * 1000}
			common(&l, seconds)
			r := run(g, s, l, 0, l.OpenRate)
			within := r.Net.P999 <= time.Millisecond
			r.Within = &within
			f.Runs = append(f.Runs, r)
		}
	}
	return f
}

// Hostile is a file whose texts try to be markup, and whose figures are missing, zero
// or huge.
func Hostile() *result.File {
	const nasty = `</script><script>alert(1)</script>"'><img src=x onerror=alert(1)>` + "\x00\x1b[31m"
	f := file(nasty)
	f.Title, f.System = nasty, nasty
	f.Absent, f.Failures, f.Notes = []string{nasty}, []string{nasty}, []string{nasty}
	empty := result.Run{Server: nasty, Version: nasty, Load: result.Load{Workload: nasty, SLO: nasty, Values: nasty}, FirstError: nasty, Errors: 1, Closed: 2}
	empty.Client.Bottleneck = nasty
	huge := result.Run{Server: "huge", Load: result.Load{Workload: nasty, OpenRate: 1}, Rate: 1e15, Ops: math.MaxInt64,
		Latency:  result.Latency{Count: 1, P50: math.MaxInt64, Max: math.MaxInt64, HDR: "damaged", Curve: []result.Point{{Share: 2, At: -5}, {Share: -1, At: 0}}},
		Timeline: []result.Second{{At: 5}}, Usage: result.Usage{Known: true, Peak: math.MaxInt64}}
	f.Runs = []result.Run{empty, huge}
	return f
}

// file is an empty one, of a verb.
func file(verb string) *result.File {
	return &result.File{
		Format: result.Format, Title: "GET and SET on three servers",
		Command: []string{"ashlar-bench", verb, "--servers", "ashlar,redis,memcached,dragonfly", "-c", "50"},
		When:    time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC),
		System:  "linux/amd64, 2 processors", Seed: 1,
	}
}

// common fills in what all loads share.
func common(l *result.Load, seconds int) {
	l.Threads, l.Keys, l.Popularity, l.Values = 1, 1_000_000, "zipf:0.99", "64"
	l.Duration = time.Duration(seconds) * time.Second
}

// run imagines one run at a rate: deep pipelines make operations cheap and latencies
// long, writes cost more than reads.
func run(g *rand.Rand, s server, l result.Load, round int, rate float64) result.Run {
	cpu, median := s.cpu, float64(s.median)
	if l.Depth == 1 {
		cpu += 8000
	} else {
		median *= 9
	}
	if l.Workload == "set" {
		cpu, rate = cpu*1.15, rate*0.88
	}
	if l.OpenRate > 0 { // queues grow without end towards the limit
		median *= 0.5 + 0.25/max(1.08-l.OpenRate/s.top, 0.01)
	}
	r := result.Run{
		Server: s.name, Version: s.version, Load: l, Round: round, Took: l.Duration,
		Usage:  result.Usage{Known: true, Before: s.memory - 9<<20, After: s.memory - 1<<20, Peak: s.memory, Voluntary: 52_000, Involuntary: 310},
		Client: result.Client{CPU: l.Duration * 9 / 10},
	}
	whole := hdrhistogram.New(1000, int64(time.Minute), 3)
	for at := range int(l.Duration / time.Second) {
		ops := int64(rate * (1 + 0.02*g.NormFloat64()))
		h := second(g, s, median, at, ops)
		whole.Merge(h)
		d := distribution(h)
		used := time.Duration(float64(ops) * cpu * (1 + 0.01*g.NormFloat64()))
		r.Ops, r.Usage.CPU = r.Ops+ops, r.Usage.CPU+used
		r.Timeline = append(r.Timeline, result.Second{At: at, Ops: ops, P50: d.P50, P99: d.P99, P999: d.P999, Max: d.Max, CPU: used,
			Resident: s.memory - 9<<20 + int64(9<<20*float64(at+1)/(l.Duration.Seconds()))})
	}
	r.Rate = float64(r.Ops) / l.Duration.Seconds()
	r.Hits, r.Misses = r.Ops*97/100, r.Ops*3/100
	r.Usage.CPUPerOp = float64(r.Usage.CPU) / float64(r.Ops)
	r.Latency = distribution(whole)
	if l.OpenRate > 0 { // of what is slow, a fifth was the machine
		net := hdrhistogram.New(1000, int64(time.Minute), 3)
		for _, bar := range whole.Distribution() {
			_ = net.RecordValues(bar.To-max(bar.To-int64(time.Millisecond), 0)/5, bar.Count) // within the range
		}
		d := distribution(net)
		r.Net, r.Stalled = &d, l.Duration/100
	}
	if s.name == "ashlar" {
		r.Usage.GC = &result.Collector{Cycles: 3, CPU: 2 * time.Millisecond, MaxPause: 70 * time.Microsecond, Heap: 4 << 20}
	}
	return r
}

// second imagines the latencies of one second: a body, and a tail that is longer in
// some seconds than in others.
func second(g *rand.Rand, s server, median float64, at int, ops int64) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1000, int64(time.Minute), 3)
	tail := s.tail * (1 + 0.05*g.NormFloat64())
	if at%7 == 5 {
		tail *= 1.15
	}
	// A thousand samples for all: each stands for many commands.
	for i := range 1000 {
		nines := -math.Log10(1 - (float64(i)+0.5)/1000)
		v := median * (0.62 + 0.4*math.Pow(tail, 1.6*nines)/tail) * (1 + 0.03*g.NormFloat64())
		_ = h.RecordValues(int64(max(v, 1000)), max(ops/1000, 1)) // within the range by far
	}
	for nines := 3.2; nines < math.Log10(float64(ops)); nines += 0.3 {
		_ = h.RecordValue(int64(median * math.Pow(tail, 1.5*nines)))
	}
	return h
}

// distribution sums a histogram up as a load run does: ten points for each nine.
func distribution(h *hdrhistogram.Histogram) result.Latency {
	at := func(p float64) time.Duration { return time.Duration(h.ValueAtPercentile(p)) }
	l := result.Latency{Count: h.TotalCount(), Min: time.Duration(h.Min()), Mean: time.Duration(h.Mean()),
		P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), P9999: at(99.99), Max: time.Duration(h.Max())}
	for nines := 0.0; nines <= math.Log10(float64(l.Count)); nines += 0.1 {
		share := 1 - math.Pow(10, -nines)
		l.Curve = append(l.Curve, result.Point{Share: share, At: at(share * 100)})
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic(err)
	}
	l.HDR = string(text)
	return l
}

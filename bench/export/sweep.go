package export

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/result"
)

// Sweep is the same load at rising rates, or with more and more connections or
// commands in flight: what one pays in latency for throughput.
type Sweep struct {
	Name  string
	By    string        // what varies
	Share float64       // of the commands, whose latency is looked at: 0.999 for p99.9
	Limit time.Duration // 0: no bound
	Net   bool          // of a search: latencies are less the machine's stalls
	Lines []SweepLine
}

// SweepLine is one server's.
type SweepLine struct {
	Server string
	Index  int
	Points []SweepPoint
}

// SweepPoint is one of its loads.
type SweepPoint struct {
	Label   string // what was offered
	offered float64
	Rate    float64
	Latency result.Latency
	CPU     float64
	Within  *bool
}

// varied are the ways in which scenarios can be points of one sweep: what to leave out
// of the load when they are grouped, and what then tells the points apart.
var varied = []struct {
	by    string
	least int // servers rarely have a line through two numbers of connections
	clear func(*result.Load)
	value func(result.Load) float64
	unit  string
}{
	{"rate", 2, func(l *result.Load) { l.OpenRate = 0 }, func(l result.Load) float64 { return l.OpenRate }, "/s"},
	{"connections", 3, func(l *result.Load) { l.Connections = 0 }, func(l result.Load) float64 { return float64(l.Connections) }, " connections"},
	{"depth", 3, func(l *result.Load) { l.Depth = 0 }, func(l result.Load) float64 { return float64(l.Depth) }, " deep"},
}

// sweeps finds them in a digest.
func sweeps(d *Digest) []*Sweep {
	var out []*Sweep
	for i, way := range varied {
		byLoad := make(map[scene]*Sweep)
		var found []*Sweep
		for _, r := range d.File.Runs {
			// In an open loop the rate is what one turns, in a closed one what comes out.
			open := r.Load.OpenRate > 0
			if open != (way.by == "rate") {
				continue
			}
			key := scene{r.Load, !open}
			way.clear(&key.load)
			s := byLoad[key]
			if s == nil {
				s = newSweep(key.load, way.by)
				byLoad[key] = s
				found = append(found, s)
			}
			s.add(r, slices.Index(d.Servers, r.Server), way.value(r.Load), varied[i].unit)
		}
		for _, s := range found {
			if s.finish() >= way.least {
				out = append(out, s)
			}
		}
	}
	return out
}

// newSweep is an empty one. Without a bound the percentile is the one usual for its
// kind: p99.9 of an open loop, p99 of a closed one, whose tail hides stalls anyway.
func newSweep(l result.Load, by string) *Sweep {
	s := &Sweep{Name: l.Workload, By: by, Share: 0.99}
	if by == "rate" {
		s.Share = 0.999
	}
	if share, limit, ok := parseBound(l.SLO); ok {
		s.Share, s.Limit = share, limit
	}
	return s
}

// parseBound reads p99.9=1ms.
func parseBound(slo string) (share float64, limit time.Duration, ok bool) {
	// What is no bound has no percentile or no duration: one of the two fails.
	p, d, _ := strings.Cut(slo, "=")
	if p == "max" {
		p = "p100"
	}
	percent, err := strconv.ParseFloat(strings.TrimPrefix(p, "p"), 64)
	limit, err2 := time.ParseDuration(d)
	return percent / 100, limit, err == nil && err2 == nil && percent > 0 && percent <= 100
}

// add puts a run at its place. Rounds of the same load become points of their own:
// their scatter is worth seeing.
func (s *Sweep) add(r result.Run, index int, offered float64, unit string) {
	i := slices.IndexFunc(s.Lines, func(l SweepLine) bool { return l.Server == r.Server })
	if i < 0 {
		i = len(s.Lines)
		s.Lines = append(s.Lines, SweepLine{Server: r.Server, Index: index})
	}
	p := SweepPoint{Label: count(offered) + unit, offered: offered, Rate: r.Rate, Latency: r.Latency, CPU: cpuOf(r), Within: r.Within}
	if s.Limit > 0 && r.Net != nil {
		s.Net, p.Latency = true, *r.Net
	}
	s.Lines[i].Points = append(s.Lines[i].Points, p)
}

// finish sorts, and tells how many different loads there are.
func (s *Sweep) finish() int {
	// Rounds of the same load are no line, however many there are.
	distinct := make(map[float64]bool)
	for _, l := range s.Lines {
		slices.SortStableFunc(l.Points, func(a, b SweepPoint) int { return cmp.Compare(a.offered, b.offered) })
		for _, p := range l.Points {
			distinct[p.offered] = true
		}
	}
	slices.SortFunc(s.Lines, func(a, b SweepLine) int { return cmp.Compare(a.Index, b.Index) })
	return len(distinct)
}

// Percentile names the one that the sweep looks at.
func (s *Sweep) Percentile() string {
	if s.Net {
		return "net " + percentile(s.Share)
	}
	return percentile(s.Share)
}

// percentile names a share of the commands.
func percentile(share float64) string {
	if share >= 1 {
		return "max"
	}
	return "p" + strconv.FormatFloat(share*100, 'g', 6, 64)
}

// Title says what is plotted.
func (s *Sweep) Title() string {
	return fmt.Sprintf("%s against throughput: %s by %s", s.Percentile(), s.Name, s.By)
}

// cpuOf is a run's processor time an operation; NaN: not known.
func cpuOf(r result.Run) float64 {
	if !r.Usage.Known || r.Ops == 0 {
		return math.NaN()
	}
	return float64(r.Usage.CPU) / float64(r.Ops)
}

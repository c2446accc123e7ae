package export

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/plot"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// Figure is a chart with its numbers, for those who want to read rather than to look.
type Figure struct {
	Name  string // of the file, without its ending
	Wide  bool
	Chart plot.Chart
	Table *report.Table
}

// Overview are the charts over all scenarios: what an operation costs in processor
// time, how many there were, and the memory. A chart of which nothing is known, such as
// the processor time of servers elsewhere, is left out.
func (d *Digest) Overview() []Figure {
	// Processor time comes first: it is what a loaded machine is short of, and does not
	// depend on how fast the client is.
	kinds := []struct {
		name, title, desc string
		unit              plot.Unit
		bar               func(*Row) plot.Bar
	}{
		{"cpu", "Server processor time per operation", "User and system time of the server divided by the commands answered; less is better.", plot.Duration, func(r *Row) plot.Bar {
			return plot.Bar{Value: r.CPU, Note: times(r.CPURatio), Low: r.CPULow, High: r.CPUHigh}
		}},
		{"throughput", "Throughput", "Commands answered a second; more is better.", plot.Rate, func(r *Row) plot.Bar {
			return plot.Bar{Value: r.Rate, Note: times(r.RateRatio), Low: r.RateLow, High: r.RateHigh}
		}},
		{"memory", "Peak resident memory of the server", "The most that the kernel counted as resident; less is better.", plot.Bytes, func(r *Row) plot.Bar {
			return plot.Bar{Value: known(r.Peak), Note: times(r.PeakRatio)}
		}},
	}
	var out []Figure
	for _, k := range kinds {
		c := &plot.Bars{Title: k.title, Desc: k.desc, Unit: k.unit, Apart: true}
		some := false
		for _, s := range d.Scenarios {
			g := plot.Group{Name: s.Name}
			for _, r := range s.Rows {
				b := k.bar(r)
				b.Name, b.Index = r.Server, r.Index
				some = some || b.Value > 0
				g.Bars = append(g.Bars, b)
			}
			c.Groups = append(c.Groups, g)
		}
		if some {
			out = append(out, Figure{Name: k.name, Chart: c, Table: barTable(c)})
		}
	}
	return out
}

// known is a figure of which 0 says that it is not.
func known(v int64) float64 {
	if v <= 0 {
		return math.NaN()
	}
	return float64(v)
}

// times prints a ratio; nothing if there is none.
func times(r float64) string {
	if math.IsNaN(r) {
		return ""
	}
	return fmt.Sprintf("%.2f ×", r)
}

// barTable is the numbers of a bar chart, a row for each bar.
func barTable(c *plot.Bars) *report.Table {
	t := &report.Table{Columns: []string{"load", "server", "figure", "to the first"}}
	for _, g := range c.Groups {
		for _, b := range g.Bars {
			figure := "not known"
			if !math.IsNaN(b.Value) {
				figure = c.Unit.Figure(b.Value, 4)
			}
			t.Add(g.Name, b.Name, figure, b.Note)
		}
	}
	return t
}

// looked are the shares of the commands whose latencies stand in tables.
var looked = []float64{0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1}

// Latencies is the distribution of a scenario: how long the slowest tenth, hundredth,
// thousandth of the commands took. There may be none.
func (s *Scenario) Latencies() []Figure {
	// An axis of nines shows the tail as large as the body: that is where servers differ.
	c := &plot.Lines{
		Title: "Latency by percentile", Of: s.Name, Wide: true,
		Desc: "For each server, the time within which a share of the commands was answered. Both axes are logarithmic: each step to the right is the slowest tenth of what was left.",
		X:    plot.Axis{Label: "share of the commands answered within that time", Scale: plot.Nines, Unit: plot.Share},
		Y:    plot.Axis{Label: "latency", Scale: plot.Log, Unit: plot.Duration},
	}
	if s.Search() {
		c.Title = "Latency by percentile at the highest rate"
	}
	t := &report.Table{Columns: []string{"percentile"}}
	for _, share := range looked {
		t.Add(percentile(share))
	}
	for _, r := range s.Rows {
		points := curvePoints(r.Latency)
		if len(points) == 0 {
			continue
		}
		c.Series = append(c.Series, plot.Series{Name: r.Server, Index: r.Index, Lines: [][]plot.Point{points}})
		t.Columns = append(t.Columns, r.Server)
		for i, share := range looked {
			t.Rows[i] = append(t.Rows[i], latencyAt(r.Latency, share))
		}
	}
	if len(c.Series) == 0 {
		return nil
	}
	// In a search, where the line must pass below.
	if _, limit, ok := parseBound(s.Load.SLO); ok {
		c.Bounds = []plot.Bound{{Value: float64(limit), Label: Bound(s.Load.SLO)}}
	}
	return []Figure{{Name: "latency-" + slug(s.Name), Wide: true, Chart: c, Table: t}}
}

// curvePoints is a distribution as a line. The longest of all is drawn where its share
// ends: at the last of so many commands.
func curvePoints(l result.Latency) []plot.Point {
	if l.Count == 0 {
		return nil
	}
	last := max(1-1/float64(l.Count), 0)
	from := l.Curve
	// A file of which the curves were cut still has the percentiles of its summary.
	if len(from) == 0 {
		from = []result.Point{{Share: 0, At: l.Min}, {Share: 0.5, At: l.P50}, {Share: 0.9, At: l.P90}, {Share: 0.99, At: l.P99}, {Share: 0.999, At: l.P999}, {Share: 0.9999, At: l.P9999}, {Share: 1, At: l.Max}}
	}
	var out []plot.Point
	for _, p := range from {
		// Beyond the last command there is nothing: a curve of 1,000 commands has no
		// p99.99.
		if p.Share < last {
			out = append(out, plot.Point{X: p.Share, Y: float64(p.At)})
		}
	}
	return append(out, plot.Point{X: last, Y: float64(l.Max), Note: " (the longest)"})
}

// timeLines are the quantities that are plotted over time.
var timeLines = []struct {
	name, title, desc, label string
	axis                     plot.Axis
	value                    func(result.Second) float64
}{
	{"throughput", "Throughput over time", "Commands answered in each second.", "commands a second", plot.Axis{Unit: plot.Rate}, func(s result.Second) float64 { return float64(s.Ops) }},
	{"p50", "Median latency over time", "The latency that half of the commands of each second did not exceed.", "p50", durations, func(s result.Second) float64 { return float64(s.P50) }},
	{"p99", "p99 over time", "The latency that 99 % of the commands of each second did not exceed.", "p99", durations, func(s result.Second) float64 { return float64(s.P99) }},
	{"p999", "p99.9 over time", "The latency that 99.9 % of the commands of each second did not exceed.", "p99.9", durations, func(s result.Second) float64 { return float64(s.P999) }},
	{"max", "Longest latency over time", "The longest latency of each second.", "max", durations, func(s result.Second) float64 { return float64(s.Max) }},
	{"cpu", "Server processor time over time", "Processor time that the server took in each second; 1 is one core all the time.", "cores busy", plot.Axis{Unit: plot.Cores}, func(s result.Second) float64 { return s.CPU.Seconds() }},
	{"memory", "Resident memory over time", "Memory of the server that was resident at the end of each second.", "resident", plot.Axis{Unit: plot.Bytes}, func(s result.Second) float64 { return float64(s.Resident) }},
}

// durations is the axis of those time lines that can stand in one chart.
var durations = plot.Axis{Scale: plot.Log, Unit: plot.Duration}

// OverTime are the time lines of a scenario. Rounds are lines of their own: what
// happened in one second of one round is not an average. Of a single server the
// percentiles stand in one chart, as there is nothing else to compare them with.
func (s *Scenario) OverTime() []Figure {
	var out []Figure
	var bands *plot.Lines
	for _, k := range timeLines {
		alone := len(s.Rows) == 1 && k.axis == durations
		c := &plot.Lines{Title: k.title, Of: s.Name, Desc: k.desc, X: plot.Axis{Label: "time since the start", Unit: plot.Seconds}, Y: k.axis}
		c.Y.Label = k.label
		if !s.fill(c, k.value) {
			continue
		}
		// The later percentiles go into the chart of the first one.
		if alone && bands != nil {
			bands.Series = append(bands.Series, plot.Series{Name: k.label, Index: len(bands.Series), Lines: c.Series[0].Lines})
			continue
		}
		f := Figure{Name: k.name + "-over-time-" + slug(s.Name), Chart: c}
		if alone {
			bands, f.Name, f.Wide = c, "latency-over-time-"+slug(s.Name), true
			c.Title, c.Wide, c.Y.Label = "Latency over time", true, "latency"
			c.Desc = "The median, p99, p99.9 and the longest latency of each second."
			c.Series[0].Name, c.Series[0].Index = k.label, 0
		}
		out = append(out, f)
	}
	// Tables last: a chart may have got more lines since it was made.
	for i := range out {
		out[i].Table = lineTable(out[i].Chart.(*plot.Lines))
	}
	return out
}

// fill makes the lines of a chart over time and tells whether there is anything in it.
func (s *Scenario) fill(c *plot.Lines, value func(result.Second) float64) (some bool) {
	for _, r := range s.Rows {
		one := plot.Series{Name: r.Server, Index: r.Index}
		for _, run := range r.Runs {
			var points []plot.Point
			for _, second := range run.Timeline {
				v := value(second)
				some = some || v > 0
				points = append(points, plot.Point{X: float64(second.At), Y: v})
			}
			if len(points) > 0 {
				one.Lines = append(one.Lines, points)
			}
		}
		if len(one.Lines) > 0 {
			c.Series = append(c.Series, one)
		}
	}
	return some
}

// tableRows is how many rows a table beside a chart may have: of longer lines every
// so manyth point is in it, and the saved result has them all.
const tableRows = 120

// lineTable is the numbers of a chart over time: a row for each second, a column for
// each line.
func lineTable(c *plot.Lines) *report.Table {
	t := &report.Table{Columns: []string{"second"}}
	var lines [][]plot.Point
	last := 0.0
	for _, s := range c.Series {
		for i, points := range s.Lines {
			name := s.Name
			if len(s.Lines) > 1 {
				name = fmt.Sprintf("%s, round %d", s.Name, i+1)
			}
			t.Columns = append(t.Columns, name)
			lines = append(lines, points)
			last = max(last, points[len(points)-1].X)
		}
	}
	// Whole seconds, so that each row is a point that was measured.
	step := math.Ceil((last + 1) / tableRows)
	for at := 0.0; at <= last; at += step {
		row := []string{c.X.Unit.Text(at, 6)}
		for _, points := range lines {
			cell := "–" // also where nothing was answered: a latency of zero is none
			for _, p := range points {
				if p.X == at && (p.Y > 0 || c.Y.Scale == plot.Linear) {
					cell = c.Y.Unit.Figure(p.Y, 4)
				}
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Figure is the chart of a sweep. Points beyond the bound are hollow: they show where a
// server's limit lies, and are none of what it can do.
func (s *Sweep) Figure() Figure {
	c := &plot.Lines{
		Title: s.Percentile() + " against throughput", Of: s.Name + " by " + s.By, Wide: true,
		Desc: "For each server, throughput to the right and latency upwards: the further right a line stays low, the better.",
		X:    plot.Axis{Label: "commands answered a second", Unit: plot.Rate},
		Y:    plot.Axis{Label: s.Percentile(), Scale: plot.Log, Unit: plot.Duration},
	}
	t := &report.Table{Columns: []string{"server", "offered", "answered", s.Percentile(), "CPU/op", "within the bound"}}
	for _, l := range s.Lines {
		one := plot.Series{Name: l.Server, Index: l.Index, Lines: [][]plot.Point{l.line(s.Share)}}
		for _, p := range l.Points {
			// A point without an answer has no place in the chart, and none in the table.
			at, ok := At(p.Latency, s.Share)
			if !ok {
				continue
			}
			verdict, hollow := "–", false
			if p.Within != nil {
				verdict, hollow = "yes", !*p.Within
				if hollow {
					verdict = "no"
				}
			}
			one.Marks = append(one.Marks, plot.Point{X: p.Rate, Y: float64(at), Hollow: hollow})
			t.Add(l.Server, p.Label, plot.Rate.Figure(p.Rate, 4), plot.Duration.Figure(float64(at), 4), durationOf(p.CPU), verdict)
		}
		c.Series = append(c.Series, one)
	}
	if s.Limit > 0 {
		c.Bounds = []plot.Bound{{Value: float64(s.Limit), Label: s.Percentile() + " ≤ " + span(s.Limit)}}
	}
	return Figure{Name: "sweep-" + slug(s.Name+" by "+s.By), Wide: true, Chart: c, Table: t}
}

// line goes through the medians of what was tried more than once: through all of it, it
// would go back and forth.
func (l *SweepLine) line(share float64) (out []plot.Point) {
	for points := l.Points; len(points) > 0; {
		same := 1 // the points are sorted
		for same < len(points) && points[same].offered == points[0].offered {
			same++
		}
		var rates, latencies []float64
		for _, p := range points[:same] {
			if at, ok := At(p.Latency, share); ok {
				rates, latencies = append(rates, p.Rate), append(latencies, float64(at))
			}
		}
		x, _, _ := middle(rates)
		y, _, _ := middle(latencies)
		if len(rates) > 0 {
			out = append(out, plot.Point{X: x, Y: y, Note: " with " + points[0].Label})
		}
		points = points[same:]
	}
	return out
}

// latencyAt prints a percentile.
func latencyAt(l result.Latency, share float64) string {
	at, ok := At(l, share)
	if !ok {
		return "–"
	}
	return plot.Duration.Figure(float64(at), 4)
}

// durationOf prints nanoseconds.
func durationOf(ns float64) string {
	if math.IsNaN(ns) {
		return "–"
	}
	return plot.Duration.Figure(ns, 3)
}

// latency prints a time as it stands in tables.
func latency(d time.Duration) string { return plot.Duration.Figure(float64(d), 3) }

// slug makes a name that is good for a file everywhere, and leads to no other directory
// whatever a workload or a server is called.
func slug(words string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, strings.ReplaceAll(words, ",", ""))
	for strings.Contains(out, "--") {
		out = strings.ReplaceAll(out, "--", "-")
	}
	out = strings.Trim(out, "-.")
	return out[:min(len(out), 80)]
}

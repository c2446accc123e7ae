package export

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ashlar-cache/ashlar/bench/plot"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// Text prints a file for people: what was sent, a table for each load, and what went
// wrong.
func Text(w io.Writer, f *result.File) error {
	d := NewDigest(f)
	r := &report.Report{Name: Name(f), Title: f.Title, System: f.System, Seed: f.Seed, Scale: 1, Servers: d.Titles()}
	for _, s := range d.Scenarios {
		r.Tables = append(r.Tables, s.Table())
		if t := s.CommandTable(); t != nil {
			r.Tables = append(r.Tables, t)
		}
	}
	// All points of a search, so that one sees where it turned.
	for _, s := range d.Sweeps {
		t := s.Figure().Table
		t.Title = s.Title()
		r.Tables = append(r.Tables, t)
	}
	for _, n := range slices.Concat(d.Remarks(), f.Notes) {
		r.Note("%s", n)
	}
	// Printed at once, so that a terminal never gets half of an escape sequence.
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		return err
	}
	for _, failure := range f.Failures {
		fmt.Fprintf(&b, "FAILED: %s\n", failure)
	}
	_, err := io.WriteString(w, strings.Map(harmless, b.String()))
	return err
}

// harmless leaves out what would command a terminal: names and error texts come from
// servers.
func harmless(r rune) rune {
	if r != '\n' && unicode.IsControl(r) {
		return -1
	}
	return r
}

// Name is the verb that made the file.
func Name(f *result.File) string {
	if len(f.Command) > 1 && !strings.HasPrefix(f.Command[1], "-") {
		return f.Command[1]
	}
	return "load"
}

// Titles are the servers with their versions.
func (d *Digest) Titles() []string {
	out := slices.Clone(d.Servers)
	for _, r := range d.File.Runs {
		if i := slices.Index(out, r.Server); i >= 0 && r.Version != "" && !strings.Contains(r.Server, r.Version) {
			out[i] += " " + r.Version
		}
	}
	return out
}

// Remarks are what one has to know beside the figures: servers that are missing,
// errors, limits of the client.
func (d *Digest) Remarks() []string {
	var out []string
	for _, a := range d.File.Absent {
		out = append(out, a+" is not installed: nothing is compared with it")
	}
	if note := d.stalls(); note != "" {
		out = append(out, note)
	}
	for _, s := range d.Scenarios {
		if len(d.File.Failures) > 0 {
			break // they say it already
		}
		for _, r := range s.Rows {
			who := r.Server + ", " + s.Name
			if r.Errors > 0 {
				out = append(out, fmt.Sprintf("%s: %s error replies, the first: %s", who, count(float64(r.Errors)), r.FirstError))
			} else if r.FirstError != "" {
				out = append(out, who+": ended by: "+r.FirstError)
			}
			if r.Closed > 0 {
				out = append(out, fmt.Sprintf("%s: the server closed %s", who, plural(int(r.Closed), "connection")))
			}
		}
	}
	return append(out, d.Warnings...)
}

// stalls explains the latencies that leave them out; empty if there are none.
func (d *Digest) stalls() string {
	var still, took time.Duration
	for _, r := range d.File.Runs {
		if r.Net != nil {
			still, took = still+r.Stalled, took+r.Took
		}
	}
	if took == 0 {
		return ""
	}
	return fmt.Sprintf("this machine itself stood still for %.2f %% of the time: a real-time thread on an idle processor could not run; \"net\" is latency less that, and what a bound is held against", 100*still.Seconds()/took.Seconds())
}

// column is one of a scenario's table; those that say nothing about any server are
// left out.
type column struct {
	head string
	cell func(*Scenario, *Row) string // empty: nothing to say
}

// In an order of what decides: how much, at what price, how late, how large.
var columns = []column{
	{"rate", rateCell},
	{"ratio", func(_ *Scenario, r *Row) string { return times(r.RateRatio) }},
	{"CPU/op", func(_ *Scenario, r *Row) string {
		if math.IsNaN(r.CPU) {
			return ""
		}
		return durationOf(r.CPU)
	}},
	{"ratio", func(_ *Scenario, r *Row) string { return times(r.CPURatio) }},
	{"p50", percentileCell(0.5, seen)},
	{"p99", percentileCell(0.99, seen)},
	{"p99.9", percentileCell(0.999, seen)},
	{"p99.99", percentileCell(0.9999, seen)},
	{"max", percentileCell(1, seen)},
	{"net p99.9", percentileCell(0.999, net)},
	{"net p99.99", percentileCell(0.9999, net)},
	{"net max", percentileCell(1, net)},
	{"memory", func(_ *Scenario, r *Row) string {
		if r.Peak <= 0 {
			return ""
		}
		return plot.Bytes.Figure(float64(r.Peak), 3)
	}},
	{"hit ratio", func(_ *Scenario, r *Row) string { return part(r.Hits, r.Misses) }},
	{"byte hit ratio", func(_ *Scenario, r *Row) string { return part(r.HitBytes, r.MissBytes) }},
	{"GC pause", func(_ *Scenario, r *Row) string {
		if r.GC == nil {
			return ""
		}
		return latency(r.GC.MaxPause)
	}},
	{"errors", func(_ *Scenario, r *Row) string {
		if r.Errors == 0 {
			return ""
		}
		return count(float64(r.Errors))
	}},
}

// part prints a share of a whole that is given as its two parts.
func part(of, rest int64) string {
	if of+rest <= 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(of)/float64(of+rest))
}

// The latencies of a row: as users see them, and less the machine's stalls.
func seen(r *Row) result.Latency { return r.Latency }
func net(r *Row) result.Latency {
	if r.Net == nil {
		return result.Latency{}
	}
	return *r.Net
}

// percentileCell is a column of a percentile.
func percentileCell(share float64, of func(*Row) result.Latency) func(*Scenario, *Row) string {
	return func(_ *Scenario, r *Row) string {
		at, ok := At(of(r), share)
		if !ok {
			return ""
		}
		return latency(at)
	}
}

// rateCell is the rate; with rounds, how far the furthest one was from it.
func rateCell(s *Scenario, r *Row) string {
	out := plot.Rate.Figure(r.Rate, 3)
	if s.Search() && !r.Met {
		return "none; tried " + out
	}
	if far := max(r.RateHigh-r.Rate, r.Rate-r.RateLow) / r.Rate; len(r.Runs) > 1 && far >= 0.0005 {
		out += fmt.Sprintf(" ±%.1f %%", far*100)
	}
	return out
}

// Summary is the figures of scenarios in one table: the same columns for all.
type Summary struct {
	Columns []string
	Rows    [][][]string // of each scenario, of each of its rows; the first cell is the server
}

// Summarize makes the table of scenarios. What says nothing about any server is left
// out.
func Summarize(list []*Scenario) Summary {
	out := Summary{Columns: []string{"server"}, Rows: make([][][]string, len(list))}
	for i, s := range list {
		for _, r := range s.Rows {
			out.Rows[i] = append(out.Rows[i], []string{r.Server})
		}
	}
	for _, c := range columns {
		cells := make([][]string, len(list))
		some := false
		for i, s := range list {
			for _, r := range s.Rows {
				cell := c.cell(s, r)
				some = some || cell != ""
				cells[i] = append(cells[i], cell)
			}
		}
		if !some {
			continue
		}
		out.Columns = append(out.Columns, c.head)
		for i := range list {
			for j, cell := range cells[i] {
				if cell == "" && c.head != "ratio" {
					cell = "–"
				}
				out.Rows[i][j] = append(out.Rows[i][j], cell)
			}
		}
	}
	return out
}

// Table is a scenario's summary.
func (s *Scenario) Table() *report.Table {
	sum := Summarize([]*Scenario{s})
	// Each table stands alone in a text, so its title says all about the load.
	t := &report.Table{Title: Describe(s.Load), Columns: sum.Columns, Rows: sum.Rows[0]}
	if s.Search() {
		t.Columns[1] = "highest rate"
	}
	return t
}

// CommandTable tells the commands of a mix apart; nil if there is but one.
func (s *Scenario) CommandTable() *report.Table {
	t := &report.Table{Title: "by command: " + s.Name, Columns: []string{"command", "server", "answered", "errors", "p50", "p99", "p99.9", "max"}}
	// By command and then by server: servers are compared, not commands.
	var names []string
	for _, r := range s.Rows {
		for _, c := range r.Commands {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	if len(names) < 2 {
		return nil
	}
	for _, name := range names {
		for _, r := range s.Rows {
			for _, c := range r.Commands {
				if c.Name == name {
					l := c.Latency
					t.Add(c.Name, r.Server, count(float64(c.Ops)), count(float64(c.Errors)), latency(l.P50), latency(l.P99), latency(l.P999), latency(l.Max))
				}
			}
		}
	}
	return t
}

// UsageTable is what each server took of the machine, a row for each round; nil if
// nothing is known. Waits are voluntary switches of context: the server had nothing to
// do. Preemptions are the others: it had, and something else took its processor.
func (s *Scenario) UsageTable() *report.Table {
	t := &report.Table{Title: "what the servers took: " + s.Name, Columns: []string{"server", "round", "CPU", "resident before", "after", "peak", "waits", "preemptions", "GC cycles", "longest GC pause", "client CPU"}}
	for _, r := range s.Rows {
		for i, run := range r.Runs {
			u := run.Usage
			if !u.Known {
				continue
			}
			cycles, pause := "–", "–" // no collector, or it does not tell
			if u.GC != nil {
				cycles, pause = count(float64(u.GC.Cycles)), latency(u.GC.MaxPause)
			}
			size := func(v int64) string { return plot.Bytes.Figure(float64(v), 3) }
			t.Add(r.Server, i+1, latency(u.CPU), size(u.Before), size(u.After), size(u.Peak), count(float64(u.Voluntary)), count(float64(u.Involuntary)), cycles, pause, latency(run.Client.CPU))
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

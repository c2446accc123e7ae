// Package page makes one HTML page of results: a summary first, then the charts with
// their numbers, then what each server took of the machine.
//
// # What it promises
//
//   - It is one file. It asks the network for nothing, and a policy inside it forbids
//     the browser to: no fonts, scripts, styles or pictures from elsewhere.
//   - It is complete without its script, which only reads out values under the pointer
//     and hides servers on request. Nothing on the page is made by the script.
//   - Texts of servers, errors and file names are data. html/template escapes them, the
//     charts escape their own, and the policy lets no script run but the one whose
//     hash it names.
//   - It reads in light and in dark, on a phone, on paper, and aloud: every chart has a
//     description and its numbers in a table.
//
// The figures are those of package export; nothing is computed here.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/ashlar-cache/ashlar/bench/export"
	"github.com/ashlar-cache/ashlar/bench/plot"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var page = template.Must(template.New("page").Parse(pageHTML))

// Page is what stands on it: results of loads, and reports of figures.
type Page struct {
	Files   []*result.File
	Reports []*report.Report
}

// Write makes the page of files.
func Write(w io.Writer, files ...*result.File) error {
	return Page{Files: files}.Write(w)
}

// Write makes the page.
func (p Page) Write(w io.Writer) error {
	// In a browser two scripts of the same text are the same script: nobody else's runs.
	sum := sha256.Sum256([]byte(pageJS))
	v := view{
		Policy: "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		Style:  template.CSS(plot.CSS() + pageCSS), // of this program
		Script: template.JS(pageJS),                // of this program
	}
	var ids counter
	for _, f := range p.Files {
		v.Loads = append(v.Loads, loadView(f, &ids))
	}
	for _, r := range p.Reports {
		v.Figures = append(v.Figures, figureView(r))
	}
	v.Title = v.title()
	var b strings.Builder
	if err := page.Execute(&b, v); err != nil {
		return err
	}
	// Error texts of servers may hold bytes that no page may.
	_, err := io.WriteString(w, strings.Map(visible, b.String()))
	return err
}

// visible leaves out what is no text.
func visible(r rune) rune {
	if r != '\n' && r != '\t' && (unicode.IsControl(r) || r == unicode.ReplacementChar) {
		return -1
	}
	return r
}

// view is what the template is filled with.
type view struct {
	Title   string
	Policy  string
	Style   template.CSS
	Script  template.JS
	Loads   []load
	Figures []figure
}

func (v *view) title() string {
	switch {
	case len(v.Loads) > 0 && v.Loads[0].Title != "":
		return v.Loads[0].Title
	case len(v.Figures) > 0:
		return v.Figures[0].Name + ": " + v.Figures[0].Title
	}
	return "ashlar-bench"
}

// load is one file of results.
type load struct {
	Title, Name, When, System, Command string
	Seed                               uint64
	Servers                            []server
	Failures, Remarks, Notes           []string
	Summary                            summary
	Overview                           []chart
	Scenarios                          []scenario
}

type server struct {
	Name  string // with its version
	Class string // its colour
}

// summary is the table on top: a group of rows for each load.
type summary struct {
	Columns []string
	Groups  []group
}

type group struct {
	Name, Anchor string
	Rows         []row
}

type row struct {
	Server, Class string
	Cells         []cell
}

type cell struct{ Text, Column string }

// chart is an SVG with the table beside it.
type chart struct {
	Wide  bool
	SVG   template.HTML
	Table table
}

type table struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// scenario is the part of the page about one load.
type scenario struct {
	Name, Anchor, Load string
	Charts             []chart
	Tables             []table
}

// counter makes identifiers that are unique on the page.
type counter int

func (c *counter) next(kind string) string {
	*c++
	return fmt.Sprintf("%s%d", kind, *c)
}

func loadView(f *result.File, ids *counter) load {
	d := export.NewDigest(f)
	l := load{
		Title: f.Title, Name: export.Name(f), System: f.System, Command: strings.Join(f.Command, " "), Seed: f.Seed,
		Failures: f.Failures, Remarks: d.Remarks(), Notes: f.Notes,
	}
	if !f.When.IsZero() {
		l.When = f.When.Format("2 January 2006, 15:04 MST")
	}
	for i, title := range d.Titles() {
		l.Servers = append(l.Servers, server{title, plot.Class(i)})
	}
	for _, fig := range d.Overview() {
		l.Overview = append(l.Overview, chartView(fig, ids))
	}
	for _, s := range d.Sweeps {
		l.Overview = append(l.Overview, chartView(s.Figure(), ids))
	}
	sum := export.Summarize(d.Scenarios)
	l.Summary.Columns = sum.Columns
	for i, s := range d.Scenarios {
		sc := scenarioView(s, ids)
		l.Scenarios = append(l.Scenarios, sc)
		l.Summary.Groups = append(l.Summary.Groups, group{sc.Name, sc.Anchor, rows(s, sum.Columns, sum.Rows[i])})
	}
	return l
}

// rows joins the cells of a scenario with the servers they are about.
func rows(s *export.Scenario, columns []string, cells [][]string) []row {
	var out []row
	for i, r := range s.Rows {
		one := row{Server: r.Server, Class: plot.Class(r.Index)}
		for j, text := range cells[i][1:] {
			one.Cells = append(one.Cells, cell{text, columns[j+1]})
		}
		out = append(out, one)
	}
	return out
}

func scenarioView(s *export.Scenario, ids *counter) scenario {
	out := scenario{Name: s.Name, Anchor: ids.next("load"), Load: export.Describe(s.Load)}
	if s.Search() {
		out.Name += ": the highest rate with " + export.Bound(s.Load.SLO)
	}
	for _, fig := range slices.Concat(s.Latencies(), s.OverTime()) {
		out.Charts = append(out.Charts, chartView(fig, ids))
	}
	for _, t := range []*report.Table{s.CommandTable(), s.UsageTable()} {
		if t != nil {
			out.Tables = append(out.Tables, table(*t))
		}
	}
	return out
}

func chartView(f export.Figure, ids *counter) chart {
	// The chart escapes what it writes.
	svg := f.Chart.Scene().Inline(ids.next("chart"))
	return chart{Wide: f.Wide, SVG: template.HTML(svg), Table: table(*f.Table)}
}

// figure is a report of one of the project's figures.
type figure struct {
	Name, Title, When, System, Servers string
	Seed                               uint64
	Scale                              float64
	Tables                             []table
	Checks                             []check
	Notes                              []string
}

// check is a figure and its bar, with their lengths in percent of what is drawn.
type check struct {
	What, Got, Bar string
	Met            bool
	GotAt, BarAt   float64
}

func figureView(r *report.Report) figure {
	f := figure{
		Name: r.Name, Title: r.Title, When: r.When.Format("2 January 2006, 15:04 MST"), System: r.System,
		Servers: strings.Join(r.Servers, ", "), Seed: r.Seed, Scale: r.Scale, Notes: r.Notes,
	}
	for _, t := range r.Tables {
		f.Tables = append(f.Tables, table(*t))
	}
	for _, c := range r.Checks {
		sign := "≤ "
		if c.Least {
			sign = "≥ "
		}
		// The longer of both is four fifths of the room.
		whole := max(math.Abs(c.Got), math.Abs(c.Bar)) / 80
		v := check{What: c.What, Got: unit(c.Got, c.Unit), Bar: sign + unit(c.Bar, c.Unit), Met: c.Met}
		if whole > 0 {
			v.GotAt, v.BarAt = max(c.Got/whole, 0), max(c.Bar/whole, 0)
		}
		f.Checks = append(f.Checks, v)
	}
	return f
}

func unit(v float64, of string) string { return strings.TrimSpace(report.Cell(v) + " " + of) }

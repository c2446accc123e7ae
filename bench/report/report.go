// Package report shows what a benchmark has found: tables of what was measured,
// and checks, each a figure beside the bar that it must reach. One Report is one
// run; it prints itself as aligned text for people and as JSON for programs.
//
// Progress tells, while a run is under way, how far it is.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is the outcome of a run.
type Report struct {
	Name    string    `json:"name"`             // what was run, e.g. "memory"
	Title   string    `json:"title"`            // in a sentence
	When    time.Time `json:"when"`             // of its beginning
	System  string    `json:"system"`           // what it ran on
	Seed    uint64    `json:"seed"`             // with which it can be repeated
	Scale   float64   `json:"scale"`            // 1: in full
	Servers []string  `json:"servers"`          // that took part
	Tables  []*Table  `json:"tables"`           //
	Checks  []Check   `json:"checks,omitempty"` //
	Notes   []string  `json:"notes,omitempty"`  // what one has to know beside
}

// Table is rows of figures under column heads. Cells are text, ready to print.
type Table struct {
	Title   string     `json:"title,omitempty"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Add appends a row; numbers are printed as Cell does.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = Cell(c)
	}
	t.Rows = append(t.Rows, row)
}

// Table starts a table with these columns.
func (r *Report) Table(title string, columns ...string) *Table {
	t := &Table{Title: title, Columns: columns}
	r.Tables = append(r.Tables, t)
	return t
}

// Note adds a remark.
func (r *Report) Note(format string, values ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, values...))
}

// Check is a figure and its bar.
type Check struct {
	What  string  `json:"what"`
	Got   float64 `json:"got"`
	Bar   float64 `json:"bar"`
	Unit  string  `json:"unit"`
	Least bool    `json:"least,omitempty"` // the bar is a lower one
	Met   bool    `json:"met"`
}

// AtMost checks that a figure does not exceed its bar.
func (r *Report) AtMost(what string, got, bar float64, unit string) {
	r.Checks = append(r.Checks, Check{What: what, Got: got, Bar: bar, Unit: unit, Met: got <= bar})
}

// AtLeast checks that a figure reaches its bar.
func (r *Report) AtLeast(what string, got, bar float64, unit string) {
	r.Checks = append(r.Checks, Check{What: what, Got: got, Bar: bar, Unit: unit, Least: true, Met: got >= bar})
}

// Missed is the number of checks whose bar is not met.
func (r *Report) Missed() int {
	n := 0
	for _, c := range r.Checks {
		if !c.Met {
			n++
		}
	}
	return n
}

// Cell prints a value as it stands in a table: floating point numbers with about
// three digits, times rounded, all else as it is.
func Cell(v any) string {
	switch v := v.(type) {
	case float64:
		return number(v)
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// number prints f with as many decimals as its size deserves.
func number(f float64) string {
	switch abs := max(f, -f); {
	case abs >= 100:
		return fmt.Sprintf("%.0f", f)
	case abs >= 10:
		return fmt.Sprintf("%.1f", f)
	case abs >= 0.1 || abs == 0:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.2g", f)
}

// MiB prints a size in bytes.
func MiB(bytes int64) string { return number(float64(bytes)/(1<<20)) + " MiB" }

// Text prints the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Name, r.Title)
	fmt.Fprintf(&b, "%s; %s; seed %d", strings.Join(r.Servers, ", "), r.System, r.Seed)
	if r.Scale != 1 {
		fmt.Fprintf(&b, "; at %g of the size: bars are meant for the full one", r.Scale)
	}
	b.WriteByte('\n')
	for _, t := range r.Tables {
		b.WriteByte('\n')
		t.text(&b)
	}
	if len(r.Checks) > 0 {
		b.WriteByte('\n')
		checks := r.checkTable()
		checks.text(&b)
	}
	if len(r.Notes) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// checkTable is the bars as a table.
func (r *Report) checkTable() *Table {
	t := &Table{Columns: []string{"bar", "measured", "wanted", ""}}
	for _, c := range r.Checks {
		sign, verdict := "≤", "met"
		if c.Least {
			sign = "≥"
		}
		if !c.Met {
			verdict = "MISSED"
		}
		t.Add(c.What, strings.TrimSpace(number(c.Got)+" "+c.Unit), strings.TrimSpace(sign+" "+strconv.FormatFloat(c.Bar, 'g', 4, 64)+" "+c.Unit), verdict)
	}
	return t
}

// text prints a table: the first column to the left, all others to the right.
func (t *Table) text(b *strings.Builder) {
	if t.Title != "" {
		b.WriteString(t.Title + "\n")
	}
	widths := make([]int, len(t.Columns))
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString("  " + cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// JSON writes reports as one document.
func JSON(w io.Writer, reports []*Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(reports)
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/ashlar-cache/ashlar/bench/export"
	"github.com/ashlar-cache/ashlar/bench/page"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
)

const reportHelp = `ashlar-bench report shows results that were saved with --json.

Usage: ashlar-bench report FILE... [options]

FILE is what "run", "compare" and the other loads saved, or a figure's report.
Without options the results are printed as text.

  --html FILE   one page with summary, charts and their numbers; it needs no
                network to be read (- for standard output)
  --svg DIR     each chart as a picture for a README that follows the reader's
                light or dark scheme
  --png DIR     each chart as a picture of pixels, sharp on fine screens too
  --csv         a line for each run; the first fields are redis-benchmark's
  --benchstat   a line for each run, for benchstat: "benchstat -col /server"
                compares the servers, two files compare two commits
  --text        as text, besides pages and pictures

Exit status: 0, or 1 if a file cannot be read or written.
`

// reportOptions are what the command line of "report" asks for.
type reportOptions struct {
	files                []string
	html, svg, png       string // where to; empty: not wanted
	csv, benchstat, text bool   // what to print; one at most
}

// saved is what the files hold.
type saved struct {
	loads   []*result.File   // one for each file of "run", "compare" and so on
	figures []*report.Report // of all files of figures
}

// doReport shows saved results.
func doReport(_ context.Context, args []string, stdout, _ io.Writer) error {
	o, err := parseReport(args)
	if err != nil {
		return err
	}
	// All are read before anything is written: a mistake in the last name leaves no
	// half of a page.
	var all saved
	for _, name := range o.files {
		if err := all.read(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	// Figures are tables with their bars: there is nothing to draw or to list.
	if len(all.loads) == 0 && (o.csv || o.benchstat || o.svg != "" || o.png != "") {
		return errors.New("charts, CSV and lines for benchstat are of loads, and these files hold figures alone")
	}
	return all.show(o, stdout)
}

// parseReport reads names and options in any order.
func parseReport(args []string) (o reportOptions, err error) {
	// The usage texts are left empty: the help is a page, written by hand.
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.html, "html", "", "")
	f.StringVar(&o.svg, "svg", "", "")
	f.StringVar(&o.png, "png", "", "")
	f.BoolVar(&o.csv, "csv", false, "")
	f.BoolVar(&o.benchstat, "benchstat", false, "")
	f.BoolVar(&o.text, "text", false, "")
	// Package flag stops at the first name, so names are taken out in between.
	for len(args) > 0 {
		if !strings.HasPrefix(args[0], "-") {
			o.files, args = append(o.files, args[0]), args[1:]
			continue
		}
		if err := f.Parse(args); err != nil {
			return o, err
		}
		args = f.Args()
	}
	if len(o.files) == 0 {
		return o, errors.New("say which files: see ashlar-bench report --help")
	}
	// What is printed is for one reader, a person or a program.
	printed := 0
	for _, wanted := range []bool{o.csv, o.benchstat, o.text, o.html == "-"} {
		if wanted {
			printed++
		}
	}
	if printed > 1 {
		return o, errors.New("--csv, --benchstat, --text and --html - each print to standard output: choose one")
	}
	o.text = o.text || printed == 0 && o.html == "" && o.svg == "" && o.png == ""
	return o, nil
}

// read adds what a file holds: results of loads are an object, reports of figures a
// list.
func (s *saved) read(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		f, err := result.Read(bytes.NewReader(text))
		if err == nil {
			s.loads = append(s.loads, f)
		}
		return err
	}
	// A list that holds something else is not half of a report: nothing of it is shown.
	var reports []*report.Report
	if err := json.Unmarshal(text, &reports); err != nil {
		return fmt.Errorf("not a report of ashlar-bench: %w", err)
	}
	if !slices.ContainsFunc(reports, broken) {
		s.figures = append(s.figures, reports...)
		return nil
	}
	return errors.New("not a report of ashlar-bench")
}

// broken tells a report that was not written by this program: what prints it relies on
// its form.
func broken(r *report.Report) bool {
	return r == nil || slices.ContainsFunc(r.Tables, func(t *report.Table) bool {
		return t == nil || slices.ContainsFunc(t.Rows, func(row []string) bool { return len(row) > len(t.Columns) })
	})
}

// show writes all that was asked for.
func (s *saved) show(o reportOptions, stdout io.Writer) error {
	// Files first, so that what is printed is there when the files are.
	p := page.Page{Files: s.loads, Reports: s.figures}
	if err := writeTo(o.html, stdout, p.Write); err != nil {
		return err
	}
	for _, pictures := range []struct {
		dir  string
		draw func(string, ...*result.File) ([]string, error)
	}{{o.svg, export.SVG}, {o.png, export.PNG}} {
		if pictures.dir == "" {
			continue
		}
		if _, err := pictures.draw(pictures.dir, s.loads...); err != nil {
			return err
		}
	}
	switch {
	case o.csv:
		return export.CSV(stdout, s.loads...)
	case o.benchstat:
		return export.Benchstat(stdout, s.loads...)
	case o.text:
		return s.print(stdout)
	}
	return nil
}

// print prints the results as text.
func (s *saved) print(stdout io.Writer) error {
	// With an empty line between two of them.
	var parts []func(io.Writer) error
	for _, f := range s.loads {
		parts = append(parts, func(w io.Writer) error { return export.Text(w, f) })
	}
	for _, r := range s.figures {
		parts = append(parts, r.Text)
	}
	for i, part := range parts {
		if i > 0 {
			if _, err := fmt.Fprintln(stdout); err != nil {
				return err
			}
		}
		if err := part(stdout); err != nil {
			return err
		}
	}
	return nil
}

// writeTo fills a file, "-" for standard output, "" for nowhere.
func writeTo(name string, stdout io.Writer, fill func(io.Writer) error) error {
	switch name {
	case "":
		return nil
	case "-":
		return fill(stdout)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	// A full disk shows at the latest when the file is closed.
	return errors.Join(fill(f), f.Close())
}

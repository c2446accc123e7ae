package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/export"
	"github.com/ashlar-cache/ashlar/bench/loadgen"
	"github.com/ashlar-cache/ashlar/bench/page"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// outcome gathers the results of a verb, and shows them when it is done, whatever came
// in between.
type outcome struct {
	*loadFlags
	file     result.File // what is saved, and what text and page are made of
	progress *report.Progress
}

// newOutcome begins one; the command line as typed is kept with the results, so that
// they can be had again.
func newOutcome(o *loadFlags, verb, title string, args []string, stderr io.Writer) *outcome {
	out := &outcome{loadFlags: o, file: result.File{
		Format: result.Format, Title: title, Command: plainTyped(verb, args), When: time.Now(),
		System: system(), Seed: o.mix.Seed,
	}}
	out.progress = report.NewProgress(nil)
	if !o.silent {
		out.progress = report.NewProgress(stderr)
	}
	return out
}

// system is what the load runs on.
func system() string {
	text := fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	cpus, _ := os.ReadFile("/proc/cpuinfo") // missing on other systems
	for line := range strings.Lines(string(cpus)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return text + ", " + strings.TrimSpace(value)
		}
	}
	return text
}

// keep takes a result. What went wrong in it makes the exit status 1, and is said at
// the end.
func (out *outcome) keep(r bench.Result, err error) {
	// A run that could not even begin is no result: it would stand in the tables as a
	// server that answers nothing.
	if err == nil || r.Ops > 0 || r.Latency.Count > 0 {
		out.file.Runs = append(out.file.Runs, r)
	}
	who := r.Server
	if r.Load.Workload != "" {
		who += ", " + r.Load.Workload
	}
	if err != nil {
		out.fail("%s: ended after %d replies: %v", who, r.Ops, err)
	}
	// The schema keeps what commands were refused with; here it becomes a failure, since
	// a rate made of error replies is no rate.
	for _, f := range r.Faults {
		out.fail("%s: %d times the error: %s", who, f.Count, f.Text)
	}
	if r.Closed > 0 {
		out.fail("%s: %d connections ended, %d commands without a reply; the first: %s", who, r.Closed, r.Lost, r.FirstError)
	}
	if r.Undelivered > 0 {
		out.fail("%s: %d messages did not reach their subscribers", who, r.Undelivered)
	}
	// Not to keep up is a finding, not a failure; a search looks for just that.
	if r.Behind > 0 && r.Within == nil {
		out.file.Notes = append(out.file.Notes, fmt.Sprintf("%s: %d commands were due and not answered at the end: the server did not keep up", who, r.Behind))
	}
}

// fail notes what went wrong, which is said at the end and makes the exit status 1.
func (out *outcome) fail(format string, values ...any) {
	out.file.Failures = append(out.file.Failures, fmt.Sprintf(format, values...))
}

// errFailed is what a verb ends with when the report has said what went wrong.
var errFailed = errors.New("not all went well: see above")

// show prints and saves everything; err is what ended the work, if anything did.
func (out *outcome) show(ctx context.Context, stdout io.Writer, err error) error {
	out.progress.Clear()
	if ctx.Err() != nil {
		out.fail("interrupted: these are the results so far")
		err = nil
	} else if err != nil && len(out.file.Runs) == 0 && len(out.file.Failures) == 0 {
		return err // there is nothing to show
	} else if err != nil && !errors.Is(err, errEnded) {
		out.fail("%v", err)
	}
	// All of it is tried: a page that cannot be written must not lose the JSON.
	errs := []error{out.print(stdout)}
	if out.json != "-" && out.json != "" {
		errs = append(errs, save(out.json, out.file.Write))
	}
	if out.html != "" {
		errs = append(errs, save(out.html, func(w io.Writer) error { return page.Write(w, &out.file) }))
	}
	if len(out.file.Failures) > 0 {
		errs = append(errs, errFailed)
	}
	return errors.Join(errs...)
}

// print writes to standard output in the form that was asked for.
func (out *outcome) print(w io.Writer) error {
	switch {
	case out.json == "-":
		return out.file.Write(w)
	case out.csv:
		return export.CSV(w, &out.file)
	}
	return export.Text(w, &out.file)
}

// save writes a file. A full disk shows at the latest when it is closed.
func save(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// watch has a load tell the progress how it goes.
func (out *outcome) watch(l *bench.Load) {
	l.Watch = func(v loadgen.Live) {
		// The rate is of the last moments, p99 of the last full second: both jump, as
		// the server does.
		text := fmt.Sprintf("%11.0f/s", v.Rate)
		if v.P99 > 0 {
			text += fmt.Sprintf("  p99 %v", v.P99.Round(time.Microsecond))
		}
		out.progress.Live(v.Share, text)
	}
}

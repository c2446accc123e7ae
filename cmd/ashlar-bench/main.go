// Command ashlar-bench measures cache servers: it is the command line of the
// library bench, which does the work. A command line begins with a verb, which has
// options of its own (see verbs.go), or with the names of figures: then it resolves
// which servers take part, takes one figure after another, and prints each report
// when it is there.
//
// Verbs that make loads (run, compare, fill) share their options, so that what has
// been measured with one can be repeated with another:
//
//	loadflags.go   options ──► workloads of package mix, settings of package loadgen
//	run.go         one server: reached as it is, or started for the run
//	compare.go     several: started or found empty, filled, then loaded in turns
//	outcome.go     results ──► text, CSV, JSON, HTML page, and the exit status
//
// Whatever comes in between, an interrupt, a server that dies, an error reply: what was
// measured before is printed and saved, what went wrong is said with its number, and
// the exit status is 1.
//
// Reports go to standard output and progress to standard error, so that results
// can be kept while one watches. The exit status says whether all bars were met,
// for scripts. ashlar-bench --help says how to use it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
	"github.com/ashlar-cache/ashlar/bench/trace"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line asks for.
type options struct {
	figures []bench.Figure
	servers []string     // as written; empty: each figure's own
	ashlar  string       // path of the program; empty: look for it
	json    string       // file; "-" for standard output
	silent  bool         // no progress
	config  bench.Config // without the servers
}

// run is the whole program; it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || slices.Contains([]string{"--help", "-help", "-h", "help"}, args[0]) {
		printHelp(stdout)
		return 0
	}
	if status, is := dispatch(args, stdout, stderr); is {
		return status
	}
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		printHelp(stdout)
		return 0
	}
	missed := 0
	if err == nil {
		// Interrupted, a run still stops its servers and prints what it has; a
		// second signal ends the program at once.
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		context.AfterFunc(ctx, stop)
		missed, err = measure(ctx, o, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "ashlar-bench:", err)
		return 1
	}
	if missed > 0 {
		fmt.Fprintf(stderr, "ashlar-bench: %d bars missed\n", missed)
		return 1
	}
	return 0
}

// parse reads the command line: names of figures and options in any order.
func parse(args []string) (o options, err error) {
	// The usage texts are left empty: the whole help is one page, written by hand.
	f := flag.NewFlagSet("ashlar-bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	var servers, only string
	var quick bool
	f.StringVar(&servers, "servers", "", "")
	f.StringVar(&o.ashlar, "ashlar", "", "")
	f.StringVar(&only, "only", "", "")
	f.StringVar(&o.json, "json", "", "")
	f.BoolVar(&quick, "quick", false, "")
	f.BoolVar(&o.silent, "silent", false, "")
	f.Float64Var(&o.config.Scale, "scale", 1, "")
	f.Uint64Var(&o.config.Seed, "seed", 1, "")
	f.StringVar(&o.config.Trace.Path, "trace", "", "")
	f.Func("format", "", func(name string) (err error) { o.config.Trace.Format, err = trace.ParseFormat(name); return err })
	f.Func("resident", "", func(size string) (err error) { o.config.Memory, err = sizeOf(size); return err })
	// Package flag stops at the first name, so names are taken out in between.
	var names []string
	for len(args) > 0 {
		if !strings.HasPrefix(args[0], "-") {
			names, args = append(names, args[0]), args[1:]
			continue
		}
		if err := f.Parse(args); err != nil {
			return o, err
		}
		args = f.Args()
	}
	if quick { // wins over --scale, as it is the more modest wish
		o.config.Scale = bench.Quick
	}
	if !(o.config.Scale > 0 && o.config.Scale <= 100) {
		return o, fmt.Errorf("--scale is a number above 0 and up to 100, not %g", o.config.Scale)
	}
	o.servers, o.config.Only = list(servers), list(only)
	o.figures, err = figures(names)
	return o, err
}

// list splits what is separated by commas.
func list(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

// figures finds figures by their names.
func figures(names []string) (found []bench.Figure, err error) {
	all := bench.Figures()
	for _, name := range names {
		if name == "all" {
			return all, nil
		}
		i := slices.IndexFunc(all, func(f bench.Figure) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no figure %q: see ashlar-bench --help", name)
		}
		found = append(found, all[i])
	}
	if len(found) == 0 {
		return nil, errors.New("say what to measure: see ashlar-bench --help")
	}
	return found, nil
}

// measure takes the figures one after another, prints each as soon as it is there
// and returns how many bars were missed. A figure that fails does not keep the
// others from being taken.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) (missed int, err error) {
	// Where the server is built, once for all figures.
	scratch, err := os.MkdirTemp("", "ashlar-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(scratch)
	if !o.silent {
		o.config.Progress = report.NewProgress(stderr)
	}
	finder := finder{ashlar: o.ashlar, scratch: scratch, known: make(map[string]target.Spec)}
	var reports []*report.Report
	var errs []error
	for _, f := range o.figures {
		if ctx.Err() != nil {
			break // interrupted: the figures so far are kept
		}
		// With an error there may be a report all the same, of the part before it.
		r, err := one(ctx, o, f, &finder)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.Name, err))
		}
		if r == nil {
			continue
		}
		reports, missed = append(reports, r), missed+r.Missed()
		// Figures take minutes: each is printed when it is there.
		if o.json != "-" {
			if err := r.Text(stdout); err != nil {
				return missed, err
			}
			fmt.Fprintln(stdout)
		}
	}
	return missed, errors.Join(append(errs, writeJSON(o.json, stdout, reports))...)
}

// one takes a single figure. A peer that nobody named may be absent: the figure
// is then taken without it, and says so.
func one(ctx context.Context, o options, f bench.Figure, find *finder) (*report.Report, error) {
	names, optional := o.servers, false
	if len(names) == 0 { // not named by the user, so not insisted on
		names, optional = f.Peers, true
	}
	cfg := o.config
	for i, name := range names {
		spec, err := find.spec(ctx, name)
		if errors.Is(err, target.ErrAbsent) && optional && i > 0 {
			find.absent = append(find.absent, name)
			continue // no peer to compare with, but the figure itself can be had
		}
		if err != nil {
			return nil, err
		}
		cfg.Servers = append(cfg.Servers, spec)
	}
	r, err := f.Measure(ctx, cfg)
	if r != nil {
		for _, name := range find.absent {
			r.Note("%s is not installed: nothing is compared with it", name)
		}
	}
	find.absent = nil
	return r, err
}

// finder resolves each server once: one of them is built.
type finder struct {
	ashlar  string                 // its path, if the user gave one
	scratch string                 // directory for what is built
	known   map[string]target.Spec // resolved already
	absent  []string               // peers of the current figure
}

// spec is the server of a name.
func (f *finder) spec(ctx context.Context, name string) (target.Spec, error) {
	if s, ok := f.known[name]; ok {
		return s, nil
	}
	s, err := target.Find(ctx, name, f.ashlar, f.scratch)
	if err == nil {
		f.known[name] = s
	}
	return s, err
}

// writeJSON writes the reports to a file, "-" for standard output, "" for nowhere.
func writeJSON(name string, stdout io.Writer, reports []*report.Report) error {
	switch name {
	case "":
		return nil
	case "-":
		return report.JSON(stdout, reports)
	}
	// A full disk shows at the latest when the file is closed.
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(report.JSON(f, reports), f.Close())
}

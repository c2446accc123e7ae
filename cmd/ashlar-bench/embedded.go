package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/embedded"
	"github.com/ashlar-cache/ashlar/bench/report"
)

// embeddedHelp is the page of "ashlar-bench embedded --help".
const embeddedHelp = `ashlar-bench embedded compares caches inside a Go program, each in a process of its
own: package cache of Ashlar beside fastcache, bigcache, freecache, ristretto, otter
and sync.Map.

Usage: ashlar-bench embedded [options]

  --only LIST     only these parts:
                    throughput  by threads and mix, keys by zipf 0.99; latencies of reads
                    heap        10 million entries: Go heap, collector, resident memory
                    hitratio    at the same peak of resident memory
  --stores LIST   only these stores; ashlar is held to the bars
  --scale X       that much of the size; --quick: a twentieth, to see that it works
  --seed N        where random numbers come from (1)
  --json FILE     results as JSON too; - for standard output, in place of text
  --silent        no progress on standard error

Exit status: 0, or 1 if a bar was missed or anything failed. It takes about half an hour
in full, and 6 GiB of memory for the part heap.
`

// doEmbedded compares embedded stores. Unlike other verbs it needs no server, but this very
// program again and again: a store is measured in a process that nothing else has been in.
func doEmbedded(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("embedded", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	var c embedded.Config
	var only, stores, file string
	var quick, silent, serve bool
	f.StringVar(&only, "only", "", "")
	f.StringVar(&stores, "stores", "", "")
	f.StringVar(&file, "json", "", "")
	f.BoolVar(&quick, "quick", false, "")
	f.BoolVar(&silent, "silent", false, "")
	f.BoolVar(&serve, "serve", false, "") // what this program calls itself with
	f.Float64Var(&c.Scale, "scale", 1, "")
	f.Uint64Var(&c.Seed, "seed", 1, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is no option: see ashlar-bench embedded --help", f.Arg(0))
	}
	// The task comes on standard input and its outcome goes to standard output, so there
	// is no more to say on the command line.
	if serve {
		return embedded.Serve(os.Stdin, stdout)
	}
	if quick {
		c.Scale = bench.Quick
	}
	if !(c.Scale > 0 && c.Scale <= 100) {
		return fmt.Errorf("--scale is a number above 0 and up to 100, not %g", c.Scale)
	}
	// Where it lies now: the name it was called by may lead elsewhere.
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.Program, c.Only, c.Stores = []string{self, "embedded", "--serve"}, list(only), list(stores)
	if !silent {
		c.Progress = report.NewProgress(stderr)
	}
	return showEmbedded(ctx, c, file, stdout)
}

// showEmbedded measures and prints; with an error, too, what there is by then.
func showEmbedded(ctx context.Context, c embedded.Config, file string, stdout io.Writer) error {
	r, err := embedded.Run(ctx, c)
	if r == nil {
		return err
	}
	if file != "-" {
		err = errors.Join(err, r.Text(stdout))
	}
	err = errors.Join(err, writeJSON(file, stdout, []*report.Report{r}))
	// Missed bars are told last, where nothing worse has happened.
	if n := r.Missed(); err == nil && n > 0 {
		return fmt.Errorf("%d bars missed", n)
	}
	return err
}

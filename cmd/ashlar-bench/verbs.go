package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"syscall"
)

// verb is something to do besides taking a figure. It has options of its own, and a
// page that explains them.
type verb struct {
	name  string // the first word of the command line
	title string // in the list of --help
	help  string // the page of "ashlar-bench NAME --help"; a test holds it to a screen
	// do reads the options and does the work. An error is printed, and makes the exit
	// status 1. What was measured before an error has been printed or saved by then.
	do func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

// verbs are all of them, in the order of the help page.
func verbs() []verb {
	return []verb{
		{"run", "load one server, and tell rate, latencies and what it took", helpPage("run"), doRun},
		{"compare", "several servers in turns, under the same load", helpPage("compare"), doCompare},
		{"fill", "store the keys that a load will ask for", helpPage("fill"), doFill},
		{"replay", "ask servers what a trace says, as a look-aside cache", replayHelp, doReplay},
		{"embedded", "caches inside a Go program: speed, heap, hit ratio", embeddedHelp, doEmbedded},
		{"report", "show saved results: text, HTML page, pictures, CSV, benchstat", reportHelp, doReport},
	}
}

// dispatch carries out the verb that the command line begins with, if it begins with
// one; else a figure may be meant.
func dispatch(args []string, stdout, stderr io.Writer) (status int, is bool) {
	all := verbs()
	i := slices.IndexFunc(all, func(v verb) bool { return v.name == args[0] })
	if i < 0 {
		return 0, false
	}
	v, args := all[i], args[1:]
	// -h is the host, as redis-benchmark and memtier have it.
	if slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-help" }) {
		fmt.Fprint(stdout, v.help)
		return 0, true
	}
	// Interrupted, a verb still stops its servers and prints what it has; a second
	// signal ends the program at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := v.do(ctx, args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, v.help)
		return 0, true
	case err != nil:
		fmt.Fprintf(stderr, "ashlar-bench %s: %v\n", v.name, err)
		return 1, true
	}
	return 0, true
}

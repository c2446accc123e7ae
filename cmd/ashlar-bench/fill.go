package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// doFill stores the keys that a load will ask for. It takes the options of a load, so
// that the line for run can be written first and then the same with fill in its place;
// what is stored follows from workload, keys, values and seed, and from nothing else.
func doFill(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := newLoadFlags("fill")
	o.set.BoolVar(&o.fill, "fill", true, "") // what a line for run has is not refused here
	names, err := o.parse(args)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%q is no option: see ashlar-bench fill --help", names[0])
	}
	loads, err := o.loads()
	if err != nil {
		return err
	}
	// A server that runs is filled beside what it has.
	access, err := o.access()
	if err != nil {
		return err
	}
	server, err := target.Reach(ctx, o.spec(), access)
	if err != nil {
		return err
	}
	out := newOutcome(o, "fill", "fill of "+server.Name, args, stderr)
	if o.pubsub {
		return errors.New("there is nothing to store for pubsub")
	}
	for _, l := range loads {
		// Nothing is measured that deep pipelining could spoil.
		l.Server = server
		l.Depth = max(l.Depth, fillDepth)
		out.watch(&l)
		out.progress.Step("%s: storing what %s asks for, %d commands", server.Name, l.Mix.Name, l.Mix.Preload())
		r, err := bench.Fill(ctx, l)
		out.progress.Clear()
		// A store that is not complete is no base for a load: the first failure ends it.
		if err != nil {
			return fmt.Errorf("%d commands answered, %d with an error: %w", r.Ops, r.Errors, err)
		}
		fmt.Fprintf(stdout, "%s: %d commands in %v, %.0f a second\n", l.Mix.Name, r.Ops, r.Took.Round(time.Millisecond), r.Rate)
	}
	return nil
}

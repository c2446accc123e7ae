package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// doRun loads one server: with one workload, or with one after another where -t names
// several, each on what the one before has left.
func doRun(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := newLoadFlags("run")
	o.measuring()
	o.set.StringVar(&o.servers, "server", "", "")
	o.set.BoolVar(&o.fill, "fill", false, "")
	names, err := o.parse(args)
	if err != nil {
		return err
	}
	// A word by itself is a slip, such as a server's name, which compare takes.
	if len(names) > 0 {
		return fmt.Errorf("%q is no option: see ashlar-bench run --help", names[0])
	}
	loads, err := o.loads()
	if err != nil {
		return err
	}
	server, stop, err := o.server(ctx)
	if err != nil {
		return err
	}
	defer stop()
	out := newOutcome(o, "run", "load on "+server.Name, args, stderr)
	for _, l := range loads {
		l.Server = server
		if o.fill {
			if err = out.fillWith(ctx, l); err != nil {
				break
			}
		}
		if err = out.measure(ctx, l); err != nil {
			break
		}
	}
	return out.show(ctx, stdout, err)
}

// server is the one to load: one that runs, or one that is started for it.
func (o *loadFlags) server(ctx context.Context) (server *target.Server, stop func(), err error) {
	if o.servers == "" {
		access, err := o.access()
		if err != nil {
			return nil, nil, err
		}
		server, err = target.Reach(ctx, o.spec(), access)
		return server, func() {}, err
	}
	scratch, err := os.MkdirTemp("", "ashlar-bench-")
	if err != nil {
		return nil, nil, err
	}
	// Started without data and with this machine's defaults, but for --maxmemory.
	spec, err := target.Find(ctx, o.servers, o.ashlar, scratch)
	if err == nil {
		spec.On = o.on
		server, err = spec.Start(ctx, o.settings()...)
	}
	if err != nil {
		os.RemoveAll(scratch)
		return nil, nil, err
	}
	o.fill = true // one that was started has nothing to hit
	return server, func() {
		server.Stop()
		os.RemoveAll(scratch)
	}, nil
}

// settings are those of servers that are started.
func (o *loadFlags) settings() []target.Setting {
	if o.maxMemory == "" {
		return nil
	}
	return []target.Setting{{Name: "maxmemory", Value: o.maxMemory}}
}

// fillWith stores what a load will ask for.
func (out *outcome) fillWith(ctx context.Context, l bench.Load) error {
	if l.Mix == nil || l.Mix.Preload() == 0 {
		return nil
	}
	out.progress.Step("%s: storing what %s asks for, %d commands", l.Server.Name, l.Mix.Name, l.Mix.Preload())
	out.watch(&l)
	l.Depth = max(l.Depth, fillDepth)
	_, err := bench.Fill(ctx, l)
	return err
}

// fillDepth is how many commands are in flight on a connection while a server is
// filled, when nothing is measured.
const fillDepth = 32

// measure makes a load, or searches for its highest rate, and keeps what comes of it.
// An error means that there is no use in going on.
func (out *outcome) measure(ctx context.Context, l bench.Load) error {
	name := l.Name
	if l.Mix != nil {
		name = l.Mix.Name
	}
	out.watch(&l)
	if out.slo == "" {
		out.progress.Step("%s: %s", l.Server.Name, name)
		r, err := bench.Run(ctx, l)
		out.keep(r, err)
		if err != nil {
			return errEnded
		}
		return nil
	}
	out.progress.Step("%s: %s: the highest rate with %s", l.Server.Name, name, out.slo)
	// The name of the step says how the last point went, while the bar shows the next.
	points, err := bench.Search(ctx, l, out.bound, func(r bench.Result) {
		verdict := "too late"
		if *r.Within {
			verdict = "within"
		}
		out.progress.Step("%s: %s: %.0f/s: %s", l.Server.Name, name, r.Load.OpenRate, verdict)
	})
	// Every point is kept: together they are the curve of latency over throughput.
	for _, r := range points {
		out.keep(r, nil)
	}
	if err != nil {
		out.fail("%s, %s: %v", l.Server.Name, name, err)
		return errEnded
	}
	if _, ok := bench.Best(points); !ok {
		out.file.Notes = append(out.file.Notes, fmt.Sprintf("%s, %s: no rate keeps to %s", l.Server.Name, name, out.slo))
	}
	return nil
}

// errEnded says that a load has ended early; what there is to say has been kept.
var errEnded = errors.New("ended early")

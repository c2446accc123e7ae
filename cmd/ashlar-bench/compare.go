package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// defaultRounds is how often each server has its turn: enough to see what is chance.
const defaultRounds = 5

// doCompare loads several servers in turns. All of them run from the beginning to the
// end, since starting one again would give it an empty cache; those that wait for their
// turn have nothing to do.
func doCompare(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := newLoadFlags("compare")
	o.measuring()
	o.set.IntVar(&o.rounds, "rounds", 0, "")
	o.set.StringVar(&o.servers, "servers", "", "")
	names, err := o.parse(args)
	if err != nil {
		return err
	}
	// As a list after --servers, as figures have it, or one by one.
	names = append(names, list(o.servers)...)
	if o.rounds == 0 {
		o.rounds = defaultRounds
		if o.slo != "" {
			o.rounds = 1 // a search confirms itself
		}
	}
	loads, err := o.loads()
	if err != nil {
		return err
	}
	out := newOutcome(o, "compare", "servers compared", args, stderr)
	servers, stop, err := out.start(ctx, names)
	defer stop()
	if err == nil {
		err = out.rounds(ctx, servers, loads)
	}
	return out.show(ctx, stdout, err)
}

// start starts the servers, or finds those that run. Without names, all that are
// installed take part; those that are not are listed as absent.
func (out *outcome) start(ctx context.Context, names []string) (servers []*target.Server, stop func(), err error) {
	// Where Ashlar is built, if it is.
	scratch, err := os.MkdirTemp("", "ashlar-bench-")
	if err != nil {
		return nil, func() {}, err
	}
	stop = func() {
		for _, s := range servers {
			s.Stop()
		}
		os.RemoveAll(scratch)
	}
	if len(names) == 0 {
		names = target.Known()
	}
	for _, name := range names {
		spec, err := target.Find(ctx, name, out.ashlar, scratch)
		// Not being installed is no failure: nothing else can be compared with it.
		if errors.Is(err, target.ErrAbsent) {
			out.file.Absent = append(out.file.Absent, name)
			continue
		}
		if err != nil {
			return servers, stop, err
		}
		spec.On = out.on
		out.progress.Step("starting %s", spec.Name)
		server, err := spec.Start(ctx, out.settings()...)
		if err != nil {
			out.fail("%v", err) // the others can be compared all the same
			continue
		}
		servers = append(servers, server)
	}
	if len(servers) == 0 {
		return nil, stop, errors.New("no server to compare: give names, or install some")
	}
	return servers, stop, nil
}

// rounds gives each server its turns with each load. One that fails is left out of the
// rest of that load, and what it did before is kept.
func (out *outcome) rounds(ctx context.Context, servers []*target.Server, loads []bench.Load) error {
	// Load by load, so that servers are compared within minutes of each other; turn by
	// turn, so that what the machine does meanwhile hits all of them alike.
	for _, l := range loads {
		able := slices.Clone(servers)
		able = slices.DeleteFunc(able, func(s *target.Server) bool { return !out.prepare(ctx, s, l) })
		for l.Round = 0; l.Round < out.loadFlags.rounds; l.Round++ {
			able = slices.DeleteFunc(able, func(s *target.Server) bool {
				turn := l
				turn.Server = s
				return ctx.Err() == nil && out.measure(ctx, turn) != nil
			})
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// prepare empties a server and stores what a load asks for; false if it cannot take
// part.
func (out *outcome) prepare(ctx context.Context, s *target.Server, l bench.Load) bool {
	if s.Memcached && (l.Mix == nil || l.Mix.Plain() != nil) {
		reason := "it has no channels"
		if l.Mix != nil {
			reason = l.Mix.Plain().Error()
		}
		out.file.Notes = append(out.file.Notes, s.Name+" takes no part: "+reason)
		return false
	}
	// What an earlier load has left behind must not be in this one's memory or hits.
	l.Server = s
	if err := errors.Join(s.Empty(ctx), out.fillWith(ctx, l)); err != nil {
		out.fail("%s: %v", s.Name, err)
		return false
	}
	return true
}

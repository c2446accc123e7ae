package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/target"
	"github.com/ashlar-cache/ashlar/bench/trace"
)

const replayHelp = `ashlar-bench replay asks servers what a trace says, as a look-aside cache is asked: what
a read does not find is stored. It tells the hit ratio, by requests and by bytes, the
rate and the latencies. (ashlar-bench hitratio --trace FILE compares hit ratios at the
same resident memory.)

Usage: ashlar-bench replay FILE [SERVER ...] [options]

FILE may be compressed by gzip or zstd. Formats: csv (a line of names such as
op,key,size,ttl, then values), twitter (time, key, key size, value size, client,
operation, ttl), arc (first block, blocks, ignored, number), oracle (libCacheSim's
oracleGeneral). SERVER as for compare, each in turn; without any it is the one at:
  -h HOST  -p PORT  -s SOCKET  (127.0.0.1, 6379), which keeps what it has
  -a PASSWORD  --user NAME  --memcached (its own protocol)
  --tls  --cacert FILE  --cert FILE  --key FILE  --sni NAME  --insecure

  --format NAME     csv, twitter, arc, oracle (without it: by name and first line)
  --speed X         open loop: X times as fast as the trace's own times, and times to
                    live shorter by as much (0: as fast as answers come, times to live
                    as they are); latencies count from the moment a request was due
  --maxmemory SIZE  of servers that are started, which then evict: 64mb
  -c N  -P N        connections (4), which share the keys; requests in flight on each (32)
  -n N              only the first N requests
  --warm SHARE      of the requests before hits count (0)
  --max-value SIZE  larger values are cut to it (1020kb)
  --ashlar PATH     the ashlar program
Results: text, or --csv; --json FILE (- for standard output) and --html FILE keep them.
--silent: no progress.

Exit status: 0, or 1 if commands failed, connections broke or a server went away.
`

// replayNames are the options that replay has.
var replayNames = strings.Fields("h p s a user memcached tls cacert cert key sni insecure format speed maxmemory " +
	"c P n warm max-value ashlar csv json html silent")

// replayFlags are what replay can be told.
type replayFlags struct {
	*loadFlags
	format   string
	maxValue string
	replay   bench.ReplayLoad
}

// parseReplay reads the command line: the file and the servers.
func parseReplay(args []string) (o *replayFlags, servers []string, err error) {
	o = &replayFlags{loadFlags: newLoadFlags("replay")}
	f := o.set
	// A look-aside program has few connections, and asks for what a page needs at once.
	o.load.Connections, o.load.Depth = 4, 32
	f.Int64Var(&o.load.Requests, "n", 0, "")
	f.StringVar(&o.format, "format", "", "")
	f.Float64Var(&o.replay.Speed, "speed", 0, "")
	f.Float64Var(&o.replay.Warm, "warm", 0, "")
	f.StringVar(&o.maxMemory, "maxmemory", "", "")
	f.StringVar(&o.maxValue, "max-value", "", "")
	f.StringVar(&o.ashlar, "ashlar", "", "")
	names, err := o.parse(args)
	if err != nil {
		return nil, nil, err
	}
	// What only other verbs have is a mistake, and not to be passed over in silence.
	f.Visit(func(used *flag.Flag) {
		if !slices.Contains(replayNames, used.Name) {
			err = fmt.Errorf("replay has no option %s: the trace says what is sent", used.Name)
		}
	})
	r := &o.replay
	switch {
	case err != nil:
		return nil, nil, err
	case len(names) == 0:
		return nil, nil, errors.New("say which trace to replay: see ashlar-bench replay --help")
	case !(r.Speed >= 0 && r.Speed <= 1e9), !(r.Warm >= 0 && r.Warm < 1), o.load.Requests < 0:
		return nil, nil, errors.New("--speed and -n are 0 or more, --warm lies between 0 and 1")
	case o.load.Connections < 1 || o.load.Connections > 1000 || o.load.Depth < 1 || o.load.Depth > 10_000:
		return nil, nil, errors.New("connections are 1 to 1,000, and requests in flight on each 1 to 10,000")
	}
	r.Connections, r.Depth = o.load.Connections, o.load.Depth
	r.Path, r.Limit = names[0], int(o.load.Requests)
	if r.Format, err = trace.ParseFormat(o.format); err == nil && o.maxValue != "" {
		var n int64
		n, err = sizeOf(o.maxValue)
		r.MaxValue = int(n)
	}
	return o, names[1:], err
}

// sizeOf reads a number of bytes in the form of redis.conf: 64mb.
func sizeOf(text string) (int64, error) {
	digits := strings.TrimRight(strings.ToLower(text), "kmgb")
	unit, known := map[string]int64{"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30}[strings.ToLower(text[len(digits):])]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n < 1 || n > 1<<40/unit {
		return 0, fmt.Errorf("%q is not a size such as 64mb", text)
	}
	return n * unit, nil
}

// doReplay replays a trace against each server in turn.
func doReplay(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, names, err := parseReplay(args)
	if err != nil {
		return err
	}
	out := newOutcome(o.loadFlags, "replay", "replay of "+o.replay.Path, args, stderr)
	o.replay.Progress = out.progress
	// A server that runs is taken as it is; only with names are some started.
	if len(names) == 0 {
		access, err := o.access()
		if err != nil {
			return err
		}
		server, err := target.Reach(ctx, o.spec(), access)
		if err == nil {
			err = o.one(ctx, out, server)
		}
		return out.show(ctx, stdout, err)
	}
	scratch, err := os.MkdirTemp("", "ashlar-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, name := range names {
		if err = o.started(ctx, out, name, scratch); err != nil {
			break
		}
	}
	return out.show(ctx, stdout, err)
}

// started replays against a server that is started for it.
func (o *replayFlags) started(ctx context.Context, out *outcome, name, scratch string) error {
	spec, err := target.Find(ctx, name, o.ashlar, scratch)
	if errors.Is(err, target.ErrAbsent) {
		out.file.Absent = append(out.file.Absent, name)
		return nil
	}
	if err != nil {
		return err
	}
	// Without a bound on memory each server has its default, which is none for most.
	var settings []target.Setting
	if o.maxMemory != "" {
		memory, err := sizeOf(o.maxMemory)
		if err != nil {
			return err
		}
		settings = bench.Evicting(spec, memory)
	}
	server, err := spec.Start(ctx, settings...)
	if err != nil {
		return err
	}
	defer server.Stop()
	return o.one(ctx, out, server)
}

// one replays against a server. That it failed is kept, and no reason to leave out the
// next one; a trace that cannot be read is.
func (o *replayFlags) one(ctx context.Context, out *outcome, server *target.Server) error {
	out.progress.Step("%s: %s", server.Name, o.replay.Path)
	l := o.replay
	l.Server = server
	r, err := bench.Replay(ctx, l)
	// Without a name nothing was begun: the trace itself is at fault.
	if r.Server == "" {
		return err
	}
	out.keep(r, err)
	if gets := r.Hits + r.Misses; gets > 0 {
		out.file.Notes = append(out.file.Notes, fmt.Sprintf("%s: %d reads, hit ratio %.2f %%, byte hit ratio %.2f %%, peak of resident memory %.1f MiB",
			r.Server, gets, 100*float64(r.Hits)/float64(gets), 100*float64(r.HitBytes)/float64(max(r.HitBytes+r.MissBytes, 1)), float64(r.Usage.Peak)/(1<<20)))
	}
	return nil
}

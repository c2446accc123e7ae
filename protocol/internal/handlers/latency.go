package handlers

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/latency"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
)

// latencyRows are the commands about when the server was slow, and how slow each
// command is.
var latencyRows = []Row{
	{
		Spec: command.Spec{
			Name: "latency", Arity: -2, Summary: "A container for latency diagnostics commands",
			Since: "2.8.13", Group: "server", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "doctor", Arity: 2, Summary: "Return a human readable latency analysis report.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
				},
				Run: runLatencyDoctor,
			},
			{
				Spec: command.Spec{
					Name: "graph", Arity: 3, Summary: "Return a latency graph for the event.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
					Args: []command.Arg{
						{Name: "event", Type: "string"},
					},
				},
				Run: runLatencyGraph,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands.",
					Flags: command.Loading | command.Stale,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
				},
				Run: runLatencyHelp,
			},
			{
				Spec: command.Spec{
					Name: "histogram", Arity: -2, Summary: "Return the cumulative distribution of latencies of a subset of commands or all.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "7.0.0", Group: "server", Complexity: "O(N) where N is the number of commands with latency information being retrieved.",
					Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
					Args: []command.Arg{
						{Name: "command", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runLatencyHistogram,
			},
			{
				Spec: command.Spec{
					Name: "history", Arity: 3, Summary: "Return timestamp-latency samples for the event.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
					Args: []command.Arg{
						{Name: "event", Type: "string"},
					},
				},
				Run: runLatencyHistory,
			},
			{
				Spec: command.Spec{
					Name: "latest", Arity: 2, Summary: "Return the latest latency samples for all events.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
				},
				Run: runLatencyLatest,
			},
			{
				Spec: command.Spec{
					Name: "reset", Arity: -2, Summary: "Reset latency data for one or more events.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
					Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "event", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runLatencyReset,
			},
		},
	},
}

var latencyHelp = []string{
	"DOCTOR",
	"    Return a human readable latency analysis report.",
	"GRAPH <event>",
	"    Return an ASCII latency graph for the <event> class.",
	"HISTORY <event>",
	"    Return time-latency samples for the <event> class.",
	"LATEST",
	"    Return the latest latency samples for all events.",
	"RESET [<event> ...]",
	"    Reset latency data of one or more <event> classes.",
	"    (default: reset all data for all event classes)",
	"HISTOGRAM [COMMAND ...]",
	"    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
	"    If no commands are specified then all histograms are replied.",
}

// runLatencyHelp: show helpful text about the different subcommands.
func runLatencyHelp(ctx *Context) { ctx.help("LATENCY", latencyHelp) }

// runLatencyLatest: return the latest latency samples for all events.
func runLatencyLatest(ctx *Context) {
	events := ctx.Server.Latency.Events()
	ctx.Array(len(events))
	for _, e := range events {
		ctx.Array(4)
		ctx.BulkString(e.Name)
		ctx.Int(e.Latest.At)
		ctx.Int(e.Latest.Ms)
		ctx.Int(e.Max)
	}
}

// runLatencyHistory: return timestamp-latency samples for the event.
func runLatencyHistory(ctx *Context) {
	samples := ctx.Server.Latency.History(string(ctx.Args[2]))
	ctx.Array(len(samples))
	for _, s := range samples {
		ctx.Array(2)
		ctx.Int(s.At)
		ctx.Int(s.Ms)
	}
}

// runLatencyReset: reset latency data for one or more events.
func runLatencyReset(ctx *Context) {
	var names []string
	for _, name := range ctx.Args[2:] {
		names = append(names, string(name))
	}
	ctx.Int(int64(ctx.Server.Latency.Reset(names...)))
}

// runLatencyHistogram replies with the distributions of the commands named, of a
// container's subcommands too, or of all.
func runLatencyHistogram(ctx *Context) {
	all := ctx.Server.Metrics.Latencies()
	var list []*metrics.Latency
	if len(ctx.Args) == 2 {
		list = all
	}
	for _, name := range ctx.Args[2:] {
		c := ctx.Server.Table.Named(string(name))
		if c == nil {
			continue
		}
		for _, l := range all {
			if l.Name == c.FullName || strings.HasPrefix(l.Name, c.FullName+"|") {
				list = append(list, l)
			}
		}
	}
	ctx.Map(len(list))
	for _, l := range list {
		n := 0
		l.CumulativeUsec(func(uint64, uint64) { n++ })
		ctx.BulkString(l.Name)
		ctx.Map(2)
		ctx.BulkString("calls")
		ctx.Int(int64(l.Calls))
		ctx.BulkString("histogram_usec")
		ctx.Map(n)
		l.CumulativeUsec(func(usec, calls uint64) {
			ctx.Int(int64(usec))
			ctx.Int(int64(calls))
		})
	}
}

const (
	doctorOff = "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. " +
		"You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. " +
		"If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
	doctorWell = "Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. " +
		"I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n"
	doctorIll = "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n"
	doctorDo  = "\nI have a few advices for you:\n\n" +
		"- Check your Slow Log to understand what are the commands you are running which are too slow to execute. " +
		"Please check https://redis.io/commands/slowlog for more information.\n" +
		"- Deleting, expiring or evicting (because of maxmemory policy) large objects is a matter of many small steps here: " +
		"it is commands that read or write much at once that others wait for.\n"
)

// runLatencyDoctor is redis-server's report, in its voice; what it would advise about
// forks and disks has no meaning here.
func runLatencyDoctor(ctx *Context) {
	events := ctx.Server.Latency.Events()
	var b strings.Builder
	switch {
	case !ctx.Server.Latency.On() && len(events) == 0:
		b.WriteString(doctorOff)
	case len(events) == 0:
		b.WriteString(doctorWell)
	default:
		b.WriteString(doctorIll)
		for i, e := range events {
			writeSpikes(&b, i+1, e, ctx.Server.Latency.History(e.Name))
		}
		b.WriteString(doctorDo)
	}
	ctx.Verbatim("txt", b.String())
}

// writeSpikes writes the doctor's line about one kind of event.
func writeSpikes(b *strings.Builder, number int, e latency.Event, samples []latency.Sample) {
	sum, deviation := int64(0), 0.0
	for _, s := range samples {
		sum += s.Ms
	}
	n := int64(len(samples))
	average := sum / n
	for _, s := range samples {
		deviation += math.Abs(float64(s.Ms - average))
	}
	period := float64(samples[n-1].At-samples[0].At) / float64(n)
	fmt.Fprintf(b, "%d. %s: %d latency spikes (average %dms, mean deviation %dms, period %.2f sec). Worst all time event %dms.\n",
		number, e.Name, n, average, int64(deviation)/n, period, e.Max)
}

// runLatencyGraph draws the samples of an event, newest to the right, each with its
// age written downwards below it.
func runLatencyGraph(ctx *Context) {
	name := string(ctx.Args[2])
	samples := ctx.Server.Latency.History(name)
	if len(samples) == 0 {
		ctx.Error("ERR No samples available for event '" + name + "'")
		return
	}
	low, high, ever := samples[0].Ms, samples[0].Ms, int64(0)
	for _, s := range samples {
		low, high = min(low, s.Ms), max(high, s.Ms)
	}
	for _, e := range ctx.Server.Latency.Events() {
		if e.Name == name {
			ever = e.Max
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", name, high, low, ever)
	b.WriteString(strings.Repeat("-", graphColumns) + "\n")
	now := time.Now().Unix()
	for at := 0; at < len(samples); at += graphColumns {
		if at > 0 {
			b.WriteByte('\n')
		}
		drawSpikes(&b, samples[at:min(at+graphColumns, len(samples))], low, high, now)
	}
	ctx.Verbatim("txt", b.String())
}

const (
	graphColumns = 80
	graphRows    = 4
	graphInk     = "_o#" // the heights within a row
)

// drawSpikes draws one range of samples as redis-server's sparkline.c does.
func drawSpikes(b *strings.Builder, samples []latency.Sample, low, high, now int64) {
	span := max(float64(high-low), 1)
	steps := len(graphInk) * graphRows
	line := make([]byte, len(samples))
	for row := range graphRows {
		for i, s := range samples {
			step := min(int(float64(s.Ms-low)*float64(steps)/span), steps-1)
			line[i] = ' '
			if height := step - (graphRows-row-1)*len(graphInk); height >= len(graphInk) {
				line[i] = '|'
			} else if height >= 0 {
				line[i] = graphInk[height]
			}
		}
		b.Write(append(line, '\n'))
	}
	b.WriteString(strings.Repeat(" ", len(samples)) + "\n")
	for at, more := 0, true; more; at++ {
		more = false
		for i, s := range samples {
			line[i] = ' '
			if label := age(now - s.At); at < len(label) {
				line[i], more = label[at], true
			}
		}
		if more {
			b.Write(append(line, '\n'))
		}
	}
}

// age is a number of seconds in the largest unit that is less.
func age(seconds int64) string {
	switch {
	case seconds < 60:
		return strconv.FormatInt(seconds, 10) + "s"
	case seconds < 3600:
		return strconv.FormatInt(seconds/60, 10) + "m"
	case seconds < 86400:
		return strconv.FormatInt(seconds/3600, 10) + "h"
	}
	return strconv.FormatInt(seconds/86400, 10) + "d"
}

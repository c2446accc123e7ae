package handlers

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// memoryRows are MEMORY and what it contains. Those that report on the cache as
// a whole run without a lock of the executor's.
var memoryRows = []Row{
	{
		Spec: command.Spec{
			Name: "memory", Arity: -2, Summary: "A container for memory diagnostics commands",
			Since: "4.0.0", Group: "server", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "doctor", Arity: 2, Summary: "Outputs memory problems report",
					Flags: command.KeyspaceWalk,
					Since: "4.0.0", Group: "server", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
				},
				Run: runMemoryDoctor,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "4.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runMemoryHelp,
			},
			{
				Spec: command.Spec{
					Name: "malloc-stats", Arity: 2, Summary: "Show allocator internal stats",
					Flags: command.KeyspaceWalk,
					Since: "4.0.0", Group: "server", Complexity: "Depends on how much memory is allocated, could be slow",
					Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
				},
				Run: runMemoryMallocStats,
			},
			{
				Spec: command.Spec{
					Name: "purge", Arity: 2, Summary: "Ask the allocator to release memory",
					Flags: command.KeyspaceWalk,
					Since: "4.0.0", Group: "server", Complexity: "Depends on how much memory is allocated, could be slow",
					Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
				},
				Run: runMemoryPurge,
			},
			{
				Spec: command.Spec{
					Name: "stats", Arity: 2, Summary: "Show memory usage details",
					Flags: command.KeyspaceWalk,
					Since: "4.0.0", Group: "server", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
				},
				Run: runMemoryStats,
			},
			{
				Spec: command.Spec{
					Name: "usage", Arity: -3, Summary: "Estimate the memory usage of a key",
					Flags: command.ReadOnly,
					Since: "4.0.0", Group: "server", Complexity: "O(N) where N is the number of samples.",
					Keys: []command.KeySpec{command.KeyAt(2, "RO")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "count", Type: "integer", Token: "SAMPLES", Optional: true},
					},
				},
				Run: runMemoryUsage,
			},
		},
	},
}

var memoryHelp = []string{
	"DOCTOR",
	"    Return memory problems reports.",
	"MALLOC-STATS",
	"    Return internal statistics report from the memory allocator.",
	"PURGE",
	"    Attempt to purge dirty pages for reclamation by the allocator.",
	"STATS",
	"    Return information about the memory usage of the server.",
	"USAGE <key> [SAMPLES <count>]",
	"    Return memory in bytes used by <key> and its value. Nested values are",
	"    sampled up to <count> times (default: 5, 0 means sample all).",
}

// runMemoryHelp: show helpful text about the different subcommands.
func runMemoryHelp(ctx *Context) { ctx.help("MEMORY", memoryHelp) }

// runMemoryUsage tells what a key takes in all: its share of the index, header,
// key, value and rounding, in bytes. It looks at all of it, so SAMPLES has nothing
// to say. To ask is no access, nor a hit or a miss; the reply is null without
// the key.
func runMemoryUsage(ctx *Context) {
	for opt := args.From(ctx.Args, 3); opt.More(); {
		if !opt.Option("samples", 1) {
			ctx.Error(args.ErrSyntax)
			return
		}
		samples, err := opt.Int()
		switch {
		case err != "":
			ctx.Error(err)
			return
		case samples < 0:
			ctx.Error(args.ErrSyntax)
			return
		}
	}
	info, ok := ctx.Tx.Object(ctx.Args[2])
	if !ok {
		ctx.Null()
		return
	}
	ctx.Int(int64(info.Bytes))
}

// purgeBudget bounds what MEMORY PURGE does before it answers. Pages that are
// empty go back to the system by themselves all the time; PURGE brings forward
// a piece of that work.
const purgeBudget = time.Millisecond

// runMemoryPurge: ask the allocator to release memory.
func runMemoryPurge(ctx *Context) {
	ctx.Server.Cache.Maintain(purgeBudget)
	ctx.OK()
}

// memoryStat is one field of MEMORY STATS. Doubles are bulk strings in RESP2.
type memoryStat struct {
	name  string
	value any // int64 or float64
}

// runMemoryStats replies with redis-server's fields. Databases have no tables
// of their own here (there is one index for all), so theirs are empty.
func runMemoryStats(ctx *Context) {
	m := ctx.Server.memory()
	dbs := ctx.Server.usedDatabases()
	before, after := memoryStatsBefore(m), memoryStatsAfter(m)
	ctx.Map(len(before) + len(dbs) + len(after))
	ctx.memoryStats(before)
	for _, db := range dbs {
		ctx.BulkString(fmt.Sprintf("db.%d", db.index))
		ctx.Map(2)
		ctx.memoryStats([]memoryStat{
			{"overhead.hashtable.main", m.indexShare(db.Keys)},
			{"overhead.hashtable.expires", int64(0)},
		})
	}
	ctx.memoryStats(after)
}

// memoryStats writes the fields of MEMORY STATS, each in its own form.
func (ctx *Context) memoryStats(list []memoryStat) {
	for _, s := range list {
		ctx.BulkString(s.name)
		switch v := s.value.(type) {
		case int64:
			ctx.Int(v)
		case float64:
			ctx.Double(v)
		}
	}
}

// memoryStatsBefore are the fields that redis-server prints before those of the
// databases: the totals, and what does not hold keys.
func memoryStatsBefore(m memoryReport) []memoryStat {
	return []memoryStat{
		{"peak.allocated", m.peak},
		{"total.allocated", m.used},
		{"startup.allocated", m.startup},
		{"replication.backlog", int64(0)},
		{"clients.slaves", int64(0)},
		{"clients.normal", m.clients},
		{"cluster.links", int64(0)},
		{"aof.buffer", int64(0)},
		{"lua.caches", int64(0)},
		{"functions.caches", int64(0)},
	}
}

// memoryStatsAfter are those after the databases: sums, shares in percent, and the
// steps from what is in use to what the system has given (see infoMemory).
func memoryStatsAfter(m memoryReport) []memoryStat {
	return []memoryStat{
		{"overhead.db.hashtable.lut", m.index},
		{"overhead.db.hashtable.rehashing", int64(0)},
		{"db.dict.rehashing.count", int64(0)},
		{"overhead.total", m.overhead()},
		{"keys.count", m.keys},
		{"keys.bytes-per-key", m.bytesPerKey()},
		{"dataset.bytes", m.items},
		{"dataset.percentage", percent(m.items, m.used-m.startup)},
		{"peak.percentage", percent(m.used, m.peak)},
		{"allocator.allocated", m.allocated()},
		{"allocator.active", m.used},
		{"allocator.resident", m.used},
		{"allocator.muzzy", int64(0)},
		{"allocator-fragmentation.ratio", ratio(m.used, m.allocated())},
		{"allocator-fragmentation.bytes", m.used - m.allocated()},
		{"allocator-rss.ratio", 1.0},
		{"allocator-rss.bytes", int64(0)},
		{"rss-overhead.ratio", ratio(m.rss, m.used)},
		{"rss-overhead.bytes", m.rss - m.used},
		{"fragmentation", ratio(m.rss, m.used)},
		{"fragmentation.bytes", m.rss - m.used},
	}
}

// The doctor's opinions, in redis-server's words where the matter is the same.
const (
	doctorEmpty = "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be" +
		" used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new" +
		" Sam and I will be back to our programming as soon as I finished rebooting.\n"
	doctorFine = "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on" +
		" this base.\n"
	doctorIssues = "Sam, I detected a few issues in this Ashlar instance memory implants:\n\n"
	doctorPeak   = " * Peak memory: In the past this instance used more than 150% the memory that is currently" +
		" using. Ashlar gives free pages back to the system within seconds, so nothing has to be done about" +
		" it.\n\n"
	doctorRSS = " * High total RSS: The process holds %s more than the cache has taken from the system (more than" +
		" 1.4 times as much). Connections with large buffers, or a program that embeds the cache, are the usual" +
		" reasons: see CLIENT LIST and ashlar_go_memory in INFO memory.\n\n"
	doctorFragments = " * High allocator fragmentation: %s of the cache's memory lies free inside its pages (more" +
		" than 10%% of it). After many deletions that passes by itself, as the pages are compacted in the" +
		" background; if it stays, please report it.\n\n"
	doctorClients = " * Big client buffers: The clients output buffers in this instance are greater than 200K per" +
		" client (on average). This may result from different causes, like clients sending commands with large" +
		" replies or very large sequences of commands in the same pipeline, and not reading the replies fast" +
		" enough. Please use the CLIENT LIST command in order to investigate the issue if it causes problems in" +
		" your instance, or to understand better why certain clients are using a big amount of memory.\n\n"
	doctorAdvice = "I'm here to keep you safe, Sam. I want to help you.\n"
)

// The doctor's thresholds in bytes, from redis-server's getMemoryDoctorReport. What
// it asks about replicas, scripts and allocators of other makes has no object here.
const (
	doctorLittle       = 5 << 20   // less data than this is not looked into
	doctorWaste        = 10 << 20  // nor is waste below this
	doctorClientBuffer = 200 << 10 // a client, on average
)

func runMemoryDoctor(ctx *Context) { ctx.Verbatim("txt", ctx.Server.memory().diagnosis()) }

// diagnosis is MEMORY DOCTOR's report: a greeting, and each issue that is found. An
// issue needs both a ratio and, where it is about waste, an amount, lest a small
// cache be told of the few megabytes that any process has.
func (m memoryReport) diagnosis() string {
	if m.items < doctorLittle {
		return doctorEmpty
	}
	var issues strings.Builder
	if ratio(m.peak, m.used) > 1.5 {
		issues.WriteString(doctorPeak)
	}
	if waste := m.rss - m.used; waste > doctorWaste && ratio(m.rss, m.used) > 1.4 {
		fmt.Fprintf(&issues, doctorRSS, humanBytes(waste))
	}
	if waste := m.used - m.allocated(); waste > doctorWaste && ratio(m.used, m.allocated()) > 1.1 {
		fmt.Fprintf(&issues, doctorFragments, humanBytes(waste))
	}
	if m.connections > 0 && m.clients/m.connections > doctorClientBuffer {
		issues.WriteString(doctorClients)
	}
	if issues.Len() == 0 {
		return doctorFine
	}
	return doctorIssues + issues.String() + doctorAdvice
}

// runMemoryMallocStats is where redis-server prints what its allocator says: free
// text, for people. "An item" is the line's bytes divided by the number of keys.
func runMemoryMallocStats(ctx *Context) {
	m := ctx.Server.memory()
	var text strings.Builder
	text.WriteString("___ Begin ashlar memory statistics ___\n")
	fmt.Fprintf(&text, "Shards: %d\n\n%-28s %16s %12s\n", m.shards, "purpose", "bytes", "an item")
	for _, line := range []struct {
		name  string
		bytes int64
	}{
		{"items", m.items}, {"index", m.index}, {"book-keeping", m.meta}, {"free inside pages", m.free},
		{"resident", m.used}, {"resident at most so far", m.peak}, {"given back so far", m.released},
		{"Go runtime", m.goMemory}, {"process", m.rss},
	} {
		perItem := math.Round(10*float64(line.bytes)/float64(max(m.keys, 1))) / 10
		fmt.Fprintf(&text, "%-28s %16d %12.1f\n", line.name, line.bytes, perItem)
	}
	fmt.Fprintf(&text, "\nItems moved by compaction: %d\n", m.compacted)
	text.WriteString("--- End ashlar memory statistics ---\n")
	ctx.Verbatim("txt", text.String())
}

package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// slowlogRows are the commands about slow commands.
var slowlogRows = []Row{
	{
		Spec: command.Spec{
			Name: "slowlog", Arity: -2, Summary: "A container for slow log commands",
			Since: "2.2.12", Group: "server", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "get", Arity: -2, Summary: "Get the slow log's entries",
					Flags: command.Admin | command.Loading | command.Stale,
					Since: "2.2.12", Group: "server", Complexity: "O(N) where N is the number of entries returned",
					Tips: []string{"request_policy:all_nodes", "nondeterministic_output"},
					History: []command.Change{
						{Since: "4.0.0", What: "Added client IP address, port and name to the reply."},
					},
					Args: []command.Arg{
						{Name: "count", Type: "integer", Optional: true},
					},
				},
				Run: runSlowlogGet,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "6.2.0", Group: "server", Complexity: "O(1)",
				},
				Run: runSlowlogHelp,
			},
			{
				Spec: command.Spec{
					Name: "len", Arity: 2, Summary: "Get the slow log's length",
					Flags: command.Admin | command.Loading | command.Stale,
					Since: "2.2.12", Group: "server", Complexity: "O(1)",
					Tips: []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
				},
				Run: runSlowlogLen,
			},
			{
				Spec: command.Spec{
					Name: "reset", Arity: 2, Summary: "Clear all entries from the slow log",
					Flags: command.Admin | command.Loading | command.Stale,
					Since: "2.2.12", Group: "server", Complexity: "O(N) where N is the number of entries in the slowlog",
					Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
				},
				Run: runSlowlogReset,
			},
		},
	},
}

var slowlogHelp = []string{
	"GET [<count>]",
	"    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
	"    Entries are made of:",
	"    id, timestamp, time in microseconds, arguments array, client IP and port,",
	"    client name",
	"LEN",
	"    Return the length of the slowlog.",
	"RESET",
	"    Reset the slowlog.",
}

// runSlowlogHelp: show helpful text about the different subcommands.
func runSlowlogHelp(ctx *Context) { ctx.help("SLOWLOG", slowlogHelp) }

// slowlogCount is how many entries SLOWLOG GET replies with by itself.
const slowlogCount = 10

// runSlowlogGet replies with the newest entries, 10 unless a count is given.
func runSlowlogGet(ctx *Context) {
	count := int64(slowlogCount)
	if len(ctx.Args) > 3 {
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "SLOWLOG"))
		return
	}
	if len(ctx.Args) == 3 {
		n, ok := args.Int(ctx.Args[2])
		if !ok || n < -1 {
			ctx.Error("ERR count should be greater than or equal to -1")
			return
		}
		count = n
	}
	entries := ctx.Server.Slow.Get(int(count))
	ctx.Array(len(entries))
	for _, e := range entries {
		ctx.Array(6)
		ctx.Int(e.ID)
		ctx.Int(e.At)
		ctx.Int(e.Micros)
		ctx.Array(len(e.Args))
		for _, arg := range e.Args {
			ctx.BulkString(arg)
		}
		ctx.BulkString(e.Addr)
		ctx.BulkString(e.Name)
	}
}

// runSlowlogLen: get the slow log's length.
func runSlowlogLen(ctx *Context) { ctx.Int(int64(ctx.Server.Slow.Len())) }

// runSlowlogReset: clear all entries from the slow log.
func runSlowlogReset(ctx *Context) {
	ctx.Server.Slow.Reset()
	ctx.OK()
}

package handlers

import (
	"slices"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// serverRows are the commands about the server as a whole.
var serverRows = slices.Concat(processRows, statusRows, debugRows, lolwutRows)

// processRows are the commands about the process.
var processRows = []Row{
	{
		Spec: command.Spec{
			Name: "time", Arity: 1, Summary: "Return the current server time",
			Flags: command.Loading | command.Stale | command.Fast,
			Since: "2.6.0", Group: "server", Complexity: "O(1)",
			Tips: []string{"nondeterministic_output"},
		},
		Run: runTime,
	},
	{
		Spec: command.Spec{
			Name: "shutdown", Arity: -1, Summary: "Synchronously save the dataset to disk and then shut down the server",
			Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.NoMulti | command.AllowBusy,
			Since: "1.0.0", Group: "server", Complexity: "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
			History: []command.Change{
				{Since: "7.0.0", What: "Added the `NOW`, `FORCE` and `ABORT` modifiers."},
			},
			Args: []command.Arg{
				{Name: "nosave_save", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "nosave", Type: "pure-token", Token: "NOSAVE"},
					{Name: "save", Type: "pure-token", Token: "SAVE"},
				}},
				{Name: "now", Type: "pure-token", Token: "NOW", Since: "7.0.0", Optional: true},
				{Name: "force", Type: "pure-token", Token: "FORCE", Since: "7.0.0", Optional: true},
				{Name: "abort", Type: "pure-token", Token: "ABORT", Since: "7.0.0", Optional: true},
			},
		},
		Run: runShutdown,
	},
}

// help writes what "CONTAINER HELP" answers: the lines, which start with
// capitals or are indented, between the same first and last ones everywhere.
func (ctx *Context) help(container string, lines []string) {
	ctx.Array(len(lines) + 3)
	ctx.Simple(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		ctx.Simple(line)
	}
	ctx.Simple("HELP")
	ctx.Simple("    Prints this help.")
}

// runTime gives the seconds and, apart, the microseconds of the system's clock.
func runTime(ctx *Context) {
	now := time.Now().UnixMicro()
	var digits [20]byte
	ctx.Array(2)
	ctx.Bulk(strconv.AppendInt(digits[:0], now/1e6, 10))
	ctx.Bulk(strconv.AppendInt(digits[:0], now%1e6, 10))
}

// shutdownOptions are the words of a SHUTDOWN.
type shutdownOptions struct{ nosave, save, now, force, abort bool }

// parse reads the words in any order. ABORT goes with no other, and NOSAVE not
// with SAVE.
func (o *shutdownOptions) parse(words [][]byte) (ok bool) {
	for _, word := range words {
		switch {
		case args.Is(word, "nosave"):
			o.nosave = true
		case args.Is(word, "save"):
			o.save = true
		case args.Is(word, "now"):
			o.now = true
		case args.Is(word, "force"):
			o.force = true
		case args.Is(word, "abort"):
			o.abort = true
		default:
			return false
		}
	}
	alone := !o.nosave && !o.save && !o.now && !o.force
	return (!o.abort || alone) && (!o.nosave || !o.save)
}

// runShutdown stops the server. There are no replicas to wait for, so NOW makes
// no difference and there is nothing that ABORT could stop. There are no
// snapshots yet either: SAVE asks for one, which can't be had, so it is refused
// (unless FORCE is given) rather than to lose what the client meant to keep.
func runShutdown(ctx *Context) {
	var o shutdownOptions
	switch {
	case !o.parse(ctx.Args[1:]):
		ctx.Error(args.ErrSyntax)
	case o.abort:
		ctx.Error("ERR No shutdown in progress.")
	case o.save && !o.force:
		ctx.Error("ERR Errors trying to SHUTDOWN. Check logs.")
	default:
		ctx.Session.Closing = true
		ctx.Server.Shutdown()
	}
}

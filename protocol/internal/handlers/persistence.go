package handlers

import (
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// persistenceRows are the commands about saving. Nothing is saved: whoever asks for
// it hears so, since an OK would be taken for a file that is there.
var persistenceRows = []Row{
	{
		Spec: command.Spec{
			Name: "lastsave", Arity: 1, Summary: "Get the UNIX time stamp of the last successful save to disk",
			Flags: command.Loading | command.Stale | command.Fast, Categories: command.CatAdmin | command.CatDangerous,
			Since: "1.0.0", Group: "server", Complexity: "O(1)",
			Tips: []string{"nondeterministic_output"},
		},
		Run: runLastsave,
	},
	{
		Spec: command.Spec{
			Name: "save", Arity: 1, Summary: "Synchronously save the dataset to disk",
			Flags: command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti,
			Since: "1.0.0", Group: "server", Complexity: "O(N) where N is the total number of keys in all databases",
		},
		Run: runNotSaved,
	},
	{
		Spec: command.Spec{
			Name: "bgsave", Arity: -1, Summary: "Asynchronously save the dataset to disk",
			Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
			Since: "1.0.0", Group: "server", Complexity: "O(1)",
			History: []command.Change{
				{Since: "3.2.2", What: "Added the `SCHEDULE` option."},
			},
			Args: []command.Arg{
				{Name: "schedule", Type: "pure-token", Token: "SCHEDULE", Since: "3.2.2", Optional: true},
			},
		},
		Run: runBgsave,
	},
	{
		Spec: command.Spec{
			Name: "bgrewriteaof", Arity: 1, Summary: "Asynchronously rewrite the append-only file",
			Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
			Since: "1.0.0", Group: "server", Complexity: "O(1)",
		},
		Run: runNotSaved,
	},
}

// runLastsave gives when the server started, as redis-server does before the first
// save.
func runLastsave(ctx *Context) { ctx.Int(ctx.Server.Process.Started.Unix()) }

// runBgsave: asynchronously save the dataset to disk.
func runBgsave(ctx *Context) {
	if len(ctx.Args) > 2 || len(ctx.Args) == 2 && !args.Is(ctx.Args[1], "schedule") {
		ctx.Error(args.ErrSyntax)
		return
	}
	runNotSaved(ctx)
}

// runNotSaved: asynchronously rewrite the append-only file.
func runNotSaved(ctx *Context) {
	ctx.Error("ERR " + strings.ToUpper(ctx.Command.Name) + " is not available: this server keeps its data in memory alone")
}

package handlers

import (
	"bytes"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
)

// configFlags are those of all CONFIG subcommands but HELP.
const configFlags = command.Admin | command.NoScript | command.Loading | command.Stale

// configRows is CONFIG. What the settings are is package config's business.
var configRows = []Row{
	{
		Spec: command.Spec{
			Name: "config", Arity: -2, Summary: "A container for server configuration commands",
			Since: "2.0.0", Group: "server", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "get", Arity: -3, Summary: "Get the values of configuration parameters",
					Flags: configFlags,
					Since: "2.0.0", Group: "server", Complexity: "O(N) when N is the number of configuration parameters provided",
					History: []command.Change{
						{Since: "7.0.0", What: "Added the ability to pass multiple pattern parameters in one call"},
					},
					Args: []command.Arg{
						{Name: "parameter", Type: "block", Multiple: true, Args: []command.Arg{
							{Name: "parameter", Type: "string"},
						}},
					},
				},
				Run: runConfigGet,
			},
			{
				Spec: command.Spec{
					Name: "set", Arity: -4, Summary: "Set configuration parameters to the given values",
					Flags: command.KeyspaceWalk | configFlags,
					Since: "2.0.0", Group: "server", Complexity: "O(N) when N is the number of configuration parameters provided",
					Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
					History: []command.Change{
						{Since: "7.0.0", What: "Added the ability to set multiple parameters in one call."},
					},
					Args: []command.Arg{
						{Name: "parameter_value", Type: "block", Multiple: true, Args: []command.Arg{
							{Name: "parameter", Type: "string"},
							{Name: "value", Type: "string"},
						}},
					},
				},
				Run: runConfigSet,
			},
			{
				Spec: command.Spec{
					Name: "resetstat", Arity: 2, Summary: "Reset the stats returned by INFO",
					Flags: command.KeyspaceWalk | configFlags,
					Since: "2.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runConfigResetStat,
			},
			{
				Spec: command.Spec{
					Name: "rewrite", Arity: 2, Summary: "Rewrite the configuration file with the in memory configuration",
					Flags: configFlags,
					Since: "2.8.0", Group: "server", Complexity: "O(1)",
				},
				Run: runConfigRewrite,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "5.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runConfigHelp,
			},
		},
	},
}

var configHelp = []string{
	"GET <pattern>",
	"    Return parameters matching the glob-like <pattern> and their values.",
	"SET <directive> <value>",
	"    Set the configuration <directive> to <value>.",
	"RESETSTAT",
	"    Reset statistics reported by the INFO command.",
	"REWRITE",
	"    Rewrite the configuration file.",
}

// runConfigHelp: show helpful text about the different subcommands.
func runConfigHelp(ctx *Context) { ctx.help("CONFIG", configHelp) }

// runConfigGet gives each setting once, under the name by which it was found
// first: a pattern's own spelling where it has no wildcard.
func runConfigGet(ctx *Context) {
	var found []config.Pair
	seen := make(map[string]bool)
	add := func(p config.Pair) {
		if lower := strings.ToLower(p.Name); !seen[lower] {
			seen[lower] = true
			found = append(found, p)
		}
	}
	for _, pattern := range ctx.Args[2:] {
		if !bytes.ContainsAny(pattern, "[*?") {
			if setting, ok := ctx.Server.Config.Find(string(pattern)); ok {
				add(setting)
			}
			continue
		}
		for _, setting := range ctx.Server.Config.Match(func(name string) bool {
			return glob.Match(pattern, []byte(name), true)
		}) {
			add(setting)
		}
	}
	ctx.Map(len(found))
	for _, setting := range found {
		ctx.BulkString(setting.Name)
		ctx.BulkString(setting.Value)
	}
}

// runConfigSet makes all the changes or none, as Redis does since 7.0. Protected
// settings (those that say where files are written) can be changed only where
// enable-protected-configs lets this client.
func runConfigSet(ctx *Context) {
	words := ctx.Args[2:]
	if len(words)%2 != 0 {
		ctx.Error(args.ErrSyntax)
		return
	}
	pairs := make([]config.Pair, 0, len(words)/2)
	for ; len(words) > 0; words = words[2:] {
		pairs = append(pairs, config.Pair{Name: string(words[0]), Value: string(words[1])})
	}
	protected := config.Allowed(&ctx.Server.Config.EnableProtected, ctx.Session.Local())
	if err := ctx.Server.Config.Set(pairs, protected); err != nil {
		ctx.Error("ERR " + err.Error())
		return
	}
	ctx.OK()
}

// runConfigResetStat puts the counters of INFO back to zero, the server's and the
// engine's; what INFO measures rather than counts (memory, clients) stays.
func runConfigResetStat(ctx *Context) {
	ctx.Server.connections() // or what came until now would count after the reset
	ctx.Server.Metrics.Reset()
	ctx.Server.Cache.ResetStats()
	ctx.OK()
}

// runConfigRewrite: rewrite the configuration file with the in memory configuration.
func runConfigRewrite(ctx *Context) {
	if err := ctx.Server.Config.Rewrite(); err != nil {
		ctx.Error("ERR " + err.Error())
		return
	}
	ctx.OK()
}

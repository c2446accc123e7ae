package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// moduleRows is MODULE, of which there are none.
var moduleRows = []Row{
	{
		Spec: command.Spec{
			Name: "module", Arity: -2, Summary: "A container for module commands",
			Since: "4.0.0", Group: "server", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "5.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runModuleHelp,
			},
			{
				Spec: command.Spec{
					Name: "list", Arity: 2, Summary: "List all modules loaded by the server",
					Flags: command.Admin | command.NoScript,
					Since: "4.0.0", Group: "server", Complexity: "O(N) where N is the number of loaded modules.",
					Tips: []string{"nondeterministic_output_order"},
				},
				Run: runModuleList,
			},
			{
				Spec: command.Spec{
					Name: "load", Arity: -3, Summary: "Load a module",
					Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
					Since: "4.0.0", Group: "server", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "path", Type: "string"},
						{Name: "arg", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runModuleRefused,
			},
			{
				Spec: command.Spec{
					Name: "loadex", Arity: -3, Summary: "Load a module with extended parameters",
					Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
					Since: "7.0.0", Group: "server", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "path", Type: "string"},
						{Name: "configs", Type: "block", Token: "CONFIG", Optional: true, Multiple: true, MultipleToken: true, Args: []command.Arg{
							{Name: "name", Type: "string"},
							{Name: "value", Type: "string"},
						}},
						{Name: "args", Type: "block", Token: "ARGS", Optional: true, Multiple: true, Args: []command.Arg{
							{Name: "arg", Type: "string"},
						}},
					},
				},
				Run: runModuleRefused,
			},
			{
				Spec: command.Spec{
					Name: "unload", Arity: 3, Summary: "Unload a module",
					Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
					Since: "4.0.0", Group: "server", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "name", Type: "string"},
					},
				},
				Run: runModuleRefused,
			},
		},
	},
}

var moduleHelp = []string{
	"LIST",
	"    Return a list of loaded modules.",
	"LOAD <path> [<arg> ...]",
	"    Load a module library from <path>, passing to it any optional arguments.",
	"LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
	"    Load a module library from <path>, while passing it module configurations and optional arguments.",
	"UNLOAD <name>",
	"    Unload a module.",
}

func runModuleHelp(ctx *Context) { ctx.help("MODULE", moduleHelp) }

// runModuleList: list all modules loaded by the server.
func runModuleList(ctx *Context) { ctx.Array(0) }

// runModuleRefused answers as a redis-server does whose enable-module-command is no,
// which is the one value that it can have here.
func runModuleRefused(ctx *Context) {
	ctx.Error("ERR MODULE command not allowed. If the enable-module-command option is set to " +
		"\"local\", you can run it from a local connection, otherwise you need to set this option in the " +
		"configuration file, and then restart the server.")
}

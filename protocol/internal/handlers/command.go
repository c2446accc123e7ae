package handlers

import (
	"bytes"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
)

// commandRows are COMMAND, which unlike other containers does something alone,
// and what it contains. The descriptions themselves are package command's.
var commandRows = []Row{
	{
		Spec: command.Spec{
			Name: "command", Arity: -1, Summary: "Get array of Redis command details",
			Flags: command.Loading | command.Stale, Categories: command.CatConnection,
			Since: "2.8.13", Group: "server", Complexity: "O(N) where N is the total number of Redis commands",
			Tips: []string{"nondeterministic_output_order"},
		},
		Run: runCommand,
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "count", Arity: 2, Summary: "Get total number of Redis commands",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.8.13", Group: "server", Complexity: "O(1)",
				},
				Run: runCommandCount,
			},
			{
				Spec: command.Spec{
					Name: "docs", Arity: -2, Summary: "Get array of specific Redis command documentation",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "7.0.0", Group: "server", Complexity: "O(N) where N is the number of commands to look up",
					Tips: []string{"nondeterministic_output_order"},
					Args: []command.Arg{
						{Name: "command-name", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runCommandDocs,
			},
			{
				Spec: command.Spec{
					Name: "getkeys", Arity: -3, Summary: "Extract keys given a full Redis command",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.8.13", Group: "server", Complexity: "O(N) where N is the number of arguments to the command",
				},
				Run: runCommandGetkeys,
			},
			{
				Spec: command.Spec{
					Name: "getkeysandflags", Arity: -3, Summary: "Extract keys and access flags given a full Redis command",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "7.0.0", Group: "server", Complexity: "O(N) where N is the number of arguments to the command",
				},
				Run: runCommandGetkeysandflags,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "5.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runCommandHelp,
			},
			{
				Spec: command.Spec{
					Name: "info", Arity: -2, Summary: "Get array of specific Redis command details, or all when no argument is given.",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.8.13", Group: "server", Complexity: "O(N) where N is the number of commands to look up",
					Tips: []string{"nondeterministic_output_order"},
					History: []command.Change{
						{Since: "7.0.0", What: "Allowed to be called with no argument to get info on all commands."},
					},
					Args: []command.Arg{
						{Name: "command-name", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runCommandInfo,
			},
			{
				Spec: command.Spec{
					Name: "list", Arity: -2, Summary: "Get an array of Redis command names",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "7.0.0", Group: "server", Complexity: "O(N) where N is the total number of Redis commands",
					Tips: []string{"nondeterministic_output_order"},
					Args: []command.Arg{
						{Name: "filterby", Type: "oneof", Token: "FILTERBY", Optional: true, Args: []command.Arg{
							{Name: "module-name", Type: "string", Token: "MODULE"},
							{Name: "category", Type: "string", Token: "ACLCAT"},
							{Name: "pattern", Type: "pattern", Token: "PATTERN"},
						}},
					},
				},
				Run: runCommandList,
			},
		},
	},
}

// runCommand: get array of Redis command details.
func runCommand(ctx *Context) { ctx.infoOfAll() }

// infoOfAll describes every command, in alphabetical order.
func (ctx *Context) infoOfAll() {
	entries := ctx.Server.Table.Entries()
	ctx.Array(len(entries))
	for _, e := range entries {
		e.WriteInfo(&ctx.Writer)
	}
}

// runCommandInfo has a place in its reply for every name, null where there is no
// such command: clients take the places to be those of their question.
func runCommandInfo(ctx *Context) {
	if len(ctx.Args) == 2 {
		ctx.infoOfAll()
		return
	}
	names := ctx.Args[2:]
	ctx.Array(len(names))
	for _, name := range names {
		if c := ctx.Server.Table.Named(string(name)); c != nil {
			c.WriteInfo(&ctx.Writer)
		} else {
			ctx.Null()
		}
	}
}

// runCommandCount counts a container once, as COMMAND lists it.
func runCommandCount(ctx *Context) { ctx.Int(int64(len(ctx.Server.Table.Commands()))) }

// runCommandDocs leaves out names that are no command's: its map has the names
// in it. redis-cli asks for all of it at start and makes its help of the answer.
func runCommandDocs(ctx *Context) {
	entries := ctx.Server.Table.Entries()
	if len(ctx.Args) > 2 {
		entries = nil
		for _, name := range ctx.Args[2:] {
			if c := ctx.Server.Table.Named(string(name)); c != nil {
				entries = append(entries, &c.Entry)
			}
		}
	}
	ctx.Map(len(entries))
	for _, e := range entries {
		e.WriteDocs(&ctx.Writer)
	}
}

// runCommandList names the commands; without a filter those on top only, with
// one the subcommands that pass it too, as Redis has it.
func runCommandList(ctx *Context) {
	var keep func(*Command) bool
	switch {
	case len(ctx.Args) == 2:
		commands := ctx.Server.Table.Commands()
		ctx.Array(len(commands))
		for _, c := range commands {
			ctx.BulkString(c.FullName)
		}
		return
	case len(ctx.Args) != 5 || !args.Is(ctx.Args[2], "filterby"):
	case args.Is(ctx.Args[3], "module"):
		keep = func(*Command) bool { return false } // there are no modules
	case args.Is(ctx.Args[3], "aclcat"):
		category, _ := command.ParseCategory(strings.ToLower(string(ctx.Args[4])))
		keep = func(c *Command) bool { return c.AllCategories()&category != 0 }
	case args.Is(ctx.Args[3], "pattern"):
		pattern := bytes.Clone(ctx.Args[4])
		keep = func(c *Command) bool { return glob.Match(pattern, []byte(c.FullName), true) }
	}
	if keep == nil {
		ctx.Error(args.ErrSyntax)
		return
	}
	found := filter(ctx.Server.Table.Commands(), keep, nil)
	ctx.Array(len(found))
	for _, c := range found {
		ctx.BulkString(c.FullName)
	}
}

// filter appends the commands and subcommands that keep lets pass.
func filter(commands []*Command, keep func(*Command) bool, found []*Command) []*Command {
	for _, c := range commands {
		if keep(c) {
			found = append(found, c)
		}
		found = filter(c.Subs, keep, found)
	}
	return found
}

// runCommandGetkeys: extract keys given a full Redis command.
func runCommandGetkeys(ctx *Context) {
	c, keys, ok := ctx.keysAsked()
	if !ok {
		return
	}
	ctx.Array(len(keys))
	for _, k := range keys {
		ctx.Bulk(c[k.Index])
	}
}

// runCommandGetkeysandflags: extract keys and access flags given a full Redis command.
func runCommandGetkeysandflags(ctx *Context) {
	argv, keys, ok := ctx.keysAsked()
	if !ok {
		return
	}
	spec := ctx.Server.Table.Find(argv).Spec
	ctx.Array(len(keys))
	for _, k := range keys {
		ctx.Array(2)
		ctx.Bulk(argv[k.Index])
		flags := keyFlags(spec, k.Spec, argv)
		ctx.Set(len(flags))
		for _, f := range flags {
			ctx.Simple(f)
		}
	}
}

// keyFlags is how a command uses a key. Where that depends on the arguments
// ("variable_flags") the row holds the most that may happen; SET without GET
// does not read what it overwrites (redis-server's setGetKeys).
func keyFlags(spec *command.Spec, i int, argv [][]byte) []string {
	flags := spec.Keys[i].Flags
	if spec.Name != "set" {
		return flags
	}
	for _, arg := range argv[3:] {
		if args.Is(arg, "get") {
			return []string{"RW", "access", "update"}
		}
	}
	return []string{"OW", "update"}
}

// keysAsked finds the keys of the command that follows GETKEYS; not ok means
// that it has written an error. The order of the checks shows in which error
// comes first, so it is that of redis-server's getKeysSubcommandImpl. argv and
// what keys point into are the caller's own arguments.
func (ctx *Context) keysAsked() (argv [][]byte, keys []command.KeyRef, ok bool) {
	argv = ctx.Args[2:]
	c := ctx.Server.Table.Find(argv)
	switch {
	case c == nil:
		ctx.Error("ERR Invalid command specified")
		return nil, nil, false
	case len(c.Keys) == 0:
		ctx.Error("ERR The command has no key arguments")
		return nil, nil, false
	case !c.ArityOK(len(argv)):
		ctx.Error("ERR Invalid number of arguments specified for command")
		return nil, nil, false
	}
	keys, ok = c.FindKeys(argv, nil)
	if (!ok || len(keys) == 0) && c.Flags&command.NoMandatoryKeys == 0 {
		ctx.Error("ERR Invalid arguments specified for command")
		return nil, nil, false
	}
	return argv, keys, true
}

// runCommandHelp: show helpful text about the different subcommands.
func runCommandHelp(ctx *Context) { ctx.help("COMMAND", commandHelp) }

var commandHelp = []string{
	"(no subcommand)",
	"    Return details about all Redis commands.",
	"COUNT",
	"    Return the total number of commands in this Redis server.",
	"LIST",
	"    Return a list of all commands in this Redis server.",
	"INFO [<command-name> ...]",
	"    Return details about multiple Redis commands.",
	"    If no command names are given, documentation details for all",
	"    commands are returned.",
	"DOCS [<command-name> ...]",
	"    Return documentation details about multiple Redis commands.",
	"    If no command names are given, documentation details for all",
	"    commands are returned.",
	"GETKEYS <full-command>",
	"    Return the keys from a full Redis command.",
	"GETKEYSANDFLAGS <full-command>",
	"    Return the keys and the access flags from a full Redis command.",
}

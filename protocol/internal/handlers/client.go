package handlers

import (
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// clientRows are CLIENT and what it contains. PAUSE and UNPAUSE are not there.
var clientRows = []Row{
	{
		Spec: command.Spec{
			Name: "client", Arity: -2, Summary: "A container for client connection commands",
			Since: "2.4.0", Group: "connection", Complexity: "Depends on subcommand.",
		},
		Subs: slices.Concat(trackingRows, []Row{
			{
				Spec: command.Spec{
					Name: "getname", Arity: 2, Summary: "Get the current connection name",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.6.9", Group: "connection", Complexity: "O(1)",
				},
				Run: runClientGetname,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "5.0.0", Group: "connection", Complexity: "O(1)",
				},
				Run: runClientHelp,
			},
			{
				Spec: command.Spec{
					Name: "id", Arity: 2, Summary: "Returns the client ID for the current connection",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "5.0.0", Group: "connection", Complexity: "O(1)",
				},
				Run: runClientID,
			},
			{
				Spec: command.Spec{
					Name: "info", Arity: 2, Summary: "Returns information about the current client connection.",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "6.2.0", Group: "connection", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClientInfo,
			},
			{
				Spec: command.Spec{
					Name: "kill", Arity: -3, Summary: "Kill the connection of a client",
					Flags: command.KeyspaceWalk | command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.4.0", Group: "connection", Complexity: "O(N) where N is the number of client connections",
					History: []command.Change{
						{Since: "2.8.12", What: "Added new filter format."},
						{Since: "2.8.12", What: "`ID` option."},
						{Since: "3.2.0", What: "Added `master` type in for `TYPE` option."},
						{Since: "5.0.0", What: "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility."},
						{Since: "6.2.0", What: "`LADDR` option."},
						{Since: "7.4.0", What: "`MAXAGE` option."},
					},
					Args: []command.Arg{
						{Name: "filter", Type: "oneof", Args: []command.Arg{
							{Name: "ip:port", Type: "string", Deprecated: "2.8.12"},
							{Name: "new-format", Type: "oneof", Multiple: true, Args: []command.Arg{
								{Name: "client-id", Type: "integer", Token: "ID", Since: "2.8.12", Optional: true},
								{Name: "normal_master_slave_pubsub", Type: "oneof", Token: "TYPE", Since: "2.8.12", Optional: true, Args: []command.Arg{
									{Name: "normal", Type: "pure-token", Token: "NORMAL"},
									{Name: "master", Type: "pure-token", Token: "MASTER", Since: "3.2.0"},
									{Name: "slave", Type: "pure-token", Token: "SLAVE"},
									{Name: "replica", Type: "pure-token", Token: "REPLICA", Since: "5.0.0"},
									{Name: "pubsub", Type: "pure-token", Token: "PUBSUB"},
								}},
								{Name: "username", Type: "string", Token: "USER", Optional: true},
								{Name: "ip:port", Type: "string", Token: "ADDR", Optional: true},
								{Name: "ip:port", Type: "string", Token: "LADDR", Since: "6.2.0", Optional: true},
								{Name: "yes/no", Type: "string", Token: "SKIPME", Optional: true},
								{Name: "maxage", Type: "integer", Token: "MAXAGE", Since: "7.4.0", Optional: true},
							}},
						}},
					},
				},
				Run: runClientKill,
			},
			{
				Spec: command.Spec{
					Name: "list", Arity: -2, Summary: "Get the list of client connections",
					Flags: command.KeyspaceWalk | command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.4.0", Group: "connection", Complexity: "O(N) where N is the number of client connections",
					Tips: []string{"nondeterministic_output"},
					History: []command.Change{
						{Since: "2.8.12", What: "Added unique client `id` field."},
						{Since: "5.0.0", What: "Added optional `TYPE` filter."},
						{Since: "6.0.0", What: "Added `user` field."},
						{Since: "6.2.0", What: "Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter."},
						{Since: "7.0.0", What: "Added `resp`, `multi-mem`, `rbs` and `rbp` fields."},
						{Since: "7.0.3", What: "Added `ssub` field."},
						{Since: "7.2.0", What: "Added `lib-name` and `lib-ver` fields."},
						{Since: "7.4.0", What: "Added `watch` field."},
					},
					Args: []command.Arg{
						{Name: "normal_master_replica_pubsub", Type: "oneof", Token: "TYPE", Since: "5.0.0", Optional: true, Args: []command.Arg{
							{Name: "normal", Type: "pure-token", Token: "NORMAL"},
							{Name: "master", Type: "pure-token", Token: "MASTER"},
							{Name: "replica", Type: "pure-token", Token: "REPLICA"},
							{Name: "pubsub", Type: "pure-token", Token: "PUBSUB"},
						}},
						{Name: "id", Type: "block", Token: "ID", Since: "6.2.0", Optional: true, Args: []command.Arg{
							{Name: "client-id", Type: "integer", Multiple: true},
						}},
					},
				},
				Run: runClientList,
			},
			{
				Spec: command.Spec{
					Name: "no-evict", Arity: 3, Summary: "Set client eviction mode for the current connection",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "7.0.0", Group: "connection", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "enabled", Type: "oneof", Args: []command.Arg{
							{Name: "on", Type: "pure-token", Token: "ON"},
							{Name: "off", Type: "pure-token", Token: "OFF"},
						}},
					},
				},
				Run: runClientNoEvict,
			},
			{
				Spec: command.Spec{
					Name: "no-touch", Arity: 3, Summary: "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "7.2.0", Group: "connection", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "enabled", Type: "oneof", Args: []command.Arg{
							{Name: "on", Type: "pure-token", Token: "ON"},
							{Name: "off", Type: "pure-token", Token: "OFF"},
						}},
					},
				},
				Run: runClientNoTouch,
			},
			{
				Spec: command.Spec{
					Name: "pause", Arity: -3, Summary: "Stop processing commands from clients for some time",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.9.50", Group: "connection", Complexity: "O(1)",
					History: []command.Change{
						{Since: "6.2.0", What: "`CLIENT PAUSE WRITE` mode added along with the `mode` option."},
					},
					Args: []command.Arg{
						{Name: "timeout", Type: "integer"},
						{Name: "mode", Type: "oneof", Since: "6.2.0", Optional: true, Args: []command.Arg{
							{Name: "write", Type: "pure-token", Token: "WRITE"},
							{Name: "all", Type: "pure-token", Token: "ALL"},
						}},
					},
				},
				Run: runClientPause,
			},
			{
				Spec: command.Spec{
					Name: "reply", Arity: 3, Summary: "Instruct the server whether to reply to commands",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "3.2.0", Group: "connection", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "on_off_skip", Type: "oneof", Args: []command.Arg{
							{Name: "on", Type: "pure-token", Token: "ON"},
							{Name: "off", Type: "pure-token", Token: "OFF"},
							{Name: "skip", Type: "pure-token", Token: "SKIP"},
						}},
					},
				},
				Run: runClientReply,
			},
			{
				Spec: command.Spec{
					Name: "setinfo", Arity: 4, Summary: "Sets information specific to the client or connection.",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "7.2.0", Group: "connection", Complexity: "O(1)",
					Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "attr", Type: "oneof", Args: []command.Arg{
							{Name: "libname", Type: "string", Token: "LIB-NAME"},
							{Name: "libver", Type: "string", Token: "LIB-VER"},
						}},
					},
				},
				Run: runClientSetinfo,
			},
			{
				Spec: command.Spec{
					Name: "setname", Arity: 3, Summary: "Set the current connection name",
					Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "2.6.9", Group: "connection", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "connection-name", Type: "string"},
					},
				},
				Run: runClientSetname,
			},
			{
				Spec: command.Spec{
					Name: "unblock", Arity: -3, Summary: "Unblock a client blocked in a blocking command from a different connection",
					Flags: command.KeyspaceWalk | command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "5.0.0", Group: "connection", Complexity: "O(log N) where N is the number of client connections",
					Args: []command.Arg{
						{Name: "client-id", Type: "integer"},
						{Name: "timeout_error", Type: "oneof", Optional: true, Args: []command.Arg{
							{Name: "timeout", Type: "pure-token", Token: "TIMEOUT"},
							{Name: "error", Type: "pure-token", Token: "ERROR"},
						}},
					},
				},
				Run: runClientUnblock,
			},
			{
				Spec: command.Spec{
					Name: "unpause", Arity: 2, Summary: "Resume processing of clients that were paused",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
					Since: "6.2.0", Group: "connection", Complexity: "O(N) Where N is the number of paused clients",
				},
				Run: runClientUnpause,
			},
		}),
	},
}

const errClientName = "ERR Client names cannot contain spaces, newlines or special characters."

// printable tells whether text may stand in a line of CLIENT LIST: no spaces,
// control characters or bytes beyond ASCII (redis-server's validateClientAttr).
// A name with a line break in it could pose as another client's line.
func printable(text []byte) bool {
	for _, c := range text {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// runClientID: returns the client ID for the current connection.
func runClientID(ctx *Context) { ctx.Int(int64(ctx.Session.ID)) }

func runClientGetname(ctx *Context) {
	if ctx.Session.Name == "" {
		ctx.Null()
		return
	}
	ctx.BulkString(ctx.Session.Name)
}

// runClientSetname: an empty name takes the name away.
func runClientSetname(ctx *Context) {
	if !printable(ctx.Args[2]) {
		ctx.Error(errClientName)
		return
	}
	ctx.Session.Name = string(ctx.Args[2])
	ctx.OK()
}

// runClientSetinfo: most client libraries send this when they connect, both
// options in one pipeline. The error repeats the option as it was spelt.
func runClientSetinfo(ctx *Context) {
	var field *string
	option, value := ctx.Args[2], ctx.Args[3]
	switch {
	case args.Is(option, "lib-name"):
		field = &ctx.Session.LibName
	case args.Is(option, "lib-ver"):
		field = &ctx.Session.LibVer
	default:
		ctx.Error("ERR Unrecognized option '" + string(args.ClipTo(option, 1<<20)) + "'")
		return
	}
	if !printable(value) {
		ctx.Error("ERR " + string(option) + " cannot contain spaces, newlines or special characters.")
		return
	}
	*field = string(value)
	ctx.OK()
}

// onOff sets a switch from the subcommand's argument.
func (ctx *Context) onOff(on *bool) {
	switch arg := ctx.Args[2]; {
	case args.Is(arg, "on"):
		*on = true
	case args.Is(arg, "off"):
		*on = false
	default:
		ctx.Error(args.ErrSyntax)
		return
	}
	ctx.OK()
}

// runClientNoEvict: set client eviction mode for the current connection.
func runClientNoEvict(ctx *Context) { ctx.onOff(&ctx.Session.NoEvict) }

// runClientNoTouch: controls whether commands sent by the client affect the LRU/LFU of
// accessed keys.
func runClientNoTouch(ctx *Context) { ctx.onOff(&ctx.Session.NoTouch) }

// runClientReply only sets the mode: the executor drops the replies. Only ON is
// answered. SKIP drops its own reply and the next one, and leaves OFF as it is.
func runClientReply(ctx *Context) {
	switch mode := ctx.Args[2]; {
	case args.Is(mode, "on"):
		ctx.Session.Reply = session.ReplyOn
		ctx.OK()
	case args.Is(mode, "off"):
		ctx.Session.Reply = session.ReplyOff
	case !args.Is(mode, "skip"):
		ctx.Error(args.ErrSyntax)
	case ctx.Session.Reply != session.ReplyOff:
		ctx.Session.Reply = session.ReplySkip
	}
}

// runClientUnblock ends another client's wait, as if its time were up or with an
// error. A client that does not wait, or is not there, is no error but 0.
func runClientUnblock(ctx *Context) {
	options := args.From(ctx.Args, 3)
	known, withError := !options.More() || options.Word("timeout"), false
	if !known && options.Word("error") {
		known, withError = true, true
	}
	id, isID := args.Int(ctx.Args[2])
	switch {
	case len(ctx.Args) > 4:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "CLIENT"))
	case !known:
		ctx.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	case !isID:
		ctx.Error(args.ErrNotInteger)
	default:
		ctx.Flag(ctx.Server.Unblock != nil && ctx.Server.Unblock(uint64(id), withError))
	}
}

// runClientHelp: show helpful text about the different subcommands.
func runClientHelp(ctx *Context) { ctx.help("CLIENT", clientHelp) }

var clientHelp = []string{
	"CACHING (YES|NO)",
	"    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
	"GETREDIR",
	"    Return the client ID we are redirecting to when tracking is enabled.",
	"GETNAME",
	"    Return the name of the current connection.",
	"ID",
	"    Return the ID of the current connection.",
	"INFO",
	"    Return information about the current client connection.",
	"KILL <ip:port>",
	"    Kill connection made from <ip:port>.",
	"KILL <option> <value> [<option> <value> [...]]",
	"    Kill connections. Options are:",
	"    * ADDR (<ip:port>|<unixsocket>:0)",
	"      Kill connections made from the specified address",
	"    * LADDR (<ip:port>|<unixsocket>:0)",
	"      Kill connections made to specified local address",
	"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
	"      Kill connections by type.",
	"    * USER <username>",
	"      Kill connections authenticated by <username>.",
	"    * SKIPME (YES|NO)",
	"      Skip killing current connection (default: yes).",
	"    * ID <client-id>",
	"      Kill connections by client id.",
	"    * MAXAGE <maxage>",
	"      Kill connections older than the specified age.",
	"LIST [options ...]",
	"    Return information about client connections. Options:",
	"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
	"      Return clients of specified type.",
	"UNPAUSE",
	"    Stop the current client pause, resuming traffic.",
	"PAUSE <timeout> [WRITE|ALL]",
	"    Suspend all, or just write, clients for <timeout> milliseconds.",
	"REPLY (ON|OFF|SKIP)",
	"    Control the replies sent to the current connection.",
	"SETNAME <name>",
	"    Assign the name <name> to the current connection.",
	"SETINFO <option> <value>",
	"    Set client meta attr. Options are:",
	"    * LIB-NAME: the client lib name.",
	"    * LIB-VER: the client lib version.",
	"UNBLOCK <clientid> [TIMEOUT|ERROR]",
	"    Unblock the specified blocked client.",
	"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
	"         [OPTIN] [OPTOUT] [NOLOOP]",
	"    Control server assisted client side caching.",
	"TRACKINGINFO",
	"    Report tracking status for the current connection.",
	"NO-EVICT (ON|OFF)",
	"    Protect current client connection from eviction.",
	"NO-TOUCH (ON|OFF)",
	"    Will not touch LRU/LFU stats when this mode is on.",
}

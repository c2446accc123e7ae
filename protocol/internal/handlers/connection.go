package handlers

import (
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// connectionRows are the commands on the connection itself, CLIENT apart.
var connectionRows = []Row{
	{
		Spec: command.Spec{
			Name: "auth", Arity: -2, Summary: "Authenticate to the server",
			Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy, Categories: command.CatConnection,
			Since: "1.0.0", Group: "connection", Complexity: "O(N) where N is the number of passwords defined for the user",
			History: []command.Change{
				{Since: "6.0.0", What: "Added ACL style (username and password)."},
			},
			Args: []command.Arg{
				{Name: "username", Type: "string", Since: "6.0.0", Optional: true},
				{Name: "password", Type: "string"},
			},
		},
		Run: runAuth,
	},
	{
		Spec: command.Spec{
			Name: "echo", Arity: 2, Summary: "Echo the given string",
			Flags: command.Loading | command.Stale | command.Fast, Categories: command.CatConnection,
			Since: "1.0.0", Group: "connection", Complexity: "O(1)",
			Args: []command.Arg{
				{Name: "message", Type: "string"},
			},
		},
		Run: runEcho,
	},
	{
		Spec: command.Spec{
			Name: "hello", Arity: -1, Summary: "Handshake with Redis",
			Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy, Categories: command.CatConnection,
			Since: "6.0.0", Group: "connection", Complexity: "O(1)",
			History: []command.Change{
				{Since: "6.2.0", What: "`protover` made optional; when called without arguments the command reports the current connection's context."},
			},
			Args: []command.Arg{
				{Name: "arguments", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "protover", Type: "integer"},
					{Name: "username_password", Type: "block", Token: "AUTH", Optional: true, Args: []command.Arg{
						{Name: "username", Type: "string"},
						{Name: "password", Type: "string"},
					}},
					{Name: "clientname", Type: "string", Token: "SETNAME", Optional: true},
				}},
			},
		},
		Run: runHello,
	},
	{
		Spec: command.Spec{
			Name: "ping", Arity: -1, Summary: "Ping the server",
			Flags: command.Fast, Categories: command.CatConnection,
			Since: "1.0.0", Group: "connection", Complexity: "O(1)",
			Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
			Args: []command.Arg{
				{Name: "message", Type: "string", Optional: true},
			},
		},
		Run: runPing,
	},
	{
		Spec: command.Spec{
			Name: "quit", Arity: -1, Summary: "Close the connection",
			Flags: command.Immediate | command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy, Categories: command.CatConnection,
			Since: "1.0.0", Group: "connection", Complexity: "O(1)",
		},
		Run: runQuit,
	},
	{
		Spec: command.Spec{
			Name: "reset", Arity: 1, Summary: "Reset the connection",
			Flags: command.Immediate | command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy, Categories: command.CatConnection,
			Since: "6.2.0", Group: "connection", Complexity: "O(1)",
		},
		Run: runReset,
	},
	{
		Spec: command.Spec{
			Name: "select", Arity: 2, Summary: "Change the selected database for the current connection",
			Flags: command.Loading | command.Stale | command.Fast, Categories: command.CatConnection,
			Since: "1.0.0", Group: "connection", Complexity: "O(1)",
			Args: []command.Arg{
				{Name: "index", Type: "integer"},
			},
		},
		Run: runSelect,
	},
}

// RedisVersion is the version of Redis whose behaviour this server has, as
// HELLO and INFO tell it: clients choose by it which commands they may use.
const RedisVersion = "7.4.2"

// runPing: the row's arity has no upper bound, so the handler complains, in the
// words of the arity check. To a client that subscribes, in RESP2, it looks like a
// message.
func runPing(ctx *Context) {
	switch {
	case len(ctx.Args) > 2:
		ctx.Error(args.WrongArity("ping"))
	case ctx.Proto < 3 && subscribes(ctx.Session):
		ctx.Array(2)
		ctx.BulkString("pong")
		ctx.Bulk(slices.Concat(ctx.Args[1:]...))
	case len(ctx.Args) == 2:
		ctx.Bulk(ctx.Args[1])
	default:
		ctx.Simple("PONG")
	}
}

// runEcho: echo the given string.
func runEcho(ctx *Context) { ctx.Bulk(ctx.Args[1]) }

// runQuit: what is queued behind QUIT is not run, and its OK is the last reply.
func runQuit(ctx *Context) {
	ctx.Session.Closing = true
	ctx.OK()
}

// runReset takes the client back to RESP2 before it writes its reply. The name
// goes, but what CLIENT SETINFO set stays: it is the same library as before.
func runReset(ctx *Context) {
	ctx.unwatch()
	ctx.endMail()
	ctx.Server.Monitors.Remove(ctx.Session.ID)
	ctx.Server.Welcome(ctx.Session)
	ctx.Proto = int(ctx.Session.Proto)
	ctx.Simple("RESET")
}

// runSelect reads a C int as redis-server's getIntFromObjectOrReply does; the text
// of the second error, missing word included, is its own too.
func runSelect(ctx *Context) {
	db, ok := args.Int(ctx.Args[1])
	switch {
	case !ok:
		ctx.Error(args.ErrNotInteger)
	case int64(int32(db)) != db:
		ctx.Error("ERR value is out of range, value must between -2147483648 and 2147483647")
	case db < 0 || db >= int64(ctx.Server.Cache.Databases()):
		ctx.Error(args.ErrDBIndex)
	default:
		ctx.Session.DB = int(db)
		ctx.OK()
	}
}

// authenticate makes the session one of the user's, if the password is good. How long
// it takes tells nothing about the password, nor whether there is such a user.
func (ctx *Context) authenticate(user, password []byte) bool {
	account := ctx.Server.ACL.Authenticate(user, password)
	if account == nil {
		ctx.loginDenied(user)
		return false
	}
	ctx.Session.ActAs(account, true)
	return true
}

// runAuth: with a password alone the user is "default". A name that no user has
// gets the same error as a wrong password, so names cannot be found out by trying.
func runAuth(ctx *Context) {
	user, password := []byte(acl.DefaultUser), ctx.Args[len(ctx.Args)-1]
	switch {
	case len(ctx.Args) > 3:
		ctx.Error(args.ErrSyntax)
		return
	case len(ctx.Args) == 3:
		user = ctx.Args[1]
	case !ctx.Server.ACL.NeedPassword():
		ctx.Error("ERR AUTH <password> called without any password configured for the default user. " +
			"Are you sure your configuration is correct?")
		return
	}
	if !ctx.authenticate(user, password) {
		ctx.Error(args.ErrWrongPass)
		return
	}
	ctx.OK()
}

// hello is what the options of HELLO ask for; the last of each kind counts.
type hello struct{ user, password, name []byte }

// runHello does what its options say only once all of them are known to be good. A good
// password counts even where the client has to be told something else then.
func runHello(ctx *Context) {
	proto := int64(0)
	options := args.From(ctx.Args, 1)
	if options.More() {
		var ok bool
		if proto, ok = args.Int(options.Next()); !ok {
			ctx.Error("ERR Protocol version is not an integer or out of range")
			return
		}
		if proto < 2 || proto > 3 {
			ctx.Error("NOPROTO unsupported protocol version")
			return
		}
	}
	var h hello
	for options.More() {
		if err := h.option(&options); err != "" {
			ctx.Error(err)
			return
		}
	}
	if h.user != nil && !ctx.authenticate(h.user, h.password) {
		ctx.Error(args.ErrWrongPass)
		return
	}
	if !ctx.Session.Authenticated {
		ctx.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the " +
			"HELLO AUTH <user> <pass> option can be used to authenticate the client and select the " +
			"RESP protocol version at the same time")
		return
	}
	if h.name != nil {
		ctx.Session.Name = string(h.name)
	}
	if proto != 0 {
		ctx.Session.SetProto(int(proto))
		ctx.Proto = int(proto)
	}
	ctx.greet()
}

// option takes one option of HELLO with its values.
func (h *hello) option(options *args.Cursor) (err string) {
	switch {
	case options.Option("auth", 2):
		h.user, h.password = options.Next(), options.Next()
	case options.Option("setname", 1):
		if h.name = options.Next(); !printable(h.name) {
			return errClientName
		}
	default:
		return "ERR Syntax error in HELLO option '" + string(args.ClipTo(options.Next(), 1<<20)) + "'"
	}
	return ""
}

// greet writes HELLO's description of the server, in the protocol version that
// has just been agreed on. Clients tell what they talk to by "server", so it is
// Redis's name, with the version of Redis whose commands these are.
func (ctx *Context) greet() {
	ctx.Map(7)
	for _, field := range [...]struct{ name, value string }{{"server", "redis"}, {"version", RedisVersion}} {
		ctx.BulkString(field.name)
		ctx.BulkString(field.value)
	}
	ctx.BulkString("proto")
	ctx.Int(int64(ctx.Session.Proto))
	ctx.BulkString("id")
	ctx.Int(int64(ctx.Session.ID))
	for _, field := range [...]struct{ name, value string }{{"mode", "standalone"}, {"role", "master"}} {
		ctx.BulkString(field.name)
		ctx.BulkString(field.value)
	}
	ctx.BulkString("modules")
	ctx.Array(0)
}

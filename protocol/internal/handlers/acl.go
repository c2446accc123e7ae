package handlers

import (
	"crypto/rand"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

var aclHelp = []string{
	"CAT [<category>]",
	"    List all commands that belong to <category>, or all command categories",
	"    when no category is specified.",
	"DELUSER <username> [<username> ...]",
	"    Delete a list of users.",
	"DRYRUN <username> <command> [<arg> ...]",
	"    Returns whether the user can execute the given command without executing the command.",
	"GETUSER <username>",
	"    Get the user's details.",
	"GENPASS [<bits>]",
	"    Generate a secure 256-bit user password. The optional `bits` argument can",
	"    be used to specify a different size.",
	"LIST",
	"    Show users details in config file format.",
	"LOAD",
	"    Reload users from the ACL file.",
	"LOG [<count> | RESET]",
	"    Show the ACL log entries.",
	"SAVE",
	"    Save the current config to the ACL file.",
	"SETUSER <username> <attribute> [<attribute> ...]",
	"    Create or modify a user with the specified attributes.",
	"USERS",
	"    List all the registered usernames.",
	"WHOAMI",
	"    Return the current connection username.",
}

// runACLHelp: show helpful text about the different subcommands.
func runACLHelp(ctx *Context) { ctx.help("ACL", aclHelp) }

// runACLCat names the categories, or the commands of one.
func runACLCat(ctx *Context) {
	if len(ctx.Args) > 3 {
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "ACL"))
		return
	}
	names := command.CategoryNames(math.MaxUint32)
	if len(ctx.Args) == 3 {
		category, ok := command.ParseCategory(strings.ToLower(string(ctx.Args[2])))
		if !ok {
			ctx.Error("ERR Unknown category '" + string(args.Clip(ctx.Args[2])) + "'")
			return
		}
		names = ctx.Server.ACL.Commands().In(category)
	}
	ctx.bulks(names)
}

// bulks replies with an array of texts.
func (ctx *Context) bulks(list []string) {
	ctx.Array(len(list))
	for _, text := range list {
		ctx.BulkString(text)
	}
}

// runACLWhoami: a client that has not said who it is is the default user.
func runACLWhoami(ctx *Context) { ctx.BulkString(ctx.Account().Name) }

// runACLUsers: list the username of all the configured ACL rules.
func runACLUsers(ctx *Context) { ctx.bulks(ctx.Server.ACL.Names()) }

// runACLList: list the current ACL rules in ACL config file format.
func runACLList(ctx *Context) { ctx.bulks(ctx.Server.ACL.Lines()) }

// runACLGetuser: get the rules for a specific ACL user.
func runACLGetuser(ctx *Context) {
	account := ctx.Server.ACL.Find(ctx.Args[2])
	if account == nil || acl.Of(account) == nil {
		ctx.Null()
		return
	}
	u := acl.Of(account)
	selectors := u.Selectors()
	ctx.Map(6)
	ctx.BulkString("flags")
	flags := u.Flags()
	ctx.Set(len(flags))
	for _, flag := range flags {
		ctx.BulkString(flag)
	}
	ctx.BulkString("passwords")
	ctx.bulks(u.Passwords())
	ctx.permissions(selectors[0])
	ctx.BulkString("selectors")
	ctx.Array(len(selectors) - 1)
	for _, s := range selectors[1:] {
		ctx.Map(3)
		ctx.permissions(s)
	}
}

// permissions writes the three fields of a selector.
func (ctx *Context) permissions(p acl.Permissions) {
	for _, field := range [...]struct{ name, value string }{
		{"commands", p.Commands}, {"keys", p.Keys}, {"channels", p.Channels},
	} {
		ctx.BulkString(field.name)
		ctx.BulkString(field.value)
	}
}

// runACLSetuser makes a user or changes one. Whoever acts as that user is bound by
// the new rules from the next command on; who subscribes to what these no longer allow
// is disconnected.
func runACLSetuser(ctx *Context) {
	name := string(ctx.Args[2])
	if strings.ContainsAny(name, " \t\n\v\f\r\x00") {
		ctx.Error("ERR Usernames can't contain spaces or null characters")
		return
	}
	modifiers := make([]string, 0, len(ctx.Args)-3)
	for _, arg := range ctx.Args[3:] {
		modifiers = append(modifiers, string(arg))
	}
	change, err := ctx.Server.ACL.Set(name, modifiers)
	if err != nil {
		ctx.Error("ERR " + err.Error())
		return
	}
	ctx.dismiss(nil, []acl.Change{change})
	ctx.OK()
}

// runACLDeluser deletes users and disconnects whoever acts as one of them.
func runACLDeluser(ctx *Context) {
	var names []string
	for _, name := range ctx.Args[2:] {
		if string(name) == acl.DefaultUser {
			ctx.Error("ERR The 'default' user cannot be removed")
			return
		}
		names = append(names, string(name))
	}
	gone := ctx.Server.ACL.Delete(names...)
	ctx.dismiss(gone, nil)
	ctx.Int(int64(len(gone)))
}

// runACLDryrun tells whether a user may run a command, which is not run.
func runACLDryrun(ctx *Context) {
	account := ctx.Server.ACL.Find(ctx.Args[2])
	argv := ctx.Args[3:]
	if account == nil {
		ctx.Error("ERR User '" + string(ctx.Args[2]) + "' not found")
		return
	}
	c := ctx.Server.Table.Find(argv)
	if c == nil {
		ctx.Error("ERR Command '" + string(argv[0]) + "' not found")
		return
	}
	if !c.ArityOK(len(argv)) {
		ctx.Error(args.WrongArity(c.FullName))
		return
	}
	if d := acl.Of(account).Check(c.Index, argv); d.Reason != acl.Allowed {
		ctx.BulkString(d.Message(account.Name, c.FullName, argv, true))
		return
	}
	ctx.OK()
}

// maxPasswordBits is the most that ACL GENPASS gives.
const maxPasswordBits = 4096

// runACLGenpass makes a password of as many random bits as asked for, in hexadecimal.
func runACLGenpass(ctx *Context) {
	bits := int64(256)
	if len(ctx.Args) > 3 {
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "ACL"))
		return
	}
	if len(ctx.Args) == 3 {
		var ok bool
		if bits, ok = args.Int(ctx.Args[2]); !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
	}
	if bits <= 0 || bits > maxPasswordBits {
		ctx.Error("ERR ACL GENPASS argument must be the number of bits for the output password, " +
			"a positive number up to " + strconv.Itoa(maxPasswordBits))
		return
	}
	digits := int(bits+3) / 4
	random := make([]byte, (digits+1)/2)
	_, _ = rand.Read(random) // it never fails
	ctx.BulkString(hex.EncodeToString(random)[:digits])
}

// runACLLog shows the last denials, or forgets them.
func runACLLog(ctx *Context) {
	log, count := &ctx.Server.ACL.Log, int64(10)
	switch {
	case len(ctx.Args) > 3:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "ACL"))
		return
	case len(ctx.Args) == 3 && args.Is(ctx.Args[2], "reset"):
		log.Reset()
		ctx.OK()
		return
	case len(ctx.Args) == 3:
		var ok bool
		if count, ok = args.Int(ctx.Args[2]); !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
	}
	entries := log.Last(int(count))
	now := time.Now().UnixMilli()
	ctx.Array(len(entries))
	for i := range entries {
		ctx.logEntry(&entries[i], now)
	}
}

func (ctx *Context) logEntry(e *acl.Entry, now int64) {
	number := func(name string, n int64) {
		ctx.BulkString(name)
		ctx.Int(n)
	}
	text := func(name, value string) {
		ctx.BulkString(name)
		ctx.BulkString(value)
	}
	ctx.Map(10)
	number("count", e.Count)
	text("reason", e.Reason.String())
	text("context", e.Context)
	text("object", e.Object)
	text("username", e.User)
	ctx.BulkString("age-seconds")
	ctx.Double(float64(now-e.Updated) / 1000)
	text("client-info", e.Client)
	number("entry-id", e.ID)
	number("timestamp-created", e.Created)
	number("timestamp-last-updated", e.Updated)
}

// errNoACLFile is the reply to ACL SAVE and LOAD where there is no aclfile.
const errNoACLFile = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the " +
	"ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to " +
	"store users in the Redis configuration."

// runACLLoad replaces all users by those of the file, or none where that has a fault.
// Clients whose user is still there stay connected.
func runACLLoad(ctx *Context) {
	if ctx.Server.aclFile() == "" {
		ctx.Error(errNoACLFile)
		return
	}
	changes, gone, err := ctx.Server.loadACL()
	if err != nil {
		ctx.Error("ERR " + err.Error())
		return
	}
	ctx.dismiss(gone, changes)
	ctx.OK()
}

// runACLSave: save the current ACL rules in the configured ACL file.
func runACLSave(ctx *Context) {
	if ctx.Server.aclFile() == "" {
		ctx.Error(errNoACLFile)
		return
	}
	if err := ctx.Server.saveACL(); err != nil {
		ctx.Server.log.Warn("the ACLs could not be saved", "error", err)
		ctx.Error("ERR There was an error trying to save the ACLs. Please check the server logs for more information")
		return
	}
	ctx.OK()
}

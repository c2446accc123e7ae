package acl

import (
	"bytes"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
)

// commands is a small table: enough of each kind for rules to be about.
func commands() *Commands {
	row := func(name string, flags command.Flags, categories command.Category, keys ...command.KeySpec) *command.Entry {
		short := name[strings.IndexByte(name, '|')+1:]
		return &command.Entry{Spec: &command.Spec{Name: short, Flags: flags, Categories: categories, Keys: keys}, FullName: name}
	}
	rest := func(flags ...string) command.KeySpec { return command.KeyRange(1, -1, 1, flags...) }
	return NewCommands([]*command.Entry{
		row("auth", command.NoAuth|command.Fast, command.CatConnection),
		row("bitfield", command.Write, command.CatBitmap, command.KeyAt(1, "RW", "access", "update", "variable_flags")),
		row("config", 0, 0),
		row("config|get", command.Admin, 0),
		row("config|set", command.Admin, 0),
		row("copy", command.Write, command.CatKeyspace, command.KeyAt(1, "RO", "access"), command.KeyAt(2, "OW", "update")),
		row("del", command.Write, command.CatKeyspace, rest("RM", "delete")),
		row("exists", command.ReadOnly|command.Fast, command.CatKeyspace, rest("RO")),
		row("get", command.ReadOnly|command.Fast, command.CatString, command.KeyAt(1, "RO", "access")),
		row("georadius", command.Write, command.CatGeo, command.KeyAt(1, "RO", "access"),
			command.KeySpec{Flags: []string{"OW", "update"}, Keyword: "STORE", StartFrom: 6, Step: 1}),
		row("migrate", command.Write, command.CatKeyspace, command.KeyAt(3, "RW", "access", "delete")),
		row("psubscribe", command.PubSub, 0),
		row("publish", command.PubSub|command.Fast, 0),
		row("select", command.Fast, command.CatConnection),
		row("set", command.Write, command.CatString, command.KeyAt(1, "RW", "access", "update", "variable_flags")),
		row("sort", command.Write, command.CatList|command.CatDangerous, command.KeyAt(1, "RO", "access")),
		row("ssubscribe", command.PubSub, 0, rest("not_key")),
		row("subscribe", command.PubSub, 0),
	})
}

// user makes a user by modifiers, which are words of a line.
func user(c *Commands, line string) (*User, error) {
	u := newUser("u", c, false)
	merged, _ := mergeSelectors(strings.Fields(line))
	for _, op := range merged {
		if err := u.apply(op, false); err != nil {
			return u, err
		}
	}
	return u, nil
}

// may asks about a command line; the answer is "" or the reason, with the argument.
func (u *User) may(line string) string {
	argv := bytes.Fields([]byte(line))
	index, ok := u.commands.byName[lower(string(argv[0]))]
	if subs := u.commands.list[index].subs; ok && subs != nil && len(argv) > 1 {
		index = u.commands.byName[lower(string(argv[0])+"|"+string(argv[1]))]
	}
	d := u.Check(index, argv)
	if d.Reason == Allowed {
		return ""
	}
	if d.Reason == Command {
		return "command"
	}
	return d.Reason.String() + " " + string(argv[d.Arg])
}

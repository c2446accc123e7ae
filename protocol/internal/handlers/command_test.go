package handlers_test

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
)

var update = flag.Bool("update", false, "rewrite the command table in README.md")

// TestReadmeListsTheCommands keeps the README's compatibility table true.
func TestReadmeListsTheCommands(t *testing.T) {
	const file = "../../../README.md"
	readme, err := os.ReadFile(file)
	require.NoError(t, err)
	want, err := command.Splice(string(readme), "<!-- commands -->", "<!-- /commands -->",
		command.Markdown(handlers.NewTable().Entries()))
	require.NoError(t, err)
	if *update && want != string(readme) {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(readme), "run: go test ./protocol/internal/handlers -run Readme -update")
}

func TestCommandCountsAndLists(t *testing.T) {
	r := newRig(t)
	names := handlers.NewTable().Commands()
	assert.Equal(t, ":"+strconv.Itoa(len(names))+"\r\n", r.do("command count"))
	list := strings.Fields(r.do("command list"))
	assert.Equal(t, "*"+strconv.Itoa(len(names)), list[0])
	assert.Contains(t, list, "get")
	assert.NotContains(t, list, "client|id", "subcommands are listed only through a filter")
	r.script([][2]string{
		{"command list filterby pattern CLIENT|I*", "*2 $9 client|id $11 client|info"},
		{"command list FILTERBY pattern ge[t]", "*1 $3 get"},
		{"command list filterby aclcat nosuch", "*0"},
		{"command list filterby aclcat @string", "*0"},
		{"command list filterby module x", "*0"},
		{"command list filterby x y", "-ERR syntax error"},
		{"command list filterby", "-ERR syntax error"},
		{"command list a b c", "-ERR syntax error"},
	}...)
	assert.Contains(t, r.do("command list filterby ACLCAT String"), "getrange")
	assert.Contains(t, r.do("command help"), "+COUNT\r\n")
}

func TestCommandGetkeys(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"command getkeys mset a b c d e", "*3 $1 a $1 c $1 e"},
		{"command getkeys object freq k", "*1 $1 k"},
		{"command getkeys set k", "-ERR Invalid number of arguments specified for command"},
		{"command getkeys ping x", "-ERR The command has no key arguments"},
		{"command getkeys config get x", "-ERR The command has no key arguments"},
		{"command getkeys nosuch x", "-ERR Invalid command specified"},
		{"command getkeys config nosuch", "-ERR Invalid command specified"},
		{"command getkeys msetex x k v", "-ERR Invalid arguments specified for command"},
		{"command getkeys", "-ERR wrong number of arguments for 'command|getkeys' command"},
		{"command getkeysandflags get k", "*1 *2 $1 k *2 +RO +access"},
		{"command getkeysandflags set k v", "*1 *2 $1 k *2 +OW +update"},
		{"command getkeysandflags set k v EX 5 GET", "*1 *2 $1 k *3 +RW +access +update"},
		{"command getkeysandflags set k", "-ERR Invalid number of arguments specified for command"},
	}...)
	r.do("hello 3")
	r.script([2]string{"command getkeysandflags get k", "*1 *2 $1 k ~2 +RO +access"})
}

func TestCommandInfoAndDocs(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"command info client|id nosuch CLIENT|ID|x", "*3 *10 $9 client|id :2 *3 +noscript +loading +stale :0 :0 :0 " +
			"*2 +@slow +@connection *0 *0 *0 $-1 $-1"},
		{"command docs nosuch", "*0"},
		{"command docs ECHO", "*2 $4 echo *10 $7 summary $21 Echo the given string $5 since $5 1.0.0 $5 group $10 connection " +
			"$10 complexity $4 O(1) $9 arguments *1 *4 $4 name $7 message $4 type $6 string"},
	}...)
	all := r.do("command")
	assert.Equal(t, all, r.do("command info"))
	assert.True(t, strings.HasPrefix(all, "*"+strconv.Itoa(len(r.server.Table.Commands()))+"\r\n*10\r\n"))
	assert.True(t, strings.HasPrefix(r.do("command docs"), "*"+strconv.Itoa(2*len(r.server.Table.Commands()))+"\r\n"))
}

// TestRowsAreSound checks what every row must be.
func TestRowsAreSound(t *testing.T) {
	var check func(list []*handlers.Command)
	check = func(list []*handlers.Command) {
		for _, c := range list {
			assert.NotZero(t, c.Arity, c.FullName)
			assert.NotEmpty(t, c.Summary, c.FullName)
			assert.NotEmpty(t, c.Since, c.FullName)
			assert.NotEmpty(t, c.Group, c.FullName)
			assert.Equal(t, strings.ToLower(c.Name), c.Name)
			assert.False(t, c.Flags&command.Write != 0 && c.Flags&command.ReadOnly != 0, "%s both reads only and writes", c.FullName)
			if c.Keyed() && c.Arity > 0 {
				argv := make([][]byte, c.Arity)
				_, ok := c.FindKeys(argv, nil)
				assert.True(t, ok, "%s: a command of the right length has its keys", c.FullName)
			}
			if c.Key != 0 {
				assert.Less(t, c.Key, max(c.Arity, -c.Arity), "%s: the arity gate keeps the key within the arguments", c.FullName)
			}
			for _, a := range c.Args {
				assert.LessOrEqual(t, a.KeySpecIndex, len(c.Keys), "%s: %s", c.FullName, a.Name)
			}
			check(c.Subs)
		}
	}
	check(handlers.NewTable().Commands())
}

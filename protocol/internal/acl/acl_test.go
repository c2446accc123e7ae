package acl

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

func TestRulesAreShownAsGiven(t *testing.T) {
	const begin = "off sanitize-payload "
	for line, want := range map[string]string{
		"":                                      "off sanitize-payload resetchannels -@all",
		"ON NOPASS AllKeys &* +@ALL":            "on nopass sanitize-payload ~* &* +@all",
		"skip-sanitize-payload":                 "off skip-sanitize-payload resetchannels -@all",
		"+GET -Get +get":                        begin + "resetchannels -@all +get",
		"+@read -get":                           begin + "resetchannels -@all +@read -get",
		"+@all -@dangerous -config|SET":         begin + "resetchannels +@all -@dangerous -config|set",
		"+config|get +get +config":              begin + "resetchannels -@all +get +config",
		"+config|get +config|set -config|get":   begin + "resetchannels -@all +config|set -config|get",
		"+select|0 +select|A +select|0":         begin + "resetchannels -@all +select|a +select|0",
		"+select|0 -select":                     begin + "resetchannels -@all -select",
		"+get -@all":                            begin + "resetchannels -@all",
		"+getx|a":                               "Unknown command or category name in ACL",
		"~a %R~b %W~c %RW~d %r~c ~a":            begin + "~a %R~b ~c ~d resetchannels -@all",
		"&a &b &a":                              begin + "resetchannels &a &b -@all",
		"~a (+get ~b) ( +set &c )":              begin + "~a resetchannels -@all (~b resetchannels -@all +get) (resetchannels &c -@all +set)",
		"~a (+get) clearselectors":              begin + "~a resetchannels -@all",
		"~a >x on reset":                        begin + "resetchannels -@all",
		">x nopass":                             "off nopass sanitize-payload resetchannels -@all",
		"nopass >x":                             begin + "#2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 resetchannels -@all",
		"+config|nosuch":                        "Unknown command or category name in ACL",
		"+config|get|x":                         "Allowing first-arg of a subcommand is not supported",
		"+select|":                              "Syntax error",
		"-select|0":                             "Unknown command or category name in ACL",
		"get":                                   "Syntax error",
		"~* ~x":                                 string(errAllKeys),
		"&* &x":                                 string(errAllChannels),
		"%~x":                                   "Syntax error",
		"%X~x":                                  "Syntax error",
		"<x":                                    string(errNoPassword),
		"#x":                                    string(errBadHash),
		"#" + strings.Repeat("A", 64):           string(errBadHash),
		"(on)":                                  "Syntax error",
		"#" + strings.Repeat("0", 64) + " on >": "on sanitize-payload #" + strings.Repeat("0", 64) + " #e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 resetchannels -@all",
	} {
		u, err := user(commands(), line)
		if err != nil {
			assert.Equal(t, want, err.Error(), line)
			continue
		}
		assert.Equal(t, want, u.Describe(), line)
		again, err := user(commands(), u.Describe())
		require.NoError(t, err)
		assert.Equal(t, normal(u), normal(again), "what is shown makes the same user")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ rules, line, want string }{
		{"", "get a", "command"},
		{"", "auth x", ""},
		{"+get", "get a", "key a"},
		{"+get ~a", "GET a", ""},
		{"+get %W~a", "get a", "key a"},
		{"+get %W~* ~a", "get a", ""},
		{"+@all %R~r %W~w", "copy r w", ""},
		{"+@all %R~r %W~w", "copy w r", "key w"},
		{"+@all %R~r %W~w", "exists r w x", "key x"},
		{"+@all %R~r %W~w", "set w v", ""},
		{"+@all %R~r %W~w", "set w v get", "key w"},
		{"+@all %R~r %W~w", "set r v", "key r"},
		{"+@all %R~r %W~w", "bitfield r GET u8 0", ""},
		{"+@all %R~r %W~w", "bitfield r overflow fail get u8 0 set u8 0 1", "key r"},
		{"+@all %R~r %W~w", "sort r limit 0 store by store store w", ""},
		{"+@all %R~r %W~w", "sort r store w store r", "key r"},
		{"+@all %R~r %W~w", "georadius r 0 0 1 m STORE w store r", "key r"},
		{"+@all ~a ~b", "migrate h 1 c 0 9", "key c"},
		{"+@all ~a ~b", "migrate h 1 c 0 9 keys", "key c"},
		{"+@all ~a ~b", "migrate h 1 c 0 9 keys d", ""}, // a fault, as the handler finds
		{"+config|get", "config get x", ""},
		{"+config|get", "config set x", "command"},
		{"+config -config|set", "config set x", "command"},
		{"+@all -config", "config get x", "command"},
		{"+select|0", "select 0", ""},
		{"+select|0", "select 1", "command"},
		{"+select|0", "select", "command"},
		{"+select|0 -@fast", "select 0", "command"},
		{"+publish &a*", "publish ab x", ""},
		{"+publish &a*", "publish b a", "channel b"},
		{"+publish", "publish b a", "channel b"},
		{"+@pubsub &a* &b", "subscribe a b a1", ""},
		{"+@pubsub &a* &b", "ssubscribe a c", "channel c"},
		{"+@pubsub &a* &b", "psubscribe a*", ""},
		{"+@pubsub &a* &b", "psubscribe a1*", "channel a1*"},
		{"(+get ~a) (+set ~b)", "get a", ""},
		{"(+get ~a) (+set ~b)", "set b x", ""},
		{"(+get ~a) (+set ~b)", "set a x", "key a"},
		{"(+get ~a) (+set ~b)", "del a", "command"},
		{"+del ~a (+del ~a ~b)", "del a b c", "key c"},
	} {
		u, err := user(commands(), c.rules)
		require.NoError(t, err)
		assert.Equal(t, c.want, u.may(c.line), "%s: %s", c.rules, c.line)
	}
	assert.Equal(t, Command, (*User)(nil).Check(0, nil).Reason, "a user that was deleted may do nothing")
	assert.False(t, (*User)(nil).ReadsAllKeys(0, nil))
}

func TestReadsAllKeys(t *testing.T) {
	for rules, want := range map[string]bool{
		"+sort ~*": true, "+sort %R~*": true, "+sort %W~* ~a": false, "+sort ~a": false, "~*": false, "~a (+sort ~*)": true,
	} {
		c := commands()
		u, err := user(c, rules)
		require.NoError(t, err)
		assert.Equal(t, want, u.ReadsAllKeys(c.byName["sort"], bytes.Fields([]byte("sort a by b*"))), rules)
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	c := commands()
	u, err := user(c, "+get +del ~"+strings.Repeat("a", 100)+" ~b* (+subscribe &x* ~c)")
	require.NoError(t, err)
	for _, line := range []string{"get bcd", "del b c", "subscribe x1 x2", "set a b"} {
		argv := bytes.Fields([]byte(line))
		index := c.byName[string(argv[0])]
		assert.Zero(t, testing.AllocsPerRun(100, func() { u.Check(index, argv) }), line)
	}
}

func TestUsers(t *testing.T) {
	us := New(commands())
	root := us.Default()
	assert.True(t, root.Unrestricted())
	assert.False(t, us.MustLogIn() || us.NeedPassword())
	assert.Equal(t, []string{"user default on nopass sanitize-payload ~* &* +@all"}, us.Lines())
	assert.Same(t, root, us.Authenticate([]byte("default"), []byte("whatever")))

	_, err := us.Set("alice", []string{"on", ">secret", "+get", "~a"})
	require.NoError(t, err)
	alice := us.Find([]byte("alice"))
	assert.False(t, alice.Unrestricted())
	assert.Nil(t, us.Authenticate([]byte("alice"), []byte("wrong")))
	assert.Nil(t, us.Authenticate([]byte("nobody"), []byte("secret")))
	assert.Same(t, alice, us.Authenticate([]byte("alice"), []byte("secret")))
	_, err = us.Set("alice", []string{"off", "+nosuch"})
	assert.EqualError(t, err, "Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL")
	assert.Same(t, alice, us.Authenticate([]byte("alice"), []byte("secret")), "a fault changes nothing")
	_, err = us.Set("alice", []string{"on", "(+get", "~a"})
	assert.EqualError(t, err, "Unmatched parenthesis in acl selector starting at '(+get'.")
	_, _ = us.Set("alice", []string{"off", "allkeys", "allchannels", "+@all"})
	assert.Nil(t, us.Authenticate([]byte("alice"), []byte("secret")))
	assert.True(t, alice.Unrestricted(), "an account stays the same")
	assert.Equal(t, []string{"alice", "default"}, us.Names())

	assert.Empty(t, us.Delete("default", "nobody"))
	assert.Equal(t, []*session.Account{alice}, us.Delete("alice", "alice"))
	assert.False(t, alice.Unrestricted())
	assert.Nil(t, Of(alice))
	assert.Nil(t, us.Find([]byte("alice")))

	us.SetDefaultPassword("x")
	assert.True(t, us.MustLogIn() && us.NeedPassword())
	assert.Nil(t, us.Authenticate([]byte("default"), nil))
	us.SetDefaultPassword("")
	assert.False(t, us.MustLogIn())
	_, _ = us.Set("default", []string{"off"})
	assert.True(t, us.MustLogIn() && !us.NeedPassword())
}

func TestChannelsTakenAway(t *testing.T) {
	us := New(commands())
	change := func(line string) Change {
		c, err := us.Set("u", strings.Fields(line))
		require.NoError(t, err)
		return c
	}
	change("&a* &b")
	assert.False(t, change("+get &c").Narrower)
	assert.False(t, change("allchannels").Narrower)
	assert.True(t, change("resetchannels").Narrower)
	change("&a* &b (&c)")
	c := change("resetchannels &a1 &b*")
	assert.True(t, c.Narrower)
	for name, want := range map[string]bool{"a1": false, "a2": true, "b": false, "bb": false, "c": false} {
		assert.Equal(t, want, c.Revokes([]string{name}, false), name)
	}
	assert.True(t, c.Revokes([]string{"b*", "b"}, true), "patterns are compared literally")
	assert.False(t, c.Revokes(nil, true))
}

func TestLoad(t *testing.T) {
	us := New(commands())
	_, _ = us.Set("alice", []string{"on", "+@all", "allkeys", "allchannels"})
	_, _ = us.Set("bob", nil)
	alice, bob, before := us.Find([]byte("alice")), us.Find([]byte("bob")), us.Text()
	_, _, err := us.Load("f", "user a on\n# no\nuser\n\nuser a off\nuser b\tc on\nuser d +nosuch ~* ~x >p (x\nuser e +nosuch ~* ~x &* &x\r\n")
	assert.EqualError(t, err, "f:2 should start with user keyword followed by the username. "+
		"f:3 should start with user keyword followed by the username. "+
		"WARNING: Duplicate user 'a' found on line 5. "+
		"'f:6: username 'b\tc' contains invalid characters. "+
		"f:7: Unmatched parenthesis in selector definition."+
		"f:8: Error in applying operation '+nosuch': Unknown command or category name in ACL. "+
		"f:8: "+string(errAllKeys)+". "+
		"WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
	assert.Equal(t, before, us.Text())

	changes, gone, err := us.Load("f", "user alice on ~a  &b (+get ~x) ( +set )\nuser carol off\n")
	require.NoError(t, err)
	assert.Equal(t, []*session.Account{bob}, gone)
	assert.Nil(t, Of(bob))
	assert.Same(t, alice, us.Find([]byte("alice")))
	assert.False(t, alice.Unrestricted())
	narrower := slices.DeleteFunc(changes, func(c Change) bool { return !c.Narrower })
	require.Len(t, narrower, 1)
	assert.Same(t, alice, narrower[0].Account)
	text := "user alice on sanitize-payload ~a resetchannels &b -@all (~x resetchannels -@all +get) (resetchannels -@all +set)\n" +
		"user carol off sanitize-payload resetchannels -@all\nuser default on nopass sanitize-payload ~* &* +@all\n"
	assert.Equal(t, text, us.Text())

	// The default user is as the file says, and stays the same account.
	_, _, err = us.Load("f", "user default off")
	require.NoError(t, err)
	assert.Equal(t, "user default off sanitize-payload resetchannels -@all\n", us.Text())
	assert.True(t, us.MustLogIn())
	_, _, err = us.Load("f", text)
	require.NoError(t, err)
	assert.Equal(t, text, us.Text())
}

func TestConfigure(t *testing.T) {
	us := New(commands())
	us.SetDefaultPassword("x")
	line := func(where, text string) Line { return Line{where, strings.Fields(text)} }
	off, err := us.Configure([]Line{line("f:1", "default on nopass ~* +@all -get"), line("f:2", "alice +get ( ~a )")})
	require.NoError(t, err)
	assert.Equal(t, []string{"alice"}, off)
	assert.Equal(t, "user alice off sanitize-payload resetchannels -@all +get ( ~a ) ", strings.Replace(us.Lines()[0], "(~a resetchannels -@all)", "( ~a ) ", 1))
	assert.False(t, us.MustLogIn())
	assert.True(t, us.SameAs([]Line{line("", "alice +get (~a)"), line("", "default -@all +@all -get on ~* nopass")}, "x"))
	assert.False(t, us.SameAs([]Line{line("", "alice +get (~a)")}, ""))

	_, err = us.Configure([]Line{line("f:1", ""), line("f:2", "a on"), line("f:3", "a off"), {"f:4", []string{"a b"}}, line("f:5", "b (+get"), line("f:6", "c +nosuch")})
	assert.EqualError(t, err, "f:1: Error in user declaration '': the name is missing\n"+
		"f:3: Error in user declaration 'a': Duplicate user found. A user can only be defined once in config files\n"+
		"f:4: Error in user declaration 'a b': Spaces not allowed in ACL usernames\n"+
		"f:5: Error in user declaration '(+get': Unmatched parenthesis in selector definition.\n"+
		"f:6: Error in user declaration '+nosuch': Unknown command or category name in ACL")
}

func TestChannelsDefault(t *testing.T) {
	us := New(commands())
	us.SetChannelsDefault(true)
	_, err := us.Set("a", []string{"(+get)"})
	require.NoError(t, err)
	assert.Equal(t, "user a off sanitize-payload &* -@all (&* -@all +get)", us.Lines()[0])
	_, _ = us.Set("a", []string{"resetchannels", "&x", "reset"})
	assert.Equal(t, "user a off sanitize-payload &* -@all", us.Lines()[0])
}

func TestSplitWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "  a  b ": "a|b", `"a b"`: "a b", `'a\'b' c`: `a'b|c`, `"\x41\n\q\"" x`: "A\nq\"|x", `a"b"`: "ab", `"a`: "", `"a"b`: "",
		`'\n'`: `\n`, `"\`: "", `"\x4"`: `x4`, `a "\t\b\a\r"`: "a|\t\b\a\r",
	} {
		assert.Equal(t, want, strings.Join(splitWords(text), "|"), text)
	}
}

func TestLog(t *testing.T) {
	var l Log
	l.Add(Entry{Object: "x"}, 1)
	assert.Empty(t, l.Last(10), "no room")
	l.SetMax(3)
	show := func() string {
		var parts []string
		for _, e := range l.Last(10) {
			parts = append(parts, fmt.Sprintf("%s%d#%d", e.Object, e.Count, e.ID))
		}
		return strings.Join(parts, " ")
	}
	for i, object := range []string{"a", "b", "a", "c"} {
		l.Add(Entry{Reason: Key, Object: object}, int64(i))
	}
	assert.Equal(t, "c1#2 a2#0 b1#1", show())
	assert.Equal(t, Entry{Reason: Key, Object: "a", Count: 2, Created: 0, Updated: 2}, l.Last(2)[1])
	l.Add(Entry{Reason: Key, Object: "b"}, 1+mergeWithin)
	assert.Equal(t, "b2#1 c1#2 a2#0", show())
	l.Add(Entry{Reason: Key, Object: "a"}, 3+mergeWithin)
	l.Add(Entry{Reason: Command, Object: "a"}, 3)
	l.Add(Entry{Reason: Command, Object: "a", User: "u"}, 3)
	assert.Equal(t, "a1#5 a1#4 a1#3", show())
	assert.Len(t, l.Last(-1), 0)
	l.SetMax(1)
	assert.Equal(t, "a1#5", show())
	l.Reset()
	assert.Empty(t, show())
	assert.Equal(t, "command key auth channel allowed", strings.Join([]string{Command.String(), Key.String(), Auth.String(), Channel.String(), Allowed.String()}, " "))
}

func TestMessages(t *testing.T) {
	argv := bytes.Fields([]byte("get k"))
	for _, c := range []struct {
		d       Denial
		verbose bool
		want    string
	}{
		{Denial{Command, 0}, false, "User u has no permissions to run the 'get' command"},
		{Denial{Key, 1}, true, "User u has no permissions to access the 'k' key"},
		{Denial{Key, 1}, false, "No permissions to access a key"},
		{Denial{Channel, 1}, true, "User u has no permissions to access the 'k' channel"},
		{Denial{Channel, 1}, false, "No permissions to access a channel"},
	} {
		assert.Equal(t, c.want, c.d.Message("u", "get", argv, c.verbose))
	}
}

// TestChangesUnderWay has users change while others ask: each sees one whole state.
func TestChangesUnderWay(t *testing.T) {
	us := New(commands())
	c := us.Commands()
	get := c.byName["get"]
	// Never may both keys be read.
	states := [][]string{{"reset", "on", "nopass", "+get", "~a"}, {"reset", "on", "nopass", "+get", "~b"}, {"reset"}}
	_, _ = us.Set("u", nil)
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for i := range 500 {
				_, err := us.Set("u", states[i%len(states)])
				assert.NoError(t, err)
				_, _ = us.Set("other", nil)
				us.Delete("other")
			}
		})
	}
	for range 2 {
		work.Go(func() {
			for range 2000 {
				u := Of(us.Find([]byte("u")))
				a := u.Check(get, [][]byte{[]byte("get"), []byte("a")})
				b := u.Check(get, [][]byte{[]byte("get"), []byte("b")})
				assert.False(t, a.Reason == Allowed && b.Reason == Allowed)
				us.Authenticate([]byte("other"), nil)
				us.Lines()
			}
		})
	}
	work.Wait()
}

func FuzzRules(f *testing.F) {
	for _, line := range []string{
		"on nopass ~a %R~b &c +@all -get", "+select|0 +config|get (+get ~x) -@write", "(~\"a b\") ( +get ~* )", "reset #x >y <y !z", "%RW~ % & ~ + - ( )",
		"+@read +get|x -get +select|y -@all allcommands", "(~a \x00 )   +get ~* )", "(+@all -@fast) clearselectors allkeys resetkeys ~\x00",
	} {
		f.Add(line)
	}
	c := commands()
	f.Fuzz(func(t *testing.T, line string) {
		us := New(c)
		if _, err := us.Set("u", strings.Split(line, " ")); err != nil {
			assert.Len(t, us.Names(), 1, "a fault changes nothing")
			return
		}
		u := Of(us.Find([]byte("u")))
		// Its description makes an equal user, by every way that there is to give it.
		other, err := user(c, u.Describe())
		require.NoError(t, err)
		assert.Equal(t, normal(u), normal(other), u.Describe())
		text := us.Text()
		_, _, err = us.Load("f", text)
		require.NoError(t, err)
		assert.Equal(t, text, us.Text())
		for i := range c.list {
			argv := bytes.Fields([]byte(c.list[i].name + " a 1 x y m STORE GET"))
			assert.Equal(t, u.Check(i, argv), other.Check(i, argv))
		}
	})
}

// normal leaves out what does not tell users apart.
func normal(u *User) User {
	v := *u.clone()
	v.Name, v.commands = "", nil
	if len(v.passwords) == 0 {
		v.passwords = nil
	}
	for _, s := range v.selectors {
		if len(s.firstArgs) == 0 {
			s.firstArgs = nil
		}
		for i := range s.firstArgs {
			slices.Sort(s.firstArgs[i])
		}
		// Rules may have given back every command that they had taken.
		s.allCommands = false
	}
	return v
}

func BenchmarkCheck(b *testing.B) {
	c := commands()
	for name, rules := range map[string]string{"one pattern": "+@all ~key:*", "ten patterns": "+@all ~a:* ~b:* ~c:* ~d:* ~e:* ~f:* ~g:* ~h:* ~i:* ~key:*", "selectors": "+set (+del) (+get ~key:*)"} {
		b.Run(name, func(b *testing.B) {
			u, _ := user(c, rules)
			argv := [][]byte{[]byte("get"), []byte("key:12345678")}
			get := c.byName["get"]
			b.ReportAllocs()
			for b.Loop() {
				u.Check(get, argv)
			}
		})
	}
}

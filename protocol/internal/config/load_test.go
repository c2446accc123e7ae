package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// write makes files in a new directory, which becomes the current one.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o640))
	}
}

func TestParse(t *testing.T) {
	write(t, map[string]string{
		"a.conf": "# a comment\n\nPORT 7000\n  maxmemory 100mb\t\r\nrequirepass \"a \\x41 b\"\ninclude b.conf\nhz 20\n",
		"b.conf": "hz 30\ntimeout 5\ninclude *.part\nclient-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 4 5 6\n",
		"1.part": "tcp-backlog 3\n", "2.part": "tcp-backlog 4\n",
	})
	c, err := Parse([]string{"a.conf", "--timeout", "9", "--bind", "::1", "127.0.0.1", "--maxmemory-policy noeviction", "--bind", "", "--bind", "*", "-::*", "--save", "--hz", "25", "-"},
		strings.NewReader("timeout 6\nmaxclients 77\n"))
	require.NoError(t, err)
	assert.EqualValues(t, 7000, c.Port.Int())
	assert.EqualValues(t, 100<<20, c.MaxMemory.Int())
	assert.Equal(t, "a A b", c.RequirePass.Text())
	assert.EqualValues(t, 25, c.Hz.Int())
	assert.EqualValues(t, 9, c.Timeout.Int(), "the command line comes after stdin")
	assert.EqualValues(t, 77, c.MaxClients.Int())
	assert.EqualValues(t, 4, c.TCPBacklog.Int(), "the last part wins")
	assert.Equal(t, []string{"*", "-::*"}, c.Bind.Words())
	assert.Equal(t, "noeviction", c.MaxMemoryPolicy.Text())
	assert.Equal(t, OutputLimit{4, 5, 6}, c.OutputLimit(PubSub))
	assert.Equal(t, OutputLimit{1, 2, 3}, c.OutputLimit(Normal))
	assert.True(t, filepath.IsAbs(c.File))
	assert.Empty(t, c.Warnings)
}

func TestParseErrors(t *testing.T) {
	write(t, map[string]string{
		"bad.conf":   "port 1\nfoo bar\nmaxmemory 1x\n\nport 1 2\nmaxmemory\nlogfile \"x\nrename-command a b\nrequirepass my secret\n",
		"self.conf":  "include self.conf\n",
		"sub.conf":   "include bad2.conf\nhz 1\n",
		"bad2.conf":  "\nhz x\n",
		"fixed.conf": "daemonize yes\nappendonly yes\nsave 900 1\nsave 1 x\n",
	})
	tests := []struct {
		args []string
		want []string
	}{
		{[]string{"bad.conf"}, []string{
			`bad.conf:2: unknown setting "foo"`,
			`bad.conf:3: maxmemory 1x: argument must be a memory value`,
			`bad.conf:5: port 1 2: wrong number of arguments`,
			`bad.conf:6: maxmemory: wrong number of arguments`,
			`bad.conf:7: unbalanced quotes`,
			`bad.conf:8: setting "rename-command" is not supported: commands keep their names`,
			`bad.conf:9: requirepass ...: wrong number of arguments`,
		}},
		{[]string{"sub.conf"}, []string{`bad2.conf:2: hz x: argument couldn't be parsed into an integer`}},
		{[]string{"self.conf"}, []string{`self.conf:1: include self.conf: files include one another more than 16 deep`}},
		{[]string{"none.conf"}, []string{`none.conf: no such file or directory`}},
		{append([]string{"--bind"}, strings.Fields(strings.Repeat("::1 ", 17))...), []string{
			"command line: bind " + strings.TrimSpace(strings.Repeat("::1 ", 17)) + ": Too many bind addresses specified."}},
		{[]string{"."}, []string{`.: is a directory`}},
		{[]string{"fixed.conf", "--daemonize", "no"}, []string{
			`fixed.conf:4: save 1 x: Invalid save parameters`,
			`fixed.conf:2: appendonly yes: nothing is saved to disk; only 'no' is accepted`,
		}},
		{[]string{"--foo"}, []string{`command line: unknown setting "foo"`}},
		{[]string{"--port"}, []string{`command line: port: wrong number of arguments`}},
		{[]string{"--port", "x", "--port", "1"}, []string{`command line: port x: argument couldn't be parsed into an integer`}},
		{[]string{"--port", "1", "2"}, []string{`command line: port 1 2: wrong number of arguments`}},
		{[]string{"--port=1"}, []string{`command line: unknown setting "port=1"`}},
		{[]string{"--appendonly", "--loglevel", "x"}, []string{`command line: appendonly --loglevel x: wrong number of arguments`}},
		{[]string{"--"}, []string{`command line: bad option "--"`}},
		{[]string{"-x"}, []string{`command line: unexpected argument "-x"`}},
		{[]string{"--include", "bad2.conf"}, []string{`bad2.conf:2: hz x: argument couldn't be parsed into an integer`}},
		{[]string{"-"}, []string{`stdin:1: unknown setting "from"`}},
	}
	for _, tt := range tests {
		_, err := Parse(tt.args, strings.NewReader("from stdin\n"))
		assert.EqualError(t, err, strings.Join(tt.want, "\n"), "%v", tt.args)
	}
}

func TestWarnings(t *testing.T) {
	write(t, map[string]string{"old.conf": "save 900 1\nsave 300 10\nrepl-timeout 3\nlist-compress-depth 1\nloglevel notice\n"})
	c, err := Parse([]string{"old.conf", "--save", "1", "2", "3", "4"}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"old.conf:1: save is ignored: nothing is saved to disk",
		"old.conf:2: save is ignored: nothing is saved to disk",
		"command line: save is ignored: nothing is saved to disk",
		"settings without effect in this server: list-compress-depth repl-timeout",
	}, c.Warnings)
	assert.Equal(t, "", c.Lookup("save").Text())
}

func TestRewrite(t *testing.T) {
	write(t, map[string]string{
		"a.conf": "# comment\nport 31781\n\nmaxmemory 100mb\n  hz   20 \nsave 900 1\n" +
			"client-output-buffer-limit normal 1 2 3\n# tail\nunknown thing\ninclude b.conf\nmaxclients 100\nmaxclients 200\nSLAVE-PRIORITY 5\nbind 127.0.0.1",
		"b.conf": "timeout 7\ntcp-keepalive 5\n",
	})
	l := newLoader(New())
	l.file("a.conf", 0)
	c := l.c
	c.File = c.absolute("a.conf")
	require.NoError(t, c.Set([]Pair{{"hz", "30"}, {"timeout", "8"}, {"requirepass", `a "b" #`}, {"maxclients", "300"},
		{"client-output-buffer-limit", "normal 1kb 2mb 3 slave 0 0 0"}, {"replica-priority", "6"}}, false))
	t.Chdir("/") // the server may have gone to another directory since
	require.NoError(t, c.Rewrite())
	want := "# comment\nport 31781\n\nmaxmemory 100mb\nhz 30\nsave 900 1\n" +
		"client-output-buffer-limit normal 1kb 2mb 3\n# tail\nunknown thing\ninclude b.conf\nmaxclients 300\nreplica-priority 6\nbind 127.0.0.1\n" +
		"\n# Generated by CONFIG REWRITE\ntimeout 8\nrequirepass \"a \\\"b\\\" #\"\n" +
		"client-output-buffer-limit replica 0 0 0\nclient-output-buffer-limit pubsub 32mb 8mb 60\n"
	text, err := os.ReadFile(c.File)
	require.NoError(t, err)
	assert.Equal(t, want, string(text))
	info, err := os.Stat(c.File)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())

	// Another rewrite changes nothing, one after a change only its line.
	require.NoError(t, c.Rewrite())
	text, _ = os.ReadFile(c.File)
	assert.Equal(t, want, string(text))
	require.NoError(t, c.Set([]Pair{{"timeout", "9"}}, false))
	require.NoError(t, c.Rewrite())
	text, _ = os.ReadFile(c.File)
	assert.Equal(t, strings.Replace(want, "timeout 8", "timeout 9", 1), string(text))

	// What was written reads back as the same settings.
	again := newLoader(newConfig(c.memory, c.startDir))
	again.file(c.File, 0)
	for _, r := range rows {
		assert.Equal(t, c.value(r).Words(), again.c.value(r).Words(), r.Name)
	}
	left, err := filepath.Glob(c.File + ".*")
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files")
}

func TestRewriteErrors(t *testing.T) {
	c := testConfig(t)
	assert.EqualError(t, c.Rewrite(), "The server is running without a config file")
	c.File = "/no-such-dir/ashlar.conf"
	assert.EqualError(t, c.Rewrite(), "Rewriting config file: no such file or directory")
	c.File = filepath.Join(c.startDir, "new.conf")
	require.NoError(t, c.Set([]Pair{{"hz", "33"}}, false))
	require.NoError(t, c.Rewrite(), "a file that was removed is written anew")
	text, err := os.ReadFile(c.File)
	require.NoError(t, err)
	assert.Equal(t, "\n# Generated by CONFIG REWRITE\nhz 33\n", string(text))
}

// FuzzParse: no input makes the parser panic, mistakes always name their line,
// and what is accepted survives being written and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"port 1\n", "maxmemory 50%\nmaxmemory-policy allkeys-lfu\n", "bind * -::*\nsave \"\"\n", "# c\n\n\"a", "requirepass \"\\x00\\xff '\"\n",
		"client-output-buffer-limit normal 1gb 1 1 pubsub 1 1 1\n", "include x\n", "unixsocketperm 0777\nhz -1", "replicaof no one\nsave 1 1\n",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	m := machine{total: 1 << 30, source: "machine"}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") || strings.Contains(strings.ToLower(text), "dir") {
			t.Skip() // no looking around the file system
		}
		l := newLoader(newConfig(m, dir))
		l.text("fuzz", text, 0)
		if err := l.result(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				assert.Regexp(t, `^fuzz:\d+: .`, line)
			}
			return
		}
		again := newLoader(newConfig(m, dir))
		again.text("again", l.c.rewritten("", false), 0)
		require.NoError(t, again.result())
		for _, r := range rows {
			assert.True(t, slices.Equal(l.c.value(r).Words(), again.c.value(r).Words()), r.Name)
		}
	})
}

// A redis.conf as Debian ships it starts the server, and the log says what it ignores.
func TestDebianConf(t *testing.T) {
	text, err := os.ReadFile("/etc/redis/redis.conf")
	if err != nil {
		text = []byte("bind 127.0.0.1 -::1\nsupervised auto\ndaemonize yes\npidfile /run/redis/redis-server.pid\nrdbchecksum yes\n" +
			"oom-score-adj-values 0 200 800\nappendonly no\nappendfilename \"appendonly.aof\"\nclient-output-buffer-limit replica 256mb 64mb 60\n")
	}
	dir := t.TempDir()
	write(t, map[string]string{"redis.conf": strings.ReplaceAll(string(text), "dir /var/lib/redis", "dir "+dir) + "\nDAEMONIZE YES\n"})
	c, err := Parse([]string{"redis.conf"}, nil)
	require.NoError(t, err)
	require.Len(t, c.Warnings, 2)
	for _, warning := range c.Warnings {
		assert.Contains(t, warning, ": daemonize is ignored: this server stays in the foreground")
	}
	assert.Equal(t, "no", c.Lookup("daemonize").Text())
	err = c.Set([]Pair{{"daemonize", "yes"}}, false)
	assert.ErrorContains(t, err, "can't set immutable config")
}

// Hidden settings are there for who names them.
func TestHidden(t *testing.T) {
	c := testConfig(t)
	p, ok := c.Find("watchdog-period")
	assert.True(t, ok)
	assert.Equal(t, Pair{"watchdog-period", "0"}, p)
	assert.Empty(t, c.Match(func(name string) bool { return name == "watchdog-period" }))
}

// RewriteAll leaves a file that says everything, and means the same.
func TestRewriteAll(t *testing.T) {
	c := testConfig(t)
	assert.Equal(t, ErrNoFile, c.RewriteAll())
	c.File = filepath.Join(c.startDir, "all.conf")
	require.NoError(t, os.WriteFile(c.File, []byte("# mine\nhz 10\nslave-priority 7\n"), 0o600))
	require.NoError(t, c.Set([]Pair{{"timeout", "7"}, {"replica-priority", "7"}}, false))
	require.NoError(t, c.RewriteAll())
	text, err := os.ReadFile(c.File)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(text), "# mine\nhz 10\nslave-priority 7\n\n# Generated by CONFIG REWRITE\n"), string(text))
	again := newLoader(newConfig(c.memory, c.startDir))
	again.text("all.conf", string(text), 0)
	require.NoError(t, again.result())
	for _, r := range rows {
		assert.Equal(t, c.value(r).Words(), again.c.value(r).Words(), r.Name)
		assert.Regexp(t, `(?m)^(`+r.Name+`|`+r.Alias+`) `, string(text))
	}
	before := string(text)
	require.NoError(t, c.RewriteAll())
	text, _ = os.ReadFile(c.File)
	assert.Equal(t, before, string(text))
}

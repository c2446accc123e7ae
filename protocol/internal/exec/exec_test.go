package exec

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// rig is an Executor with the real table and a few commands made for the tests.
type rig struct {
	t       testing.TB
	x       *Executor
	server  *handlers.Server
	session *session.Session
	log     bytes.Buffer
	now     int64         // unix ms
	elapsed time.Duration // the monotonic clock
}

// client is a transport that is nowhere connected.
type client struct{ remote string }

func (c client) RemoteAddr() string     { return c.remote }
func (client) LocalAddr() string        { return "127.0.0.1:6379" }
func (client) FD() int                  { return 8 }
func (client) Push([]byte) bool         { return true }
func (client) Kill()                    {}
func (client) Resume([]byte)            {}
func (client) Buffers() (int, int, int) { return 0, 0, 0 }

func newRig(t testing.TB, more ...handlers.Row) *rig {
	r := &rig{t: t, now: 1_700_000_000_000, elapsed: time.Hour}
	store, err := cache.New(cache.Options{Clock: func() int64 { return r.now }, NoBackground: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	table := handlers.NewTable()
	if more != nil {
		table = handlers.BuildTable(more)
	}
	r.server = &handlers.Server{
		Cache: store, Config: config.New(), Table: table, Metrics: metrics.New(table.Names(), 1),
	}
	r.x = New(r.server, Options{
		Log:       slog.New(slog.NewTextHandler(&r.log, nil)),
		Clock:     func() int64 { return r.now },
		Monotonic: func() time.Duration { return r.elapsed },
	})
	r.session = &session.Session{ID: 7, Proto: 2, User: "default", Authenticated: true, TCP: true, Client: client{"10.0.0.1:5"}}
	return r
}

// do runs a command, its words between blanks, and gives the raw reply.
func (r *rig) do(line string) string { return r.raw(strings.Fields(line)...) }

func (r *rig) raw(words ...string) string {
	argv := make([][]byte, len(words))
	for i, w := range words {
		argv[i] = []byte(w)
	}
	// What was in the output before must stay.
	out := r.x.Execute(r.session, argv, []byte("before"))
	require.True(r.t, bytes.HasPrefix(out, []byte("before")))
	require.False(r.t, r.x.locked)
	return string(out[len("before"):])
}

// replies compares replies, which are written without their last CRLF.
func (r *rig) replies(steps ...[2]string) {
	r.t.Helper()
	for _, s := range steps {
		got := strings.ReplaceAll(strings.TrimSuffix(r.do(s[0]), "\r\n"), "\r\n", " ")
		assert.Equal(r.t, s[1], got, s[0])
	}
}

func (r *rig) set(name, value string) {
	require.NoError(r.t, r.server.Config.Set([]config.Pair{{Name: name, Value: value}}, false))
}

func TestUnknownCommands(t *testing.T) {
	r := newRig(t)
	r.replies([][2]string{
		{"foo", "-ERR unknown command 'foo', with args beginning with: "},
		{"foo a b", "-ERR unknown command 'foo', with args beginning with: 'a' 'b' "},
		{"client foo", "-ERR unknown subcommand 'foo'. Try CLIENT HELP."},
		{"CoMMand foo bar", "-ERR unknown subcommand 'foo'. Try COMMAND HELP."},
		{"client", "-ERR wrong number of arguments for 'client' command"},
		{"client id x", "-ERR wrong number of arguments for 'client|id' command"},
		{"get", "-ERR wrong number of arguments for 'get' command"},
		{"get a b", "-ERR wrong number of arguments for 'get' command"},
		{"GET a", "$-1"},
	}...)
	assert.Equal(t, "-ERR unknown command 'a  b', with args beginning with: 'c  d' 'e' \r\n", r.raw("a\r\nb", "c\r\nd", "e\x00f"))
	long := strings.Repeat("x", 200)
	assert.Equal(t, "-ERR unknown command '"+long[:128]+"', with args beginning with: '"+long[:100]+"' '"+long[:25]+"' \r\n",
		r.raw(long, long[:100], long, long))
	assert.Equal(t, "", r.raw(), "no arguments, no command")
}

func TestPasswordGate(t *testing.T) {
	r := newRig(t)
	r.set("requirepass", "sesame")
	r.session.Authenticated = false
	r.replies([][2]string{
		{"get a", "-NOAUTH Authentication required."},
		{"get", "-ERR wrong number of arguments for 'get' command"},
		{"nosuch", "-ERR unknown command 'nosuch', with args beginning with: "},
		{"auth wrong", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"auth other sesame", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"ping", "-NOAUTH Authentication required."},
		{"auth sesame", "+OK"},
		{"ping", "+PONG"},
		{"reset", "+RESET"},
		{"ping", "-NOAUTH Authentication required."},
	}...)
	assert.EqualValues(t, 2, r.server.Metrics.AuthDenied.Load())
	r.set("requirepass", "")
	r.replies([2]string{"ping", "+PONG"})
}

func TestDebugGate(t *testing.T) {
	r := newRig(t)
	refusal := "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it " +
		"from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."
	r.replies([2]string{"debug sleep 0", refusal})
	for value, remote := range map[string]string{"local": "127.0.0.1:99", "yes": "10.0.0.1:5"} {
		c, err := config.Parse([]string{"--enable-debug-command", value}, strings.NewReader(""))
		require.NoError(t, err)
		r.server.Config = c
		r.session.Client = client{remote}
		r.replies([2]string{"debug sleep 0", "+OK"})
	}
}

func TestReplyModes(t *testing.T) {
	r := newRig(t)
	for _, step := range [][2]string{
		{"client reply skip", ""}, {"ping a", ""}, {"ping b", "$1\r\nb\r\n"},
		{"client reply skip", ""}, {"client reply skip", ""}, {"ping", ""}, {"ping c", "$1\r\nc\r\n"},
		{"client reply skip", ""}, {"nosuch", ""}, {"ping d", "$1\r\nd\r\n"},
		{"client reply skip", ""}, {"client reply on", "+OK\r\n"}, {"ping", "+PONG\r\n"},
		{"client reply off", ""}, {"ping", ""}, {"nosuch", ""}, {"client reply skip", ""}, {"ping", ""}, {"ping", ""},
		{"client reply on", "+OK\r\n"}, {"client reply off", ""}, {"reset", "+RESET\r\n"}, {"ping", "+PONG\r\n"},
	} {
		assert.Equal(t, step[1], r.do(step[0]), step[0])
	}
}

func TestStatisticsOfCommands(t *testing.T) {
	r := newRig(t)
	for _, line := range []string{"set a 1", "get a", "get b", "get", "incr a", "set b x", "incr b", "nosuch", "client id", "client nosuch"} {
		r.do(line)
	}
	r.set("requirepass", "x")
	r.session.Authenticated = false
	r.do("get a")
	stats := map[string][3]uint64{}
	for _, c := range r.server.Metrics.CommandStats() {
		stats[c.Name] = [3]uint64{c.Calls, c.Rejected, c.Failed}
	}
	assert.Equal(t, map[string][3]uint64{
		"set": {2, 0, 0}, "get": {2, 2, 0}, "incr": {2, 0, 1}, "client|id": {1, 0, 0},
	}, stats)
	assert.EqualValues(t, 7, r.server.Metrics.Commands())
	assert.EqualValues(t, 5, r.server.Metrics.Errors())
	assert.Equal(t, []metrics.ErrorStats{{Code: "ERR", Count: 4}, {Code: "NOAUTH", Count: 1}}, r.server.Metrics.ErrorStats())
	assert.Equal(t, "get", r.session.LastCommand)
	assert.EqualValues(t, 11, r.session.Commands)
}

// spy is a command that tells what it finds when it runs.
func spy(name string, flags command.Flags, keys []command.KeySpec, run handlers.Handler) handlers.Row {
	return handlers.Row{Spec: command.Spec{Name: name, Arity: -1, Flags: flags, Keys: keys}, Run: run}
}

func TestLocksFollowTheRow(t *testing.T) {
	var r *rig
	locked := func(ctx *handlers.Context) { ctx.Flag(r.x.locked) }
	r = newRig(t,
		spy("none", 0, nil, locked),
		spy("one", 0, []command.KeySpec{command.KeyAt(1, "RO")}, func(ctx *handlers.Context) {
			ctx.Flag(r.x.locked && ctx.Tx.Set(ctx.Args[1], ctx.Args[1], cache.NoExpiry) == nil)
		}),
		spy("many", 0, []command.KeySpec{command.KeyRange(1, -1, 1, "RO")}, func(ctx *handlers.Context) {
			for _, key := range ctx.Args[1:] {
				assert.NoError(t, ctx.Tx.Set(key, key, cache.NoExpiry))
			}
			ctx.Flag(r.x.locked)
		}),
		spy("counted", 0, []command.KeySpec{{Index: 1, KeyNum: true, FirstKey: 1, Step: 1}}, locked),
		spy("all", command.AllKeys, nil, locked),
		spy("walk", command.KeyspaceWalk|command.AllKeys, []command.KeySpec{command.KeyAt(1, "RO")}, func(ctx *handlers.Context) {
			ctx.Flag(r.x.locked)
			ctx.Tx.Size() // takes the locks itself
		}),
		spy("info", command.KeyspaceWalk, []command.KeySpec{command.KeyAt(1, "RO")}, func(ctx *handlers.Context) {
			ctx.Flag(r.x.locked)
			ctx.Server.Cache.Size(0) // would wait for ever if a shard were locked
		}),
	)
	for line, want := range map[string]string{
		"none": ":0", "none x": ":0", "one a": ":1", "many a": ":1", "many a b a": ":1", "many": ":0", "all": ":1", "walk k": ":1", "info k": ":0",
		"counted 2 a b": ":1", "counted 3 a b": ":0", "counted x a": ":0", "counted": ":0",
	} {
		assert.Equal(t, want+"\r\n", r.do(line), line)
		for _, key := range r.x.keys[:cap(r.x.keys)] {
			assert.Nil(t, key, "no argument is kept")
		}
	}
	assert.Equal(t, ":1\r\n", r.do("many "+strings.Repeat("k ", 3000)))
	assert.Nil(t, r.x.keys, "a large scratch is not kept")
	assert.Nil(t, r.x.ctx.Args)
	assert.Equal(t, 3, r.server.Cache.Size(0))
}

func TestPanicIsAnswered(t *testing.T) {
	bad := func(ctx *handlers.Context) {
		ctx.Array(3)
		panic("no such luck")
	}
	r := newRig(t,
		spy("boom", 0, []command.KeySpec{command.KeyAt(1, "RO")}, bad),
		spy("booms", 0, []command.KeySpec{command.KeyRange(1, -1, 1, "RO")}, bad),
		spy("fine", 0, []command.KeySpec{command.KeyAt(1, "RO")}, func(ctx *handlers.Context) { ctx.OK() }),
	)
	r.session.NoTouch = true
	r.replies([][2]string{
		{"boom a", "-ERR internal error"}, {"booms a b", "-ERR internal error"}, {"fine a", "+OK"},
	}...)
	assert.Contains(t, r.log.String(), "command=boom")
	assert.Contains(t, r.log.String(), "no such luck")
	assert.Equal(t, []metrics.CommandStats{
		{Name: "boom", Calls: 1, Failed: 1}, {Name: "booms", Calls: 1, Failed: 1}, {Name: "fine", Calls: 1},
	}, r.server.Metrics.CommandStats())
}

func TestSelectedDatabaseIsUsed(t *testing.T) {
	r := newRig(t)
	r.replies([][2]string{
		{"set a 0", "+OK"}, {"select 1", "+OK"}, {"get a", "$-1"}, {"mset a 1 b 2", "+OK"}, {"select 0", "+OK"}, {"mget a b", "*2 $1 0 $-1"},
	}...)
}

func TestClockOfTheBatch(t *testing.T) {
	r := newRig(t)
	r.do("ping")
	assert.Equal(t, r.now, r.session.LastActive)
	r.elapsed += 300 * time.Millisecond
	r.do("ping")
	assert.Equal(t, r.now, r.session.LastActive, "the time is that of the batch")
	r.x.Prepare(nil)
	r.do("ping")
	assert.Equal(t, r.now+300, r.session.LastActive)
	r.elapsed += time.Second
	r.now += 5000 // the system's clock was set
	r.x.Prepare(nil)
	r.do("ping")
	assert.Equal(t, r.now, r.session.LastActive)
}

func TestSlowCommandsAdvanceTheClock(t *testing.T) {
	var r *rig
	r = newRig(t, spy("slow", 0, nil, func(ctx *handlers.Context) {
		r.elapsed += 250 * time.Millisecond
		ctx.OK()
	}))
	start := r.now
	r.do("slow")
	r.do("slow")
	assert.Equal(t, start+250, r.session.LastActive)
	assert.EqualValues(t, 500_000, r.server.Metrics.CommandStats()[0].Usec)
}

func batch(lines ...string) (list [][][]byte) {
	for _, line := range lines {
		var argv [][]byte
		for _, w := range strings.Fields(line) {
			argv = append(argv, []byte(w))
		}
		list = append(list, argv)
	}
	return list
}

func TestPrepareTakesAnything(t *testing.T) {
	r := newRig(t)
	r.x.Prepare(batch("get a", "get", "nosuch a", "mget a b", "", "object freq", "object freq k", "ping", "set a b"))
	r.x.Prepare([][][]byte{{}, {nil, nil}})
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	r := newRig(t)
	r.x.log = slog.New(slog.DiscardHandler)
	r.do("set key " + strings.Repeat("v", 64))
	commands := batch("get key", "set key "+strings.Repeat("w", 64), "GET nosuch", "exists key", "ttl key")
	out := make([]byte, 0, 4096)
	run := func() {
		out = out[:0]
		r.x.Prepare(commands)
		for _, argv := range commands {
			out = r.x.Execute(r.session, argv, out)
		}
	}
	for range 100 {
		run() // past the first calls, which make the histograms
	}
	assert.Zero(t, testing.AllocsPerRun(100, run))
}

func BenchmarkExecute(b *testing.B) {
	for _, line := range []string{"get key", "set key 0123456789", "ping"} {
		b.Run(strings.Fields(line)[0], func(b *testing.B) {
			store, err := cache.New(cache.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			table := handlers.NewTable()
			x := New(&handlers.Server{
				Cache: store, Config: config.New(), Table: table, Metrics: metrics.New(table.Names(), 1),
			}, Options{})
			s := &session.Session{Proto: 2, Authenticated: true, Client: client{}}
			commands := batch(line, line, line, line, line, line, line, line)
			x.Execute(s, batch("set key 0123456789")[0], nil)
			out := make([]byte, 0, 4096)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%len(commands) == 0 {
					x.Prepare(commands)
					out = out[:0]
				}
				out = x.Execute(s, commands[n%len(commands)], out)
			}
		})
	}
}

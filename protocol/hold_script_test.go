package protocol

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// busyServer is a server whose scripts are late soon.
func busyServer(t *testing.T) (s *Server, runner, other *client) {
	t.Helper()
	s, addrs := both(t, "--busy-reply-threshold", "30")
	return s, dial(t, addrs[0]), dial(t, addrs[1])
}

// untilBusy waits until a command is told that a script is in its way.
func (s *Server) untilBusy(t *testing.T, c *client, want string) {
	t.Helper()
	eventually(t, s.handlers.Scripts.Busy, "no script runs")
	eventually(t, func() bool { return c.do("EXISTS held") == want }, "no script is in the way")
}

const (
	busyScript   = "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	busyFunction = "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
	unkillable   = "-UNKILLABLE Sorry the script already executed write commands against the dataset. " +
		"You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
)

// TestScriptsThatLoop are in the way of those alone who want what they have locked, can
// be killed, and leave nothing behind.
func TestScriptsThatLoop(t *testing.T) {
	s, runner, other := busyServer(t)
	for name, body := range map[string]string{
		"plain":      "while true do end",
		"reads":      "while true do redis.call('get', 'held') end",
		"catches":    "while true do pcall(redis.call, 'get', 'held') pcall(error, 'x') end",
		"coroutines": "while true do coroutine.wrap(function() while true do end end)() end",
		"patterns":   "redis.call('get', 'held') string.find(('a'):rep(20000), ('.-'):rep(90) .. 'b') while true do end",
		"compiles":   "while true do loadstring('return 1')() end",
		"sorts":      "while true do table.sort({3, 1, 2}, function(a, b) return a < b end) end",
	} {
		t.Run(name, func(t *testing.T) {
			runner.send(`EVAL "%s" 1 held`, body)
			s.untilBusy(t, other, busyScript)
			// Who wants nothing of it is served, on every transport.
			assert.Equal(t, "+PONG", other.do("PING"))
			assert.NotEmpty(t, other.bulk("CLIENT LIST"))
			assert.NotEqual(t, busyScript, other.do("CONFIG GET maxmemory"))
			other.lines(4)
			assert.Equal(t, "+OK", other.do("SCRIPT KILL"))
			assert.Regexp(t, `^-ERR (Error running script.*)?Script killed by user with SCRIPT KILL\.`, runner.line())
			assert.Equal(t, ":0", other.do("EXISTS held"))
			assert.Equal(t, "-NOTBUSY No scripts in execution right now.", other.do("SCRIPT KILL"))
		})
	}
	assert.False(t, s.handlers.Scripts.Busy())
}

// TestFunctionThatLoops is killed by FUNCTION KILL, and by that alone.
func TestFunctionThatLoops(t *testing.T) {
	s, runner, other := busyServer(t)
	assert.Equal(t, "l", runner.do(`FUNCTION LOAD "#!lua name=l\nredis.register_function('f', function() while true do end end)"`))
	runner.send("FCALL f 1 held")
	s.untilBusy(t, other, busyFunction)
	assert.Equal(t, busyFunction, other.do("SCRIPT KILL"))
	assert.Equal(t, "+OK", other.do("FUNCTION KILL"))
	assert.Regexp(t, `^-ERR (Error running script.*)?Script killed by user with FUNCTION KILL\.`, runner.line())
	assert.Equal(t, ":0", other.do("EXISTS held"))
}

// TestScriptThatHasWritten cannot be killed: it ends by itself, or with the server.
func TestScriptThatHasWritten(t *testing.T) {
	s, runner, other := busyServer(t)
	runner.send(`EVAL "redis.call('set', KEYS[1], 1) while redis.call('exists', KEYS[2]) == 0 do end return 'over'" 2 held {held}end`)
	s.untilBusy(t, other, busyScript)
	assert.Equal(t, unkillable, other.do("SCRIPT KILL"))
	assert.Equal(t, busyScript, other.do("SET {held}end 1"), "it is in the way of what would end it")
	assert.Equal(t, "+PONG", other.do("PING"))
	// The server ends all the same, when the test does.
}

// TestClientOfAScriptLeaves: the script goes on, can be killed, and leaves nothing.
func TestClientOfAScriptLeaves(t *testing.T) {
	s, runner, other := busyServer(t)
	runner.send(`EVAL "while true do end" 1 held`)
	s.untilBusy(t, other, busyScript)
	require.NoError(t, runner.conn.Close())
	s.onlyThese(t, 1)
	assert.Equal(t, busyScript, other.do("EXISTS held"))
	assert.Equal(t, "+OK", other.do("SCRIPT KILL"))
	eventually(t, func() bool { return other.do("EXISTS held") == ":0" }, "the script goes on")
}

// TestScriptsThatGrow: recursion without end and strings beyond all bounds are errors.
func TestScriptsThatGrow(t *testing.T) {
	_, runner, other := busyServer(t)
	const memory = "not enough memory"
	tests := []struct{ body, want string }{
		{"return string.rep('x', 2000000000)", memory},
		{"return ('x'):rep(2^53)", memory},
		{"local s = 'x' while true do s = s .. s end", memory},
		{"local s = ('x'):rep(2^20) return (s:gsub('x', s))", memory},
		{"local t = {} for i = 1, 2000 do t[i] = ('x'):rep(2^18) end return table.concat(t)", memory},
		{"local t = {} for i = 1, 300 do t[i] = '%s' end local s = ('x'):rep(2^20) local a = {} for i = 1, 300 do a[i] = s end " +
			"return string.format(table.concat(t), unpack(a))", memory},
		{"local s = ('x'):rep(2^20) local t = {} for i = 1, 1000 do t[i] = s end return cjson.encode(t)", memory},
		{"local s = ('x'):rep(2^20) local t = {} for i = 1, 1000 do t[i] = s end return cmsgpack.pack(t)", memory},
		{"local t = {} for i = 1, 7000 do t[i] = ('x'):rep(2^16) end return cmsgpack.pack(unpack(t))", memory},
		{"return struct.pack(('s'):rep(200), unpack((function() local t, s = {}, ('x'):rep(2^20) for i = 1, 200 do t[i] = s end return t end)()))", memory},
		{"return struct.pack('>i200000000', 1)", "integral size"},
		{"local function f() return 1 + f() end return f()", "overflow"},
		{"local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x", "overflow"},
		{"local function f() return pcall(f) end f() return f()", ""},
		{"local function f() return coroutine.wrap(f)() end return f()", "overflow"},
		{"local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) return tostring(t)", "overflow"},
		{"local t = {} t[1] = t return cjson.encode(t)", "nesting"},
		{"local t = {} t[1] = t return cmsgpack.unpack(cmsgpack.pack(t))[1] == nil", ""},
		{"return cjson.decode(('['):rep(1000000))", "nested"},
		{"return cmsgpack.unpack(('\\145'):rep(1000000))", "Bad data"},
		{"local t = {} t[1] = t return t", "stack limit"},
		{"return unpack({}, 1, 100000000)", "too many results"},
		{"return {string.byte(('x'):rep(2^24), 1, -1)}", "string slice too long"},
		{"return string.find(('a'):rep(200000), ('a?'):rep(200000))", "too complex"},
		{"return redis.sha1hex(('x'):rep(2^27 + 1))", memory},
	}
	for _, test := range tests {
		if testing.Short() && test.want == memory && strings.ContainsAny(test.body, "=") {
			continue // it allocates a lot
		}
		runner.send(`EVAL "%s" 0`, strings.ReplaceAll(test.body, `\`, `\\`))
		reply := runner.reply()
		assert.Contains(t, reply, test.want, test.body)
		assert.Less(t, len(reply), 10_000, test.body)
		assert.Equal(t, "+PONG", other.do("PING"))
	}
	runner.send(`EVAL "return 1" 0`)
	assert.Equal(t, ":1", runner.reply())
}

// reply reads a reply of any shape and gives its lines.
func (c *client) reply() string {
	c.t.Helper()
	line := c.line()
	if line == "" {
		return line
	}
	var n int
	switch line[0] {
	case '$':
		if _, err := fmt.Sscanf(line, "$%d", &n); err != nil || n < 0 {
			return line
		}
		return c.line()
	case '*', '>', '~', '%':
		if _, err := fmt.Sscanf(line[1:], "%d", &n); err != nil {
			return line
		}
		if line[0] == '%' {
			n *= 2
		}
		for range n {
			line += " " + c.reply()
		}
	}
	return line
}

// TestScriptMemory: one that keeps what it makes is stopped, and the memory comes back.
func TestScriptMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("allocates a lot")
	}
	_, runner, other := busyServer(t)
	before := liveHeap()
	runner.send(`EVAL "local t, n = {}, 0 while true do n = n + 1 t[n] = ('x'):rep(100000) .. n end" 0`)
	done := make(chan string, 1)
	go func() { done <- runner.line() }()
	for served := 0; ; served++ {
		select {
		case reply := <-done:
			assert.Contains(t, reply, "not enough memory")
			assert.Positive(t, served)
			assert.Less(t, liveHeap()-before, int64(32<<20))
			return
		default:
			require.Equal(t, "+PONG", other.do("PING"))
			time.Sleep(time.Millisecond)
		}
	}
}

// TestScriptBeginsWhileOthersWait: commands that were on their way to the lock when the
// script took it, and that do not know yet that it will run for long, are held up like
// those that come later, and their loops go on. So are other scripts.
func TestScriptBeginsWhileOthersWait(t *testing.T) {
	s, addrs := both(t, "--busy-reply-threshold", "30")
	runner, killer := dial(t, addrs[0]), dial(t, addrs[1])
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	wanting := []string{"GET held", "SET held 1", "EXISTS held other", `EVAL "for i = 1, 3 do redis.call('get', KEYS[1]) end" 1 held`}
	var clients []*client
	for i := range 2 * len(wanting) { // one of each on a loop, one on a goroutine of its own
		clients = append(clients, dial(t, addrs[i/len(wanting)]))
	}
	for round := range rounds {
		stop, stopped := make(chan struct{}), make(chan string, len(clients))
		for i, c := range clients {
			go func() { // asks again and again until it is told that the server is busy
				for {
					reply := c.do(wanting[i%len(wanting)])
					if reply == busyScript {
						stopped <- ""
						return
					}
					select {
					case <-stop:
						stopped <- wanting[i%len(wanting)] + ": never told"
						return
					default:
					}
				}
			}()
		}
		// Another script each time: one that was slow before is known for it.
		runner.send(`EVAL "while true do end return %d" 1 held`, round)
		for range clients {
			select {
			case got := <-stopped:
				require.Empty(t, got)
			case <-time.After(20 * time.Second):
				close(stop)
				require.FailNow(t, "a client hangs behind a script")
			}
		}
		require.Equal(t, "+OK", killer.do("SCRIPT KILL"))
		require.Regexp(t, `Script killed by user`, runner.line())
		eventually(t, func() bool { return !s.handlers.Scripts.Busy() }, "the script goes on")
	}
}

// TestScriptLoopsWhileMemoryIsFull: whether there is room for a write is found out without
// the shards that the script has locked.
func TestScriptLoopsWhileMemoryIsFull(t *testing.T) {
	for _, policy := range []string{"noeviction", "volatile-ttl"} {
		s, addrs := both(t, "--busy-reply-threshold", "30", "--maxmemory", "12mb", "--maxmemory-policy", policy)
		runner, other := dial(t, addrs[0]), dial(t, addrs[1])
		value := strings.Repeat("x", 10_000)
		const full = "-OOM command not allowed when used memory > 'maxmemory'."
		for i := 0; i < 5000 && other.do("SET key%d %s", i, value) != full; i++ {
		}
		require.Equal(t, full, other.do("SET another %s", value))
		runner.send(`EVAL "#!lua flags=allow-oom\nwhile true do end" 1 held`)
		s.untilBusy(t, other, busyScript)
		assert.Regexp(t, "^-(OOM|BUSY) ", other.do("SET another %s", value))
		assert.Equal(t, "+PONG", dial(t, addrs[0]).do("PING"))
		assert.Equal(t, "+OK", other.do("SCRIPT KILL"))
		assert.Regexp(t, "Script killed by user", runner.line())
	}
}

package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bounds has a test for each row of README's table of what a client can use up: what is
// bounded, as the row begins, and what tries the bound.
var bounds = map[string]func(t *testing.T){
	"resident memory":                      boundMemory,
	"connections":                          boundConnections,
	"seconds without a command":            boundIdle,
	"one argument":                         boundArgument,
	"arguments of a command":               boundArguments,
	"before AUTH: arguments, and each":     boundStrangers,
	"a line typed by hand":                 boundLine,
	"a command that is not complete":       boundHalf,
	"a transaction before EXEC":            boundTransaction,
	"replies that a client does not take":  boundReplies,
	"the same, closed at last":             boundOutput,
	"messages that a client does not take": boundMessages,
	"buffers of all clients":               boundBuffers,
	"a key, a value, an element":           boundValue,
	"a value that grows":                   boundGrowth,
	"what `LCS` needs":                     boundLCS,
	"databases":                            boundDatabases,
	"keys that are tracked":                boundTracked,
	"`ACL LOG`":                            boundACLLog,
	"`SLOWLOG`":                            boundSlowLog,
	"`LATENCY` events":                     boundLatency,
	"a pattern":                            boundPattern,
	"a payload for `RESTORE`":              boundPayload,
	"a script's time":                      boundScriptTime,
	"a script's memory":                    boundScriptMemory,
	"a string in a script":                 boundScriptString,
	"calls within calls in a script":       boundScriptDepth,
	"a script's reply, levels":             boundScriptReply,
	"`cjson`, levels":                      boundJSON,
	"`cmsgpack`, levels":                   boundMessagePack,
	"a script's text, levels":              boundScriptText,
	"scripts that came with `EVAL`":        boundScripts,
	"event loops":                          boundLoops,
}

// TestBounds tries each bound of README's table, and sees to it that the table has no
// other rows.
func TestBounds(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(text), "<!-- bounds -->\n")
	require.True(t, ok)
	table, _, ok = strings.Cut(table, "<!-- /bounds -->")
	require.True(t, ok)
	rows := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if i >= 2 {
			rows[strings.TrimSpace(strings.Split(line, "|")[1])] = true
		}
	}
	for name := range rows {
		assert.Contains(t, bounds, name, "a row without a test")
	}
	for name, try := range bounds {
		assert.Contains(t, rows, name, "a test without a row")
		t.Run(name, func(t *testing.T) {
			if name != measuresHeap {
				t.Parallel()
			}
			try(t)
		})
	}
}

// measuresHeap is the row whose test looks at the heap: the others, which would add to it,
// begin when it is over.
const measuresHeap = "arguments of a command"

// eachTransport is a client of each transport, one after the other.
func eachTransport(t *testing.T, f func(s *Server, c *client), settings ...string) {
	t.Helper()
	s, addrs := both(t, settings...)
	for _, addr := range addrs {
		f(s, dial(t, addr))
	}
}

// protocolError expects that request to end the connection with that error.
func protocolError(t *testing.T, request, text string, settings ...string) {
	t.Helper()
	eachTransport(t, func(_ *Server, c *client) {
		_, err := io.WriteString(c.conn, request)
		require.NoError(t, err)
		assert.Equal(t, "-ERR Protocol error: "+text, c.line())
		assert.True(t, c.closedByServer())
	}, settings...)
}

// words sends a command in the form that clients use.
func (c *client) words(list ...string) string {
	c.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(list))
	for _, word := range list {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	_, err := c.conn.Write(b.Bytes())
	require.NoError(c.t, err)
	return c.reply()
}

func boundMemory(t *testing.T) {
	const most = 32 << 20
	for _, policy := range []string{"noeviction", "allkeys-lru", "volatile-ttl"} {
		s, addrs := both(t, "--maxmemory", fmt.Sprint(most), "--maxmemory-policy", policy)
		c, value, refused := dial(t, addrs[0]), strings.Repeat("x", 50_000), ""
		for i := range 1200 {
			if reply := c.words("SET", fmt.Sprint("k", i), value); reply != "+OK" {
				refused = reply
				break
			}
		}
		assert.LessOrEqual(t, s.Cache().Stats().Resident, int64(most)+4<<20)
		if policy == "allkeys-lru" {
			assert.Empty(t, refused)
			assert.Positive(t, s.Cache().Stats().Evicted)
			continue
		}
		assert.Equal(t, "-OOM command not allowed when used memory > 'maxmemory'.", refused)
		assert.Equal(t, ":1", c.words("DEL", "k0"), "what makes room is allowed")
	}
}

func boundConnections(t *testing.T) {
	_, addrs := both(t, "--maxclients", "2")
	first, second := dial(t, addrs[0]), dial(t, addrs[1])
	assert.Equal(t, "+PONG", first.do("PING"))
	assert.Equal(t, "+PONG", second.do("PING"))
	for _, addr := range addrs {
		c := dial(t, addr)
		assert.Equal(t, "-ERR max number of clients reached", c.line())
		assert.True(t, c.closedByServer())
	}
	assert.Equal(t, "2", first.info("stats")["rejected_connections"])
}

func boundIdle(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for two seconds")
	}
	s, addrs := both(t, "--timeout", "1")
	idle, blocked := dial(t, addrs[0]), dial(t, addrs[0])
	other, subscriber := dial(t, addrs[1]), dial(t, addrs[1])
	blocked.send("BLPOP k 0")
	subscriber.send("SUBSCRIBE news")
	assert.True(t, idle.closedByServer())
	assert.True(t, other.closedByServer())
	// Those who wait for something are not idle.
	s.onlyThese(t, 2)
	c := dial(t, addrs[0])
	assert.Equal(t, ":1", c.do("RPUSH k x"))
	assert.Equal(t, "k x", blocked.popped())
	assert.Equal(t, ":1", c.do("PUBLISH news x"))
}

func boundArgument(t *testing.T) {
	protocolError(t, "*2\r\n$4\r\nECHO\r\n$1048577\r\n", "invalid bulk length", "--proto-max-bulk-len", "1mb")
	protocolError(t, "*2\r\n$4\r\nECHO\r\n$536870913\r\n", "invalid bulk length")
}

func boundArguments(t *testing.T) {
	protocolError(t, "*2147483648\r\n", "invalid multibulk length")
	eachTransport(t, func(s *Server, c *client) { // who announces many holds nothing for it
		before := liveHeap()
		_, err := io.WriteString(c.conn, "*2147483647\r\n$4\r\nECHO\r\n")
		require.NoError(t, err)
		eventually(t, func() bool { return s.conns.Stats().BytesIn >= 20 }, "it has not come")
		assert.Less(t, liveHeap()-before, int64(64<<20))
	})
}

func boundStrangers(t *testing.T) {
	protocolError(t, "*11\r\n", "unauthenticated multibulk length", "--requirepass", "secret")
	protocolError(t, "*2\r\n$4\r\nAUTH\r\n$16385\r\n", "unauthenticated bulk length", "--requirepass", "secret")
	eachTransport(t, func(_ *Server, c *client) {
		assert.Equal(t, "+OK", c.words("AUTH", "secret"))
		assert.Equal(t, strings.Repeat("x", 20_000), c.words("ECHO", strings.Repeat("x", 20_000)))
	}, "--requirepass", "secret")
}

func boundLine(t *testing.T) {
	protocolError(t, strings.Repeat("x", 64<<10+1), "too big inline request")
}

func boundHalf(t *testing.T) {
	eachTransport(t, func(s *Server, c *client) {
		_, _ = io.WriteString(c.conn, "*2\r\n$4\r\nECHO\r\n$5000000\r\n"+strings.Repeat("x", 2<<20))
		assert.True(t, c.closedByServer())
	}, "--client-query-buffer-limit", "1mb")
}

func boundTransaction(t *testing.T) {
	eachTransport(t, func(s *Server, c *client) {
		require.Equal(t, "+OK", c.do("MULTI"))
		value := strings.Repeat("x", 500_000)
		assert.Equal(t, "+QUEUED", c.words("SET", "k", value))
		assert.Equal(t, "+QUEUED", c.words("SET", "k", value))
		_, _ = fmt.Fprintf(c.conn, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n", len(value), value)
		assert.True(t, c.closedByServer())
	}, "--client-query-buffer-limit", "1mb")
}

func boundReplies(t *testing.T) {
	s, addrs := both(t)
	other := dial(t, addrs[0])
	require.Equal(t, ":1000000", other.do("SETRANGE big 999999 x"))
	for i, addr := range addrs {
		silent := dial(t, addr)
		silent.send("%sSET done 1", strings.Repeat("GET big\r\n", 500))
		for last := uint64(0); last != s.conns.Stats().BytesOut; time.Sleep(50 * time.Millisecond) {
			last = s.conns.Stats().BytesOut // until the sockets are full
		}
		assert.Equal(t, ":0", other.do("EXISTS done"))
		assert.Less(t, s.conns.Stats().Buffers, int64(8<<20))
		silent.discard()
		eventually(t, func() bool { return other.do("EXISTS done") == ":1" }, "it is not served once it reads")
		assert.Equal(t, ":1", other.do("DEL done"), i)
	}
}

func boundOutput(t *testing.T) {
	eachTransport(t, func(s *Server, c *client) {
		require.Equal(t, ":30000000", c.do("SETRANGE big 29999999 x"))
		kills := s.conns.Stats().OutputKills
		c.send("GET big") // more than the sockets hold and the bound
		eventually(t, func() bool { return s.conns.Stats().OutputKills == kills+1 }, "it is still there")
		assert.True(t, c.closedByServer())
	}, "--client-output-buffer-limit", "normal", "10mb", "0", "0")
}

func boundMessages(t *testing.T) {
	s, addrs := both(t, "--client-output-buffer-limit", "pubsub", "1mb", "0", "0")
	publisher, text := dial(t, addrs[0]), strings.Repeat("x", 300_000)
	for _, addr := range addrs {
		silent := dial(t, addr)
		silent.send("SUBSCRIBE news")
		silent.lines(6)
		eventually(t, func() bool { return publisher.words("PUBLISH", "news", text) == ":0" }, "it is still there")
		assert.LessOrEqual(t, s.conns.Stats().Buffers, int64(8<<20))
	}
}

func boundBuffers(t *testing.T) {
	s, addrs := both(t, "--maxmemory-clients", "2mb", "--hz", "500")
	good, spared := dial(t, addrs[0]), dial(t, addrs[0])
	assert.Equal(t, "+OK", spared.do("CLIENT NO-EVICT on"))
	begin := func(c *client, n int) error {
		_, err := fmt.Fprintf(c.conn, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s", 8<<20, strings.Repeat("x", n))
		return err
	}
	require.NoError(t, begin(spared, 1<<20))
	for _, addr := range addrs {
		greedy := dial(t, addr)
		_ = begin(greedy, 4<<20) // it may be closed in the middle
		assert.True(t, greedy.closedByServer())
		_ = greedy.conn.Close()
	}
	s.onlyThese(t, 2)
	assert.Equal(t, "+PONG", good.do("PING"))
	assert.Equal(t, "2", good.info("stats")["evicted_clients"])
}

func boundValue(t *testing.T) {
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	eachTransport(t, func(_ *Server, c *client) {
		assert.Equal(t, tooLong, c.do("SETRANGE k 536870912 x"))
		assert.Equal(t, "-ERR bit offset is not an integer or out of range", c.do("SETBIT k 4294967296 1"))
	})
}

func boundGrowth(t *testing.T) {
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	eachTransport(t, func(_ *Server, c *client) {
		value := strings.Repeat("x", 800_000)
		assert.Equal(t, "+OK", c.words("SET", "k", value))
		assert.Equal(t, tooLong, c.words("APPEND", "k", value))
		assert.Equal(t, tooLong, c.do("SETRANGE k 1048576 x"))
		assert.Equal(t, "-ERR bit offset is not an integer or out of range", c.do("SETBIT k 8388608 1"))
		assert.Equal(t, ":800000", c.do("STRLEN k"))
	}, "--proto-max-bulk-len", "1mb")
}

func boundLCS(t *testing.T) {
	eachTransport(t, func(_ *Server, c *client) {
		assert.Equal(t, ":300000", c.do("SETRANGE {k}a 299999 x"))
		assert.Equal(t, ":300000", c.do("SETRANGE {k}b 299999 x"))
		assert.Contains(t, c.do("LCS {k}a {k}b"), "-ERR Insufficient memory")
		assert.Equal(t, "+OK", c.do("FLUSHALL"))
	})
}

func boundDatabases(t *testing.T) {
	eachTransport(t, func(_ *Server, c *client) {
		assert.Equal(t, "+OK", c.do("SELECT 3"))
		assert.Equal(t, "-ERR DB index is out of range", c.do("SELECT 4"))
		assert.Equal(t, "-ERR DB index is out of range", c.do("SWAPDB 0 4"))
		assert.Equal(t, "-ERR DB index is out of range", c.do("COPY a b DB 4"))
	}, "--databases", "4")
}

func boundTracked(t *testing.T) {
	eachTransport(t, func(s *Server, c *client) {
		c.send("HELLO 3")
		c.reply()
		require.Equal(t, "+OK", c.do("CLIENT TRACKING on"))
		invalid := 0
		for i := range 200 {
			c.send("GET k%d\r\nPING", i)
			for reply := ""; reply != "+PONG"; reply = c.reply() {
				if strings.HasPrefix(reply, ">2 invalidate") {
					invalid++
				}
			}
		}
		assert.LessOrEqual(t, s.handlers.Tracking.Keys(), 11)
		eventually(t, func() bool {
			c.send("PING")
			for reply := ""; reply != "+PONG"; reply = c.reply() {
				if strings.HasPrefix(reply, ">2 invalidate") {
					invalid++
				}
			}
			return invalid >= 150
		}, "it is not told what is forgotten")
		_ = c.conn.Close()
	}, "--tracking-table-max-keys", "10")
}

func boundACLLog(t *testing.T) {
	eachTransport(t, func(_ *Server, c *client) {
		for i := range 30 {
			assert.Contains(t, c.do("AUTH nobody%d x", i), "WRONGPASS")
		}
		c.send("ACL LOG 1000")
		assert.Equal(t, "*5", c.line())
	}, "--acllog-max-len", "5")
}

func boundSlowLog(t *testing.T) {
	eachTransport(t, func(s *Server, c *client) {
		many := append([]string{"MGET"}, strings.Fields(strings.Repeat(strings.Repeat("x", 500)+" ", 50))...)
		for range 20 {
			c.words(many...)
		}
		assert.Equal(t, ":7", c.do("SLOWLOG LEN"))
		assert.Less(t, len(c.words("SLOWLOG", "GET", "100")), 7*40*200)
	}, "--slowlog-max-len", "7", "--slowlog-log-slower-than", "0")
}

func boundLatency(t *testing.T) {
	s, addrs := both(t, "--latency-monitor-threshold", "1")
	for second := range int64(1000) {
		s.handlers.Latency.Add("command", second*1000, 5*time.Millisecond)
	}
	dialed := dial(t, addrs[0])
	dialed.send("LATENCY HISTORY command")
	assert.Equal(t, "*160", dialed.line())
}

func boundPattern(t *testing.T) {
	s, addrs := both(t, "--proto-max-bulk-len", "1mb")
	c, subscriber, text := dial(t, addrs[0]), dial(t, addrs[1]), strings.Repeat("a", 3000)
	assert.Equal(t, "+OK", c.words("SET", text, "v"))
	for _, pattern := range []string{
		strings.Repeat("*a", 1000) + "b", strings.Repeat("*?", 1000) + "b", strings.Repeat("*", 100_000) + "b",
		strings.Repeat("[^b]*", 500) + "b", strings.Repeat("\\a*", 500) + "b", strings.Repeat("[", 10_000),
	} {
		assert.Equal(t, "*0", c.words("KEYS", pattern))
		assert.Contains(t, subscriber.words("PSUBSCRIBE", pattern), "psubscribe")
	}
	assert.Equal(t, ":0", c.words("PUBLISH", text, "x"))
	assert.Equal(t, 1, s.handlers.Exchange.Clients())
}

func boundPayload(t *testing.T) {
	const bad = "-ERR Bad data format"
	eachTransport(t, func(_ *Server, c *client) {
		require.Equal(t, "+OK", c.do("SET list abc"))
		good := c.words("DUMP", "list")
		for i := range len(good) {
			if reply := c.words("RESTORE", "copy", "0", good[:i]); i > 0 {
				assert.Equal(t, "-ERR DUMP payload version or checksum are wrong", reply)
			}
		}
		for _, claim := range []string{"\x80\x7f\xff\xff\xff", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff", "\xc3\x01\x80\x1f\xff\xff\xffa"} {
			for typ := range 26 {
				reply := c.words("RESTORE", "copy", "0", withChecksum(string([]byte{byte(typ)})+claim))
				assert.Equal(t, bad, reply, "type %d", typ)
			}
		}
		assert.Equal(t, ":0", c.do("EXISTS copy"))
	})
}

// withChecksum makes a payload, of RDB version 11, of what may be no object.
func withChecksum(object string) string {
	payload := append([]byte(object), 11, 0)
	sum := ^crc64.Update(math.MaxUint64, crc64.MakeTable(0x95ac9329ac4bc9b5), payload)
	return string(binary.LittleEndian.AppendUint64(payload, sum))
}

func boundScriptTime(t *testing.T) {
	s, runner, other := busyServer(t)
	runner.send(`EVAL "while true do end" 1 held`)
	s.untilBusy(t, other, busyScript)
	assert.Equal(t, "+OK", other.do("SCRIPT KILL"))
	assert.Contains(t, runner.line(), "Script killed by user")
}

// scripted expects a script to end with an error.
func scripted(t *testing.T, body, want string) {
	t.Helper()
	eachTransport(t, func(_ *Server, c *client) {
		assert.Contains(t, c.words("EVAL", body, "0"), want)
		assert.Equal(t, ":1", c.words("EVAL", "return 1", "0"))
	})
}

func boundScriptMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("allocates a lot")
	}
	scripted(t, "local t, n = {}, 0 while true do n = n + 1 t[n] = ('x'):rep(100000) .. n end", "not enough memory")
}

func boundScriptString(t *testing.T) {
	scripted(t, "return ('x'):rep(2^27 + 1)", "not enough memory")
}

func boundScriptDepth(t *testing.T) {
	scripted(t, "local function f() return 1 + f() end return f()", "stack overflow")
	scripted(t, "return string.find(('a'):rep(20000), ('a?'):rep(20000))", "too complex")
}

func boundScriptReply(t *testing.T) {
	scripted(t, "local t = {} for i = 1, 2000 do t = {t} end return t", "reached lua stack limit")
}

func boundJSON(t *testing.T) {
	scripted(t, "local t = {} for i = 1, 2000 do t = {t} end return cjson.encode(t)", "excessive nesting")
	scripted(t, "return cjson.decode(('['):rep(2000) .. (']'):rep(2000))", "nested")
}

func boundMessagePack(t *testing.T) {
	scripted(t, "local t = {} for i = 1, 30 do t = {t} end local n = 0 t = cmsgpack.unpack(cmsgpack.pack(t)) while t do n, t = n + 1, t[1] end return redis.error_reply('depth ' .. n)", "depth 16")
	scripted(t, "return cmsgpack.unpack(('\\145'):rep(100000))", "Bad data")
}

func boundScriptText(t *testing.T) {
	scripted(t, "return "+strings.Repeat("{", 10_000)+strings.Repeat("}", 10_000), "syntax levels")
}

func boundScripts(t *testing.T) {
	eachTransport(t, func(s *Server, c *client) {
		for i := range 600 {
			require.Equal(t, fmt.Sprintf(":%d", i), c.words("EVAL", fmt.Sprint("return ", i), "0"))
		}
		assert.Equal(t, 500, s.handlers.Scripts.Stats().Scripts)
	})
}

func boundLoops(t *testing.T) {
	s, addrs := both(t, "--io-threads", "1")
	assert.Equal(t, "+PONG", dial(t, addrs[0]).do("PING"))
	assert.Equal(t, 1, s.loops)
	assert.LessOrEqual(t, s.conns.Loops(), 1)
}

// TestDefaultsAreClosed: a server that nobody configured listens to its own machine, and
// refuses what could be used to leave the data.
func TestDefaultsAreClosed(t *testing.T) {
	s := start(t)
	for _, addr := range s.Addrs() {
		assert.True(t, addr.(*net.TCPAddr).IP.IsLoopback(), addr)
	}
	c := dial(t, s.Addr())
	for line, want := range map[string]string{
		"CONFIG GET bind":                                      "*2 bind 127.0.0.1 -::1",
		"CONFIG GET protected-mode":                            "*2 protected-mode yes",
		"CONFIG GET enable-debug-command":                      "*2 enable-debug-command no",
		"CONFIG GET enable-protected-configs":                  "*2 enable-protected-configs no",
		"CONFIG GET enable-module-command":                     "*2 enable-module-command no",
		"CONFIG SET dir /":                                     "can't set protected config",
		"CONFIG SET dbfilename x":                              "can't set protected config",
		"CONFIG SET enable-debug-command yes":                  "can't set immutable config",
		"CONFIG SET enable-protected-configs yes":              "can't set immutable config",
		"CONFIG SET enable-module-command yes":                 "can't set immutable config",
		"DEBUG SLEEP 0":                                        "-ERR DEBUG command not allowed.",
		"DEBUG SET-DISABLE-DENY-SCRIPTS 1":                     "-ERR DEBUG command not allowed.",
		"MODULE LOAD /tmp/x.so":                                "-ERR MODULE command not allowed.",
		"EVAL \"return redis.call('CONFIG', 'GET', 'dir')\" 0": "This Redis command is not allowed from script",
	} {
		c.send("%s", line)
		reply := c.reply()
		assert.Contains(t, reply, want, line)
	}
}

// TestPasswordsAreHashed: no password that was given can be read again.
func TestPasswordsAreHashed(t *testing.T) {
	eachTransport(t, func(_ *Server, c *client) {
		assert.Equal(t, "+OK", c.do("AUTH secret"))
		assert.Equal(t, "+OK", c.do("ACL SETUSER alice on >hidden1"))
		for _, line := range []string{"ACL LIST", "ACL GETUSER alice", "ACL GETUSER default", "SLOWLOG GET 100", "CLIENT LIST"} {
			c.send("%s", line)
			reply := c.reply()
			assert.NotContains(t, reply, "hidden1", line)
			assert.NotContains(t, reply, "secret", line)
		}
	}, "--requirepass", "secret", "--slowlog-log-slower-than", "0")
}

package conn

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// protocolErrors are requests that are refused, and the replies.
var protocolErrors = []struct {
	name, request, reply string
	password             bool // before authentication
}{
	{"multibulk length", "*x\r\n", "invalid multibulk length", false},
	{"multibulk length empty", "*\r\n", "invalid multibulk length", false},
	{"multibulk length sign", "*+1\r\n", "invalid multibulk length", false},
	{"multibulk length zero", "*01\r\n", "invalid multibulk length", false},
	{"multibulk length space", "* 1\r\n", "invalid multibulk length", false},
	{"multibulk length range", "*2147483648\r\n", "invalid multibulk length", false},
	{"multibulk length overflow", "*99999999999999999999\r\n", "invalid multibulk length", false},
	{"multibulk string", "*" + strings.Repeat("1", maxHeader+1), "too big mbulk count string", false},
	{"no dollar", "*1\r\nPING\r\n", "expected '$', got 'P'", false},
	{"no dollar but CR", "*1\r\n\r\n", "expected '$', got ' '", false},
	{"no dollar but quote", "*1\r\n'\r\n", "expected '$', got '''", false},
	{"bulk length", "*1\r\n$x\r\n", "invalid bulk length", false},
	{"bulk length negative", "*1\r\n$-1\r\n", "invalid bulk length", false},
	{"bulk length minus two", "*1\r\n$-2\r\n", "invalid bulk length", false},
	{"bulk length into what is behind", "*2\r\n$4\r\nPING\r\n$-10\r\n", "invalid bulk length", false},
	{"bulk length range", "*1\r\n$536870913\r\n", "invalid bulk length", false},
	{"bulk length overflow", "*1\r\n$18446744073709551616\r\n", "invalid bulk length", false},
	{"bulk string", "*1\r\n$" + strings.Repeat("1", maxHeader+1), "too big bulk count string", false},
	{"inline size", strings.Repeat("x", maxHeader+1), "too big inline request", false},
	{"quotes", "PING \"a\r\n", "unbalanced quotes in request", false},
	{"quotes end in mid-word", "PING 'a'b\r\n", "unbalanced quotes in request", false},
	{"unauthenticated arguments", "*11\r\n", "unauthenticated multibulk length", true},
	{"unauthenticated bulk", "*1\r\n$16385\r\n", "unauthenticated bulk length", true},
}

func TestProtocolErrors(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		for _, password := range []bool{false, true} {
			h := serve(t, transport, func(_ *Options, y *toy) { y.password = password })
			for _, test := range protocolErrors {
				if test.password != password {
					continue
				}
				c := h.dial()
				c.send(command("PING") + test.request)
				c.expect("+PONG\r\n-ERR Protocol error: " + test.reply + "\r\n")
				c.expectEnd()
			}
		}
	})
}

// TestProtocolErrorsOfRedis asks redis-server the same, where it is installed.
func TestProtocolErrorsOfRedis(t *testing.T) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	for _, password := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		_, port, _ := net.SplitHostPort(l.Addr().String())
		require.NoError(t, l.Close())
		args := []string{"--port", port, "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", t.TempDir()}
		if password {
			args = append(args, "--requirepass", "secret")
		}
		redis := exec.Command(path, args...)
		require.NoError(t, redis.Start())
		defer func() {
			_ = redis.Process.Kill()
			_ = redis.Wait()
		}()
		h := &harness{t: t, transport: "tcp", addr: "127.0.0.1:" + port}
		eventually(t, "redis-server listens", func() bool {
			nc, err := net.Dial("tcp", h.addr)
			if err == nil {
				_ = nc.Close()
			}
			return err == nil
		})
		for _, test := range protocolErrors {
			if test.password == password {
				c := h.dial()
				c.send(test.request)
				c.expect("-ERR Protocol error: " + test.reply + "\r\n")
				c.expectEnd()
			}
		}
	}
}

// TestAuthenticationInMidPipeline lifts the bounds from the next command on.
func TestAuthenticationInMidPipeline(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport, func(_ *Options, y *toy) { y.password = true })
		c := h.dial()
		many := make([]string, 12)
		many[0] = "COUNT"
		c.send(command(many[:10]...) + command("AUTH", "x") + command(many...) + command("ECHO", strings.Repeat("x", 20_000)))
		c.expect(":10\r\n+OK\r\n:12\r\n" + bulk(strings.Repeat("x", 20_000)))
	})
}

func TestQueryBufferLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		h.limits.QueryBufferLimit.Store(1 << 20)
		c := h.dial()
		_, _ = io.WriteString(c, "*1\r\n$10000000\r\n"+strings.Repeat("x", 2<<20))
		c.expectEnd()
		c = h.dial() // many small arguments come to the same
		_, _ = io.WriteString(c, "*1000000\r\n"+strings.Repeat("$1\r\nx\r\n", 300_000))
		c.expectEnd()
		st := h.server.Stats()
		assert.EqualValues(t, 2, st.QueryKills)
		assert.Zero(t, st.OutputKills)
		assert.Greater(t, st.MaxInput, int64(100_000), "what was kept of the large argument")
	})
}

func TestMaxBulkLen(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		h.limits.MaxBulkLen.Store(1000)
		c := h.dial()
		c.send(command("ECHO", strings.Repeat("x", 1000)) + command("ECHO", strings.Repeat("x", 1001)))
		c.expect(bulk(strings.Repeat("x", 1000)) + "-ERR Protocol error: invalid bulk length\r\n")
		c.expectEnd()
	})
}

func TestHardOutputLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		h.limits.Output[ClassNormal].Set(8<<20, 0, 0)
		c := h.dial()
		c.send(command("BIG", "100000000"))
		eventually(t, "the close", func() bool { return h.closed.Load() == 1 })
		assert.EqualValues(t, 1, h.server.Stats().OutputKills)
		assert.Zero(t, h.server.Stats().QueryKills)
	})
}

func TestSoftOutputLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		t.Parallel()
		h := serve(t, transport)
		h.limits.Output[ClassNormal].Set(0, 100_000, 1)
		c := h.dial()
		c.send(command("BIG", "50000000"))
		eventually(t, "the close", func() bool { return h.closed.Load() == 1 })
		assert.EqualValues(t, 1, h.server.Stats().OutputKills)
		assert.Zero(t, h.server.Stats().QueryKills)
	})
}

// TestClientThatNeverReads has two clients ask for 400 MB and read none of it.
func TestClientThatNeverReads(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		other := h.dial()
		var silent []*client
		for range 2 {
			c := h.dial()
			c.send(strings.Repeat(command("BIG", "1000000"), 200))
			silent = append(silent, c)
		}
		served := 0
		for executed := int64(-1); executed != h.executed.Load(); {
			executed = h.executed.Load() + 100
			for range 100 { // everyone else is served as before
				other.send(command("PING"))
				other.expect("+PONG\r\n")
				served++
			}
			time.Sleep(20 * time.Millisecond)
		}
		assert.LessOrEqual(t, h.executed.Load()-int64(served), int64(40), "most must not have been executed")
		assert.LessOrEqual(t, h.server.Stats().Buffers, int64(16<<20))
		for _, c := range silent { // and once they read they get it all
			reply := bulk(strings.Repeat("x", 1_000_000))
			r := bufio.NewReaderSize(c, 1<<20)
			buffer := make([]byte, len(reply))
			for range 200 {
				_, err := io.ReadFull(r, buffer)
				require.NoError(t, err)
			}
			assert.Equal(t, reply, string(buffer))
		}
	})
}

// TestBuffersAreGivenBack looks at the memory after large requests and replies.
func TestBuffersAreGivenBack(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		t.Parallel()
		h := serve(t, transport)
		for range 3 {
			c := h.dial()
			value := strings.Repeat("x", 20<<20)
			go c.send(command("ECHO", value) + command("PING"))
			c.expect(bulk(value) + "+PONG\r\n")
		}
		eventually(t, "little memory held", func() bool { return h.server.Stats().Buffers < 2<<20 })
	})
}

// TestHalfCommands has clients stop in mid-command.
func TestHalfCommands(t *testing.T) {
	h := serve(t, "tcp")
	for range 200 {
		h.dial().send("*2\r\n$4\r\nECHO\r\n$500000000\r\nx")
	}
	c := h.dial()
	c.send(command("PING"))
	c.expect("+PONG\r\n")
	eventually(t, "all are in", func() bool { return h.server.Stats().Connections == 201 })
	assert.LessOrEqual(t, h.server.Stats().Buffers, int64(40<<20))
}

// TestFairness has one client keep the loop busy and another wait for a turn.
func TestFairness(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		busy, other := h.dial(), h.dial()
		request := strings.Repeat(command("BIG", "10000"), 20_000)
		go func() { _, _ = io.WriteString(busy, request) }()
		received := make(chan int64)
		go func() {
			n, _ := io.CopyN(io.Discard, busy.r, int64(20_000*len(bulk(strings.Repeat("x", 10_000)))))
			received <- n
		}()
		for range 20 {
			other.send(command("PING"))
			other.expect("+PONG\r\n")
		}
		assert.EqualValues(t, 20_000*len(bulk(strings.Repeat("x", 10_000))), <-received)
	})
}

// TestSteadyStateAllocatesNothing measures a served connection end to end.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	if runtime.GOOS != "linux" || raceEnabled {
		t.Skip("of the event loops, without the race detector")
	}
	for _, value := range []int{64, 4 << 10, 100 << 10} {
		h := serve(t, "tcp", func(_ *Options, y *toy) { y.executor = silent{} })
		c := h.dial()
		request := []byte(strings.Repeat(command("SET", "key", strings.Repeat("v", value)), 32))
		reply := make([]byte, len(strings.Repeat("+OK\r\n", 32)))
		round := func() {
			_, _ = c.Write(request)
			_, _ = io.ReadFull(c, reply)
		}
		for range 10 {
			round()
		}
		assert.Zero(t, testing.AllocsPerRun(500, round), "values of %d bytes", value)
	}
}

func TestIdleConnectionIsSmall(t *testing.T) {
	// Of the 1 KiB that an idle client may cost, with the session.
	assert.LessOrEqual(t, sizeOfConn, 512)
}

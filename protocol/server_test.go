package protocol

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
)

// start runs a server with these settings on a free port and ends it with the test.
func start(t *testing.T, settings ...string) *Server {
	t.Helper()
	s, err := Start(load(t, settings...))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, s.Shutdown(ctx))
	})
	return s
}

func load(t *testing.T, settings ...string) *Config {
	t.Helper()
	cfg, err := LoadConfig(settings, nil)
	require.NoError(t, err)
	return cfg
}

// client is a connection that sends inline commands.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, addr net.Addr) *client {
	t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return &client{t, c, bufio.NewReader(c)}
}

// do sends a command and gives the reply's first line or, of a bulk string, its text.
func (c *client) do(format string, args ...any) string {
	c.t.Helper()
	_, err := fmt.Fprintf(c.conn, format+"\r\n", args...)
	require.NoError(c.t, err)
	line := c.line()
	if strings.HasPrefix(line, "$") && line != "$-1" {
		return c.line()
	}
	return line
}

func (c *client) line() string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	require.NoError(c.t, err)
	return strings.TrimSuffix(line, "\r\n")
}

func TestServe(t *testing.T) {
	s := start(t)
	c := dial(t, s.Addr())
	assert.Equal(t, "+PONG", c.do("PING"))
	assert.Equal(t, "+OK", c.do("SET k v"))
	assert.Equal(t, "v", c.do("GET k"))
	assert.Equal(t, "-ERR unknown command 'nope', with args beginning with: ", c.do("nope"))
	assert.Equal(t, 1, s.Cache().Size(0))
	assert.Same(t, s.cfg, s.Config())
}

func TestAddresses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	s := start(t, "--bind", "127.0.0.1", "-192.0.2.1", "--unixsocket", path, "--unixsocketperm", "700")
	require.Len(t, s.Addrs(), 2, "the optional address is not this machine's")
	for _, addr := range s.Addrs() {
		assert.Equal(t, "+PONG", dial(t, addr).do("PING"))
	}
	_, port, err := net.SplitHostPort(s.Addr().String())
	require.NoError(t, err)

	tests := []struct{ settings, want string }{
		{"--port " + port, "could not listen on 127.0.0.1:" + port + ": address already in use"},
		{"--port 0", "configured to listen nowhere: port and tls-port are 0 or bind is empty, and there is no unixsocket"},
		{"--bind 192.0.2.1 --port " + port, "could not listen on 192.0.2.1:" + port + ": cannot assign requested address"},
		{"--port 0 --unixsocket /no-such-dir/sock", "could not listen on /no-such-dir/sock: no such file or directory"},
	}
	for _, tt := range tests {
		_, err := New(load(t, strings.Fields(tt.settings)...), slog.New(slog.DiscardHandler))
		assert.EqualError(t, err, tt.want)
	}
}

// An address other than a loopback one, if this machine has one.
func outside(t *testing.T) net.IP {
	addrs, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP
		}
	}
	t.Skip("this machine has no address but the loopback ones")
	return nil
}

func TestProtectedMode(t *testing.T) {
	ip := outside(t)
	s := start(t, "--bind", "*")
	stranger := &net.TCPAddr{IP: ip, Port: s.Addr().(*net.TCPAddr).Port}
	local := dial(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: stranger.Port})

	c := dial(t, stranger)
	assert.Equal(t, strings.TrimSuffix(denied, "\r\n"), c.line())
	_, err := c.in.ReadByte()
	assert.Error(t, err, "the connection is closed")

	assert.Equal(t, "+OK", local.do("CONFIG SET requirepass secret"))
	c = dial(t, stranger)
	assert.Equal(t, "-NOAUTH Authentication required.", c.do("PING"))
	assert.Equal(t, "+OK", c.do("AUTH secret"))
	assert.Equal(t, "+PONG", c.do("PING"))

	assert.Equal(t, "+OK", local.do("CONFIG SET requirepass '' protected-mode no"))
	assert.Equal(t, "+PONG", dial(t, stranger).do("PING"))
}

// CONFIG SET changes what the parts do.
func TestFollow(t *testing.T) {
	s := start(t, "--maxmemory", "100mb")
	c := dial(t, s.Addr())
	assert.EqualValues(t, 100<<20, s.Cache().Stats().MaxMemory)
	assert.Equal(t, "+OK", c.do("CONFIG SET maxmemory 200mb maxmemory-policy allkeys-lru maxmemory-samples 5 hz 100 timeout 9 "+
		"tcp-keepalive 7 proto-max-bulk-len 2mb client-query-buffer-limit 3mb client-output-buffer-limit \"pubsub 1 2 3\" maxclients 2"))
	assert.EqualValues(t, 200<<20, s.Cache().Stats().MaxMemory)
	l := s.limits
	assert.EqualValues(t, []int64{9, 7, 2 << 20, 3 << 20, 2},
		[]int64{l.Timeout.Load(), l.TCPKeepAlive.Load(), l.MaxBulkLen.Load(), l.QueryBufferLimit.Load(), l.MaxClients.Load()})
	assert.EqualValues(t, 1, l.Output[2].Hard.Load())
	assert.EqualValues(t, 3, l.Output[2].SoftSeconds.Load())
	assert.EqualValues(t, 256<<20, l.Output[1].Hard.Load())

	assert.Equal(t, "+PONG", dial(t, s.Addr()).do("PING"))
	assert.Equal(t, "-ERR max number of clients reached", dial(t, s.Addr()).line())
}

func TestTooManyClients(t *testing.T) {
	s := start(t)
	reply := dial(t, s.Addr()).do("CONFIG SET maxclients 4294967295")
	assert.Regexp(t, `^-ERR CONFIG SET failed \(possibly related to argument 'maxclients'\) - `+
		`The operating system is not able to handle the specified number of clients, try with \d+$`, reply)
	assert.EqualValues(t, s.cfg.MaxClients.Int(), s.limits.MaxClients.Load())
	assert.Less(t, s.cfg.MaxClients.Int(), int64(4294967295))
}

func TestShutdownByClient(t *testing.T) {
	cfg := load(t)
	s, err := build(cfg, slog.New(slog.DiscardHandler), nil, true)
	require.NoError(t, err)
	served := make(chan error)
	go func() { served <- s.Serve(context.Background()) }()
	c := dial(t, s.Addr())
	_, err = fmt.Fprint(c.conn, "SHUTDOWN NOSAVE\r\n")
	require.NoError(t, err)
	assert.NoError(t, <-served)
	_, err = c.in.ReadByte()
	assert.Error(t, err)
	_, err = net.Dial("tcp", s.Addr().String())
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.NoError(t, s.Shutdown(context.Background()), "again does nothing")
}

func TestAnnouncement(t *testing.T) {
	var out bytes.Buffer
	cfg := load(t, "--maxmemory", "1gb", "--maxmemory-policy", "noeviction", "--save", "1", "1", "--io-threads", "3")
	log, err := NewLog(cfg, &out)
	require.NoError(t, err)
	s, err := build(cfg, log, new(heapKeeper), true)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, s.Serve(ctx))
	assert.Regexp(t, `level=warning msg="command line: save is ignored: nothing is saved to disk"\n`+
		`.* level=notice msg="ashlar is ready" version=\S+ redis=\S+ address="?127\.0\.0\.1:\d+.* maxmemory="1024 MiB" policy=noeviction loops=3 pid=\d+\n`+
		`(?s:.*)msg=bye`, out.String())
}

func TestMemoryBound(t *testing.T) {
	for settings, want := range map[string]string{
		"--maxmemory 0": "^none$", "--maxmemory 1gb": "^1024 MiB$", "--maxmemory 1000": "^1000 bytes$",
		"--hz 10": `^\d+ MiB \(default: 75% of the (machine|control group)'s \d+ MiB\)$`,
	} {
		s := &Server{cfg: load(t, strings.Fields(settings)...)}
		assert.Regexp(t, want, s.memoryBound())
	}
}

func TestOverhead(t *testing.T) {
	c, err := cache.New(cache.Options{MaxMemory: 1 << 30, NoBackground: true})
	require.NoError(t, err)
	defer c.Close()
	tellOverhead(c, 0) // not known: nothing is changed
	tellOverhead(c, Allowance/2)
	tellOverhead(c, Allowance+1<<20)
}

func TestOneLine(t *testing.T) {
	err := oneLine{errors.Join(cache.ErrReserve, syscall.ENOMEM)}
	assert.EqualError(t, err, "cache: cannot reserve memory: cannot allocate memory")
	assert.ErrorIs(t, err, cache.ErrReserve)
}

func TestHeapPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 200, 1 << 20: 200, 4 << 20: 200, 8 << 20: 100, 16 << 20: 50, 1 << 40: 50} {
		assert.Equal(t, want, heapPercent(live), live)
	}
}

// Clients that hold much are disconnected when all together hold too much.
func TestBoundClients(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("buffers are counted by event loops")
	}
	s := start(t, "--maxmemory-clients", "1mb", "--hz", "500")
	good := dial(t, s.Addr())
	assert.Equal(t, "+PONG", good.do("PING"))
	greedy := dial(t, s.Addr())
	_, err := fmt.Fprintf(greedy.conn, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s", 8<<20, strings.Repeat("x", 4<<20))
	if err == nil {
		_, err = greedy.in.ReadByte()
	}
	assert.Error(t, err, "disconnected in the middle of a large command")
	assert.EqualValues(t, 1, s.metrics.ClientsEvicted.Load())
	assert.Equal(t, "+PONG", good.do("PING"))
}

// INFO stats alone has the connections' counts up to date, with no other section
// asked for before.
func TestInfoCountsConnections(t *testing.T) {
	s := start(t, "--client-query-buffer-limit", "1mb", "--client-output-buffer-limit", "normal", "100kb", "0", "0")
	long := dial(t, s.Addr())
	// The write or the read fails, depending on how far the write has come.
	_, _ = fmt.Fprintf(long.conn, "*1\r\n$%d\r\n%s", 8<<20, strings.Repeat("x", 4<<20))
	_, err := long.in.ReadByte()
	require.Error(t, err)

	silent := dial(t, s.Addr())
	_, err = fmt.Fprint(silent.conn, "SETRANGE k 40000000 x\r\nGET k\r\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.conns.Stats().OutputKills == 1 }, 10*time.Second, time.Millisecond)

	c := dial(t, s.Addr())
	f := c.info("stats")
	assert.Equal(t, "3", f["total_connections_received"])
	assert.Equal(t, "1", f["client_query_buffer_limit_disconnections"])
	assert.Equal(t, "1", f["client_output_buffer_limit_disconnections"])
	assert.Equal(t, "0", f["evicted_clients"])
	for _, name := range []string{"total_net_input_bytes", "total_reads_processed", "total_writes_processed"} {
		assert.NotEqual(t, "0", f[name], name)
	}
	f = c.info("clients")
	assert.NotEqual(t, "0", f["client_recent_max_input_buffer"])
	assert.NotEqual(t, "0", f["client_recent_max_output_buffer"])

	assert.Equal(t, "+OK", c.do("CONFIG RESETSTAT"))
	f = c.info("stats")
	assert.Equal(t, "0", f["total_connections_received"])
	assert.Equal(t, "0", f["client_query_buffer_limit_disconnections"])
	assert.Equal(t, "0", f["client_output_buffer_limit_disconnections"])
}

// info reads one section of INFO.
func (c *client) info(section string) map[string]string {
	c.t.Helper()
	fields := map[string]string{}
	_, err := fmt.Fprintf(c.conn, "INFO %s\r\n", section)
	require.NoError(c.t, err)
	var n int
	_, err = fmt.Sscanf(c.line(), "$%d", &n)
	require.NoError(c.t, err)
	text := make([]byte, n+len("\r\n"))
	_, err = io.ReadFull(c.in, text)
	require.NoError(c.t, err)
	for line := range strings.SplitSeq(string(text), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

func TestClientsBound(t *testing.T) {
	for settings, want := range map[string]int64{
		"--maxmemory 1000": 0, "--maxmemory 1000 --maxmemory-clients 5%": 50, "--maxmemory-clients 7": 7, "--maxmemory 0 --maxmemory-clients 5%": 0,
	} {
		s := &Server{cfg: load(t, strings.Fields(settings)...)}
		assert.Equal(t, want, s.clientsBound(), settings)
	}
}

func TestLogFollowsLevel(t *testing.T) {
	var out bytes.Buffer
	cfg := load(t)
	log, err := NewLog(cfg, &out)
	require.NoError(t, err)
	say := func(level string) string {
		require.NoError(t, cfg.Set([]Pair{{Name: "loglevel", Value: level}}, false))
		out.Reset()
		log.Debug("d")
		verbose(log, "v")
		log.Info("n")
		log.Warn("w")
		var said string
		for line := range strings.Lines(out.String()) {
			_, level, _ := strings.Cut(line, "level=")
			said += level[:1]
		}
		return said
	}
	for level, want := range map[string]string{"debug": "dvnw", "verbose": "vnw", "notice": "nw", "warning": "w", "nothing": ""} {
		assert.Equal(t, want, say(level), level)
	}
}

func TestLogFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	log, err := NewLog(load(t, "--logfile", name), nil)
	require.NoError(t, err)
	log.Info("hello")
	assert.FileExists(t, name)
	_, err = NewLog(load(t, "--logfile", "/no-such-dir/log"), nil)
	assert.Error(t, err)
}

// TestShutdownAtOnce: Start returns before its goroutine has begun to serve.
func TestShutdownAtOnce(t *testing.T) {
	for range 20 {
		s, err := Start(load(t))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		require.NoError(t, s.Shutdown(ctx))
		cancel()
	}
}

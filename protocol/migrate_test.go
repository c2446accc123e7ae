package protocol

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMigrate moves keys from one server to another, and to another database of its
// own, from both kinds of connection.
func TestMigrate(t *testing.T) {
	_, addrs := both(t)
	other := start(t)
	host, port, err := net.SplitHostPort(other.Addr().String())
	require.NoError(t, err)
	there := dial(t, other.Addr())
	for _, addr := range addrs {
		here := dial(t, addr)
		assert.Equal(t, "+OK", here.do("SET k v"))
		assert.Equal(t, ":2", here.do("HSET h a 1 b 2"))
		assert.Equal(t, "+OK", here.do("MIGRATE %s %s '' 0 1000 COPY KEYS k h", host, port))
		assert.Equal(t, "-ERR Target instance replied with error: BUSYKEY Target key name already exists.",
			here.do("MIGRATE %s %s k 0 1000", host, port))
		assert.Equal(t, ":2", here.do("EXISTS k h"))
		assert.Equal(t, "+OK", here.do("MIGRATE %s %s '' 0 1000 REPLACE KEYS k h", host, port))
		assert.Equal(t, "+NOKEY", here.do("MIGRATE %s %s k 0 1000", host, port))
		assert.Equal(t, "v", there.do("GET k"))
		assert.Equal(t, "2", there.do("HGET h b"))
		assert.Equal(t, "+OK", there.do("FLUSHALL"))

		// Several commands at once keep their order.
		here.send("SET k v\r\nMIGRATE %s %s k 7 1000\r\nEXISTS k\r\nPING", host, port)
		for _, want := range []string{"+OK", "+OK", ":0", "+PONG"} {
			assert.Equal(t, want, here.line())
		}
		assert.Equal(t, "+OK", there.do("MULTI"))
		assert.Equal(t, "+QUEUED", there.do("SELECT 7"))
		assert.Equal(t, "+QUEUED", there.do("GET k"))
		assert.Equal(t, "*2", there.do("EXEC"))
		assert.Equal(t, "+OK", there.line())
		assert.Equal(t, "$1", there.line())
		assert.Equal(t, "v", there.line())
		assert.Equal(t, "+OK", there.do("SELECT 0"))
		assert.Equal(t, "+OK", there.do("FLUSHALL"))
	}

	// To itself: redis-server would wait for itself in vain.
	assert.Equal(t, "+OK", there.do("SET own v"))
	assert.Equal(t, "+OK", there.do("MIGRATE %s %s own 1 1000", host, port))
	assert.Equal(t, "$-1", there.do("GET own"))
	assert.Equal(t, "+OK", there.do("SELECT 1"))
	assert.Equal(t, "v", there.do("GET own"))
	stats := there.do("INFO commandstats")
	for ; stats != "" && !strings.HasPrefix(stats, "cmdstat_migrate:calls=1,"); stats = there.line() {
	}
	assert.NotEmpty(t, stats)
}

// TestMigrateEnds has the server shut down, and the client leave, while a MIGRATE waits
// for who says nothing.
func TestMigrateEnds(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	_, port, err := net.SplitHostPort(silent.Addr().String())
	require.NoError(t, err)
	s, err := Start(load(t))
	require.NoError(t, err)
	c, gone := dial(t, s.Addr()), dial(t, s.Addr())
	assert.Equal(t, "+OK", c.do("SET k v"))
	c.send("MIGRATE 127.0.0.1 %s k 0 1000000", port)
	gone.send("MIGRATE 127.0.0.1 %s k 0 1000000", port)
	for range 2 {
		conn, err := silent.Accept()
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
	}
	require.NoError(t, gone.conn.Close())
	assert.Equal(t, "v", dial(t, s.Addr()).do("GET k"), "others are served")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	assert.NoError(t, s.Shutdown(ctx))
	assert.NoError(t, ctx.Err())
}

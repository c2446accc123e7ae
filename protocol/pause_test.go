package protocol

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A paused client goes on when its time is up, not before and not much later, with all
// that it has sent meanwhile in order.
func TestPausedPipeline(t *testing.T) {
	s := start(t, "--io-threads", "2")
	admin, c := dial(t, s.Addr()), dial(t, s.Addr())
	assert.Equal(t, "+OK", c.do("SET before 1"))
	began := time.Now()
	assert.Equal(t, "+OK", admin.do("CLIENT PAUSE 150 WRITE"))
	var b strings.Builder
	b.WriteString("GET before\r\n")
	for i := range 3000 { // more than a batch, a turn and a read
		fmt.Fprintf(&b, "APPEND list %d,%s\r\n", i%10, strings.Repeat("x", i%50))
	}
	_, err := c.conn.Write([]byte(b.String()))
	require.NoError(t, err)
	assert.Equal(t, "$1", c.line(), "what comes before the write is answered at once")
	assert.Equal(t, "1", c.line())
	assert.Less(t, time.Since(began), 140*time.Millisecond)
	assert.Eventually(t, func() bool {
		return strings.Contains(info(admin, "clients"), "blocked_clients:1\r") || strings.Contains(info(admin, "clients"), "blocked_clients:1\n")
	}, 5*time.Second, time.Millisecond)
	length := 0
	for i := range 3000 {
		length += 2 + i%50
		require.Equal(t, fmt.Sprintf(":%d", length), c.line())
		if i == 0 {
			assert.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond)
		}
	}
}

// A large argument that is paused is not lost, nor one that arrives in pieces.
func TestPausedLargeArgument(t *testing.T) {
	s := start(t)
	admin, c := dial(t, s.Addr()), dial(t, s.Addr())
	assert.Equal(t, "+OK", admin.do("CLIENT PAUSE 100000 WRITE"))
	value := strings.Repeat("v", 3<<20)
	command := fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\nSTRLEN k\r\n", len(value), value)
	var sent sync.WaitGroup
	sent.Go(func() {
		for len(command) > 0 {
			n := min(len(command), 100_000)
			_, _ = c.conn.Write([]byte(command[:n]))
			command = command[n:]
		}
	})
	sent.Wait()
	assert.Eventually(t, func() bool { return s.handlers.Pause.Parked() == 1 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, "+OK", admin.do("CLIENT UNPAUSE"))
	assert.Equal(t, "+OK", c.line())
	assert.Equal(t, ":3145728", c.line())
}

// Who leaves while paused leaves nothing behind; a server that is paused can be stopped.
func TestPausedClientsLeave(t *testing.T) {
	s, err := Start(load(t))
	require.NoError(t, err)
	admin := dial(t, s.Addr())
	assert.Equal(t, "+OK", admin.do("CLIENT PAUSE 100000 ALL"))
	for range 20 {
		c := dial(t, s.Addr())
		_, err := c.conn.Write([]byte("SET k v\r\nGET k\r\n"))
		require.NoError(t, err)
		defer c.conn.Close()
		if s.handlers.Pause.Parked()%2 == 0 {
			require.NoError(t, c.conn.Close())
		}
	}
	assert.Eventually(t, func() bool { return s.conns.Stats().Connections < 21 }, 10*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	assert.NoError(t, s.Shutdown(ctx))
	assert.Zero(t, s.handlers.Pause.Parked())
}

// Nothing expires, is evicted or is removed by a reader while clients are paused.
func TestPauseHoldsExpiry(t *testing.T) {
	s := start(t)
	c := dial(t, s.Addr())
	for i := range 50 {
		assert.Equal(t, "+OK", c.do("SET k%d v PX 20", i))
	}
	assert.Equal(t, "+OK", c.do("CLIENT PAUSE 100000 WRITE"))
	size := s.Cache().Size(0)
	time.Sleep(150 * time.Millisecond)
	assert.Equal(t, "$-1", c.do("GET k1"))
	assert.Equal(t, size, s.Cache().Size(0))
	assert.Equal(t, "+OK", c.do("CLIENT UNPAUSE"))
	assert.Eventually(t, func() bool { return s.Cache().Size(0) == 0 }, 10*time.Second, time.Millisecond)
}

// DEBUG SLEEP holds up everybody, whichever loop they are on.
func TestDebugSleep(t *testing.T) {
	s := start(t, "--io-threads", "2", "--enable-debug-command", "yes")
	sleeper := dial(t, s.Addr())
	var others []*client
	for range 8 {
		others = append(others, dial(t, s.Addr()))
	}
	began := time.Now()
	_, err := sleeper.conn.Write([]byte("DEBUG SLEEP 0.2\r\n"))
	require.NoError(t, err)
	assert.Eventually(t, func() bool { return s.handlers.Pause.State() != 0 }, 10*time.Second, 100*time.Microsecond)
	for _, c := range others {
		assert.Equal(t, "+PONG", c.do("PING"))
		assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	}
	assert.Equal(t, "+OK", sleeper.line())
}

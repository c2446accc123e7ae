package protocol

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
)

// both starts a server whose clients may come to an event loop or, at the second
// address, to a goroutine of their own: its commands are run by several executors.
func both(t *testing.T, settings ...string) (s *Server, addrs [2]net.Addr) {
	t.Helper()
	cfg := load(t, append([]string{"--port", "0", "--unixsocket", t.TempDir() + "/s"}, settings...)...)
	s, err := New(cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, s.AddListener(l))
	go func() { _ = s.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, s.Shutdown(ctx))
	})
	return s, [2]net.Addr{s.Addr(), l.Addr()}
}

// send sends a command and reads nothing.
func (c *client) send(format string, args ...any) {
	c.t.Helper()
	_, err := fmt.Fprintf(c.conn, format+"\r\n", args...)
	require.NoError(c.t, err)
}

// popped reads BLPOP's reply: "key element", or the line that it is instead.
func (c *client) popped() string {
	c.t.Helper()
	line := c.line()
	if line != "*2" {
		return line
	}
	c.line()
	key := c.line()
	c.line()
	return key + " " + c.line()
}

// untilBlocked returns when so many clients wait.
func (s *Server) untilBlocked(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); s.handlers.Blocking.Stats().Clients != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d clients wait, not %d", s.handlers.Blocking.Stats().Clients, n)
		}
	}
}

func TestBlockedAcrossTransports(t *testing.T) {
	s, addrs := both(t)
	var waiters []*client
	for i := range 8 {
		c := dial(t, addrs[i%2])
		c.send("BLPOP a b 0")
		s.untilBlocked(t, i+1)
		waiters = append(waiters, c)
	}
	pusher := [2]*client{dial(t, addrs[0]), dial(t, addrs[1])}
	for i := range waiters {
		assert.Equal(t, ":1", pusher[i/2%2].do("RPUSH b %d", i))
	}
	for i, c := range waiters {
		assert.Equal(t, fmt.Sprint("b ", i), c.popped())
	}
	assert.Equal(t, ":0", pusher[0].do("EXISTS a b"))
}

func TestBlockedClientsAreShown(t *testing.T) {
	s, addrs := both(t)
	for i, addr := range addrs {
		c, other := dial(t, addr), dial(t, addrs[1-i])
		id := strings.TrimPrefix(c.do("CLIENT ID"), ":")
		assert.Equal(t, ":0", other.do("CLIENT UNBLOCK %s", id))
		c.send("BLPOP x y 100")
		s.untilBlocked(t, 1)
		other.send("CLIENT LIST ID %s", id)
		other.line()
		line := other.line()
		assert.Contains(t, line, " cmd=blpop ")
		assert.Regexp(t, ` flags=bU? `, line)
		other.line()
		info := other.info("clients")
		assert.Equal(t, []string{"1", "1", "2", "0"}, []string{
			info["blocked_clients"], info["clients_in_timeout_table"], info["total_blocking_keys"], info["total_blocking_keys_on_nokey"]})
		assert.Equal(t, ":1", other.do("CLIENT UNBLOCK %s ERROR", id))
		assert.Equal(t, "-UNBLOCKED client unblocked via CLIENT UNBLOCK", c.line())
		other.send("CLIENT LIST ID %s", id)
		other.line()
		assert.Regexp(t, ` flags=[NU] `, other.line())
		other.line()
		assert.Equal(t, "0", other.info("clients")["blocked_clients"])
	}
}

func TestNothingIsLostToWhoHasGone(t *testing.T) {
	s, addrs := both(t)
	for _, addr := range addrs {
		c, other := dial(t, addr), dial(t, addr)
		c.send("BLPOP k 0")
		s.untilBlocked(t, 1)
		require.NoError(t, c.conn.Close())
		s.untilBlocked(t, 0)
		assert.Equal(t, ":1", other.do("RPUSH k x"))
		assert.Equal(t, "x", other.do("LPOP k"))
	}
}

func TestTimeUp(t *testing.T) {
	_, addrs := both(t)
	var work sync.WaitGroup
	for i := range 40 {
		c := dial(t, addrs[i%2])
		began := time.Now()
		ms := 5 + i
		c.send("BLPOP nothing 0.%03d", ms)
		work.Go(func() {
			assert.Equal(t, "*-1", c.popped())
			assert.GreaterOrEqual(t, time.Since(began), time.Duration(ms)*time.Millisecond, "never too early")
		})
	}
	work.Wait()
}

// TestReadyByTheLibrary: a program that carries a server may use its cache itself.
func TestReadyByTheLibrary(t *testing.T) {
	s, addrs := both(t)
	a, b := dial(t, addrs[0]), dial(t, addrs[1])
	a.send("BLPOP k j 0")
	s.untilBlocked(t, 1)
	b.send("BLPOP j 0")
	s.untilBlocked(t, 2)
	for _, key := range []string{"k", "j"} {
		require.NoError(t, s.Cache().Update([][]byte{[]byte(key)}, func(tx *cache.Tx) error {
			_, err := tx.RPush([]byte(key), []byte("x"))
			return err
		}))
	}
	assert.Equal(t, "k x", a.popped())
	assert.Equal(t, "j x", b.popped())
}

func TestShutdownWithBlockedClients(t *testing.T) {
	s, addrs := both(t)
	for i := range 4 {
		dial(t, addrs[i%2]).send("BLPOP k %d\r\nPING", 100*(i/2))
	}
	s.untilBlocked(t, 4)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	assert.NoError(t, s.Shutdown(ctx))
	assert.Zero(t, s.handlers.Blocking.Stats())
}

// TestManyBlocked has more clients wait for one key than any test of the parts, each
// with a command behind.
func TestManyBlocked(t *testing.T) {
	const many = 1000
	s, addrs := both(t)
	list := make([]*client, many)
	for i := range list {
		list[i] = dial(t, addrs[i%2])
		list[i].send("BLPOP k 0\r\nECHO %d", i)
	}
	s.untilBlocked(t, many)
	p := dial(t, addrs[0])
	for range many / 50 {
		p.do("RPUSH k%s", strings.Repeat(" x", 50))
	}
	for i, c := range list {
		require.Equal(t, "k x", c.popped())
		c.line()
		require.Equal(t, fmt.Sprint(i), c.line())
	}
	assert.Equal(t, ":0", p.do("EXISTS k"))
}

// TestQueueOfWork is a queue as programs use it: producers, and workers that move
// each item aside before they are done with it. Nothing is lost or done twice.
func TestQueueOfWork(t *testing.T) {
	const workers, producers, items = 6, 4, 300
	_, addrs := both(t)
	var work sync.WaitGroup
	var mu sync.Mutex
	done := map[string]int{}
	for i := range workers {
		c := dial(t, addrs[i%2])
		work.Go(func() {
			for {
				item := c.do("BLMOVE queue doing%d LEFT RIGHT 0", i)
				if item == "stop" {
					return
				}
				mu.Lock()
				done[item]++
				mu.Unlock()
				if got := c.do("BLPOP doing%d 0", i); got == "*2" {
					c.line()
					c.line()
					c.line()
					assert.Equal(t, item, c.line())
				}
			}
		})
	}
	var producing sync.WaitGroup
	for i := range producers {
		c := dial(t, addrs[i%2])
		producing.Go(func() {
			for n := range items {
				c.do("RPUSH queue %d.%d", i, n)
			}
		})
	}
	producing.Wait()
	c := dial(t, addrs[0])
	for range workers {
		c.do("RPUSH queue stop")
	}
	work.Wait()
	assert.Len(t, done, producers*items)
	for item, times := range done {
		assert.Equal(t, 1, times, item)
	}
}

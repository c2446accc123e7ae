package protocol

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a server must hold under: many clients, clients that behave badly, and both for
// long. The files hold_*_test.go have it by kind.

// patience is how long anything may take on a machine that has other work to do.
const patience = 20 * time.Second

// raw is a connection of which there may be thousands: without a buffer, and closed by
// whoever opened it.
type raw struct{ net.Conn }

// connect opens n connections, turn about to the addresses, several at a time.
func connect(t *testing.T, n int, addrs ...net.Addr) []raw {
	t.Helper()
	list := make([]raw, n)
	const hands = 8
	var work sync.WaitGroup
	for hand := range hands {
		work.Go(func() {
			for i := hand; i < n; i += hands {
				c, err := dialUntil(addrs[i%len(addrs)], time.Now().Add(patience))
				if !assert.NoError(t, err) {
					return
				}
				_ = c.SetDeadline(time.Now().Add(2 * patience))
				list[i] = raw{c}
			}
		})
	}
	work.Wait()
	require.False(t, t.Failed(), "not all could connect")
	return list
}

// dialUntil connects. A unix socket says at once that its backlog is full.
func dialUntil(at net.Addr, end time.Time) (c net.Conn, err error) {
	for {
		c, err = net.DialTimeout(at.Network(), at.String(), patience)
		if err == nil || !errors.Is(err, syscall.EAGAIN) || time.Now().After(end) {
			return c, err
		}
		time.Sleep(time.Millisecond)
	}
}

// closeAll closes connections.
func closeAll(list []raw) {
	for _, c := range list {
		_ = c.Close()
	}
}

// ask sends a request and expects that reply.
func (c raw) ask(request, reply string) error {
	if _, err := io.WriteString(c.Conn, request); err != nil {
		return err
	}
	got := make([]byte, len(reply))
	if _, err := io.ReadFull(c.Conn, got); err != nil {
		return fmt.Errorf("after %q: %w", got, err)
	}
	if string(got) != reply {
		return fmt.Errorf("%q, not %q", got, reply)
	}
	return nil
}

// closedByServer reads what comes until the server has closed the connection.
func (c *client) closedByServer() bool {
	c.t.Helper()
	_, err := io.Copy(io.Discard, c.in)
	return err == nil || !isTimeout(err)
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// fewer is a number that tests in slow builds make do with.
func fewer(many, few int) int {
	if testing.Short() {
		return few
	}
	return many
}

// files is how many file descriptors the process has; 0 where that is not known.
func files() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}

// liveHeap is what the process has on its heap that is in use.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers held
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// eventually waits until something is so.
func eventually(t *testing.T, so func() bool, what string, args ...any) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf(what, args...)
		}
	}
}

// onlyThese waits until no other clients than n are connected.
func (s *Server) onlyThese(t *testing.T, n int64) {
	t.Helper()
	eventually(t, func() bool { return s.conns.Stats().Connections == n }, "clients stay that have gone")
}

// bulk sends a command and gives all of the bulk string that is its reply.
func (c *client) bulk(format string, args ...any) string {
	c.t.Helper()
	c.send(format, args...)
	var n int
	_, err := fmt.Sscanf(c.line(), "$%d", &n)
	require.NoError(c.t, err)
	text := make([]byte, n+2)
	_, err = io.ReadFull(c.in, text)
	require.NoError(c.t, err)
	return string(text[:n])
}

// TestManyConnections has 10,000 clients at once, half of them idle. Over net.Conn, with
// a goroutine each, there are fewer.
func TestManyConnections(t *testing.T) {
	want := fewer(10_000, 2_000)
	possible := int((allowFiles(int64(2*want+500)) - 500) / 2) // both ends are this process's
	if possible < 2_000 {
		t.Skipf("the system allows %d connections, too few to say anything", possible)
	}
	n := min(want, possible)
	for transport, share := range [2]int{1, 5} {
		t.Run([...]string{"loop", "goroutine"}[transport], func(t *testing.T) {
			n := n / share
			s, addrs := both(t, "--maxclients", fmt.Sprint(n+10))
			filesBefore := files()
			list := connect(t, n, addrs[transport])
			eventually(t, func() bool { return s.conns.Stats().Connections == int64(n) }, "not all came in")
			for round := range 3 {
				var work sync.WaitGroup
				for hand := range 8 {
					work.Go(func() {
						for i := hand; i < n; i += 16 { // the other half is idle
							err := list[i].ask("*2\r\n$4\r\nINCR\r\n$"+key(i), fmt.Sprintf(":%d\r\n", round+1))
							if !assert.NoError(t, err) {
								return
							}
						}
					})
				}
				work.Wait()
			}
			c := dial(t, addrs[0])
			assert.Equal(t, fmt.Sprint(n+1), c.info("clients")["connected_clients"])
			assert.Equal(t, n+1, strings.Count(c.bulk("CLIENT LIST"), "\n"))
			assert.Equal(t, ":"+fmt.Sprint(n), c.do("CLIENT KILL TYPE normal SKIPME yes"))
			s.onlyThese(t, 1)
			closeAll(list)
			if filesBefore > 0 {
				// A few are the loops' own, which come as they are needed.
				eventually(t, func() bool { return files() <= filesBefore+20 }, "files stay open")
			}
		})
	}
}

// key is the rest of a request with a key of its own.
func key(i int) string {
	name := fmt.Sprintf("key:%d", i)
	return fmt.Sprintf("%d\r\n%s\r\n", len(name), name)
}

// TestListsOfBothTransports: clients on a loop and clients with goroutines of their own
// look at each other at the same time.
func TestListsOfBothTransports(t *testing.T) {
	_, addrs := both(t)
	var work sync.WaitGroup
	for i := range 6 {
		c := dial(t, addrs[i%2])
		work.Go(func() {
			for range fewer(200, 50) {
				assert.NotEmpty(t, c.bulk("CLIENT LIST"))
			}
		})
	}
	work.Wait()
}

// discard reads in the background whatever comes to a client.
func (c *client) discard() { go func(in *bufio.Reader) { _, _ = io.Copy(io.Discard, in) }(c.in) }

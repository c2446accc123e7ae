package conn

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waits says whether a client waits under a word.
func (h *harness) waits(word string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting[word] != nil
}

// untilWaiting returns when a client waits under a word.
func (h *harness) untilWaiting(word string) {
	h.t.Helper()
	eventually(h.t, "waiting "+word, func() bool { return h.waits(word) })
}

func TestWhatFollowsABlockedCommandWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c, other := h.dial(), h.dial()
		// Behind it in the same packet, in later ones, and the half of a command.
		c.send(command("PING") + command("WAIT", "a") + command("ECHO", "1") + command("WAIT", "b") + command("ECHO", "2"))
		c.expect("+PONG\r\n")
		h.untilWaiting("a")
		value := strings.Repeat("v", 100_000)
		go func() {
			for _, part := range []string{command("ECHO", "3"), command("ECHO", value)} {
				_, _ = c.Write([]byte(part[:7]))
				time.Sleep(time.Millisecond)
				_, _ = c.Write([]byte(part[7:]))
			}
		}()
		other.send(command("PING"))
		other.expect("+PONG\r\n")
		time.Sleep(10 * time.Millisecond)
		require.EqualValues(t, 3, h.executed.Load(), "two PING and a WAIT")
		other.send(command("WAKE", "a", "x"))
		other.expect(":3\r\n")
		c.expect(bulk("x") + bulk("1"))
		h.untilWaiting("b")
		other.send(command("WAKE", "b", "y"))
		other.expect(":3\r\n")
		c.expect(bulk("y") + bulk("2") + bulk("3") + bulk(value))
		c.send(command("PING"))
		c.expect("+PONG\r\n")
	})
}

// TestWokenAtOnce has the wake-up come before the connection has gone to rest.
func TestWokenAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c, other := h.dial(), h.dial()
		for i := range 300 {
			word := fmt.Sprint(i)
			c.send(command("WAIT", word) + command("ECHO", word))
			h.untilWaiting(word)
			other.send(command("WAKE", word, "x"))
			other.expect(":3\r\n")
			c.expect(bulk("x") + bulk(word))
		}
	})
}

func TestHangingUpWhileBlocked(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		for i, leave := range []func(c *client){
			func(c *client) { _ = c.Close() },
			func(c *client) { // with something unread
				c.send(command("ECHO", strings.Repeat("x", 10_000)))
				_ = c.Close()
			},
			func(c *client) {
				if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
					_ = half.CloseWrite()
				}
			},
			func(c *client) {
				if tcp, ok := c.Conn.(*net.TCPConn); ok {
					_ = tcp.SetLinger(0)
				}
				_ = c.Close()
			},
		} {
			c := h.dial()
			word := fmt.Sprint(i)
			c.send(command("WAIT", word) + command("PING"))
			h.untilWaiting(word)
			leave(c)
			eventually(t, "closed", func() bool { return h.closed.Load() == int64(i+1) })
			h.mu.Lock()
			h.waiting[word].Resume([]byte("+late\r\n")) // does no harm
			h.mu.Unlock()
		}
	})
}

func TestKilledWhileBlocked(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("WAIT", "a") + command("PING"))
		h.untilWaiting("a")
		h.mu.Lock()
		h.waiting["a"].Kill()
		h.mu.Unlock()
		c.expectEnd()
	})
}

func TestPushedToWhileBlocked(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("WAIT", "a") + command("PING"))
		h.untilWaiting("a")
		h.mu.Lock()
		waiter := h.waiting["a"]
		h.mu.Unlock()
		require.True(t, waiter.Push([]byte(">1\r\n+news\r\n")))
		c.expect(">1\r\n+news\r\n")
		waiter.Push([]byte("+one\r\n"))
		waiter.Resume([]byte("+two\r\n"))
		waiter.Push([]byte("+three\r\n"))
		if transport == "tcp" || transport == "unix" {
			c.expect("+one\r\n+two\r\n+three\r\n+PONG\r\n")
			return
		}
		c.expect("+one\r\n+two\r\n") // a goroutine each: what comes later may come later
	})
}

func TestResumedWithoutAReply(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("WAIT", "a") + command("PING"))
		h.untilWaiting("a")
		h.mu.Lock()
		waiter := h.waiting["a"]
		h.mu.Unlock()
		waiter.Resume(nil)
		c.expect("+PONG\r\n")
	})
}

func TestBlockedAreNotIdle(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		t.Parallel() // it waits for seconds to pass
		h := serve(t, transport)
		h.limits.Timeout.Store(1)
		c, idle := h.dial(), h.dial()
		idle.send(command("PING"))
		idle.expect("+PONG\r\n")
		c.send(command("WAIT", "a"))
		h.untilWaiting("a")
		idle.expectEnd()
		time.Sleep(1200 * time.Millisecond) // as long again
		h.mu.Lock()
		h.waiting["a"].Resume([]byte("+OK\r\n"))
		h.mu.Unlock()
		c.expect("+OK\r\n")
	})
}

func TestShutdownEndsWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport) // which is shut down in the end
		for _, follow := range []string{"", command("PING"), "*1\r\n$4\r\nPI"} {
			c := h.dial()
			c.send(command("PING") + command("WAIT", "a"+follow) + follow)
			c.expect("+PONG\r\n")
			h.untilWaiting("a" + follow)
		}
	})
}

// TestBlockedWithOutputWaiting blocks a client that has yet to read much.
func TestBlockedWithOutputWaiting(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		const size = 6 << 20
		go c.send(command("BIG", fmt.Sprint(size)) + command("WAIT", "a") + command("ECHO", "x"))
		go func() {
			h.untilWaiting("a")
			h.mu.Lock()
			defer h.mu.Unlock()
			h.waiting["a"].Resume([]byte("+woken\r\n"))
		}()
		time.Sleep(time.Millisecond)
		c.expect(bulk(strings.Repeat("x", size)) + "+woken\r\n" + bulk("x"))
	})
}

// TestBlockingStorm has many clients block and be woken, pipelined and not, all at
// once, while connections move between the loops.
func TestBlockingStorm(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		const clients, rounds = 12, 60
		all := make([]*client, clients)
		for i := range all {
			all[i] = h.dial()
			all[i].send(command("PING"))
			all[i].expect("+PONG\r\n")
		}
		stop := move(h)
		defer stop()
		var both sync.WaitGroup
		for i := range clients / 2 {
			both.Go(func() { waitMany(all[i], i, rounds) })
			both.Go(func() { wakeMany(h, all[clients/2+i], i, rounds) })
		}
		both.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		assert.Empty(t, h.waiting)
	})
}

func waitMany(c *client, i, rounds int) {
	random := rand.New(rand.NewPCG(uint64(i), 1))
	for round := 0; round < rounds; {
		var request, want strings.Builder
		for range 1 + random.IntN(5) {
			word := fmt.Sprintf("%d.%d", i, round)
			request.WriteString(command("WAIT", word) + command("ECHO", word))
			want.WriteString(bulk(word) + bulk(word))
			if round++; round == rounds {
				break
			}
		}
		text := request.String()
		cut := random.IntN(len(text))
		c.send(text[:cut])
		if random.IntN(2) == 0 {
			time.Sleep(time.Duration(random.IntN(300)) * time.Microsecond)
		}
		c.send(text[cut:])
		c.expect(want.String())
	}
}

func wakeMany(h *harness, c *client, i, rounds int) {
	for round := range rounds {
		word := fmt.Sprintf("%d.%d", i, round)
		h.untilWaiting(word)
		c.send(command("WAKE", word, word))
		c.expect(":3\r\n")
	}
}

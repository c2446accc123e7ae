package protocol

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lines reads so many lines.
func (c *client) lines(n int) string {
	c.t.Helper()
	list := make([]string, n)
	for i := range list {
		list[i] = c.line()
	}
	return strings.Join(list, " ")
}

// TestThousandSubscribers of one channel, on both transports, get everything in order.
func TestThousandSubscribers(t *testing.T) {
	const subscribers, messages = 1000, 20
	s, addrs := both(t)
	list := make([]*client, subscribers)
	for i := range list {
		list[i] = dial(t, addrs[i%2])
		list[i].send("SUBSCRIBE news")
		assert.Equal(t, "*3 $9 subscribe $4 news :1", list[i].lines(6))
	}
	publisher := dial(t, addrs[0])
	for i := range messages {
		require.Equal(t, fmt.Sprintf(":%d", subscribers), publisher.do("PUBLISH news %d", i))
	}
	for _, c := range list {
		for i := range messages {
			text := fmt.Sprint(i)
			require.Equal(t, fmt.Sprintf("*3 $7 message $4 news $%d %s", len(text), text), c.lines(7))
		}
	}
	assert.Equal(t, subscribers, s.handlers.Exchange.Clients())
	for _, c := range list {
		_ = c.conn.Close()
	}
	assert.Eventually(t, func() bool { return s.handlers.Exchange.Clients() == 0 }, 20*time.Second, time.Millisecond)
	assert.Eventually(t, func() bool { return publisher.do("PUBLISH news x") == ":0" }, 20*time.Second, time.Millisecond)
}

// TestSlowSubscriber: one that does not read is cut off at its limit, hard or soft,
// and nobody else notices.
func TestSlowSubscriber(t *testing.T) {
	for _, limit := range []string{"pubsub 1mb 0 0", "pubsub 0 1mb 1"} {
		t.Run(limit, func(t *testing.T) {
			s, addrs := both(t, append([]string{"--client-output-buffer-limit"}, strings.Fields(limit)...)...)
			for _, addr := range addrs {
				slow, reader, publisher := dial(t, addr), dial(t, addrs[0]), dial(t, addrs[1])
				for _, c := range []*client{slow, reader} {
					c.send("SUBSCRIBE news")
					c.lines(6)
				}
				var read counter
				go func() { _, _ = io.Copy(&read, reader.in) }()
				text := strings.Repeat("x", 60<<10)
				sent := 0
				for end := time.Now().Add(15 * time.Second); ; sent++ {
					reply := publisher.do("PUBLISH news %s", text)
					if reply == ":1" {
						break
					}
					require.Equal(t, ":2", reply)
					for read.Load() < int64((sent-8)*len(text)) { // the other one keeps up
						require.True(t, time.Now().Before(end), "the one that reads is cut off")
						time.Sleep(100 * time.Microsecond)
					}
					if sent > 400 { // more than sockets hold: what counts now is the time
						time.Sleep(5 * time.Millisecond)
					}
					require.True(t, time.Now().Before(end), "the slow one is still there after %d messages", sent)
				}
				assert.Equal(t, "+PONG", publisher.do("PING"))
				assert.Equal(t, ":1", publisher.do("PUBLISH news last"))
				assert.Eventually(t, func() bool { return read.Load() > int64(sent*len(text)) }, 10*time.Second, time.Millisecond)
				_ = reader.conn.Close()
				assert.Eventually(t, func() bool { return s.handlers.Exchange.Clients() == 0 }, 10*time.Second, time.Millisecond)
			}
			assert.Equal(t, "2", dial(t, addrs[0]).info("stats")["client_output_buffer_limit_disconnections"])
		})
	}
}

// counter counts what is written to it.
type counter struct{ atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.Add(int64(len(p)))
	return len(p), nil
}

// TestNothingStays of clients that subscribe and track and go away.
func TestNothingStays(t *testing.T) {
	s, addrs := both(t)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for i := range 100 {
				conn, err := net.Dial(addrs[n%2].Network(), addrs[n%2].String())
				if !assert.NoError(t, err) {
					return
				}
				fmt.Fprintf(conn, "HELLO 3\r\nSUBSCRIBE a b%d\r\nPSUBSCRIBE c*\r\nSSUBSCRIBE d\r\nCLIENT TRACKING on%s\r\nGET k%d\r\nMULTI\r\nWATCH x\r\n",
					i, []string{"", " bcast", " noloop"}[i%3], i)
				if i%2 == 0 {
					_, _ = conn.Read(make([]byte, 100))
				}
				_ = conn.Close()
			}
		})
	}
	group.Wait()
	c := dial(t, addrs[0])
	// Connections that were closed before they were accepted still come and go.
	x := s.handlers.Exchange
	assert.Eventually(t, func() bool {
		left := x.Clients() + x.Len(0) + x.Len(1) + x.Len(2) + s.handlers.Tracking.Clients() + s.handlers.Tracking.Prefixes()
		return s.conns.Stats().Connections == 1 && left == 0
	}, 20*time.Second, time.Millisecond)
	f := c.info("clients")
	assert.Equal(t, "0 0", f["tracking_clients"]+" "+f["pubsub_clients"])
}

// TestCopiesAreRight: a client that keeps a copy until it is told otherwise has the
// right value in the end, however many writers there are.
func TestCopiesAreRight(t *testing.T) {
	const keys, writes = 5, 2000
	_, addrs := both(t)
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for n := range 2 {
		w := dial(t, addrs[n])
		writers.Go(func() {
			for i := range writes {
				w.send("INCR key:%d", i%keys)
				w.line()
			}
		})
	}
	go func() { writers.Wait(); close(done) }()
	for n := range 4 {
		c := dial(t, addrs[n%2])
		readers.Go(func() { keepCopies(t, c, keys, done) })
	}
	readers.Wait()
}

// keepCopies reads keys of which it has no copy, until done and no message is left.
func keepCopies(t *testing.T, c *client, keys int, done chan struct{}) {
	c.send("HELLO 3")
	for line := c.line(); !strings.HasPrefix(line, "*0"); line = c.line() {
	}
	c.send("CLIENT TRACKING on")
	assert.Equal(t, "+OK", c.line())
	copies := map[string]string{}
	// answer reads up to a reply; what stands before it makes copies void.
	answer := func() string {
		for {
			line := c.line()
			if line == ">2" {
				c.lines(3) // $10 invalidate *1
				c.line()
				delete(copies, c.line())
				continue
			}
			if strings.HasPrefix(line, "$") {
				return c.line()
			}
			return line
		}
	}
	for last := false; ; {
		for i := range keys {
			key := fmt.Sprintf("key:%d", i)
			if _, ok := copies[key]; ok {
				continue
			}
			c.send("GET %s", key)
			value := answer()
			copies[key] = value
		}
		c.send("PING")
		assert.Equal(t, "+PONG", answer())
		if last {
			break
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
	time.Sleep(20 * time.Millisecond)
	c.send("PING")
	answer() // the last messages
	c.send("CLIENT TRACKING off")
	answer()
	for key, value := range copies {
		c.send("GET %s", key)
		assert.Equal(t, answer(), value, key)
	}
}

// TestEventsOfTheEngine: what happens to keys by itself.
func TestEventsOfTheEngine(t *testing.T) {
	_, addrs := both(t, "--notify-keyspace-events", "Exehg", "--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru", "--hz", "100")
	c, w := dial(t, addrs[1]), dial(t, addrs[0])
	c.send("PSUBSCRIBE __keyevent@0__:*")
	c.lines(6)
	event := func() string {
		c.lines(5) // *4 $8 pmessage $18 pattern
		c.line()
		name := strings.TrimPrefix(c.line(), "__keyevent@0__:")
		c.line()
		return name + " " + c.line()
	}
	w.do("SET k v PX 20")
	assert.Equal(t, "expire k", event())
	assert.Equal(t, "expired k", event())
	w.do("HSET h f 1 g 2")
	assert.Equal(t, "hset h", event())
	w.send("HPEXPIRE h 20 FIELDS 1 f")
	w.lines(2)
	assert.Equal(t, "hexpire h", event())
	assert.Equal(t, "hexpired h", event())
	w.send("HPEXPIRE h 20 FIELDS 1 g")
	w.lines(2)
	assert.Equal(t, "hexpire h", event())
	assert.Equal(t, "hexpired h", event())
	assert.Equal(t, "del h", event())
	w.send("HSET h f 1")
	w.send("HPEXPIRE h 0 FIELDS 1 f")
	w.lines(3)
	assert.Equal(t, "hset h", event())
	assert.Equal(t, "hdel h", event())
	assert.Equal(t, "del h", event())
	value := strings.Repeat("x", 50<<10)
	for i := range 300 {
		require.Equal(t, "+OK", w.do("SET key:%d %s", i, value))
	}
	assert.True(t, strings.HasPrefix(event(), "evicted key:"))
}

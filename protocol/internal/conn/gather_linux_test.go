package conn

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// holdUp has the first loop wait until release is called, so that what clients send
// meanwhile is there for it all at once.
func holdUp(h *harness) (release func()) {
	waiting, done := make(chan struct{}), make(chan struct{})
	h.server.plain.all()[0].post(func(*loop) {
		close(waiting)
		<-done
	})
	<-waiting
	return func() { close(done) }
}

// batchRecorder is an executor that keeps what it is told to prepare. A command of that name
// is a fault.
type batchRecorder struct {
	toyExecutor
	mu      sync.Mutex
	batches []int
}

func (r *batchRecorder) Prepare(batch [][][]byte) {
	r.mu.Lock()
	r.batches = append(r.batches, len(batch))
	r.mu.Unlock()
	for _, args := range batch {
		if string(args[0]) == "UNPREPARED" {
			panic("as asked")
		}
	}
}

func (r *batchRecorder) largest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Max(r.batches)
}

func serveRecorded(t *testing.T, transport string) (*harness, *batchRecorder) {
	var r *batchRecorder
	h := serve(t, transport, func(o *Options, y *toy) {
		r = &batchRecorder{toyExecutor: toyExecutor{y}}
		o.Loops, y.executor = 1, r
	})
	return h, r
}

func dialMany(h *harness, n int) []*client {
	all := make([]*client, n)
	for i := range all {
		all[i] = h.dial()
		all[i].send(command("PING"))
		all[i].expect("+PONG\r\n")
	}
	return all
}

// TestGathered: the commands that many connections have sent are prepared together.
func TestGathered(t *testing.T) {
	for _, transport := range []string{"tcp", "unix"} {
		t.Run(transport, func(t *testing.T) {
			h, r := serveRecorded(t, transport)
			all := dialMany(h, 150)
			release := holdUp(h)
			for i, c := range all {
				c.send(command("ECHO", fmt.Sprint(i)))
			}
			release()
			for i, c := range all {
				c.expect(bulk(fmt.Sprint(i)))
			}
			assert.Equal(t, batchMax, r.largest())
		})
	}
}

// TestGatheredWithOthers has connections do what keeps them from being executed
// with the rest, or ends them there, in an order that is different every time.
func TestGatheredWithOthers(t *testing.T) {
	long := strings.Repeat("v", 3*gatherRead)
	plain := []struct {
		sent, received string
		ends           bool
	}{
		{command("ECHO", "1"), bulk("1"), false},
		{command("PING") + command("ECHO", "2"), "+PONG\r\n" + bulk("2"), false},
		{command("ECHO", long), bulk(long), false},
		{command("PING") + "*0\r\n" + command("PING"), "+PONG\r\n+PONG\r\n", false},
		{"PING\r\n", "+PONG\r\n", false},
		{command("PING") + "PING\r\n", "+PONG\r\n+PONG\r\n", false},
		{command("BIG", "100000") + command("PING"), bulk(strings.Repeat("x", 100_000)) + "+PONG\r\n", false},
		{strings.Repeat(command("PING"), 70), strings.Repeat("+PONG\r\n", 70), false},
		{strings.Repeat(command("PING"), 6000), strings.Repeat("+PONG\r\n", 6000), false},
		{command("PING") + command("QUIT") + command("PING"), "+PONG\r\n+OK\r\n", true},
		{command("PANIC"), "", true},
		{command("UNPREPARED"), "", true},
		{command("PING") + "*1\r\n+\r\n", "+PONG\r\n-ERR Protocol error: expected '$', got '+'\r\n", true},
	}
	h, _ := serveRecorded(t, "tcp")
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		picks := make([]int, 40)
		for i := range picks {
			picks[i] = random.IntN(len(plain))
		}
		all := dialMany(h, len(picks))
		release := holdUp(h)
		for i, c := range all {
			c.send(plain[picks[i]].sent)
		}
		release()
		for i, c := range all {
			c.expect(plain[picks[i]].received)
			if plain[picks[i]].ends {
				c.expectEnd()
				continue
			}
			c.send(command("ECHO", "after"))
			c.expect(bulk("after"))
			require.NoError(t, c.Close())
		}
	}
}

// TestGatheredBlocking has clients wait in what was gathered, with more commands behind,
// and others wake them in what was gathered later.
func TestGatheredBlocking(t *testing.T) {
	h, _ := serveRecorded(t, "tcp")
	all := dialMany(h, 20)
	for round := range 10 {
		word := func(i int) string { return fmt.Sprintf("%d-%d", round, i) }
		release := holdUp(h)
		for i, c := range all[:10] {
			c.send(command("PING") + command("WAIT", word(i)) + command("ECHO", "behind"))
		}
		release()
		for i := range 10 {
			h.untilWaiting(word(i))
		}
		release = holdUp(h)
		for i, c := range all[10:] {
			c.send(command("WAKE", word(i), "x") + command("PING"))
		}
		release()
		for _, c := range all[:10] {
			c.expect("+PONG\r\n" + bulk("x") + bulk("behind"))
		}
		for _, c := range all[10:] {
			c.expect(":3\r\n+PONG\r\n")
		}
	}
}

// TestGatheredThenMoved has connections move to another loop in the round that their
// commands are gathered in.
func TestGatheredThenMoved(t *testing.T) {
	h := serve(t, "tcp")
	all := dialMany(h, 30)
	spread(h)
	loops := h.server.plain.all()
	for round := range 10 {
		from, to := loops[0], loops[1]
		release := holdUp(h)
		for i, c := range all {
			c.send(command("ECHO", fmt.Sprint(round, i)))
		}
		from.post(func(l *loop) { l.disperse([]*loop{to}) })
		release()
		for i, c := range all {
			c.expect(bulk(fmt.Sprint(round, i)))
		}
		back := make(chan struct{})
		to.post(func(l *loop) { l.disperse([]*loop{from}); close(back) })
		<-back
		for _, c := range all {
			c.send(command("PING"))
			c.expect("+PONG\r\n")
		}
	}
}

// TestEndBehindCommands: a client that has sent its last commands and shut down gets
// its replies, and then the end, although all came in one event.
func TestEndBehindCommands(t *testing.T) {
	for _, transport := range []string{"tcp", "unix"} {
		for _, requests := range []string{command("PING"), strings.Repeat(command("PING"), 6000)} {
			h := serve(t, transport)
			all := dialMany(h, 10)
			release := holdUp(h)
			for _, c := range all {
				c.send(requests)
				require.NoError(t, c.Conn.(interface{ CloseWrite() error }).CloseWrite())
			}
			release()
			for _, c := range all {
				c.expect(strings.Repeat("+PONG\r\n", len(requests)/len(command("PING"))))
				c.expectEnd()
			}
		}
	}
}

// TestFullReads sends requests of about the length of a read, so that what is left in the
// socket, or nothing, is announced by no event of its own.
func TestFullReads(t *testing.T) {
	h := serve(t, "tcp")
	c := dialMany(h, 1)[0]
	pings := strings.Repeat(command("PING"), readSize/len(command("PING"))-4)
	for over := -3; over <= 3; over++ {
		fill := readSize + over - len(pings) - len(command("ECHO", "")) // and one more digit
		request := pings + command("ECHO", strings.Repeat("v", fill-1))
		require.Len(t, request, readSize+over)
		replies := strings.Repeat("+PONG\r\n", len(pings)/len(command("PING"))) + bulk(strings.Repeat("v", fill-1))
		for _, behind := range []string{"", command("WAIT", "a"), command("PING")} {
			release := holdUp(h)
			c.send(request + behind)
			release()
			c.expect(replies)
			switch behind {
			case command("PING"):
				c.expect("+PONG\r\n")
			case command("WAIT", "a"):
				h.untilWaiting("a")
				c.send(command("ECHO", "last"))
				h.wake("a")
				c.expect(bulk("last"))
			}
		}
	}
}

// TestHangingUpBehindAFullRead: the client goes while its commands take several turns, of
// which the last one blocks.
func TestHangingUpBehindAFullRead(t *testing.T) {
	h := serve(t, "tcp")
	for range 10 {
		c := dialMany(h, 1)[0]
		release := holdUp(h)
		c.send(strings.Repeat(command("PING"), 6000) + command("WAIT", "a") + command("PING"))
		release()
		h.untilWaiting("a")
		require.NoError(t, c.Conn.(*net.TCPConn).SetLinger(0))
		require.NoError(t, c.Close())
		eventually(t, "it is gone", func() bool { return h.server.Stats().Connections == 0 })
		h.mu.Lock()
		delete(h.waiting, "a")
		h.mu.Unlock()
	}
}

// wake has whoever waits under a word go on without a reply.
func (h *harness) wake(word string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[word].Resume(nil)
	delete(h.waiting, word)
}

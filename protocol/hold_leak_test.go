package protocol

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// clientLives are what clients do before they go: %d is a number, of the client's own.
var clientLives = []string{
	"PING",
	"BLPOP none%d 0",
	"BLPOP shared none%d 0.01",
	"BLMOVE shared none%d LEFT LEFT 0",
	"BZPOPMIN z%d shared 0",
	"XREAD BLOCK 0 STREAMS s%d $",
	"BLPOP none%d 0\r\nPING\r\nPING",
	"WAIT 1 10",
	"SUBSCRIBE news c%d",
	"PSUBSCRIBE n* p%d",
	"SSUBSCRIBE news s%d",
	"HELLO 3\r\nSUBSCRIBE news\r\nGET k%d",
	"HELLO 3\r\nCLIENT TRACKING on\r\nGET k%d",
	"HELLO 3\r\nCLIENT TRACKING on BCAST PREFIX k%d",
	"MULTI\r\nSET k%d v",
	"WATCH k%d shared",
	"MONITOR",
	"EVAL \"return redis.call('get', KEYS[1])\" 1 k%d",
	"EVAL \"for i = 1, 10 do redis.call('incr', KEYS[1]) end\" 1 n%d",
	"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nhalf of it",
	"SET k%d v PX 1\r\nCLIENT NO-EVICT on",
	"CLIENT SETNAME n%d\r\nSELECT 3",
}

// liveAndGo is one client: it does something, and goes or is sent away.
func liveAndGo(at net.Addr, i int, kill func(id string)) error {
	c, err := dialUntil(at, time.Now().Add(patience))
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	life := clientLives[i%len(clientLives)]
	if strings.Contains(life, "%d") {
		life = fmt.Sprintf(life, i)
	}
	var id string
	if i/len(clientLives)%3 == 0 { // a third are killed, the others hang up
		reply := make([]byte, 32)
		if _, err := c.Write([]byte("CLIENT ID\r\n")); err != nil {
			return err
		}
		n, err := c.Read(reply)
		if err != nil {
			return err
		}
		id = strings.Trim(string(reply[:n]), ":\r\n")
	}
	if _, err := c.Write([]byte(life + "\r\n")); err != nil {
		return err
	}
	switch i / len(clientLives) % 3 {
	case 0:
		kill(id)
		_, _ = c.Read(make([]byte, 100))
	case 1:
		if rand.IntN(2) == 0 {
			runtime.Gosched()
		}
	case 2:
		_ = c.(interface{ CloseWrite() error }).CloseWrite() // it half hangs up
	}
	return nil
}

// TestNothingLeaks connects, subscribes, blocks and kills ten thousand clients, and looks
// at what is left: no client, no goroutine, no descriptor, no memory.
func TestNothingLeaks(t *testing.T) {
	clients := fewer(10_000, 700)
	ignored := goleak.IgnoreCurrent()
	s, addrs := both(t, "--maxmemory", "512mb")
	admin := dial(t, addrs[0])
	hammer(t, s, addrs, clients/5) // what is made once and kept
	before, filesBefore, resident := liveHeap(), files(), s.Cache().Stats().Resident
	goroutines := runtime.NumGoroutine()
	hammer(t, s, addrs, clients)

	assert.Equal(t, 1, strings.Count(admin.bulk("CLIENT LIST"), "\n"))
	h := s.handlers
	eventually(t, func() bool {
		left := h.Exchange.Clients() + h.Exchange.Len(0) + h.Exchange.Len(1) + h.Exchange.Len(2) + h.Tracking.Clients() +
			h.Tracking.Prefixes() + h.Watch.Clients() + h.Watch.Total() + h.Blocking.Stats().Clients + h.Blocking.Stats().Keys
		return left == 0 && !h.Monitors.Any() && !h.Scripts.Busy()
	}, "something of a client's is left")
	assert.Equal(t, "+OK", admin.do("FLUSHALL"))
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+3 }, "goroutines are left")
	if filesBefore > 0 {
		assert.LessOrEqual(t, files(), filesBefore+3)
	}
	eventually(t, func() bool { return s.Cache().Stats().Resident <= resident+1<<20 }, "data is left")
	assert.Less(t, liveHeap()-before, int64(4<<20))

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, s.Shutdown(ctx))
	eventually(t, func() bool { return goleak.Find(ignored) == nil }, "goroutines outlive the server")
}

// hammer has n clients come and go, eight at a time, while others push to what they wait
// for, list them and talk to them.
func hammer(t *testing.T, s *Server, addrs [2]net.Addr, n int) {
	var clients, others sync.WaitGroup
	var next, over atomic.Int64
	for range 8 {
		clients.Go(func() {
			killer := tryDial(addrs[1].Network(), addrs[1].String())
			defer func() { _ = killer.conn.Close() }()
			kill := func(id string) { _, _ = killer.try("CLIENT KILL ID " + id) }
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := liveAndGo(addrs[i%2], i, kill); !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	for i, lines := range [][]string{
		{"RPUSH shared x", "LTRIM shared 1 0", "PUBLISH news x", "SPUBLISH news x", "SET k1 x"},
		{"CLIENT KILL ID 999999999", "FLUSHALL", "PUBSUB NUMPAT", "INFO clients"},
	} {
		c := dial(t, addrs[i])
		others.Go(func() {
			defer func() { _ = c.conn.Close() }()
			for over.Load() == 0 {
				for _, line := range lines {
					if line == "INFO clients" {
						c.info("clients")
						continue
					}
					c.do("%s", line)
				}
			}
		})
	}
	clients.Wait()
	over.Store(1)
	others.Wait()
	s.onlyThese(t, 1)
}

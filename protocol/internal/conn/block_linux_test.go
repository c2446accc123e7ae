package conn

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// move moves connections between the event loops until stop is called.
func move(h *harness) (stop func()) {
	if h.transport == "net" || h.transport == "tls" {
		return func() {}
	}
	spread(h)
	done := make(chan struct{})
	var mover sync.WaitGroup
	mover.Go(func() {
		loops := h.server.plain.all()
		random := rand.New(rand.NewPCG(3, 1))
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Microsecond):
			}
			from, pick := random.IntN(2), rand.New(rand.NewPCG(random.Uint64(), 1))
			loops[from].post(func(l *loop) {
				for _, c := range l.conns {
					if c != nil && pick.IntN(2) == 0 {
						l.moveTo(loops[1-from], c)
					}
				}
			})
		}
	})
	return func() {
		close(done)
		mover.Wait()
	}
}

// TestBlockedReadsNothing: what a blocked client sends stays in its socket.
func TestBlockedReadsNothing(t *testing.T) {
	h := serve(t, "tcp")
	c := h.dial()
	c.send(command("WAIT", "a"))
	h.untilWaiting("a")
	in := h.server.Stats().BytesIn
	wakeups := func() uint64 { return h.server.Stats().Loops[0].Wakeups }
	for range 20 {
		c.send(command("PING"))
		time.Sleep(time.Millisecond)
	}
	before := wakeups()
	time.Sleep(20 * time.Millisecond)
	require.Less(t, wakeups()-before, uint64(5), "the loop is at rest")
	require.Equal(t, in, h.server.Stats().BytesIn)
	h.mu.Lock()
	h.waiting["a"].Resume(nil)
	h.mu.Unlock()
	for range 20 {
		c.expect("+PONG\r\n")
	}
}

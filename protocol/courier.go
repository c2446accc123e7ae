package protocol

import (
	"sync"

	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
)

// courier delivers the messages that no command delivers: about keys that expire or
// are evicted, and about what a program does that uses the cache directly.
type courier struct {
	wanted chan struct{} // of one letter: there is something to deliver
	stop   chan struct{}
	work   sync.WaitGroup
}

func newCourier() *courier {
	return &courier{wanted: make(chan struct{}, 1), stop: make(chan struct{})}
}

// wake has the messages delivered soon. It waits for nothing.
func (c *courier) wake() {
	select {
	case c.wanted <- struct{}{}:
	default: // it is about to look
	}
}

// start has the courier work until close.
func (c *courier) start(s *handlers.Server) {
	c.work.Go(func() {
		for {
			select {
			case <-c.stop:
				return
			case <-c.wanted:
				s.Deliver(nil, nil)
			}
		}
	})
}

func (c *courier) close() {
	close(c.stop)
	c.work.Wait()
}

package pace

import (
	"sync"
	"time"
)

// Stalls knows when the machine stood still: moments in which not even a thread that
// goes before all ordinary ones could run. The hypervisor, interrupts and the system's
// own chores make them. No server can do anything against them, and whatever a request
// waited meanwhile is not the server's doing. What the server does, its threads, its
// locks, its use of all processors, does not delay such a thread.
type Stalls struct {
	stop chan struct{}
	work sync.WaitGroup

	mu    sync.Mutex
	spans []Span // the newest last
}

// Span is a stretch of time.
type Span struct{ From, To time.Time }

const (
	// watchEvery is how often the watching threads look at the clock.
	watchEvery = 250 * time.Microsecond
	// stallLeast is how late one must be for a stall; waking takes some time always.
	stallLeast = 100 * time.Microsecond
	// keepSpans bounds what is remembered. At one stall a millisecond, that is a minute.
	keepSpans = 1 << 16
)

// WatchStalls begins to watch each processor; nil if the system does not allow threads
// to go before others: without that, ordinary load would be taken for a stall.
func WatchStalls() *Stalls {
	s := &Stalls{stop: make(chan struct{})}
	n := processors()
	allowed := make(chan bool, n)
	for i := range n {
		s.work.Go(func() {
			ok := foremost(i)
			allowed <- ok
			if ok {
				s.watch()
			}
		})
	}
	all := n > 0
	for range n {
		all = <-allowed && all
	}
	if !all {
		s.Close()
		return nil
	}
	return s
}

func (s *Stalls) watch() {
	for {
		select {
		case <-s.stop:
			return
		default:
		}
		due := time.Now().Add(watchEvery)
		if late := Until(due); late >= stallLeast {
			s.mu.Lock()
			if len(s.spans) == keepSpans {
				s.spans = append(s.spans[:0], s.spans[keepSpans/2:]...)
			}
			s.spans = append(s.spans, Span{From: due, To: due.Add(late)})
			s.mu.Unlock()
		}
	}
}

// Within is for how long the machine stood still in a stretch of time, on any of its
// processors; stalls of several at once count once. It is 0 without a watch.
func (s *Stalls) Within(in Span) (total time.Duration) {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Spans are noted in the order of their ends, so the union can be taken backwards.
	until := in.To
	for i := len(s.spans) - 1; i >= 0 && s.spans[i].To.After(in.From); i-- {
		from, to := s.spans[i].From, s.spans[i].To
		if from.Before(in.From) {
			from = in.From
		}
		if to.After(until) {
			to = until
		}
		if to.After(from) {
			total += to.Sub(from)
			until = from
		}
	}
	return total
}

// Close ends the watch.
func (s *Stalls) Close() {
	if s != nil {
		close(s.stop)
		s.work.Wait()
	}
}

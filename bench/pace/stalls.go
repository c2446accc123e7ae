package pace

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stalls knows when the machine stood still: moments in which not even a thread that
// goes before all ordinary ones could run. The hypervisor, interrupts and the system's
// own chores make them. No server can do anything against them, and whatever a request
// waited meanwhile is not the server's doing. What the server does, its threads, its
// locks, its use of all processors, does not delay such a thread.
type Stalls struct {
	stop  atomic.Bool
	work  sync.WaitGroup
	procs int // of the Go scheduler, before

	mu    sync.Mutex
	spans []Span // apart from each other, the newest last
}

// Span is a stretch of time.
type Span struct{ From, To time.Time }

const (
	// watchEvery is how often the watching threads look at the clock.
	watchEvery = 250 * time.Microsecond
	// StallLeast is how late one must be for a stall; waking takes some time always.
	// What took less than that was not held up by one.
	StallLeast = 100 * time.Microsecond
	// keepSpans bounds what is remembered. At one stall a millisecond, that is a minute.
	keepSpans = 1 << 16
)

// WatchStalls begins to watch each processor; nil if the system does not allow threads
// to go before others: without that, ordinary load would be taken for a stall.
func WatchStalls() *Stalls {
	all := processors()
	// Each watching thread keeps one of the scheduler's processors.
	s := &Stalls{procs: runtime.GOMAXPROCS(0)}
	runtime.GOMAXPROCS(s.procs + len(all))
	allowed := make(chan bool, len(all))
	for _, cpu := range all {
		s.work.Go(func() {
			ok := foremost(cpu)
			allowed <- ok
			if ok {
				s.watch()
			}
		})
	}
	some := len(all) > 0
	for range all {
		some = <-allowed && some
	}
	if !some {
		s.Close()
		return nil
	}
	return s
}

func (s *Stalls) watch() {
	for !s.stop.Load() {
		late := time.Duration(lateness(int64(watchEvery)))
		now := time.Now() // always: a call is where the Go scheduler can stop this thread
		if late >= StallLeast {
			s.mu.Lock()
			s.note(Span{From: now.Add(-late), To: now})
			s.mu.Unlock()
		}
	}
}

// note adds a stall, put together with those that it overlaps: they are noted nearly
// in the order of their ends, so these are the newest.
func (s *Stalls) note(one Span) {
	if len(s.spans) == keepSpans {
		s.spans = append(s.spans[:0], s.spans[keepSpans/2:]...)
	}
	n := len(s.spans)
	for n > 0 && !s.spans[n-1].To.Before(one.From) {
		n--
		if s.spans[n].From.Before(one.From) {
			one.From = s.spans[n].From
		}
		if s.spans[n].To.After(one.To) {
			one.To = s.spans[n].To
		}
	}
	s.spans = append(s.spans[:n], one)
}

// Within is for how long the machine stood still in a stretch of time, on any of its
// processors; stalls of several at once count once. It is 0 without a watch.
func (s *Stalls) Within(in Span) (total time.Duration) {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	first, _ := slices.BinarySearchFunc(s.spans, in.From, func(span Span, from time.Time) int {
		if span.To.After(from) {
			return 1
		}
		return -1
	})
	for _, span := range s.spans[first:] {
		if !span.From.Before(in.To) {
			break
		}
		if span.From.Before(in.From) {
			span.From = in.From
		}
		if span.To.After(in.To) {
			span.To = in.To
		}
		total += span.To.Sub(span.From)
	}
	return total
}

// Close ends the watch.
func (s *Stalls) Close() {
	if s != nil {
		s.stop.Store(true)
		s.work.Wait()
		runtime.GOMAXPROCS(s.procs)
	}
}

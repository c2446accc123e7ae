// Package latency keeps a history of the times at which the server was slow, by the
// kind of event that was: LATENCY LATEST, HISTORY and GRAPH. An event is kept where it
// took latency-monitor-threshold milliseconds or more, one for each second, the worst.
package latency

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The kinds of events of commands: any, and those that should take constant or
// logarithmic time.
const (
	Command     = "command"
	FastCommand = "fast-command"
)

// samples is how many seconds of each kind of event are kept.
const samples = 160

// Sample is the worst event of a second.
type Sample struct {
	At int64 // unix seconds
	Ms int64
}

// Event is what is known of one kind of event.
type Event struct {
	Name   string
	Latest Sample
	Max    int64 // milliseconds, the worst ever
	all    []Sample
}

// Monitor is a server's history. The zero value is switched off.
type Monitor struct {
	threshold atomic.Int64 // milliseconds; 0: off

	mu     sync.Mutex
	events map[string]*Event
}

// SetThreshold says from how many milliseconds on an event is kept; 0 switches the
// monitor off.
func (m *Monitor) SetThreshold(ms int64) { m.threshold.Store(ms) }

// On tells whether events are kept at all.
func (m *Monitor) On() bool { return m.threshold.Load() > 0 }

// Slow tells whether an event that took d is to be kept.
func (m *Monitor) Slow(d time.Duration) bool {
	t := m.threshold.Load()
	return t > 0 && d.Milliseconds() >= t
}

// Add keeps an event that took d, at a time in unix milliseconds.
func (m *Monitor) Add(name string, now int64, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.events[name]
	if e == nil {
		if m.events == nil {
			m.events = map[string]*Event{}
		}
		e = &Event{Name: name}
		m.events[name] = e
	}
	s := Sample{now / 1000, d.Milliseconds()}
	e.Max = max(e.Max, s.Ms)
	if last := len(e.all) - 1; last >= 0 && e.all[last].At == s.At {
		e.all[last].Ms = max(e.all[last].Ms, s.Ms)
		e.Latest = e.all[last]
		return
	}
	if len(e.all) == samples {
		e.all = slices.Delete(e.all, 0, 1)
	}
	e.all = append(e.all, s)
	e.Latest = s
}

// Events are the kinds of events that there have been, by name.
func (m *Monitor) Events() []Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Event
	for _, e := range m.events {
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b Event) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return list
}

// History copies the samples of a kind of event, oldest first.
func (m *Monitor) History(name string) []Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.events[name]; e != nil {
		return slices.Clone(e.all)
	}
	return nil
}

// Reset forgets some kinds of events, all if none is named, and returns how many.
func (m *Monitor) Reset(names ...string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(names) == 0 {
		n = len(m.events)
		m.events = nil
		return n
	}
	for _, name := range names {
		if m.events[name] != nil {
			delete(m.events, name)
			n++
		}
	}
	return n
}

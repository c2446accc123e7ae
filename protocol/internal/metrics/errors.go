package metrics

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// maxErrorKinds bounds INFO errorstats: error codes beyond so many are only in
// the total, in case clients find a way to make them up.
const maxErrorKinds = 128

// errorStats counts error replies by their code. Errors are rare enough for a
// lock; it is taken for reading unless the code is new.
type errorStats struct {
	total atomic.Uint64
	mu    sync.RWMutex
	codes map[string]*atomic.Uint64
}

// ErrorReply counts an error reply; line is the reply from its "-" on. The code
// is its first word.
func (m *Metrics) ErrorReply(line []byte) {
	m.errors.total.Add(1)
	if len(line) > 0 && line[0] == '-' {
		line = line[1:]
	}
	if end := bytes.IndexAny(line, " \r\n"); end >= 0 {
		line = line[:end]
	}
	m.errors.count(line)
}

func (e *errorStats) count(code []byte) {
	e.mu.RLock()
	n := e.codes[string(code)]
	e.mu.RUnlock()
	if n == nil {
		if n = e.add(string(code)); n == nil {
			return
		}
	}
	n.Add(1)
}

// add makes room for a new code; nil if there are too many.
func (e *errorStats) add(code string) *atomic.Uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := e.codes[code]; n != nil {
		return n
	}
	if len(e.codes) >= maxErrorKinds {
		return nil
	}
	if e.codes == nil {
		e.codes = make(map[string]*atomic.Uint64)
	}
	n := new(atomic.Uint64)
	e.codes[code] = n
	return n
}

func (e *errorStats) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.total.Store(0)
	e.codes = nil
}

// Errors is the number of error replies.
func (m *Metrics) Errors() uint64 { return m.errors.total.Load() }

// ErrorStats is one line of INFO errorstats.
type ErrorStats struct {
	Code  string
	Count uint64
}

// ErrorStats gives the error replies by code, in alphabetical order.
func (m *Metrics) ErrorStats() []ErrorStats {
	m.errors.mu.RLock()
	defer m.errors.mu.RUnlock()
	list := make([]ErrorStats, 0, len(m.errors.codes))
	for code, n := range m.errors.codes {
		list = append(list, ErrorStats{code, n.Load()})
	}
	slices.SortFunc(list, func(a, b ErrorStats) int { return strings.Compare(a.Code, b.Code) })
	return list
}

// Package monitor sends every command that the server runs to the clients that asked
// for it with MONITOR, a line each, as redis-server writes them:
//
//	+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
//
// While nobody monitors, a command costs an atomic load.
package monitor

import (
	"strconv"
	"sync"
	"sync/atomic"
)

// Client is what a monitoring client must be able to do. Implemented by the transport.
type Client interface {
	// Push queues a whole message, from any goroutine; false if the client is gone.
	Push(message []byte) bool
}

// Monitors are the clients that monitor. The zero value is ready.
type Monitors struct {
	count   atomic.Int32
	mu      sync.RWMutex
	clients map[uint64]Client
}

// Any tells whether anybody monitors.
func (m *Monitors) Any() bool { return m.count.Load() != 0 }

// Is tells whether a client monitors.
func (m *Monitors) Is(id uint64) bool {
	if !m.Any() {
		return false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.clients[id] != nil
}

// Add has a client be sent commands from now on.
func (m *Monitors) Add(id uint64, c Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients == nil {
		m.clients = map[uint64]Client{}
	}
	m.clients[id] = c
	m.count.Store(int32(len(m.clients)))
}

// Remove ends that.
func (m *Monitors) Remove(id uint64) {
	if !m.Any() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clients, id)
	m.count.Store(int32(len(m.clients)))
}

// Feed sends a command: micros is the time, unix microseconds, from the address of
// who ran it.
func (m *Monitors) Feed(micros int64, db int, from string, argv [][]byte) {
	b := strconv.AppendInt([]byte{'+'}, micros/1e6, 10)
	fraction := strconv.AppendInt(nil, 1e6+micros%1e6, 10)
	b = append(append(b, '.'), fraction[1:]...)
	b = append(b, " ["...)
	b = strconv.AppendInt(b, int64(db), 10)
	b = append(append(append(b, ' '), from...), ']')
	for _, arg := range argv {
		b = AppendQuoted(append(b, ' '), arg)
	}
	b = append(b, '\r', '\n')
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, c := range m.clients {
		c.Push(b)
	}
}

// AppendQuoted appends a text in double quotes, as redis-cli shows it: what is not
// printable ASCII as an escape.
func AppendQuoted(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '\\' || c == '"':
			dst = append(dst, '\\', c)
		case c >= ' ' && c <= '~':
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\a':
			dst = append(dst, '\\', 'a')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		default:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}

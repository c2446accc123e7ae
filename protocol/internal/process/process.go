// Package process tells of the operating system process that the server is:
// who it is (Identity), and what it takes of memory and processor time, as INFO
// and MEMORY report it. Where a system does not tell, the figures are zero.
package process

import (
	"crypto/rand"
	"encoding/hex"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// Identity is what stays the same from start to end, so any goroutine may read it.
type Identity struct {
	Version string    // of this program, "1.2.3"
	RunID   string    // 40 hexadecimal digits, others at each start
	Started time.Time // with a monotonic reading

	replID atomic.Pointer[string] // see ReplID
}

// New is the identity of a process that starts now.
func New(version string) *Identity {
	id := &Identity{Version: version, RunID: randomID(), Started: time.Now()}
	id.NewReplID()
	return id
}

// ReplID is a number as RunID for the history of the data.
func (id *Identity) ReplID() string { return *id.replID.Load() }

// NewReplID begins another history (DEBUG CHANGE-REPL-ID).
func (id *Identity) NewReplID() {
	text := randomID()
	id.replID.Store(&text)
}

// Uptime is the time since the start, in whole seconds.
func (id *Identity) Uptime() int64 { return int64(time.Since(id.Started) / time.Second) }

func randomID() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}

// GoMemory asks the Go runtime what it has from the system and has not given
// back, and how much of it is objects on the heap, in bytes. Nothing is stopped
// for it.
func GoMemory() (total, heap int64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
	}
	metrics.Read(samples)
	total = int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
	return total, int64(samples[2].Value.Uint64())
}

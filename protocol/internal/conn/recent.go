package conn

import "sync/atomic"

// recentSeconds is how far back a recent maximum reaches, as in redis-server.
const recentSeconds = 8

// recent is the largest number of the last seconds, from any goroutine. Each
// second has a slot of its own, so that what is old goes by clearing a slot.
// It is for what is rare, such as output that a socket did not take.
type recent struct{ slots [recentSeconds]atomic.Int64 }

// note counts n in, at this second of the clock.
func (r *recent) note(second uint32, n int64) {
	slot := &r.slots[second%recentSeconds]
	for old := slot.Load(); n > old && !slot.CompareAndSwap(old, n); old = slot.Load() {
	}
}

// begin makes room for a second; call it before the clock says that second.
func (r *recent) begin(second uint32) { r.slots[second%recentSeconds].Store(0) }

// most is the largest number noted.
func (r *recent) most() (n int64) {
	for i := range r.slots {
		n = max(n, r.slots[i].Load())
	}
	return n
}

// Package pace keeps time for open loops: work that is due at given moments,
// whether or not what came before is done. Lateness of the benchmark itself must
// not be taken for lateness of the server, so waiting is as exact as the system
// allows, and who waits can see how late it was.
package pace

import (
	"runtime"
	"time"
)

// Pinned ties the calling goroutine to a thread of its own and raises the
// thread's priority if the system permits. A goroutine that measures latencies
// calls it, so that neither the Go scheduler nor the load beside it adds to what
// it measures. The function returned undoes both.
func Pinned() (release func()) {
	runtime.LockOSThread()
	calm := urgent()
	return func() {
		calm()
		runtime.UnlockOSThread()
	}
}

// Yielding ties the calling goroutine to a thread of its own, which ends with it, and
// lets every other thread of the machine go first. A load at a given rate that stands
// in for clients elsewhere calls it: it must not take the processor from the server,
// or the server's requests wait for the load's time slices.
func Yielding() {
	runtime.LockOSThread()
	yielding()
}

// Until waits for a moment and returns how late it is by then; it does not wait
// for one that has passed.
func Until(t time.Time) (late time.Duration) {
	if left := time.Until(t); left > 0 {
		sleep(left)
	}
	return max(time.Since(t), 0)
}

// Every gives the moments of a steady rate.
type Every struct {
	Start time.Time
	Rate  float64 // a second
}

// At is the moment of the n-th, counted from 0.
func (e Every) At(n int) time.Time {
	return e.Start.Add(time.Duration(float64(n) / e.Rate * float64(time.Second)))
}

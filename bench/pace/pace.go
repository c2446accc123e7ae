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

// Preferred is Pinned where others must go on: the thread gets a larger share of a
// processor than they do.
func Preferred() (release func()) {
	runtime.LockOSThread()
	calm := prefer()
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

// Processors are those that there are for this process and others; those to which a
// user has tied it, to leave the rest to a server, may be fewer. They are none where that
// cannot be told.
func Processors() []int { return processors() }

// Tie has the calling goroutine, which must be locked to its thread, and the processes
// that it starts run on these processors alone. The function returned undoes it.
func Tie(processors []int) (release func(), err error) { return tie(processors) }

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

// Package stripe counts what many goroutines do at once without a line of memory that
// they all write to, which would cost each of them more than what it counts.
//
// A Counter is a number of counters, each on a line of its own. A goroutine adds to
// the one that the address of its stack leads to: goroutines that run at the same time
// have stacks of their own, and a goroutine's stack stays where it is for long. Two may
// fall on the same one; then they are slower and still right. The sum is exact once
// those that add have ended, and no less than what they had added before it was begun.
package stripe

import (
	"sync/atomic"
	"unsafe"
)

const (
	stripeBits = 6
	line       = 128 // processors fetch lines of 64 bytes by pairs

	// Stacks are at least 2 KiB and begin at multiples of that.
	stackShift = 11
)

// Counter counts two kinds of events.
type Counter struct {
	stripes [1 << stripeBits]struct {
		hits, misses atomic.Uint64
		_            [line - 16]byte
	}
}

// mine is the number of the calling goroutine's counter.
func mine() uintptr {
	var here byte
	return uintptr(uint64(uintptr(unsafe.Pointer(&here))>>stackShift) * 0x9e3779b97f4a7c15 >> (64 - stripeBits))
}

// Hit counts a hit, and returns how many the goroutine's counter has had: a number that
// is another one at each call.
func (c *Counter) Hit() uint64 { return c.stripes[mine()].hits.Add(1) }

// Miss counts a miss.
func (c *Counter) Miss() { c.stripes[mine()].misses.Add(1) }

// Sums are the numbers of hits and of misses.
func (c *Counter) Sums() (hits, misses uint64) {
	for i := range c.stripes {
		hits += c.stripes[i].hits.Load()
		misses += c.stripes[i].misses.Load()
	}
	return hits, misses
}

// Reset starts from zero.
func (c *Counter) Reset() {
	for i := range c.stripes {
		c.stripes[i].hits.Store(0)
		c.stripes[i].misses.Store(0)
	}
}

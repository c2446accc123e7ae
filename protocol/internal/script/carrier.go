package script

import (
	"iter"
	"sync"
	"time"
)

// This file is about where scripts run. Most are over in a few microseconds, so a
// goroutine for each would cost ten times what they do themselves; but any that has
// loops or functions may run for ever, and the loop that it came to has others to
// serve. So it begins on the loop, as a coroutine, and if it is not over soon it is
// gone on with elsewhere:
//
//	loop        Run ──▶ script ... ends                      the usual case
//
//	loop        Run ──▶ script ... leaves ─▶ serves others
//	                                  │
//	goroutine                         └─ GoOn ──▶ script ... ends
//
// The script notices nothing: it is in the middle of an instruction. A coroutine that is
// kept costs a tenth of a microsecond each way.

// leaveAfter is how long a script may keep the loop to which it came.
const leaveAfter = time.Millisecond

// A script looks at the clock after lookEvery instructions; a call of redis.call
// counts as callCost of them.
const (
	lookEvery = 2000
	callCost  = 50
)

// Carrier is a coroutine that runs jobs, one after another. Run, GoOn and the end of a
// carrier must not come from a goroutine that is bound to its thread: the runtime would
// have the coroutine stay on that thread.
type Carrier struct {
	Worker any // what runs commands for the scripts that it carries

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	leave func()
	job   func()
	ended bool
}

// maxCarriers is how many are kept for the next script.
const maxCarriers = 16

// carriers are those that nobody uses.
type carriers struct {
	mu     sync.Mutex
	idle   []*Carrier
	closed bool
}

// TakeCarrier gives a carrier that nobody uses.
func (e *Engine) TakeCarrier() *Carrier {
	r := &e.carriers
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return c
	}
	r.mu.Unlock()
	c := &Carrier{}
	c.leave = func() { c.yield(struct{}{}) }
	c.next, c.stop = iter.Pull(c.work)
	return c
}

// GiveCarrier takes a carrier back whose job has ended.
func (e *Engine) GiveCarrier(c *Carrier) {
	r := &e.carriers
	r.mu.Lock()
	keep := !r.closed && len(r.idle) < maxCarriers
	if keep {
		r.idle = append(r.idle, c)
	}
	r.mu.Unlock()
	if !keep {
		c.stop()
	}
}

// Close ends the carriers. Those that carry something end when that does.
func (e *Engine) Close() {
	r := &e.carriers
	r.mu.Lock()
	idle := r.idle
	r.idle, r.closed = nil, true
	r.mu.Unlock()
	for _, c := range idle {
		c.stop()
	}
}

// work is the coroutine.
func (c *Carrier) work(yield func(struct{}) bool) {
	c.yield = yield
	for {
		c.job()
		c.job, c.ended = nil, true
		if !yield(struct{}{}) {
			return
		}
	}
}

// Run has job, which must not panic, run until it ends, or leaves: then GoOn is to be
// called.
func (c *Carrier) Run(run *Run, job func()) (ended bool) {
	run.leave = c.leave
	c.RunAside(job)
	return c.ended
}

// RunAside has job run until it ends: it keeps no loop.
func (c *Carrier) RunAside(job func()) {
	c.job, c.ended = job, false
	c.next()
}

// GoOn has a job that has left run to its end.
func (c *Carrier) GoOn() { c.next() }

// Leave has the loop go on, if the script keeps one: what comes takes long, or waits for
// the loops. Only the goroutine that runs the script may call it.
func (r *Run) Leave() {
	if leave := r.leave; leave != nil {
		r.leave = nil
		leave()
	}
}

// Soon tells whether the script, which has ended, could have run on a loop.
func (r *Run) Soon() bool { return time.Since(r.Started) < leaveAfter/2 }

// look is called every now and then while the script runs.
func (r *Run) look() {
	if r.leave != nil && time.Since(r.Started) > leaveAfter {
		r.Leave()
	}
}

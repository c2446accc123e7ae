package script

import "time"

// This file is about scripts that run aside, in a goroutine of their own, because they
// may run for long: what the loops have to know of them, so that nobody waits for a
// lock that such a script holds while others wait behind him.
//
//	Aside     a script is about to take locks
//	Busy      does any run aside? one load, before each command
//	Holding   does one hold a shard that the command needs, and for how long has it run?
//	Park      the client's command is put off; it comes again when
//	          ── the script has ended, or
//	          ── it has run for as long as busy-reply-threshold says; then the
//	             command is answered with an error

// For a client on a loop it looks like this:
//
//	loop        EVAL (loops in it) ── Aside ── Detach ─▶ serves others
//	                                      │
//	goroutine                             └─ locks ─ runs ──────────────┬─ unlocks ─ Ended
//	                                                                    │
//	loop        GET k: Busy, Holding ─ Park      GET x: another shard,  │
//	              │                              runs at once           │
//	              └──── threshold ────▶ again: Late ─▶ -BUSY            │
//	                                                                    │
//	any loop    SCRIPT KILL: Kill ─▶ the hook finds it ─▶ an error ─────┘
//
// A script that a loop carried has its locks already when it goes aside. So a command that
// finds a shard locked looks again, while it waits, whether such a script has it, and is
// then held up as if it had known before (Tx.SetGiveUp). What takes locks in other ways
// does wait: the work in the background, and a loop that serves clients who wait for keys.
//
// Parked commands are not copied: they stay in their connection's input and are parsed
// again (session.Postponed), so their order within a connection is kept. Between
// clients it is not, as little as it is where they wait for a lock.

// Parked is a client whose command waits for a script to end.
type Parked interface{ Resume(reply []byte) }

// Aside notes that a script runs aside. It ends with Ended.
func (e *Engine) Aside(run *Run) {
	r := &e.runs
	r.mu.Lock()
	r.held = append(r.held, run)
	r.mu.Unlock()
	r.aside.Add(1)
}

// Ended notes that a script that ran aside has ended and holds no lock any more.
func (e *Engine) Ended(run *Run) {
	r := &e.runs
	r.mu.Lock()
	for i, other := range r.held {
		if other == run {
			r.held = append(r.held[:i], r.held[i+1:]...)
			r.aside.Add(-1)
			break
		}
	}
	parked := r.parked
	r.parked = nil
	r.mu.Unlock()
	for _, p := range parked {
		p.Resume(nil)
	}
}

// TakeAll notes that a script is about to lock all shards.
func (r *Run) TakeAll() { r.all.Store(true) }

// Busy tells whether any script runs aside.
func (e *Engine) Busy() bool { return e.runs.aside.Load() > 0 }

// Holding finds the script that runs aside and holds one of some shards, or any at all
// where the command needs every shard; nil if there is none.
func (e *Engine) Holding(shards []int, every bool) *Run { return e.holding(nil, shards, every) }

func (e *Engine) holding(beside *Run, shards []int, every bool) *Run {
	r := &e.runs
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, run := range r.held {
		if run != beside && run.holds(shards, every) {
			return run
		}
	}
	return nil
}

// Ahead finds the script that runs aside, is late and holds a shard that another one,
// which runs aside as well, waits for; nil if there is none.
func (e *Engine) Ahead(of *Run) *Run {
	if run := e.holding(of, of.Shards, false); run != nil && e.Late(run) {
		return run
	}
	return nil
}

// holds tells whether a script has locked one of some shards, or any at all. The lists are
// short: a script declares few keys.
func (r *Run) holds(shards []int, every bool) bool {
	if r.all.Load() {
		return every || len(shards) > 0
	}
	if every {
		return len(r.Shards) > 0
	}
	for _, n := range shards {
		for _, m := range r.Shards {
			if n == m {
				return true
			}
		}
	}
	return false
}

// Late tells whether a script has run for longer than others are to wait for it.
func (e *Engine) Late(run *Run) bool {
	limit := time.Duration(e.Threshold.Load()) * time.Millisecond
	return limit > 0 && time.Since(run.Started) >= limit
}

// Park has a client wait for a script; false if that has ended meanwhile.
func (e *Engine) Park(run *Run, client Parked) bool {
	r := &e.runs
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.held {
		if other == run {
			r.parked = append(r.parked, client)
			r.engine = e
			return true
		}
	}
	return false
}

// wakeLate has those go on who wait for a script that has become late.
func (r *runs) wakeLate() {
	if r.aside.Load() == 0 {
		return
	}
	r.mu.Lock()
	late := false
	for _, run := range r.held {
		if !run.late && len(r.parked) > 0 && r.engine.Late(run) {
			run.late, late = true, true
		}
	}
	var parked []Parked
	if late {
		parked, r.parked = r.parked, nil
	}
	r.mu.Unlock()
	for _, p := range parked {
		p.Resume(nil)
	}
}

// BusyText is the error for who would have to wait for a script that is late.
func (r *Run) BusyText() string {
	if r.Function {
		return "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
	}
	return "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
}

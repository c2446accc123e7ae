package script

import (
	"errors"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// This file stops scripts: those that somebody kills, and those that take too much
// memory.
//
// The machine asks its context, before each instruction, whether it is done. That is
// the hook: a load of an atomic that somebody else sets. The one who sets it is
// SCRIPT KILL, or a goroutine that looks after the scripts that run every few
// milliseconds, and at the size of the heap if there are any. A script can allocate
// only so much between two of its looks.

// Why a script is stopped.
const (
	goOn uint32 = iota
	stopKilled
	stopMemory
)

// The machine does not count what a script allocates, nor does Go tell it by goroutine;
// so it is the growth of the whole heap that is bounded. That the heap should grow for
// another reason, by that much and just while a script runs, is unlikely: the data lies
// outside of it. The script that runs then would be stopped for nothing.

// MaxMemory is by how many bytes the heap may grow while a script runs.
const MaxMemory = 256 << 20

// maxString is the longest string that a script may make.
const maxString = 128 << 20

const errMemory = "not enough memory"

// Run is a script that runs.
type Run struct {
	Name     string // of the script: its SHA, or the function's name
	Command  []string
	Started  time.Time
	Function bool // FCALL rather than EVAL

	// Shards are those whose locks it takes when it begins; see also TakeAll. They are
	// set before Aside is told of it.
	Shards []int

	leave func() // has the loop go on that the script keeps; nil if it keeps none
	all   atomic.Bool
	wrote atomic.Bool
	late  bool // those who waited for it have been told so
	stop  atomic.Uint32
	heap  uint64 // when it began, as the watch saw it; 0 if it has not yet
}

// Wrote notes that the script has changed something: it can no longer be killed.
func (r *Run) Wrote() { r.wrote.Store(true) }

// hook is the context that a state runs with.
type hook struct {
	run  atomic.Pointer[Run]
	left int // instructions until the run is to look at the clock
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done implements context.Context. A nil channel is never ready.
func (h *hook) Done() <-chan struct{} {
	r := h.run.Load()
	if r == nil {
		return nil
	}
	if r.stop.Load() != goOn {
		return closed
	}
	if h.left--; h.left <= 0 {
		h.left = lookEvery
		r.look()
	}
	return nil
}

// The texts are Redis's, full stop and all.
var (
	//lint:ignore ST1005 it is what clients are told, to the letter
	errKilledScript = errors.New("Script killed by user with SCRIPT KILL.")
	//lint:ignore ST1005 it is what clients are told, to the letter
	errKilledFunction = errors.New("Script killed by user with FUNCTION KILL.")
	errTooMuch        = errors.New(errMemory)
)

// Err implements context.Context.
func (h *hook) Err() error {
	r := h.run.Load()
	switch {
	case r == nil:
		return nil
	case r.stop.Load() == stopMemory:
		return errTooMuch
	case r.Function:
		return errKilledFunction
	}
	return errKilledScript
}

// stopped raises an error if the script is to be stopped. Functions that may loop for
// long call it at each step; it looks at one in thousands.
func (vm *VM) stopped(L *lua.LState, step int) {
	const every = 4096
	if step%every != every-1 {
		return
	}
	select {
	case <-vm.hook.Done():
		L.RaiseError("%s", vm.hook.Err().Error())
	default:
	}
}

// Deadline and Value implement context.Context.
func (*hook) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*hook) Value(any) any               { return nil }

// runs are the scripts that run now.
type runs struct {
	mu       sync.Mutex
	list     []*Run
	aside    atomic.Int32 // how many of them run aside
	held     []*Run       // those
	parked   []Parked
	engine   *Engine // once somebody is parked
	watching bool
}

// watchEvery is how often the heap is looked at while scripts run, and idleLooks how
// many looks without any there are before the watch ends.
const (
	watchEvery = 2 * time.Millisecond
	idleLooks  = 500
)

// add notes a script that begins, and has the watch look after it.
func (r *runs) add(run *Run) {
	r.mu.Lock()
	r.list = append(r.list, run)
	if !r.watching {
		r.watching = true
		go r.watch()
	}
	r.mu.Unlock()
}

// remove notes that a script has ended.
func (r *runs) remove(run *Run) {
	r.mu.Lock()
	for i, other := range r.list {
		if other == run {
			last := len(r.list) - 1
			r.list[i], r.list[last] = r.list[last], nil
			r.list = r.list[:last]
			break
		}
	}
	r.mu.Unlock()
}

// watch looks after the scripts until there have been none for a while.
func (r *runs) watch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for idle := 0; ; {
		<-ticker.C
		r.wakeLate()
		r.mu.Lock()
		if len(r.list) > 0 {
			idle = 0
			metrics.Read(sample)
			r.look(sample[0].Value.Uint64())
		} else if idle++; idle > idleLooks {
			r.watching = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
	}
}

// look stops the scripts since whose beginning the heap has grown too much. Garbage
// counts; there is none left right after a collection, and collections come long
// before the heap is that large.
func (r *runs) look(heap uint64) {
	for _, run := range r.list {
		switch {
		case run.heap == 0:
			run.heap = max(heap, 1)
		case heap > run.heap+MaxMemory:
			if run.stop.CompareAndSwap(goOn, stopMemory) {
				// What it held is garbage in a moment, and more than is ever needed.
				time.AfterFunc(100*time.Millisecond, debug.FreeOSMemory)
			}
		}
	}
}

// Stop stops a script, whatever it has done: the server closes.
func (r *Run) Stop() { r.stop.Store(stopKilled) }

// Kill stops the script that has run longest. It gives the text of an error reply.
func (e *Engine) Kill(function bool) (err string) {
	e.runs.mu.Lock()
	defer e.runs.mu.Unlock()
	var oldest *Run
	for _, run := range e.runs.list {
		if run.Function == function && (oldest == nil || run.Started.Before(oldest.Started)) {
			oldest = run
		}
	}
	switch {
	case oldest == nil && len(e.runs.list) == 0:
		return "NOTBUSY No scripts in execution right now."
	case oldest == nil && function:
		return "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	case oldest == nil:
		return "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
	case oldest.wrote.Load():
		return "UNKILLABLE Sorry the script already executed write commands against the dataset. " +
			"You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
	}
	oldest.stop.Store(stopKilled)
	return ""
}

// Running is the function or script that has run longest; nil if none runs.
func (e *Engine) Running() *Run {
	e.runs.mu.Lock()
	defer e.runs.mu.Unlock()
	var oldest *Run
	for _, run := range e.runs.list {
		if oldest == nil || run.Started.Before(oldest.Started) {
			oldest = run
		}
	}
	return oldest
}

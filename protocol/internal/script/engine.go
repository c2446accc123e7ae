package script

import (
	"crypto/sha1"
	"encoding/hex"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// Engine is what a server keeps for scripts: those that clients have sent, the
// libraries of functions, states to run them in, and who runs one now. It is for any
// number of goroutines.
type Engine struct {
	// Log writes a line for redis.log; level is one of the LOG_ constants.
	Log func(level int, text string)
	// Version is the version of Redis that scripts are told.
	Version string
	// Threshold is busy-reply-threshold, in milliseconds.
	Threshold atomic.Int64

	mu      sync.Mutex
	scripts map[string]*Script
	recent  recent // scripts that came with EVAL alone
	bytes   int64  // of all scripts' texts
	evicted uint64 // scripts forgotten because too many came with EVAL
	idle    []*VM  // states that nobody uses

	libraries libraries
	json      atomic.Pointer[jsonOptions] // what scripts have set, for all states

	random   randomizer
	runs     runs
	carriers carriers
}

// Bounds of what is kept.
const (
	// maxRecent is how many scripts that came with EVAL are remembered, as in Redis.
	maxRecent = 500
	// maxIdle is how many states are kept for the next script.
	maxIdle = 16
)

// NewEngine makes an engine. version is that of Redis: "7.4.0".
func NewEngine(version string) *Engine {
	limitTables()
	e := &Engine{Version: version, scripts: make(map[string]*Script), Log: func(int, string) {}}
	e.json.Store(&defaultJSON)
	e.Threshold.Store(5000)
	e.random.x = 0x1234abcd330e // as drand48 begins
	e.libraries.reset()
	return e
}

// Lock order: Engine.mu, libraries.mu and runs.mu are each held for a few instructions
// and never together, but for libraries.mu, within which Engine.mu may be taken (a
// library that goes has the idle states go with it). No script runs and no command is
// executed while any is held; a state belongs to whoever took it.

// Script is a program that EVAL can run.
type Script struct {
	SHA   string // 40 hexadecimal digits in lower case
	Body  string
	Flags Flags
	// Straight: it comes to an end by itself, soon, but for what its commands take.
	Straight bool

	proto *lua.FunctionProto
	habits

	// Where it came with EVAL alone, its neighbours in Engine.recent.
	passing      bool
	older, newer *Script
}

// habits are what is known of a script or a function from its last runs.
type habits struct{ wide, slow atomic.Bool }

// Wide tells whether it is known to use keys that it does not declare.
func (h *habits) Wide() bool { return h.wide.Load() }

// SetWide notes that it does.
func (h *habits) SetWide() { h.wide.Store(true) }

// Slow tells whether it kept its loop too long when it ran last.
func (h *habits) Slow() bool { return h.slow.Load() }

// SetSlow notes how it was this time.
func (h *habits) SetSlow(slow bool) {
	if h.slow.Load() != slow {
		h.slow.Store(slow)
	}
}

// Sum is the name that Redis gives a script: the SHA-1 of its text.
func Sum(body []byte) string {
	sum := sha1.Sum(body)
	return hex.EncodeToString(sum[:])
}

// Find is the script with that name, in any case; nil if there is none.
func (e *Engine) Find(sha []byte) *Script {
	var name [40]byte
	if len(sha) != len(name) {
		return nil
	}
	for i, c := range sha {
		if c-'A' < 26 {
			c |= 0x20
		}
		name[i] = c
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.scripts[string(name[:])]
	if s != nil && s.passing {
		e.recent.remove(s)
		e.recent.add(s)
	}
	return s
}

// Load compiles a script, unless it is there already. keep: it stays until SCRIPT
// FLUSH, however many others come. err is the text of an error reply.
func (e *Engine) Load(body []byte, keep bool) (s *Script, err string) {
	sha := Sum(body)
	if s = e.Find([]byte(sha)); s != nil && !(keep && e.isPassing(s)) {
		return s, ""
	}
	if s == nil {
		s = &Script{SHA: sha, Body: string(body)}
		if err = s.compile(); err != "" {
			return nil, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if other := e.scripts[sha]; other != nil {
		s = other // somebody was faster
	} else {
		e.scripts[sha] = s
		e.bytes += int64(len(s.Body))
		if !keep {
			e.recent.add(s)
			e.forgetOldest()
		}
	}
	if keep && s.passing {
		e.recent.remove(s)
	}
	return s, ""
}

// isPassing tells whether a script came with EVAL alone.
func (e *Engine) isPassing(s *Script) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return s.passing
}

// recent are scripts in the order in which they were last used.
type recent struct {
	oldest, newest *Script
	n              int
}

// add puts a script behind all others.
func (r *recent) add(s *Script) {
	s.passing, s.older, s.newer = true, r.newest, nil
	if r.newest != nil {
		r.newest.newer = s
	} else {
		r.oldest = s
	}
	r.newest = s
	r.n++
}

// remove takes a script out; from then on it stays, unless it is added again.
func (r *recent) remove(s *Script) {
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		r.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		r.newest = s.older
	}
	s.passing, s.older, s.newer = false, nil, nil
	r.n--
}

// forgetOldest makes room among the scripts that came with EVAL.
func (e *Engine) forgetOldest() {
	for e.recent.n > maxRecent {
		old := e.recent.oldest
		e.recent.remove(old)
		delete(e.scripts, old.SHA)
		e.bytes -= int64(len(old.Body))
		e.evicted++
	}
}

// Flush forgets all scripts.
func (e *Engine) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.scripts)
	e.recent = recent{}
	e.bytes = 0
	e.idle = nil
}

// Stats are what INFO tells.
type Stats struct {
	Scripts, Libraries, Functions int
	// ScriptBytes and LibraryBytes are the texts' and what is noted of each.
	ScriptBytes, LibraryBytes int64
	// StateBytes are the states', which scripts and functions share. What a script has
	// allocated is garbage when it has ended, and not counted.
	StateBytes int64
	Evicted    uint64 // scripts forgotten because too many came with EVAL
}

// What is counted for a script, a library or a function beside its text, about, and for a
// state: the arrays of its stacks, and the tables of the libraries.
const (
	entryBytes = 300
	stateBytes = 350 << 10
)

// Stats gives the figures.
func (e *Engine) Stats() (s Stats) {
	s.Libraries, s.Functions, s.LibraryBytes = e.libraries.count()
	e.runs.mu.Lock()
	states := len(e.runs.list)
	e.runs.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	s.Scripts, s.Evicted = len(e.scripts), e.evicted
	s.ScriptBytes = e.bytes + int64(s.Scripts)*entryBytes
	s.StateBytes = int64(states+len(e.idle)) * stateBytes
	return s
}

// take gives a state that nobody uses.
func (e *Engine) take() *VM {
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		vm := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		return vm
	}
	e.mu.Unlock()
	return newVM(e)
}

// give takes a state back, unless it is spoilt or there are enough.
func (e *Engine) give(vm *VM) {
	if vm.spoilt {
		return
	}
	e.mu.Lock()
	if len(e.idle) < maxIdle {
		e.idle = append(e.idle, vm)
	}
	e.mu.Unlock()
}

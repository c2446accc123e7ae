// Package slowlog keeps the commands that took longest, as SLOWLOG shows them: a
// bounded list, newest first, of what was run, when, for how long and by whom. An
// entry keeps no more of the arguments than can be read.
package slowlog

import (
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// What an entry keeps of a command, as in Redis: so many arguments, the last of them
// saying how many more there were, and so many bytes of each.
const (
	maxArgs  = 32
	maxBytes = 128
)

// Entry is one slow command.
type Entry struct {
	ID     int64
	At     int64 // when it had run, unix seconds
	Micros int64 // how long it ran
	Args   []string
	Addr   string // the client's
	Name   string
}

// Log is a server's slow log. The zero value logs nothing.
type Log struct {
	threshold atomic.Int64 // microseconds and one more; 0: log nothing
	mu        sync.Mutex
	max       int
	next      int64
	entries   []Entry // oldest first
}

// SetThreshold says from how many microseconds on a command is slow; 0 logs all, a
// negative number none.
func (l *Log) SetThreshold(micros int64) {
	l.threshold.Store(max(0, min(micros, math.MaxInt64-1)+1))
}

// SetMax bounds the number of entries.
func (l *Log) SetMax(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.max = n
	l.trim()
}

// Fine tells whether even quick commands may be slow: then each has to be timed.
func (l *Log) Fine() bool {
	t := l.threshold.Load()
	return t > 0 && t <= fine
}

// fine is a threshold, in microseconds, that a command on one element does not reach.
const fine = 1000

// Slow tells whether a command that ran for d is to be logged.
func (l *Log) Slow(d time.Duration) bool {
	t := l.threshold.Load()
	return t > 0 && d.Microseconds() >= t-1
}

// Add logs a command; e.ID is set here. argv is not kept.
func (l *Log) Add(e Entry, argv [][]byte) {
	e.Args = clip(argv)
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = l.next
	l.next++
	l.entries = append(l.entries, e)
	l.trim()
}

// trim drops the oldest entries; the array is made anew before it is all gaps.
func (l *Log) trim() {
	if over := len(l.entries) - l.max; over > 0 {
		clear(l.entries[:over])
		l.entries = l.entries[over:]
	}
}

// Get copies the newest entries, at most n, all if n is negative; newest first.
func (l *Log) Get(n int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 0 || n > len(l.entries) {
		n = len(l.entries)
	}
	list := make([]Entry, 0, n)
	for i := len(l.entries) - 1; len(list) < n; i-- {
		list = append(list, l.entries[i])
	}
	return list
}

// Len is the number of entries.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// Reset drops all entries; the numbers go on.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// clip copies what an entry keeps of the arguments.
func clip(argv [][]byte) []string {
	n := min(len(argv), maxArgs)
	args := make([]string, n)
	for i := range args {
		switch arg := argv[i]; {
		case i == maxArgs-1 && len(argv) > maxArgs:
			args[i] = "... (" + strconv.Itoa(len(argv)-maxArgs+1) + " more arguments)"
		case len(arg) > maxBytes:
			args[i] = string(arg[:maxBytes]) + "... (" + strconv.Itoa(len(arg)-maxBytes) + " more bytes)"
		default:
			args[i] = string(arg)
		}
	}
	return args
}

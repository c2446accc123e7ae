package acl

import (
	"slices"
	"sync"
)

// Entry is one line of ACL LOG: something that was denied, perhaps several times.
type Entry struct {
	Reason  Reason
	Context string // InMulti and so on
	Object  string // the command, key or channel
	User    string
	Client  string // the last client's line of CLIENT LIST

	// These the log fills in. Times are unix milliseconds.
	Count, ID        int64
	Created, Updated int64
}

// Where a command was denied.
const (
	AtTop    = "toplevel"
	InMulti  = "multi"
	InScript = "lua"
)

const (
	mergeWithin = 60_000 // milliseconds after which a denial is no longer one with an earlier one
	mergeAmong  = 10     // of how many of the last entries a denial may be another instance
)

// Log remembers what was denied, the last first. The zero value is empty and keeps
// nothing: SetMax comes first.
type Log struct {
	mu      sync.Mutex
	entries []Entry
	most    int
	next    int64
}

// SetMax is acllog-max-len.
func (l *Log) SetMax(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.most = n
	l.trim()
}

func (l *Log) trim() {
	if len(l.entries) > l.most {
		clear(l.entries[l.most:])
		l.entries = l.entries[:l.most]
	}
}

// Add notes a denial. One like an earlier one counts there.
func (l *Log) Add(e Entry, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most == 0 {
		return
	}
	e.Count, e.ID, e.Created, e.Updated = 1, l.next, now, now
	for i := range l.entries[:min(mergeAmong, len(l.entries))] {
		if old := l.entries[i]; old.like(&e) {
			old.Client, old.Updated = e.Client, now
			old.Count++
			copy(l.entries[1:], l.entries[:i])
			l.entries[0] = old
			return
		}
	}
	l.next++
	l.entries = slices.Insert(l.entries, 0, e)
	l.trim()
}

// like tells whether two denials are of a kind, and near in time.
func (e *Entry) like(other *Entry) bool {
	return e.Reason == other.Reason && e.Context == other.Context &&
		max(other.Updated-e.Updated, e.Updated-other.Updated) <= mergeWithin &&
		e.Object == other.Object && e.User == other.User
}

// Last are the last n entries, the latest first.
func (l *Log) Last(n int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[:min(max(n, 0), len(l.entries))])
}

// Reset forgets all.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

package blocking

import (
	"math"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// forever is later than any deadline.
const forever = time.Duration(math.MaxInt64)

// Waiter is one client's wait: the command that found nothing, and what is needed to
// run it again for the client, whichever loop has what it waits for. But for its
// place in the registry it does not change, so that loop needs nothing of the
// client's own.
type Waiter struct {
	Session  session.Session // as it was when the wait began
	Args     [][]byte        // the command's own copy
	Keys     [][]byte        // all keys of the command, whose locks it takes to run it; see keySet
	Type     cache.Type      // what a key must hold to be of use
	Gone     bool            // a key's deletion or another type concerns it, too
	Mute     bool            // its reply is not wanted (CLIENT REPLY)
	Deadline time.Duration   // on the server's monotonic clock; 0 for none
	Spent    time.Duration   // on running the command so far; of who serves it
	Expired  []byte          // the reply when its time is up; nil for the null array

	places []place
	set    *keySet
	state  state
	heapAt int // 1 + its index among the deadlines, 0 for none
}

type state uint8

const (
	waiting state = iota
	serving
	ended
)

// NewWaiter makes a waiter to be given to Add: keys are all those of the command,
// waitFor those that it waits for. All that is borrowed is copied, the keys by Add.
func NewWaiter(s *session.Session, args, keys, waitFor [][]byte) *Waiter {
	w := &Waiter{Session: *s, Args: clone(args), Keys: keys}
	w.places = make([]place, 0, len(waitFor))
	for _, key := range waitFor {
		if w.place(string(key)) == nil {
			w.places = append(w.places, place{key: string(key)})
		}
	}
	return w
}

// clone copies byte slices into one block of memory.
func clone(list [][]byte) [][]byte {
	size := 0
	for _, b := range list {
		size += len(b)
	}
	block := make([]byte, 0, size)
	out := make([][]byte, len(list))
	for i, b := range list {
		start := len(block)
		block = append(block, b...)
		out[i] = block[start:len(block):len(block)]
	}
	return out
}

// place finds a key's place in a waiter.
func (w *Waiter) place(key string) *place {
	for i := range w.places {
		if w.places[i].key == key {
			return &w.places[i]
		}
	}
	return nil
}

func (w *Waiter) placeIn(q *queue) *place { return w.place(q.key.Key) }

// place is a waiter's place in the queue of one of its keys.
type place struct {
	key        string
	waiter     *Waiter
	queue      *queue
	prev, next *place
}

// types is more than there are types of values.
const types = 8

// concerns tells whether it matters to anybody that the key holds this type now.
func (q *queue) concerns(holds cache.Type) bool {
	return q.goneCount > 0 || q.types[holds%types] > 0
}

// queue is those that wait for a key, in order of arrival.
type queue struct {
	key         cache.ReadyKey
	first, last *place
	goneCount   int             // with Gone
	types       [types]int      // how many wait for each type
	sets        map[*keySet]int // how many wait with which keys, if these are more than this one
	seen        uint64          // the last walk that came by
}

func (q *queue) push(p *place) {
	p.queue, p.prev = q, q.last
	if q.last == nil {
		q.first = p
	} else {
		q.last.next = p
	}
	q.last = p
	q.count(p.waiter, 1)
}

func (q *queue) remove(p *place) {
	if p.prev == nil {
		q.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		q.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.prev, p.next = nil, nil
	q.count(p.waiter, -1)
}

func (q *queue) count(w *Waiter, n int) {
	if w.Gone {
		q.goneCount += n
	}
	q.types[w.Type%types] += n
	if len(w.set.keys) == 1 {
		return
	}
	if q.sets == nil {
		q.sets = make(map[*keySet]int)
	}
	if q.sets[w.set] += n; q.sets[w.set] == 0 {
		delete(q.sets, w.set)
	}
}

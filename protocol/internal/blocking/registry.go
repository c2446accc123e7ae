package blocking

import (
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
)

// Registry is all the waiters of a server. Its methods may be called from any
// goroutine; what locks of the cache they want is said with each.
type Registry struct {
	cache *cache.Cache
	kick  chan struct{} // see Changed

	mu       sync.Mutex
	served   sync.Cond // a waiter is no longer being served
	queues   map[cache.ReadyKey]*queue
	inDB     []int              // the number of queues, by database
	sets     map[string]*keySet // by keySetID
	walk     uint64             // counts the walks of Reach
	scratch  []byte
	clients  map[uint64]*Waiter // by the session's ID
	times    deadlines
	armed    time.Duration // until when the timer's goroutine sleeps, at most
	late     []cache.ReadyKey
	goneKeys int // queues with waiters that a deletion wakes
}

// New makes an empty registry for a cache, from which it takes over OnReady.
func New(c *cache.Cache) *Registry {
	r := &Registry{
		cache: c, kick: make(chan struct{}, 1),
		queues: make(map[cache.ReadyKey]*queue), sets: make(map[string]*keySet), clients: make(map[uint64]*Waiter),
		armed: forever,
	}
	r.served.L = &r.mu
	c.OnReady(r.Later)
	return r
}

// Stats are the figures that INFO clients shows.
type Stats struct {
	Clients  int // that wait
	Timed    int // of these, not for ever
	Keys     int // that are waited for
	GoneKeys int // of these, with waiters that the key's deletion wakes, too
}

// Stats counts who waits now.
func (r *Registry) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{Clients: len(r.clients), Timed: len(r.times), Keys: len(r.queues), GoneKeys: r.goneKeys}
}

// Add begins a wait. tx holds the locks of the waiter's keys, and has found nothing
// under them.
func (r *Registry) Add(tx *cache.Tx, w *Waiter) {
	r.mu.Lock()
	w.set = r.shareKeys(w.Session.DB, w.Keys)
	w.Keys = w.set.keys
	for i := range w.places {
		p := &w.places[i]
		p.waiter = w
		tx.Await([]byte(p.key))
		r.queueOf(cache.ReadyKey{DB: w.Session.DB, Key: p.key}).push(p)
		if p.queue.goneCount == 1 && w.Gone {
			r.goneKeys++
		}
	}
	r.clients[w.Session.ID] = w
	sooner := false
	if w.Deadline != 0 {
		r.times.add(w)
		sooner = w.Deadline < r.armed
	}
	r.mu.Unlock()
	if sooner {
		r.changed()
	}
}

// queueOf is a key's queue, made if it is the first to wait for it.
func (r *Registry) queueOf(k cache.ReadyKey) *queue {
	q := r.queues[k]
	if q == nil {
		q = &queue{key: k}
		r.queues[k] = q
		for len(r.inDB) <= k.DB {
			r.inDB = append(r.inDB, 0)
		}
		r.inDB[k.DB]++
	}
	return q
}

// remove takes a waiter out of everything; mu is held.
func (r *Registry) remove(w *Waiter) {
	w.state = ended
	delete(r.clients, w.Session.ID)
	r.times.remove(w)
	for i := range w.places {
		p := &w.places[i]
		q := p.queue
		q.remove(p)
		if w.Gone && q.goneCount == 0 {
			r.goneKeys--
		}
		if q.first == nil {
			delete(r.queues, q.key)
			r.inDB[q.key.DB]--
		}
		r.cache.Unawait(q.key.DB, []byte(q.key.Key))
	}
	r.releaseKeys(w.set)
}

// Next hands out the waiters of a key that is ready, one after another, in order of
// arrival, to be served: those that wait for what it holds, and those that its loss
// or change concerns. holds is the type of what is there now. The locks of the key
// are held from the first call to the last.
//
// before is the waiter that the last call gave, nil at first; it has been served if
// done, else it goes on waiting where it was. The result is nil after the last one.
func (r *Registry) Next(k cache.ReadyKey, holds cache.Type, before *Waiter, done bool) *Waiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queues[k]
	if q == nil {
		return nil
	}
	next := q.first
	if before != nil {
		next = before.placeIn(q).next
		r.settle(before, done)
	}
	if !q.concerns(holds) {
		return nil // the usual end: the element is taken, and the others need not be asked
	}
	for ; next != nil; next = next.next {
		if w := next.waiter; w.state == waiting && (w.Type == holds || w.Gone) {
			w.state = serving
			return w
		}
	}
	return nil
}

// settle ends the serving of a waiter; mu is held.
func (r *Registry) settle(w *Waiter, done bool) {
	if done {
		r.remove(w)
	} else {
		w.state = waiting
	}
	r.served.Broadcast()
}

// GiveBack is for a waiter from Next that could not be served after all. It ends the
// walk over the queue.
func (r *Registry) GiveBack(w *Waiter) {
	r.mu.Lock()
	r.settle(w, false)
	r.mu.Unlock()
}

// Take ends the wait of a client before its time, by its session's ID, and gives the
// waiter to the caller to answer; nil if the client does not wait.
func (r *Registry) Take(id uint64) *Waiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.clients[id]
	for w != nil && w.state == serving {
		r.served.Wait()
		w = r.clients[id]
	}
	if w != nil {
		r.remove(w)
	}
	return w
}

// Due ends the wait of those whose time is up and appends them to dst, for the caller
// to answer. next is when the next one's will be, 0 if none has a time: until then,
// or until Changed says so, there is nothing to be done.
func (r *Registry) Due(now time.Duration, dst []*Waiter) (due []*Waiter, next time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		w := r.times.first()
		if w == nil {
			r.armed = forever
			return dst, 0
		}
		if w.Deadline > now {
			r.armed = w.Deadline
			return dst, w.Deadline
		}
		if w.state == serving {
			r.served.Wait()
			continue
		}
		r.remove(w)
		dst = append(dst, w)
	}
}

// Later notes keys that are ready while nobody can serve who waits for them, so that
// TakeLate gives them to somebody who can, soon.
func (r *Registry) Later(keys []cache.ReadyKey) {
	r.mu.Lock()
	r.late = append(r.late, keys...)
	r.mu.Unlock()
	r.changed()
}

// TakeLate takes what Later has noted.
func (r *Registry) TakeLate() []cache.ReadyKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	late := r.late
	r.late = nil
	return late
}

// Changed receives when Due and TakeLate should be asked again, by the one goroutine
// that does.
func (r *Registry) Changed() <-chan struct{} { return r.kick }

func (r *Registry) changed() {
	select {
	case r.kick <- struct{}{}:
	default: // it has been told, and has yet to look
	}
}

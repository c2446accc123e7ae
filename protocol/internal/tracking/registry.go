package tracking

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/cache"
)

// Registry is all tracking of a server. It implements cache.Listener.
type Registry struct {
	wake    func()       // has somebody call Deliver soon
	clients atomic.Int64 // that track now
	listing atomic.Int64 // prefixes
	waiting atomic.Bool  // there is something to deliver
	table   table

	delivering sync.Mutex // held by who delivers, so that messages stay in order

	mu       sync.Mutex
	on       map[*Client]struct{}
	prefixes map[string]*prefix
	queue    []letter
}

// prefix is one that clients with BCAST asked for.
type prefix struct {
	clients map[*Client]struct{}
	changed map[string]*Client // keys to be told of, and whose doing it was, if that is known
}

// letter is a message to a client: that a key has changed, or that everything has.
type letter struct {
	to    *Client
	key   string
	flush bool
}

// New makes a registry in which nobody tracks. wake is called, under the lock of a
// shard, when a message has been queued that no command caused: it has somebody else
// call Deliver.
func New(wake func()) *Registry {
	r := &Registry{wake: wake, on: map[*Client]struct{}{}, prefixes: map[string]*prefix{}}
	r.table.init()
	return r
}

// SetMaxKeys bounds the table; 0 for no bound.
func (r *Registry) SetMaxKeys(n int64) { r.table.most.Store(n) }

// Clients is how many clients track.
func (r *Registry) Clients() int { return int(r.clients.Load()) }

// Keys and Items are how many keys are remembered, and how many times for a client.
func (r *Registry) Keys() int { return int(r.table.keys.Load()) }

// Items is the number of remembered keys, once for each client that has read it.
func (r *Registry) Items() int { return int(r.table.items.Load()) }

// Prefixes is how many prefixes clients with BCAST asked for.
func (r *Registry) Prefixes() int { return int(r.listing.Load()) }

// Enable has a client track, in this mode from now on; prefixes, with BCAST, come to
// those that it has.
func (r *Registry) Enable(c *Client, m Mode, prefixes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !c.on {
		r.clients.Add(1)
	}
	c.on, c.mode, c.broken = true, m, false
	c.own.Store(m.NoLoop)
	r.on[c] = struct{}{}
	if !m.BCast {
		return
	}
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	for _, text := range prefixes {
		if slices.Contains(c.prefixes, text) {
			continue
		}
		c.prefixes = append(c.prefixes, text)
		p := r.prefixes[text]
		if p == nil {
			p = &prefix{map[*Client]struct{}{}, map[string]*Client{}}
			r.prefixes[text] = p
			r.listing.Add(1)
		}
		p.clients[c] = struct{}{}
	}
	slices.Sort(c.prefixes)
}

// Disable ends a client's tracking. The keys that it has read stay in the table until
// they change, as in redis-server.
func (r *Registry) Disable(c *Client) {
	if !c.On() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients.Add(-1)
	delete(r.on, c)
	for _, text := range c.prefixes {
		p := r.prefixes[text]
		delete(p.clients, c)
		if len(p.clients) == 0 {
			delete(r.prefixes, text)
			r.listing.Add(-1)
		}
	}
	c.on, c.mode, c.broken, c.prefixes, c.caching = false, Mode{}, false, nil, false
	c.own.Store(false)
}

// Leave is for a client that is gone.
func (r *Registry) Leave(c *Client) {
	if c == nil {
		return
	}
	r.Disable(c)
	if !c.gone.Swap(true) {
		r.table.left(c)
	}
}

// Remember notes that a client has read a key. The key's shard must be locked.
func (r *Registry) Remember(c *Client, key []byte) {
	if !c.remembers() || !r.table.add(c, key) {
		return
	}
	for r.table.over() {
		key, clients := r.table.any()
		if key == "" && clients == nil {
			return
		}
		r.tell(key, clients)
	}
}

// Changed queues what is to be told of a change. See cache.Listener.
func (r *Registry) Changed(_ int, key []byte, what cache.Change) {
	if r.clients.Load() == 0 && r.table.keys.Load() == 0 {
		return
	}
	switch what {
	case cache.Swapped, cache.FieldsExpired, cache.Emptied:
		return // a swap goes unnoticed, as in redis-server; the others come once more
	case cache.Flushed:
		r.flushed()
		return
	}
	r.broadcast(key)
	if clients := r.table.take(key); clients != nil {
		clients = slices.DeleteFunc(clients, func(c *Client) bool { return c.own.Load() && c.does(key) })
		r.tell(string(key), clients)
	}
	if (what == cache.Expired || what == cache.Evicted) && r.Waiting() {
		r.wake()
	}
}

// tell queues messages about a key.
func (r *Registry) tell(key string, clients []*Client) {
	if len(clients) == 0 {
		return
	}
	r.mu.Lock()
	for _, c := range clients {
		r.queue = append(r.queue, letter{to: c, key: key})
	}
	r.mu.Unlock()
	r.waiting.Store(true)
}

// broadcast notes a change for the clients with BCAST.
func (r *Registry) broadcast(key []byte) {
	if r.listing.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for text, p := range r.prefixes {
		if !strings.HasPrefix(string(key), text) {
			continue
		}
		if _, noted := p.changed[string(key)]; !noted {
			p.changed[string(key)] = p.author(key)
		}
		r.waiting.Store(true)
	}
}

// author is the client with NOLOOP whose doing a change is, or nil.
func (p *prefix) author(key []byte) *Client {
	for c := range p.clients {
		if c.mode.NoLoop && c.does(key) {
			return c
		}
	}
	return nil
}

// flushed tells everybody to forget everything. To empty all databases is reported
// once for each of them, and told once.
func (r *Registry) flushed() {
	r.table.clear()
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.queue); n > 0 && r.queue[n-1].flush {
		return
	}
	for c := range r.on {
		r.queue = append(r.queue, letter{to: c, flush: true})
		r.waiting.Store(true)
	}
}

// maphashSeed makes the stripes of the table unpredictable.
var maphashSeed = maphash.MakeSeed()

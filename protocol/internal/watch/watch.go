// Package watch remembers which clients watch which keys (WATCH), and which of
// these have changed since.
//
// The cache reports every change of every key while the key's shard is locked, so
// between WATCH, which holds that lock as well, and EXEC nothing is missed. While no
// key is watched a change costs an atomic load.
//
// A client that has not been marked watches keys that are as they were: so whether a
// key was there when it was watched tells whether a flush has taken it away. Of a swap
// of databases whoever does it tells (In).
package watch

import (
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/cache"
)

// Key is a watched key.
type Key struct {
	DB   int
	Name string
}

// Registry is all watched keys of a server. It implements part of cache.Listener.
type Registry struct {
	count atomic.Int64 // keys watched, once for each client

	mu      sync.Mutex
	keys    map[Key]map[*client]struct{}
	clients map[uint64]*client
}

// client is what one client watches.
type client struct {
	keys    map[Key]bool // whether it was there
	changed bool
}

// New makes a registry in which nothing is watched.
func New() *Registry {
	return &Registry{keys: map[Key]map[*client]struct{}{}, clients: map[uint64]*client{}}
}

// Watch adds a key to those that a client watches. there tells whether the key
// exists. The key's shard must be locked.
func (r *Registry) Watch(id uint64, k Key, there bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[id]
	if c == nil {
		c = &client{keys: map[Key]bool{}}
		r.clients[id] = c
	}
	if _, had := c.keys[k]; had {
		return
	}
	c.keys[k] = there
	if r.keys[k] == nil {
		r.keys[k] = map[*client]struct{}{}
	}
	r.keys[k][c] = struct{}{}
	r.count.Add(1)
}

// Forget ends all watching of a client.
func (r *Registry) Forget(id uint64) {
	if r.count.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[id]
	if c == nil {
		return
	}
	delete(r.clients, id)
	for k := range c.keys {
		delete(r.keys[k], c)
		if len(r.keys[k]) == 0 {
			delete(r.keys, k)
		}
		r.count.Add(-1)
	}
}

// Keys appends the keys that a client watches to dst, without their databases: whose
// shards EXEC must lock before it asks whether one has changed.
func (r *Registry) Keys(id uint64, dst [][]byte) [][]byte {
	if r.count.Load() == 0 {
		return dst
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[id]; c != nil {
		for k := range c.keys {
			dst = append(dst, []byte(k.Name))
		}
	}
	return dst
}

// Len is how many keys a client watches.
func (r *Registry) Len(id uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[id]; c != nil {
		return len(c.keys)
	}
	return 0
}

// Clients and Total are how many clients watch anything, and how many keys in all.
func (r *Registry) Clients() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.clients)
}

// Total is the number of watched keys, once for each client that watches it.
func (r *Registry) Total() int { return int(r.count.Load()) }

// Touched tells whether a key that a client watches has changed. there looks a key
// up in the cache, whose shards the caller has locked; one that has expired by now
// has changed, as the look-up finds out.
func (r *Registry) Touched(id uint64, there func(Key) bool) bool {
	if r.count.Load() == 0 {
		return false
	}
	r.mu.Lock()
	c := r.clients[id]
	r.mu.Unlock()
	if c == nil {
		return false
	}
	// Only this client's own goroutine changes c.keys.
	differs := false
	for k, was := range c.keys {
		if there(k) != was {
			differs = true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.changed || differs
}

// Changed marks the clients that watch a key which has changed: see cache.Listener.
func (r *Registry) Changed(db int, key []byte, what cache.Change) {
	if r.count.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if what == cache.Flushed {
		r.flushed(db)
		return
	}
	for c := range r.keys[Key{db, string(key)}] {
		c.changed = true
	}
}

// flushed marks those who watch keys of a database that were there and are no more.
func (r *Registry) flushed(db int) {
	for k, clients := range r.keys {
		if k.DB != db {
			continue
		}
		for c := range clients {
			if c.keys[k] {
				c.changed = true
			}
		}
	}
}

// In returns the watched keys of two databases, for a swap of them: it changes those
// that are there in either.
func (r *Registry) In(a, b int) (keys []Key) {
	if r.count.Load() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.keys {
		if k.DB == a || k.DB == b {
			keys = append(keys, k)
		}
	}
	return keys
}

package blocking

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache"
)

// keySet is the keys of a blocking command. Workers mostly wait for the same keys,
// thousands of them perhaps, so those who do share one, and what is asked of all of
// them need be asked but once.
type keySet struct {
	id      string
	db      int
	keys    [][]byte
	names   []string // the same
	waiters int
	seen    uint64 // the last walk that came by
}

// keySetID tells sets of keys apart, by their order too. It appends to dst.
func keySetID(dst []byte, db int, keys [][]byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(db))
	for _, key := range keys {
		dst = binary.AppendUvarint(dst, uint64(len(key)))
		dst = append(dst, key...)
	}
	return dst
}

// shareKeys counts one more waiter with these keys, which are copied if they are the
// first; mu is held.
func (r *Registry) shareKeys(db int, keys [][]byte) *keySet {
	r.scratch = keySetID(r.scratch[:0], db, keys)
	set := r.sets[string(r.scratch)]
	if set == nil {
		set = &keySet{id: string(r.scratch), db: db, keys: clone(keys)}
		for _, key := range keys {
			set.names = append(set.names, string(key))
		}
		r.sets[set.id] = set
	}
	set.waiters++
	const keep = 4 << 10
	if cap(r.scratch) > keep {
		r.scratch = nil
	}
	return set
}

// releaseKeys undoes shareKeys.
func (r *Registry) releaseKeys(set *keySet) {
	if set.waiters--; set.waiters == 0 {
		delete(r.sets, set.id)
	}
}

// reachMost bounds the walk over those who may be served together: with more keys than
// that it is cheaper to lock everything.
const reachMost = 128

// Reach tells which keys have to be locked, beside those of a command that may make
// its keys ready, so that all who wait for them can be served before anybody else
// comes by: the keys of their commands, of those who wait for these, and so on. It
// appends the ones that tx does not cover to dst. all: there are so many that all
// shards should be locked. The keys may be ready in any database (MOVE, COPY).
//
// What it says holds for as long as tx covers it: nobody can begin to wait for a key
// that is locked.
func (r *Registry) Reach(tx *cache.Tx, keys, dst [][]byte) (missing [][]byte, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.walk++
	var room [16]*queue
	next := room[:0] // queues to be walked, those that were in front
	for _, key := range keys {
		for db, queues := range r.inDB {
			if queues > 0 {
				next = r.enter(next, r.queues[cache.ReadyKey{DB: db, Key: string(key)}])
			}
		}
	}
	missing = dst
	for i, steps := 0, 0; i < len(next); i++ {
		for set := range next[i].sets {
			if set.seen == r.walk {
				continue
			}
			set.seen = r.walk
			if steps += len(set.keys); steps > reachMost {
				return dst, true
			}
			for j, key := range set.keys {
				if !tx.Covers(key) {
					missing = append(missing, key)
				}
				next = r.enter(next, r.queues[cache.ReadyKey{DB: set.db, Key: set.names[j]}])
			}
		}
	}
	return missing, false
}

// enter adds a queue to those to be walked, unless the walk has been there, or there
// is no such queue, or nobody in it needs another key.
func (r *Registry) enter(next []*queue, q *queue) []*queue {
	if q == nil || len(q.sets) == 0 || q.seen == r.walk {
		return next
	}
	q.seen = r.walk
	return append(next, q)
}

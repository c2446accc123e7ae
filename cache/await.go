package cache

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Waiting for keys. The cache does not know who waits: it is told which keys are
// awaited and tells, of each transaction, which of these it has changed in a way
// that may end a wait. Blocking commands are built on that:
//
//	tx: nothing at k ── Await(k) ── End          (one transaction: nothing is missed)
//	                        │
//	other tx: push to k ────┴─▶ TakeReady: k ── serve whoever waits ── End
//
// A key is ready when a list, a sorted set or a stream under it was changed or came
// to be there, and when it went or was overwritten. That is more than what ends most
// waits: who is told looks for himself.
//
// What a transaction leaves behind in TakeReady, and what happens outside of any
// (expiry, eviction, a flush), goes to the function given to OnReady.

// ReadyKey is an awaited key that has changed.
type ReadyKey struct {
	DB  int
	Key string
}

// awaits are the awaited keys of a shard. The count is there to be asked without
// the mutex; a key is added under the shard's lock, and taken away at any time.
type awaits struct {
	count atomic.Int32 // keys awaited, by whomever

	mu   sync.Mutex         // taken within the shard's lock, and takes none
	keys map[string][]await // by database each, mostly one
	most int                // that keys has held
}

// await is how often a key of a database is awaited, and whether it is in a list of
// ready keys already.
type await struct {
	db, waiters int
	ready       bool
}

// keepAwaits is up to how many keys a map may have held that is kept when it is
// empty: a map never gives back what it grew to.
const keepAwaits = 64

// find is a key's entry, nil if nobody awaits it; mu is held.
func (a *awaits) find(db int, key []byte) *await {
	list := a.keys[string(key)]
	for i := range list {
		if list[i].db == db {
			return &list[i]
		}
	}
	return nil
}

// Await has the transactions from now on tell whether they make the key ready, in
// the transaction's database. It may be called many times for a key, and must be
// undone as often by Unawait.
func (tx *Tx) Await(key []byte) {
	s, _ := tx.route(key)
	a := &s.awaits
	a.mu.Lock()
	defer a.mu.Unlock()
	if entry := a.find(tx.db, key); entry != nil {
		entry.waiters++
		return
	}
	if a.keys == nil {
		a.keys = make(map[string][]await)
	}
	a.keys[string(key)] = append(a.keys[string(key)], await{db: tx.db, waiters: 1})
	a.most = max(a.most, len(a.keys))
	a.count.Add(1)
}

// Unawait undoes one Await. It needs no transaction, and may be called within one.
func (c *Cache) Unawait(db int, key []byte) {
	a := &c.shardOf(c.hash.sum(key)).awaits
	a.mu.Lock()
	defer a.mu.Unlock()
	entry := a.find(db, key)
	if entry == nil {
		panic("cache: Unawait of a key that is not awaited")
	}
	if entry.waiters--; entry.waiters > 0 {
		return
	}
	list := slices.DeleteFunc(a.keys[string(key)], func(e await) bool { return e.db == db })
	if len(list) > 0 {
		a.keys[string(key)] = list
	} else {
		delete(a.keys, string(key))
	}
	if a.count.Add(-1) == 0 && a.most > keepAwaits {
		a.keys, a.most = nil, 0
	}
}

// Awaits tells whether a key is awaited, in any database.
func (tx *Tx) Awaits(key []byte) bool {
	s, _ := tx.route(key)
	a := &s.awaits
	if a.count.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys[string(key)] != nil
}

// Awaited tells whether any key of the locked shards is awaited. Where it is false
// after Begin, the transaction makes no key ready.
func (tx *Tx) Awaited() bool {
	if tx.one != nil {
		return tx.one.awaits.count.Load() != 0
	}
	return tx.many && tx.awaited
}

// Covers tells whether the shard of a key is locked.
func (tx *Tx) Covers(key []byte) bool {
	s := tx.c.shardOf(tx.c.hash.sum(key))
	return s == tx.one || tx.holds(s)
}

// TakeReady appends the keys that the transaction has made ready since it began or
// since the last call, each once, in the order in which it did.
func (tx *Tx) TakeReady(dst []ReadyKey) []ReadyKey {
	from := tx.readyKeys()
	first := len(dst)
	dst = append(dst, *from...)
	*from = nil
	tx.c.unmark(dst[first:])
	return dst
}

// readyKeys is where the transaction's ready keys are noted.
func (tx *Tx) readyKeys() *[]ReadyKey {
	if tx.one != nil {
		return &tx.one.ready
	}
	return &tx.ready
}

// CountReady is how many keys are ready that TakeReady has not taken yet.
func (tx *Tx) CountReady() int { return len(*tx.readyKeys()) }

// ForgetReady drops ready keys but for the first count and those that are not there
// any more. It is for a change that gives nothing to anybody, such as the note that a
// group's consumer has asked in vain: who is woken by it would ask in vain as well,
// which is another change, and so on without end.
func (tx *Tx) ForgetReady(count int) {
	list, db := tx.readyKeys(), tx.db
	for i := count; i < len(*list); i++ { // to look may remove an expired key, and so add to it
		k := (*list)[i]
		tx.db = k.DB
		if tx.Type([]byte(k.Key)) == None {
			(*list)[count] = k
			count++
		} else {
			tx.c.unmark((*list)[i : i+1])
		}
	}
	tx.db, *list = db, (*list)[:count]
}

// OnReady has f called with keys that became ready and that nobody took from the
// transaction in which they did, after its end, by whichever goroutine that was: f
// must not begin a transaction. It comes before the cache is used.
func (c *Cache) OnReady(f func([]ReadyKey)) { c.onReady = f }

// signal notes that a key was changed in a way that may end a wait for it. It costs
// next to nothing where no key of the shard is awaited.
func (s *shard) signal(db int, key []byte) {
	if s.awaits.count.Load() != 0 {
		s.signalAwaited(db, key)
	}
}

func (s *shard) signalAwaited(db int, key []byte) {
	a := &s.awaits
	a.mu.Lock()
	entry := a.find(db, key)
	wanted := entry != nil && !entry.ready
	if wanted {
		entry.ready = true
	}
	a.mu.Unlock()
	if !wanted {
		return
	}
	to := &s.ready
	if s.tx != nil {
		to = &s.tx.ready // one list for all its shards, to keep them in order
	}
	*to = append(*to, ReadyKey{db, string(key)})
}

// signalAll notes that all keys of a database may have changed at once.
func (s *shard) signalAll(db int) {
	a := &s.awaits
	if a.count.Load() == 0 {
		return
	}
	var keys []string
	a.mu.Lock()
	for key, list := range a.keys {
		if slices.ContainsFunc(list, func(e await) bool { return e.db == db }) {
			keys = append(keys, key)
		}
	}
	a.mu.Unlock()
	for _, key := range keys {
		s.signalAwaited(db, []byte(key))
	}
}

// unmark lets keys that were taken become ready again.
func (c *Cache) unmark(keys []ReadyKey) {
	for _, k := range keys {
		key := []byte(k.Key)
		a := &c.shardOf(c.hash.sum(key)).awaits
		a.mu.Lock()
		if entry := a.find(k.DB, key); entry != nil {
			entry.ready = false
		}
		a.mu.Unlock()
	}
}

// takeLeft takes what a shard has made ready outside of a transaction, or within
// one that has not asked for it. The caller hands it to passOn once it has unlocked.
func (s *shard) takeLeft() []ReadyKey {
	left := s.ready
	s.ready = nil
	return left
}

// passOn tells whoever wants to know about keys that became ready aside.
func (c *Cache) passOn(keys []ReadyKey) {
	c.unmark(keys)
	if c.onReady != nil {
		c.onReady(keys)
	}
}

// unlock gives the shard's lock back where keys may have become ready: aside of a
// transaction, or in one on this shard alone. The lock was taken by lock or tryLock.
func (s *shard) unlock() {
	if s.glanced {
		s.changes.Add(1)
	}
	if len(s.ready) == 0 {
		s.mu.Unlock()
		return
	}
	left := s.takeLeft()
	s.mu.Unlock()
	s.c.passOn(left)
}

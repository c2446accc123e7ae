package cache

import (
	"math/bits"
	"time"
)

// Tx is a set of locked shards and the operations on the keys in them. It is
// owned by the caller, who begins it, uses it and ends it, again and again; the
// zero value is ready. A Tx is for one goroutine.
//
// Between Begin and End the operations are atomic together: nobody else sees or
// changes a key of the locked shards. Slices that operations return lie in the
// cache's own memory and are valid until End or the next operation that writes,
// whichever comes first; they must not be written to, nor handed to an operation
// that writes.
//
// Lock order: shards are locked in ascending order, all at once in Begin; there
// is no way to lock one more.
type Tx struct {
	c       *Cache
	db      int
	now     int64
	clock   int64
	noTouch bool
	keep    bool // see SetKeepExpired

	giveUp func() bool // see SetGiveUp
	gaveUp bool

	one    *shard // the only shard locked, or nil
	locked [maxShards / 64]uint64
	many   bool

	memo     []byte // the key that BeginKey hashed
	memoHash uint64

	ready   []ReadyKey // awaited keys that changed, where several shards are locked
	awaited bool       // as several shards were locked, a key of theirs was awaited
}

// SetClock gives the time, unix ms, for transactions begun from now on; 0 asks
// the cache's clock at each. A caller that runs many short transactions in a row
// saves reading the clock for each.
func (tx *Tx) SetClock(ms int64) { tx.clock = ms }

// SetNoTouch makes reads leave access times and frequencies alone.
func (tx *Tx) SetNoTouch(on bool) { tx.noTouch = on }

// SetKeepExpired has the transactions begun from now on find no expired keys without
// removing them. They must not write then.
func (tx *Tx) SetKeepExpired(on bool) { tx.keep = on }

// SetGiveUp has Begin ask f, now and then, while it waits for a shard that somebody else
// has locked; once f is true it gives up, and GaveUp says so. Nothing is locked then, and
// the transaction has not begun. nil: it waits for as long as it takes.
func (tx *Tx) SetGiveUp(f func() bool) { tx.giveUp = f }

// GaveUp tells whether the last Begin gave up.
func (tx *Tx) GaveUp() bool { return tx.gaveUp }

// Now is the transaction's time, unix ms: the same from beginning to end.
func (tx *Tx) Now() int64 { return tx.now }

// DB is the database that operations work on.
func (tx *Tx) DB() int { return tx.db }

// SelectDB changes the database within the transaction.
func (tx *Tx) SelectDB(db int) { tx.db = db }

func (c *Cache) start(tx *Tx, db int) {
	tx.c, tx.db, tx.now, tx.gaveUp = c, db, tx.clock, false
	if tx.now == 0 {
		tx.now = c.clock()
	}
}

// BeginKey begins a transaction on one key.
func (c *Cache) BeginKey(tx *Tx, db int, key []byte) {
	c.BeginHashed(tx, db, key, c.hash.sum(key))
}

// BeginHashed is BeginKey for who has the key's hash, by Hash, already.
func (c *Cache) BeginHashed(tx *Tx, db int, key []byte, hash uint64) {
	c.start(tx, db)
	s := c.shardOf(hash)
	if !tx.acquire(s) {
		return
	}
	tx.memo, tx.memoHash, tx.one = key, hash, s
	s.now, s.keep = tx.now, tx.keep
}

// Begin begins a transaction on some keys, of any databases. With none it locks
// nothing: then only the clock and the database can be used.
func (c *Cache) Begin(tx *Tx, db int, keys ...[]byte) {
	if len(keys) == 1 {
		c.BeginKey(tx, db, keys[0])
		return
	}
	c.start(tx, db)
	// Some at a time, so that the hashes need little room.
	for from := 0; from < len(keys); from += beginChunk {
		var touches [beginChunk]KeyTouch
		chunk := keys[from:min(from+beginChunk, len(keys))]
		for i, key := range chunk {
			h := c.hash.sum(key)
			n := h >> (64 - c.shardBits)
			tx.locked[n/64] |= 1 << (n % 64)
			touches[i].Hash = h
		}
		if from < touchMost {
			c.TouchKeys(db, touches[:len(chunk)])
		}
	}
	tx.lock()
}

// Begin asks for the memory of its keys, as who has a batch does by TouchKeys, for as
// many as the processor's caches hold beside other things, so many at a time.
const (
	beginChunk = touchChunk
	touchMost  = 1024
)

// BeginAll begins a transaction on every key there may be.
func (c *Cache) BeginAll(tx *Tx, db int) {
	c.start(tx, db)
	for i := range c.shards {
		tx.locked[i/64] |= 1 << (i % 64)
	}
	tx.lock()
}

func (tx *Tx) lock() {
	tx.many, tx.awaited = true, false
	for i := tx.lockedFrom(0); i >= 0; i = tx.lockedFrom(i + 1) {
		s := &tx.c.shards[i]
		if !tx.acquire(s) {
			for j := tx.lockedFrom(i); j >= 0; j = tx.lockedFrom(j + 1) {
				tx.locked[j/64] &^= 1 << (j % 64)
			}
			tx.End()
			return
		}
		s.now, s.tx, s.keep = tx.now, tx, tx.keep
		if s.awaits.count.Load() != 0 {
			tx.awaited = true
		}
	}
}

// acquire locks a shard; false if the transaction gives up.
func (tx *Tx) acquire(s *shard) bool {
	if tx.giveUp == nil {
		s.lock()
		return true
	}
	return s.tryLock() || tx.contend(s)
}

// contend is acquire for a shard that somebody else has locked. It looks at the lock again
// and again instead of waiting for it, as a wait could not be given up: some microseconds
// without a pause, since most locks are held for less, and then in turns with others.
func (tx *Tx) contend(s *shard) bool {
	for turn := 0; !tx.giveUp(); turn++ {
		for range 1000 {
			if s.tryLock() {
				return true
			}
		}
		if yield(); turn > 100 {
			time.Sleep(50 * time.Microsecond)
		}
	}
	tx.gaveUp = true
	return false
}

// lockedFrom is the number of the first shard from i on that belongs to a
// transaction on several; -1 if there is none.
func (tx *Tx) lockedFrom(i int) int {
	for ; i < len(tx.c.shards); i = i&^63 + 64 {
		if word := tx.locked[i/64] >> (i % 64); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// End unlocks. What was borrowed from the transaction is no longer valid.
func (tx *Tx) End() {
	if tx.one != nil {
		tx.one.unlock()
		tx.one, tx.memo = nil, nil
		return
	}
	if !tx.many {
		return
	}
	for i := tx.lockedFrom(0); i >= 0; i = tx.lockedFrom(i + 1) {
		s := &tx.c.shards[i]
		s.tx = nil
		s.unlock()
	}
	clear(tx.locked[:(len(tx.c.shards)+63)/64])
	tx.many = false
	if len(tx.ready) > 0 {
		left := tx.ready
		tx.ready = nil
		tx.c.passOn(left)
	}
}

// route finds a key's shard, which must be locked, and the index's hash.
func (tx *Tx) route(key []byte) (*shard, uint64) {
	h := tx.memoHash
	if len(key) != len(tx.memo) || len(key) == 0 || &key[0] != &tx.memo[0] {
		h = tx.c.hash.sum(key)
	}
	s := tx.c.shardOf(h)
	if s != tx.one && !tx.holds(s) {
		panic("cache: the transaction was not begun on this key")
	}
	return s, tx.c.indexHash(h)
}

func (tx *Tx) holds(s *shard) bool {
	return tx.many && tx.locked[s.number/64]&(1<<(s.number%64)) != 0
}

// wantAll panics unless all shards are locked.
func (tx *Tx) wantAll() {
	for i := range tx.c.shards {
		if !tx.holds(&tx.c.shards[i]) {
			panic("cache: the transaction was not begun on all keys")
		}
	}
}

// find looks a key up in the transaction's database.
func (tx *Tx) find(key []byte) (*shard, entry, bool) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	return s, e, ok
}

// ShardOf is the number of the shard that a key is in: keys with the same one are
// locked together.
func (c *Cache) ShardOf(key []byte) int { return c.shardOf(c.hash.sum(key)).number }

// Hash is a key's hash in this cache, for BeginHashed and TouchKeys.
func (c *Cache) Hash(key []byte) uint64 { return c.hash.sum(key) }

package cache

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// A scan's cursor is the shard's number, then positionBits bits of position in the
// shard's table, where 0 begins and ends. It survives whatever happens to the
// tables in between, and fits in the 53 bits that clients without 64-bit integers
// can hold. A table's positions have no more bits than that until it has 2^23
// segments, more than a shard's memory can hold.
const (
	positionBits  = 40
	positionShift = 64 - positionBits
)

// Scan goes through the keys of a database, from cursor 0 on, some at each call,
// and returns the cursor for the next call, 0 at the end. Every key that is there
// from the first call to the last is handed to f at least once; one that comes or
// goes meanwhile may or may not be, and a key can come twice. f gets a borrowed
// key and must not use the cache.
func (c *Cache) Scan(db int, cursor uint64, o ScanOptions, f func(key []byte, t Type)) (next uint64) {
	var tx Tx
	c.Begin(&tx, db)
	return tx.Scan(cursor, o, f)
}

// Scan is Cache.Scan in the transaction's database. As with all methods that walk
// the keyspace, the transaction may have been begun on no key, and then each shard is
// locked for a moment, or on all of them.
func (tx *Tx) Scan(cursor uint64, o ScanOptions, f func(key []byte, t Type)) (next uint64) {
	c, count := tx.c, o.Count
	if count <= 0 {
		count = 10
	}
	number, position := cursor>>positionBits, cursor<<positionShift
	free := scanFree
	for number < uint64(len(c.shards)) && count > 0 {
		var looked, steps int
		position, looked, steps = tx.scanShard(&c.shards[number], position, min(count, scanHold), scanSteps*scanHold, o, f)
		// Empty buckets count too, or a call in tables that have lost most of their keys
		// would take long.
		free -= steps
		count -= max(looked, min(-free, steps)/scanSteps)
		if position == 0 {
			number++
		}
	}
	if number >= uint64(len(c.shards)) {
		return 0
	}
	return number<<positionBits | position>>positionShift
}

const (
	// scanHold is how many keys are looked at while a shard stays locked.
	scanHold = 512
	// scanSteps is how many buckets count as a key, but for the first scanFree of a call:
	// so many are there when each shard has a few keys, and a client that asks for the
	// keys of a small database expects to get them at once.
	scanSteps = 10
	scanFree  = 8192
)

// enter locks a shard for a walk unless the transaction holds it, and tells leave
// whether it did.
func (tx *Tx) enter(s *shard) (locked bool) {
	if s == tx.one || tx.holds(s) {
		return false
	}
	s.lock()
	s.now = tx.now
	return true
}

func (tx *Tx) leave(s *shard, locked bool) {
	if locked {
		s.unlock()
	}
}

// scanShard looks at about count keys, or most buckets, of one shard and returns the position to go on
// at, 0 when it is through, and how many keys and buckets it has looked at.
func (tx *Tx) scanShard(s *shard, position uint64, count, most int, o ScanOptions, f func([]byte, Type)) (next uint64, looked, steps int) {
	defer tx.leave(s, tx.enter(s))
	t, now := s.tables[tx.db], tx.now
	if t == nil {
		return 0, 0, 0
	}
	visit := func(ref uint32) {
		looked++
		it := item.Decode(s.heap.At(slab.Ref(ref)))
		if at := it.ExpireAt(); at != 0 && at <= now {
			return
		}
		kind := typeOf(it.Kind())
		if (o.Type == None || o.Type == kind) && (o.Match == nil || o.Match(it.Key())) {
			f(it.Key(), kind)
		}
	}
	for {
		position = t.Scan(position, visit)
		if steps++; position == 0 || looked >= count || steps >= most {
			return position, looked, steps
		}
	}
}

// Keys calls f for every key of a database, each once, shard by shard, and each
// shard is locked until it is through. f gets a borrowed key and must not use the
// cache.
func (c *Cache) Keys(db int, f func(key []byte)) {
	var tx Tx
	c.Begin(&tx, db)
	tx.Keys(f)
}

// Keys is Cache.Keys in the transaction's database.
func (tx *Tx) Keys(f func(key []byte)) {
	const everything = math.MaxInt
	for i := range tx.c.shards {
		tx.scanShard(&tx.c.shards[i], 0, everything, everything, ScanOptions{}, func(key []byte, _ Type) { f(key) })
	}
}

// Size is the number of keys in a database, including such as have expired but
// have not been removed yet.
func (c *Cache) Size(db int) int {
	var tx Tx
	c.Begin(&tx, db)
	return tx.Size()
}

// Size is Cache.Size of the transaction's database.
func (tx *Tx) Size() int {
	n := 0
	for i := range tx.c.shards {
		s := &tx.c.shards[i]
		locked := tx.enter(s)
		if t := s.tables[tx.db]; t != nil {
			n += t.Len()
		}
		tx.leave(s, locked)
	}
	return n
}

// RandomKey appends a key of a database, picked at random, to dst; false if the
// database is empty.
func (c *Cache) RandomKey(db int, dst []byte) ([]byte, bool) {
	var tx Tx
	c.Begin(&tx, db)
	return tx.RandomKey(dst)
}

// RandomKey is Cache.RandomKey in the transaction's database.
func (tx *Tx) RandomKey(dst []byte) ([]byte, bool) {
	shards := tx.c.shards
	locked := tx.enter(&shards[0])
	start := int(shards[0].next() % uint64(len(shards)))
	tx.leave(&shards[0], locked)
	for i := 0; i < len(shards); {
		s := &shards[(start+i)%len(shards)]
		key, ok, more := tx.randomKey(s, dst)
		if ok {
			return key, true
		}
		if !more {
			i++
		}
	}
	return dst, false
}

// randomKey picks a key of one shard. Expired keys that it comes upon it removes,
// some at a time; more says that there are others still to look at.
func (tx *Tx) randomKey(s *shard, dst []byte) (key []byte, ok, more bool) {
	defer tx.leave(s, tx.enter(s))
	const tries = 64
	for range tries {
		t := s.tables[tx.db]
		if t == nil || t.Len() == 0 {
			return dst, false, false
		}
		ref := slab.Ref(t.Any(s.next()))
		it := item.Decode(s.heap.At(ref))
		if at := it.ExpireAt(); at == 0 || at > tx.now {
			return append(dst, it.Key()...), true, false
		}
		s.Expire(ref)
	}
	return dst, false, true
}

package cache

import (
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
	count := o.Count
	if count <= 0 {
		count = 10
	}
	number, position := cursor>>positionBits, cursor<<positionShift
	now := c.clock()
	for number < uint64(len(c.shards)) && count > 0 {
		var looked int
		position, looked = c.shards[number].scan(db, position, min(count, scanHold), now, o, f)
		count -= looked
		if position == 0 {
			number++
		}
	}
	if number >= uint64(len(c.shards)) {
		return 0
	}
	return number<<positionBits | position>>positionShift
}

// scanHold is how many keys are looked at while a shard stays locked.
const scanHold = 512

// scan looks at about count keys of one shard and returns the position to go on
// at, 0 when it is through.
func (s *shard) scan(db int, position uint64, count int, now int64, o ScanOptions, f func([]byte, Type)) (next uint64, looked int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[db]
	if t == nil {
		return 0, 0
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
	for steps := 0; ; steps++ {
		position = t.Scan(position, visit)
		// Empty buckets count too, or a scan of a table that has lost most of its keys
		// would hold the lock for long.
		if position == 0 || looked >= count || steps/10 >= count {
			return position, max(looked, steps/10)
		}
	}
}

// Keys calls f for every key of a database, each once, shard by shard, and each
// shard is locked until it is through. f gets a borrowed key and must not use the
// cache.
func (c *Cache) Keys(db int, f func(key []byte)) {
	now := c.clock()
	everything := int(^uint(0)>>1) / 16
	for i := range c.shards {
		c.shards[i].scan(db, 0, everything, now, ScanOptions{}, func(key []byte, _ Type) { f(key) })
	}
}

// Size is the number of keys in a database, including such as have expired but
// have not been removed yet.
func (c *Cache) Size(db int) int {
	n := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		if t := s.tables[db]; t != nil {
			n += t.Len()
		}
		s.mu.Unlock()
	}
	return n
}

// RandomKey appends a key of a database, picked at random, to dst; false if the
// database is empty.
func (c *Cache) RandomKey(db int, dst []byte) ([]byte, bool) {
	now := c.clock()
	first := &c.shards[0]
	first.mu.Lock()
	start := int(first.next() % uint64(len(c.shards)))
	first.mu.Unlock()
	for i := 0; i < len(c.shards); {
		s := &c.shards[(start+i)%len(c.shards)]
		key, ok, more := s.randomKey(db, dst, now)
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
func (s *shard) randomKey(db int, dst []byte, now int64) (key []byte, ok, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
	const tries = 64
	for range tries {
		t := s.tables[db]
		if t == nil || t.Len() == 0 {
			return dst, false, false
		}
		ref := slab.Ref(t.Any(s.next()))
		it := item.Decode(s.heap.At(ref))
		if at := it.ExpireAt(); at == 0 || at > now {
			return append(dst, it.Key()...), true, false
		}
		s.Expire(ref)
	}
	return dst, false, true
}

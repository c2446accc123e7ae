package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// maxSamples bounds maxmemory-samples.
const maxSamples = 64

// alloc gets a block for an item, making room where the memory bound asks for it.
func (s *shard) alloc(size int) (slab.Ref, error) {
	ref, err := s.heap.Alloc(size)
	if err == nil {
		return ref, nil
	}
	return s.allocWithRoom(size)
}

// allocWithRoom makes room in the shard, and if that is not enough in the others,
// until a block can be had.
func (s *shard) allocWithRoom(size int) (slab.Ref, error) {
	for s.makeRoom(true) {
		if ref, err := s.heap.Alloc(size); err == nil {
			return ref, nil
		}
	}
	for s.makeRoomElsewhere() {
		if ref, err := s.heap.Alloc(size); err == nil {
			return ref, nil
		}
	}
	return 0, ErrOutOfMemory
}

// makeRoom does one small thing that frees memory, the cheapest that is left:
// empty pages go back to the system, flushed items are freed, a page is
// compacted if enough is fragmented, an item is evicted. It reports whether there
// was anything to do.
func (s *shard) makeRoom(mayEvict bool) bool {
	if s.heap.ReleaseDirty(0, 4) > 0 {
		return true
	}
	if s.drain(64) {
		return true
	}
	u := s.heap.Usage()
	if u.Free > 1<<16 && u.Free > (u.Live+u.Free)/fragmentShare && s.heap.CompactStep(false, s) {
		return true
	}
	if mayEvict && s.evictOne() {
		return true
	}
	return s.heap.CompactStep(false, s)
}

// fragmentShare: under pressure, pages are compacted before items are evicted
// where more than a 24th of the memory is holes.
const fragmentShare = 24

// makeRoomElsewhere makes room in other shards. Their locks are only tried: this
// shard's is held, and waiting would break the lock order.
func (s *shard) makeRoomElsewhere() bool {
	for i := range s.c.shards {
		o := &s.c.shards[(s.number+1+i)%len(s.c.shards)]
		if o == s || !o.mu.TryLock() {
			continue
		}
		o.now = s.now
		did := false
		for range 32 {
			if !o.makeRoom(true) {
				break
			}
			did = true
		}
		o.mu.Unlock()
		if did {
			return true
		}
	}
	return false
}

// evictOne evicts the worst of some sampled items; false if no item may be evicted.
func (s *shard) evictOne() bool {
	if s.policy.Kind() == evict.NoEviction {
		return false
	}
	for range 8 {
		if t := s.pickTable(); t >= 0 {
			if victim := s.sampleVictim(t); victim != 0 {
				s.evict(victim)
				return true
			}
		}
	}
	return s.evictVolatile()
}

// pickTable picks a database at random, by its number of keys; -1 if all are empty.
func (s *shard) pickTable() int {
	total := 0
	for _, t := range s.tables {
		if t != nil {
			total += t.Len()
		}
	}
	if total == 0 {
		return -1
	}
	n := int(s.next() % uint64(total))
	for db, t := range s.tables {
		if t == nil {
			continue
		}
		if n -= t.Len(); n < 0 {
			return db
		}
	}
	return -1
}

// sampleVictim samples residents of a database and picks the one to go; 0 if none
// of them may.
func (s *shard) sampleVictim(db int) slab.Ref {
	var refs [maxSamples]uint32
	n := s.tables[db].Sample(s.next(), refs[:s.c.samples.Load()])
	best, worst := slab.Ref(0), uint64(0)
	for _, r := range refs[:n] {
		ref := slab.Ref(r)
		if ref == s.pin {
			continue
		}
		it := item.Decode(s.heap.At(ref))
		at := it.ExpireAt()
		if at != 0 && at <= s.now {
			return ref
		}
		if at == 0 && s.policy.Kind().Volatile() {
			continue
		}
		score := s.policy.Score(evict.State(item.State(s.heap.At(ref))), it.Size(), at, s.now)
		if best == 0 || score > worst {
			best, worst = ref, score
		}
	}
	return best
}

// evictVolatile finds items with an expiry by walking the pages that have some,
// for policies that may evict nothing else when such items are rare.
func (s *shard) evictVolatile() bool {
	if !s.policy.Kind().Volatile() {
		return false
	}
	victim, worst := slab.Ref(0), uint64(0)
	for laps := 0; laps < 2 && victim == 0; {
		s.walk = s.heap.WalkVolatile(s.walk, 256, func(ref slab.Ref) {
			it := item.Decode(s.heap.At(ref))
			if ref == s.pin || !it.Expires() {
				return
			}
			score := s.policy.Score(evict.State(item.State(s.heap.At(ref))), it.Size(), it.ExpireAt(), s.now)
			if victim == 0 || score > worst {
				victim, worst = ref, score
			}
		})
		if s.walk == 0 {
			laps++
		}
	}
	if victim == 0 {
		return false
	}
	s.evict(victim)
	return true
}

// evict removes an item to make room.
func (s *shard) evict(ref slab.Ref) {
	it := item.Decode(s.heap.At(ref))
	if at := it.ExpireAt(); at != 0 && at <= s.now {
		s.counts.expired++
		s.policy.Removed()
	} else {
		hash := s.c.indexHash(s.c.hash.sum(it.Key()))
		s.policy.Evicted(hash, evict.State(item.State(s.heap.At(ref))), it.Size())
		s.counts.evicted++
	}
	s.discard(ref)
}

// MakeRoom tells whether a command that would write so many bytes should be let
// through. Where nothing may be evicted, there must be room for them within the
// bound, after freeing what can be freed; under all other policies a write makes the
// room it needs, and no more, so the bytes must only fit the bound at all.
func (c *Cache) MakeRoom(bytes int) bool {
	if c.Policy() != NoEviction {
		return int64(bytes) <= c.limit.Load()
	}
	if !c.Allow(int64(bytes)) {
		c.makeRoomStep(c.clock())
	}
	return c.Allow(int64(bytes))
}

// makeRoomStep makes some room in each shard that has something to give.
func (c *Cache) makeRoomStep(now int64) bool {
	did := false
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.now = now
		for range 16 {
			if !s.makeRoom(true) {
				break
			}
			did = true
		}
		s.mu.Unlock()
	}
	return did
}

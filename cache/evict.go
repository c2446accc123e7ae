package cache

import (
	"errors"
	"runtime"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// maxSamples bounds maxmemory-samples; samplesPerBucket of them are from one place.
const (
	maxSamples       = 64
	samplesPerBucket = 4
)

// Allow is what the shard's allocator asks: whether n more bytes may become
// resident.
func (s *shard) Allow(n int64) bool { return s.c.allow(n) }

// alloc gets a block for an item, making room where the memory bound asks for it.
func (s *shard) alloc(size int) (slab.Ref, error) {
	ref, err := s.heap.Alloc(size)
	if err == nil {
		return ref, nil
	}
	return s.allocWithRoom(size, err)
}

const (
	// maxWaits is how often a shard with nothing left to evict yields to those who
	// hold the locks of all others.
	maxWaits = 64
	// maxExcess is the largest block that may go beyond the bound where failing would
	// be worse: one for a change that makes an item a few bytes larger or moves it, or
	// one under a policy that promises room while nobody lets go of the other shards.
	maxExcess = 2 * slab.MaxSlot
	// roomSteps is how many steps a write makes room for before it may borrow from
	// the borrowShare'th of the bound that is kept for this. When the sizes of values
	// change, so many items must go before a page can be emptied that a single write
	// would have others wait for a tenth of a second; the background work and the
	// writes that follow pay back.
	roomSteps   = 64
	borrowShare = 32
)

// mayBorrow tells whether a block may go beyond the bound for a while.
func (s *shard) mayBorrow(size int) bool {
	limit := s.c.limit.Load()
	return s.policy.Kind() != evict.NoEviction && size <= maxExcess && s.c.allow(int64(size)-limit/borrowShare)
}

// allocWithRoom makes room until a block can be had: in this shard, and where that
// is not enough in the others. A block with pages of its own is paid for by all
// shards alike. why is the allocator's error: if it is not the bound that was
// reached but the shard's own addresses, room in others does not help.
func (s *shard) allocWithRoom(size int, why error) (slab.Ref, error) {
	if !s.worthTrying(size) {
		return 0, ErrOutOfMemory
	}
	busy := false
	for steps, waits := 0, 0; waits < maxWaits; steps++ {
		if steps >= roomSteps && errors.Is(why, slab.ErrFull) && s.mayBorrow(size) {
			if ref, err := s.allocBeyond(size); err == nil {
				return ref, nil
			}
		}
		did := s.makeRoom()
		if errors.Is(why, slab.ErrFull) && (!did || size > slab.MaxSlot) {
			var more bool
			// No more than what is wanted: one step there for one here.
			more, busy = s.makeRoomElsewhere(did)
			did = did || more
		}
		if !did {
			if !busy {
				break
			}
			waits++
			runtime.Gosched()
		}
		ref, err := s.heap.Alloc(size)
		if err == nil {
			return ref, nil
		}
		why = err
	}
	// Where all may be evicted there is nothing left in this shard, so what it gets
	// now because the others are busy is one block and does not add up.
	kind := s.policy.Kind()
	if s.must || busy && kind != evict.NoEviction && !kind.Volatile() {
		return s.allocBeyond(size)
	}
	return 0, ErrOutOfMemory
}

// worthTrying tells whether a block could be had if all other items went. Without
// this a single value that is too large would cost all the others.
func (s *shard) worthTrying(size int) bool {
	if size <= slab.MaxSlot {
		return true
	}
	if s.pin != 0 {
		size += s.heap.Capacity(s.pin)
	}
	return s.c.fits(size)
}

// fits tells whether a block is within the bound if nothing else is left but the
// page tables and the like.
func (c *Cache) fits(size int) bool {
	return int64(slab.RoundUp(size)) <= c.limit.Load()-c.account.Of(offheap.Meta)
}

// allocBeyond allocates a small block whatever the bound.
func (s *shard) allocBeyond(size int) (slab.Ref, error) {
	if size > maxExcess {
		return 0, ErrOutOfMemory
	}
	ref, err := s.heap.AllocAlways(size)
	if err != nil {
		return 0, ErrOutOfMemory
	}
	return ref, nil
}

// makeRoom does one small thing that frees memory, the cheapest that is left:
// empty pages go back to the system, flushed items are freed, a page is
// compacted if enough is fragmented, an item is evicted; at last, what is left is
// pushed together. It reports whether there was anything to do.
func (s *shard) makeRoom() bool {
	if s.heap.ReleaseDirty(0, 4) > 0 || s.drain(64) {
		return true
	}
	u := s.heap.Usage()
	if u.Free > 1<<16 && u.Free > (u.Live+u.Free)/fragmentShare && s.heap.CompactStep(false, s) {
		return true
	}
	return s.evictOne() || s.heap.CompactStep(false, s) || s.shrink()
}

// fragmentShare: under pressure, pages are compacted before items are evicted
// where more than a 32nd of the memory is holes.
const fragmentShare = 32

// makeRoomElsewhere makes room in some other shard. Those that this shard's own
// transaction holds may be used; the locks of the rest are only tried, since
// waiting for them would break the lock order. It does one step, or some more if
// this is all that is left. busy tells that some locks were not free.
func (s *shard) makeRoomElsewhere(one bool) (did, busy bool) {
	n, steps := len(s.c.shards), 8
	if one {
		steps = 1
	}
	first := int(s.next() % uint64(n)) // another one each time, so that none is bled dry
	for i := range n {
		o := &s.c.shards[(first+i)%n]
		held := s.tx != nil && s.tx.holds(o)
		if o == s || !held && !o.tryLock() {
			busy = busy || o != s
			continue
		}
		if !held {
			o.now = s.now
		}
		for range steps {
			if !o.makeRoom() {
				break
			}
			did = true
		}
		if !held {
			o.unlock()
		}
		if did {
			return true, busy
		}
	}
	return false, busy
}

// evictOne evicts the worst of some sampled items; false if no item may be evicted.
func (s *shard) evictOne() bool {
	if !s.mayEvict() {
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
	return s.evictRare()
}

// mayEvict tells whether there can be an item that the policy lets go.
func (s *shard) mayEvict() bool {
	kind := s.policy.Kind()
	if kind == evict.NoEviction {
		return false
	}
	n := int64(0)
	for db, t := range s.tables {
		if kind.Volatile() {
			n += s.expires[db]
		} else if t != nil {
			n += int64(t.Len())
		}
	}
	if s.pin != 0 && (!kind.Volatile() || s.Expiry(s.pin) != 0) {
		n--
	}
	return n > 0
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
	n, want := 0, int(s.c.samples.Load())
	// A few from each of several places: items of one bucket have nothing in common,
	// but a bucket sampled whole is sampled again whole.
	for tries := want; n < want && tries > 0; tries-- {
		n += s.tables[db].Sample(s.next(), refs[n:min(n+samplesPerBucket, want)])
	}
	for _, r := range refs[:n] {
		prefetch.Lines(s.heap.At(slab.Ref(r)), 1) // all waits for memory at once
	}
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
		score := s.policy.Score(evict.State(item.State(s.heap.At(ref))), sizeOf(&it), at, s.now)
		if best == 0 || score > worst {
			best, worst = ref, score
		}
	}
	return best
}

// evictRare finds items that sampling misses since there are few of them: such as
// expire, among many that do not, or any at all in a table that was large. It walks
// the pages, from where it stopped the last time.
func (s *shard) evictRare() bool {
	victim, worst := slab.Ref(0), uint64(0)
	consider := func(ref slab.Ref) {
		p := s.heap.At(ref)
		if ref == s.pin || nodes.IsNode(p) {
			return
		}
		it := item.Decode(p)
		if s.policy.Kind().Volatile() && !it.Expires() {
			return // only some of its fields expire
		}
		score := s.policy.Score(evict.State(item.State(p)), sizeOf(&it), it.ExpireAt(), s.now)
		if victim == 0 || score > worst {
			victim, worst = ref, score
		}
	}
	for laps := 0; laps < 2 && victim == 0; {
		if s.policy.Kind().Volatile() {
			s.walk, _ = s.heap.WalkVolatile(s.walk, 256, s, func(ref slab.Ref, _ int64) { consider(ref) })
		} else {
			s.walk = s.heap.Walk(s.walk, 8, func(ref slab.Ref, _ int) { consider(ref) })
		}
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
	it, why := item.Decode(s.heap.At(ref)), Evicted
	if at := it.ExpireAt(); at != 0 && at <= s.now {
		s.counts.expired++
		s.policy.Removed()
		why = Expired
	} else {
		hash := s.c.indexHash(s.c.hash.sum(it.Key()))
		s.policy.Evicted(hash, evict.State(item.State(s.heap.At(ref))), sizeOf(&it))
		s.counts.evicted++
	}
	s.discard(ref, why)
}

// MakeRoom tells whether a command that would write so many bytes should be let
// through. Where nothing may be evicted, by the policy or because no key expires,
// there must be room for them within the bound, after freeing what can be freed;
// else a write makes the room it needs, and no more, so the bytes must only fit the
// bound at all. The caller must hold no transaction.
func (c *Cache) MakeRoom(bytes int) bool {
	n := int64(bytes)
	kind := evict.Kind(c.Policy())
	if kind != evict.NoEviction && !kind.Volatile() || c.allow(n) {
		return n <= c.limit.Load()
	}
	if kind.Volatile() && c.anyVolatile() {
		return n <= c.limit.Load()
	}
	if c.held.Load() {
		return true // its command is about to be held up as well
	}
	c.makeRoomStep(c.clock())
	return c.allow(n)
}

// anyVolatile tells whether some key expires. It looks at one shard where most have
// such keys.
func (c *Cache) anyVolatile() bool {
	first := int(c.turn.Load())
	for i := range c.shards {
		s := &c.shards[(first+i)%len(c.shards)]
		if !s.lockSoon() {
			return true // there may be one; the write will see
		}
		may := s.mayEvict()
		s.unlock()
		if may {
			return true
		}
	}
	return false
}

// lockSoon is lock for who can do without: a transaction may hold a shard for as long as
// it likes, and what is not the shard's own business must not wait for that.
func (s *shard) lockSoon() bool {
	for range 20 {
		for range 100 {
			if s.tryLock() {
				return true
			}
		}
		yield()
	}
	return false
}

// makeRoomStep makes some room in each shard that has something to give.
func (c *Cache) makeRoomStep(now int64) {
	for i := range c.shards {
		s := &c.shards[i]
		if !s.lockSoon() {
			continue
		}
		s.now = now
		for range 16 {
			if !s.makeRoom() {
				break
			}
		}
		s.unlock()
	}
}

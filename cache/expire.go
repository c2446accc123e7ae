package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// fieldsAtOnce is how many expired fields of a hash are removed while its shard
// stays locked.
const fieldsAtOnce = 128

// Expiry tells the allocator's calendar when there is something to do for a block:
// when its item expires, or the first field of a hash. A node expires with its
// collection.
func (s *shard) Expiry(ref slab.Ref) int64 {
	p := s.heap.At(ref)
	if nodes.IsNode(p) {
		return 0
	}
	if k := item.KindAt(p); k != item.HashPackedTTL && k != item.HashTable {
		return item.ExpireAt(p)
	}
	it := item.Decode(p)
	at := it.ExpireAt()
	if due := hashNextDue(it.Kind(), it.Value()); at == 0 || due != 0 && due < at {
		return due
	}
	return at
}

// Expire removes an item whose time has come, or some fields of it.
func (s *shard) Expire(ref slab.Ref) {
	it := item.Decode(s.heap.At(ref))
	if at := it.ExpireAt(); at == 0 || at > s.now {
		hash := s.c.indexHash(s.c.hash.sum(it.Key()))
		if probe, db, ok := s.locate(hash, ref); ok && db >= 0 {
			s.expireFields(db, entry{probe: probe, ref: ref, item: it}, fieldsAtOnce)
			return
		}
	}
	s.policy.Removed()
	if s.discard(ref, Expired) {
		s.counts.expired++
	}
}

// expireStep removes some of what is due: pages enough for a few dozen
// microseconds under the lock. It reports whether more is due.
func (s *shard) expireStep() (more bool) {
	s.policy.Tick(s.now)
	if next := s.heap.NextDue(); next == 0 || next > s.now || !s.c.activeExpire.Load() || s.c.held.Load() {
		return false
	}
	_, done := s.heap.ExpireStep(s.now, 3, 64, s)
	return !done
}

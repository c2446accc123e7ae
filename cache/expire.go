package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// Expiry tells the allocator's calendar when the item at ref expires.
func (s *shard) Expiry(ref slab.Ref) int64 { return item.ExpireAt(s.heap.At(ref)) }

// Expire removes an item whose time has come.
func (s *shard) Expire(ref slab.Ref) {
	s.policy.Removed()
	if s.discard(ref) {
		s.counts.expired++
	}
}

// expireStep removes some of what is due: pages enough for a few dozen
// microseconds under the lock. It reports whether more is due.
func (s *shard) expireStep() (more bool) {
	s.policy.Tick(s.now)
	if next := s.heap.NextDue(); next == 0 || next > s.now || !s.c.activeExpire.Load() {
		return false
	}
	_, done := s.heap.ExpireStep(s.now, 3, 64, s)
	return !done
}

package cache

import (
	"runtime"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// Get reads without the shard's lock. A lock would be had at once, mostly, but each reader
// would write to it, and to the shard's counters and the item's state behind it, and each
// of these lines would have to come from the processor that wrote to it last: that
// takes longer than the look-up.
//
// The shard's changes are a sequence lock. While the lock is held they are odd; whoever
// takes it and whoever gives it back adds one. A reader looks at them, then at the
// table, the item and its value, which it copies, and then at them again: if they were
// even and are the same, nothing was written meanwhile, and what it has copied is what
// the lock would have shown it. Else it takes the lock. So a transaction's writes are
// seen all or none, as always.
//
//	reader            writer
//	  changes = 8       lock, changes = 9
//	  find, copy        write
//	  changes = 8?      changes = 10, unlock
//
// What it reads meanwhile may be nonsense but is always readable: tables and blocks lie
// in memory that stays, and no length found there is trusted (item.Glance). Nothing of
// it is in the Go heap, but for directories, which are replaced and not changed.
//
// Hits and misses are counted by goroutine (internal/stripe). Few accesses are recorded
// for the eviction policy, which stand for the others (evict.Shard.Due); that takes the
// lock, if it is free, and a lost one is no loss. The clock is read for keys that expire.
//
// Processors other than amd64's may read early what is written late in the program,
// and Go has no means to forbid it that is not a write; there, Get takes the lock.
//
// A shard counts its changes from the first Get on: a program that always
// uses transactions, as the server does, does not pay for counting.
//
// In a profile with a million keys by Zipf's law, half of the time goes into waiting for
// the item's line and a sixth for the bucket's; the copy takes a tenth, hashing and
// counting less. What is left to gain is in the memory's latency, which a program that
// knows its next keys can hide by TouchKeys.
const lockFree = runtime.GOARCH == "amd64"

// lock takes the shard's lock for work that may change keys; unlock gives it back.
func (s *shard) lock() {
	s.mu.Lock()
	if s.glanced {
		s.changes.Add(1)
	}
}

// tryLock is lock where nobody holds it.
func (s *shard) tryLock() bool {
	if !s.mu.TryLock() {
		return false
	}
	if s.glanced {
		s.changes.Add(1)
	}
	return true
}

// glance is Get without the lock. Where it is not sure, the lock must be taken; dst is
// then as it was, but for what lies behind its end.
func (c *Cache) glance(dst, key []byte, hash uint64) (value []byte, ok, sure bool) {
	s := c.shardOf(hash)
	before := s.changes.Load()
	if before&1 != 0 || !lockFree {
		return dst, false, false
	}
	t := s.published[0].Load()
	if t == nil {
		return dst, false, false
	}
	hash = c.indexHash(hash)
	g := t.Glance(hash)
	for ref := g.Next(); ref != 0; ref = g.Next() {
		r := slab.Ref(ref)
		var v item.View
		switch item.Glance(&v, s.heap.At(r), s.heap.Reach(r), key) {
		case item.Other:
			continue
		case item.Unknown:
			return dst, false, false
		}
		if at := v.ExpireAt(); !v.IsString() || at != 0 && at <= c.clock() {
			return dst, false, false
		}
		value = append(dst, v.Value()...)
		if s.changes.Load() != before {
			return dst, false, false
		}
		if n := s.policy.Due(evict.State(v.State()), c.reads.Hit()); n != 0 {
			s.usedBy(r, hash, n, before)
		}
		return value, true, true
	}
	if g.Unsure() || s.changes.Load() != before {
		return dst, false, false
	}
	c.reads.Miss()
	return dst, false, true
}

// usedBy renews the place in the order of eviction of an item that was read without the
// lock when there had been so many changes, for n accesses. It is not worth waiting for.
func (s *shard) usedBy(ref slab.Ref, hash uint64, n uint32, before uint64) {
	if !s.mu.TryLock() {
		return
	}
	if s.changes.Load() == before { // the item is still there
		p := s.heap.At(ref)
		item.SetState(p, uint32(s.policy.TouchFor(evict.State(item.State(p)), hash, n)))
	}
	s.mu.Unlock()
}

// getLocked is Get with the lock.
func (c *Cache) getLocked(dst, key []byte, hash uint64) (value []byte, ok bool) {
	var tx Tx
	c.BeginHashed(&tx, 0, key, hash)
	tx.one.glanced = lockFree // unlock makes the changes even
	v, err := tx.Get(key)
	if err == nil {
		dst = append(dst, v...)
	}
	tx.End()
	return dst, err == nil
}

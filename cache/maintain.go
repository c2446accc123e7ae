package cache

import (
	"runtime"
	"time"

	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// The background work: what is due is expired, memory above the bound is made
// free, flushed items are freed, pages are compacted and given back, tables
// shrink. All of it is done in steps of a few dozen microseconds under one
// shard's lock, with the lock free in between.
const (
	defaultHz   = 10
	roundsPerHz = 5 // rounds of background work in a second, for each hz
	// keepDirty is how much of each shard's empty pages stays resident for the next
	// need; releasing and touching a page again costs a system call and a fault.
	keepDirty = 128 << 10
	// observeEvery is the number of rounds after which a class without a change is
	// taken to be at rest.
	observeEvery = 10
)

func (c *Cache) maintainForever() {
	defer c.background.Done()
	for {
		every := time.Second / time.Duration(c.hz.Load()*roundsPerHz)
		select {
		case <-c.stop:
			return
		case <-time.After(every):
			c.Maintain(every / 2)
		}
	}
}

// SetMaintenanceHz sets how often the background work is done: five rounds a
// second for each hz (1 to 500; 10 by default, so every 20 ms). Each round uses at
// most half of one processor's time.
func (c *Cache) SetMaintenanceHz(hz int) { c.hz.Store(int64(min(max(hz, 1), 500))) }

// Maintain does one round of background work, for about budget at most. It need
// not be called unless Options.NoBackground is set.
func (c *Cache) Maintain(budget time.Duration) {
	deadline := time.Now().Add(budget)
	if c.rounds.Add(1)%observeEvery == 0 {
		for i := range c.shards {
			s := &c.shards[i]
			s.mu.Lock()
			s.heap.Observe()
			s.mu.Unlock()
		}
	}
	for more := true; more; {
		more = false
		now := c.clock()
		for i := range c.shards {
			if c.shards[i].maintainStep(now) {
				more = true
			}
			if time.Now().After(deadline) {
				return
			}
		}
		runtime.Gosched()
	}
}

// maintainStep takes the shard's lock for one small step of each kind of work and
// reports whether there is more.
func (s *shard) maintainStep(now int64) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
	s.policy.Tick(now)
	if s.c.activeExpire.Load() {
		more = s.expireStep(now)
	}
	if !s.c.Allow(0) {
		for range 16 {
			if !s.makeRoom(true) {
				break
			}
			more = true
		}
	}
	more = s.drain(128) || more
	more = s.heap.ReleaseDirty(keepDirty, 8) > 0 || more
	more = s.heap.CompactStep(true, s) || more
	return s.shrink() || more
}

// shrink makes one table smaller where it has become too large for its keys.
func (s *shard) shrink() (more bool) {
	for db, t := range s.tables {
		if t == nil {
			continue
		}
		if t.Len() == 0 && t.Resident() == 0 {
			s.setTable(db, nil)
			continue
		}
		more = t.ShrinkStep() || more
	}
	return more
}

// drain frees some items of flushed tables and reports whether there were any.
func (s *shard) drain(items int) bool {
	if len(s.graves) == 0 {
		return false
	}
	last := len(s.graves) - 1
	s.epoch++
	if s.graves[last].Drain(s.bury, items) {
		s.graves = s.graves[:last]
	}
	return true
}

// bury frees an item of a flushed table.
func (s *shard) bury(ref uint32) {
	s.heap.Free(slab.Ref(ref))
	s.policy.Removed()
}

// Flush removes all keys of a database, or of all of them if db is negative. The
// keys are gone at once; their memory is freed bit by bit.
func (c *Cache) Flush(db int) {
	var tx Tx
	c.BeginAll(&tx, 0)
	defer tx.End()
	tx.Flush(db)
}

// Flush is Cache.Flush within a transaction on all shards.
func (tx *Tx) Flush(db int) {
	for n := range tx.c.shards {
		s := &tx.c.shards[n]
		for i := range s.tables {
			if db >= 0 && db != i || s.tables[i] == nil {
				continue
			}
			s.graves = append(s.graves, s.tables[i])
			s.expires[i] = 0
			s.setTable(i, nil)
		}
		s.epoch++
	}
}

// Swap exchanges two databases.
func (c *Cache) Swap(a, b int) {
	var tx Tx
	c.BeginAll(&tx, 0)
	defer tx.End()
	tx.Swap(a, b)
}

// Swap is Cache.Swap within a transaction on all shards.
func (tx *Tx) Swap(a, b int) {
	for n := range tx.c.shards {
		s := &tx.c.shards[n]
		ta, tb := s.tables[a], s.tables[b]
		s.setTable(a, tb)
		s.setTable(b, ta)
		s.expires[a], s.expires[b] = s.expires[b], s.expires[a]
		s.epoch++
	}
}

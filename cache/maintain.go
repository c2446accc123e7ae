package cache

import (
	"time"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
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
	// A round ends after burst; where work is left the next begins after pause. Within a
	// round whoever waits for the processor gets it after each step (yield), so what the
	// two decide is how much of a processor the background work takes at most.
	burst = 2 * time.Millisecond
	pause = time.Millisecond
	// hold is for how long a shard's lock is held at most, about.
	hold = 100 * time.Microsecond
)

func (c *Cache) maintainForever() {
	defer c.background.Done()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-timer.C:
		}
		wait := time.Second / time.Duration(c.hz.Load()*roundsPerHz)
		if c.Maintain(burst) {
			wait = min(wait, pause)
		}
		timer.Reset(wait)
	}
}

// SetMaintenanceHz sets how often the background work is done: five rounds a
// second for each hz (1 to 500; 10 by default, so every 20 ms). While there is more
// to do than fits in a round of 2 ms, it goes on after 1 ms more.
func (c *Cache) SetMaintenanceHz(hz int) { c.hz.Store(int64(min(max(hz, 1), 500))) }

// Maintain does one round of background work, for about budget at most, and tells
// whether there is more to do. It need not be called unless Options.NoBackground is
// set.
func (c *Cache) Maintain(budget time.Duration) (more bool) {
	deadline := time.Now().Add(budget)
	if c.rounds.Add(1)%observeEvery == 0 {
		for i := range c.shards {
			s := &c.shards[i]
			s.mu.Lock()
			s.heap.Observe()
			s.mu.Unlock()
		}
	}
	// Each round begins behind the shard where the last one ran out of time, so that
	// all have their turn.
	n := uint32(len(c.shards))
	for idle := uint32(0); idle < n; {
		i := c.turn.Add(1) % n
		if c.shards[i].maintainStep(c.clock()) {
			idle = 0
		} else {
			idle++
		}
		if time.Now().After(deadline) {
			return idle < n
		}
		yield()
	}
	return false
}

// chores are the kinds of background work. Each call does a small step, with the
// lock held, and reports whether there is more.
var chores = [...]func(*shard) (more bool){
	(*shard).expireStep,
	(*shard).trim,
	func(s *shard) bool { return s.drain(128) },
	func(s *shard) bool { return s.heap.ReleaseDirty(keepDirty, 8) > 0 },
	func(s *shard) bool { return s.heap.CompactStep(true, s) },
	(*shard).shrink,
}

// maintainStep does one step of each chore, taking the lock for each of them anew,
// and reports whether there is more.
func (s *shard) maintainStep(now int64) (more bool) {
	for _, chore := range chores {
		s.lock()
		s.now = now
		more = chore(s) || more
		s.unlock()
	}
	return more
}

// trim makes some room while more than the bound is in use, for about as long as a
// shard may be held.
func (s *shard) trim() (more bool) {
	for began := time.Now(); !s.c.held.Load() && !s.c.allow(0) && s.makeRoom(); more = true {
		if time.Since(began) > hold {
			return true
		}
	}
	return more
}

// shrink makes tables smaller that have become too large for their keys, by a
// segment each, and drops empty ones.
func (s *shard) shrink() (more bool) {
	s.epoch++
	for db, t := range s.tables {
		switch {
		case t == nil:
		case t.ShrinkStep():
			more = true
		case t.Len() == 0 && t.Drain(s.bury, drainAtOnce):
			s.setTable(db, nil)
		}
	}
	return more
}

// drain frees some nodes of collections that are gone, or of what streams are laden with,
// then some items of flushed tables, and reports whether there were any.
func (s *shard) drain(items int) bool {
	if s.freeDead(items) || s.freeLaden(items) {
		return true
	}
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
	s.shed(item.Decode(s.heap.At(slab.Ref(ref))))
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
	tx.wantAll()
	for i := range tx.c.databases {
		if db < 0 || db == i {
			tx.c.shards[0].changed(i, nil, Flushed)
		}
	}
	for n := range tx.c.shards {
		s := &tx.c.shards[n]
		for i := range s.tables {
			if db >= 0 && db != i || s.tables[i] == nil {
				continue
			}
			s.graves = append(s.graves, s.tables[i])
			s.expires[i] = 0
			s.setTable(i, nil)
			s.signalAll(i)
			// A small table is freed at once: somebody who flushes all the time must not
			// leave more behind than the background work can clear away.
			s.drain(drainAtOnce)
		}
		s.epoch++
	}
}

// drainAtOnce is how many items of a table are freed while it is flushed.
const drainAtOnce = 64

// Swap exchanges two databases.
func (c *Cache) Swap(a, b int) {
	var tx Tx
	c.BeginAll(&tx, 0)
	defer tx.End()
	tx.Swap(a, b)
}

// Swap is Cache.Swap within a transaction on all shards.
func (tx *Tx) Swap(a, b int) {
	tx.wantAll()
	tx.c.shards[0].changed(a, nil, Swapped)
	tx.c.shards[0].changed(b, nil, Swapped)
	for n := range tx.c.shards {
		s := &tx.c.shards[n]
		ta, tb := s.tables[a], s.tables[b]
		s.setTable(a, tb)
		s.setTable(b, ta)
		s.expires[a], s.expires[b] = s.expires[b], s.expires[a]
		s.signalAll(a)
		s.signalAll(b)
		s.epoch++
	}
}

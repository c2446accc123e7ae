package sim

import "github.com/ashlar-cache/ashlar/cache/internal/evict"

// Ashlar replays against the policies as the engine uses them: a shard's
// residents, random candidates for each victim, nothing but the header's state.
type Ashlar struct {
	table
	*evict.Shard
	state   []evict.State // by slot of the table, as a header would hold it
	samples int           // candidates for each victim
	perSec  int64         // requests in a second of the cache's clock
	rng     Rand
}

// NewAshlar makes one; perSec requests are a second.
func NewAshlar(ids, budget, overhead int, kind evict.Kind, samples int, perSec int64) *Ashlar {
	c := &Ashlar{table: newTable(ids, budget, overhead), samples: samples, perSec: perSec, rng: 5}
	c.Shard = evict.New(evict.Config{Kind: kind, LFULogFactor: 10, LFUDecayMinutes: 1, Seed: 1})
	return c
}

// hash stands for the hash of the key; the constant keeps it apart from other
// uses of Mix on a key's number (shuffles, the sketch of W-TinyLFU).
func hash(id uint32) uint64 { return Mix(uint64(id) + 0x5bd1e995) }

// ms is the request's time on the cache's clock, in milliseconds. It starts at
// a Unix time of today, since the policies keep times in few bits.
func (c *Ashlar) ms(now int64) int64 { return 1_700_000_000_000 + now*1000/c.perSec }

// Bytes includes the policy's own memory.
func (c *Ashlar) Bytes() int { return c.bytes + c.Resident() }

// Get counts an access.
func (c *Ashlar) Get(id uint32, now int64) bool {
	// The engine ticks with each round of expiry, more often than this.
	if now%max(1, c.perSec/10) == 0 {
		c.Tick(c.ms(now))
	}
	i := c.pos[id]
	if i < 0 {
		return false
	}
	c.state[i] = c.Touch(c.state[i], hash(id))
	return true
}

// drop takes slot i out; the states follow the table's slots.
func (c *Ashlar) drop(i int) {
	last := c.take(i)
	c.state[i] = c.state[last]
	c.state = c.state[:last]
}

// Expire removes.
func (c *Ashlar) Expire(id uint32, at int64) {
	if i := c.pos[id]; i >= 0 && c.exp[i] == at {
		c.Removed()
		c.drop(int(i))
	}
}

// evict makes room once, sparing the key that is about to be overwritten.
func (c *Ashlar) evict(keep uint32, now int64) bool {
	best, high := -1, uint64(0)
	for range c.samples {
		i := c.rng.Below(len(c.ids))
		s := c.Score(c.state[i], int(c.size[i]), c.exp[i], now)
		if s > high && c.ids[i] != keep {
			best, high = i, s
		}
	}
	if best < 0 {
		return false
	}
	c.Evicted(hash(c.ids[best]), c.state[best], int(c.size[best]))
	c.drop(best)
	return true
}

// Set stores.
func (c *Ashlar) Set(id uint32, size int, exp, now int64) {
	if i := c.pos[id]; i >= 0 {
		c.bytes += size + c.overhead - int(c.size[i])
		c.size[i], c.exp[i] = int32(size+c.overhead), exp
		c.state[i] = c.Update(c.state[i], hash(id), size+c.overhead)
		for c.Bytes() > c.budget && c.evict(id, now) {
		}
		return
	}
	// A new key is not in the table yet, so there is none to spare.
	const nobody = 1<<32 - 1
	for len(c.ids) > 0 && c.Bytes()+size+c.overhead > c.budget && c.evict(nobody, now) {
	}
	c.add(id, size, exp)
	c.state = append(c.state, c.Insert(hash(id), size+c.overhead))
}

package sim

import "math"

// Redis is Redis's own eviction: a few random keys for each victim and a pool
// of 16 candidates that carries over (evict.c of redis-server 7).
type Redis struct {
	table
	lfu     bool
	samples int
	perSec  int64    // requests a second: Redis's clock ticks in seconds
	state   []uint32 // by slot: seconds (LRU), or minutes<<8 and the counter (LFU)
	pool    []redisPooled
	rng     Rand
}

// redisPooled is a candidate; it may be gone by the time that it is picked.
type redisPooled struct {
	id   uint32
	idle uint32 // when it was sampled: Redis does not look again
}

// table is residents in random order, for sampling.
type table struct {
	pos      []int32 // slot of a key, -1 if not resident
	ids      []uint32
	size     []int32
	exp      []int64
	bytes    int
	budget   int
	overhead int
}

func newTable(ids, budget, overhead int) table {
	t := table{pos: make([]int32, ids), budget: budget, overhead: overhead}
	for i := range t.pos {
		t.pos[i] = -1
	}
	return t
}

func (t *table) Bytes() int { return t.bytes }

func (t *table) add(id uint32, size int, exp int64) int {
	t.pos[id] = int32(len(t.ids))
	t.ids = append(t.ids, id)
	t.size = append(t.size, int32(size+t.overhead))
	t.exp = append(t.exp, exp)
	t.bytes += size + t.overhead
	return len(t.ids) - 1
}

// take removes slot i; the last slot moves there and its old number is returned.
func (t *table) take(i int) (last int) {
	last = len(t.ids) - 1
	t.bytes -= int(t.size[i])
	t.pos[t.ids[i]] = -1
	if i != last {
		t.ids[i], t.size[i], t.exp[i] = t.ids[last], t.size[last], t.exp[last]
		t.pos[t.ids[i]] = int32(i)
	}
	t.ids, t.size, t.exp = t.ids[:last], t.size[:last], t.exp[:last]
	return last
}

// NewRedis makes one; perSec is how many requests a second there are, because
// Redis's access clock counts seconds (LRU) and minutes (LFU).
func NewRedis(ids, budget, overhead int, lfu bool, samples int, perSec int64) *Redis {
	return &Redis{table: newTable(ids, budget, overhead), lfu: lfu, samples: samples, perSec: perSec, rng: 5}
}

// touch is lookupKey's: the clock, or a counter that grows with a probability of
// 1/(10(n-5)+1), for lfu-log-factor 10 and new keys at 5.
func (c *Redis) touch(i int, now int64) {
	if !c.lfu {
		c.state[i] = uint32(now / c.perSec)
		return
	}
	n := float64(c.decayed(i, now))
	if n < 255 && c.rng.Float() < 1/(math.Max(n-5, 0)*10+1) {
		n++
	}
	c.state[i] = uint32(now/c.perSec/60)<<8 | uint32(n)
}

// decayed is the counter less one a minute since the last access
// (lfu-decay-time 1).
func (c *Redis) decayed(i int, now int64) uint32 {
	n, m := c.state[i]&255, uint32(now/c.perSec/60)-c.state[i]>>8
	return n - min(n, m)
}

// idle is how good a victim slot i is: the higher the better.
func (c *Redis) idle(i int, now int64) uint32 {
	if c.lfu {
		return 255 - c.decayed(i, now)
	}
	return uint32(now/c.perSec) - c.state[i]
}

// Get counts an access.
func (c *Redis) Get(id uint32, now int64) bool {
	i := c.pos[id]
	if i < 0 {
		return false
	}
	c.touch(int(i), now)
	return true
}

func (c *Redis) drop(i int) {
	last := c.take(i)
	c.state[i] = c.state[last]
	c.state = c.state[:last]
}

// Expire removes.
func (c *Redis) Expire(id uint32, at int64) {
	if i := c.pos[id]; i >= 0 && c.exp[i] == at {
		c.drop(int(i))
	}
}

// populate samples keys into the pool, which is sorted by idle time; once it is
// full, a better candidate pushes out the worst.
func (c *Redis) populate(now int64) {
	for k := 0; k < c.samples; k++ {
		i := c.rng.Below(len(c.ids))
		id, idle := c.ids[i], c.idle(i, now)
		j := 0
		for j < len(c.pool) && c.pool[j].idle < idle {
			j++
		}
		dup := false
		for _, p := range c.pool {
			dup = dup || p.id == id
		}
		if dup || j == 0 && len(c.pool) == 16 {
			continue
		}
		if len(c.pool) < 16 {
			c.pool = append(c.pool, redisPooled{})
			copy(c.pool[j+1:], c.pool[j:])
			c.pool[j] = redisPooled{id, idle}
		} else {
			copy(c.pool[:j-1], c.pool[1:j])
			c.pool[j-1] = redisPooled{id, idle}
		}
	}
}

// evict removes the best candidate of the pool that is still there.
func (c *Redis) evict(now int64) {
	for {
		c.populate(now)
		for k := len(c.pool) - 1; k >= 0; k-- {
			id := c.pool[k].id
			c.pool = c.pool[:k]
			if i := c.pos[id]; i >= 0 {
				c.drop(int(i))
				return
			}
		}
	}
}

// Set stores.
func (c *Redis) Set(id uint32, size int, exp, now int64) {
	for len(c.ids) > 0 && c.bytes+size+c.overhead > c.budget {
		c.evict(now)
	}
	if i := c.pos[id]; i >= 0 {
		c.bytes += size + c.overhead - int(c.size[i])
		c.size[i], c.exp[i] = int32(size+c.overhead), exp
		c.touch(int(i), now)
		return
	}
	c.add(id, size, exp)
	c.state = append(c.state, uint32(now/c.perSec))
	if c.lfu {
		c.state[len(c.state)-1] = uint32(now/c.perSec/60)<<8 | 5
	}
}

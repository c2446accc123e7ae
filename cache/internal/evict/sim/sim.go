// Package sim replays synthetic workloads against the eviction policies of
// package evict and against others, to see which keeps the most useful items in
// the same memory.
//
// A replay is look-aside: each request reads a key, and one that is not there is
// set. Every cache has the same budget of bytes; an item costs its key, its value
// and its cache's overhead, and a policy's own tables count. The baselines of the
// literature are given Ashlar's overhead, so that only the choice of victims
// differs; Redis's policies have Redis's overhead, its samples, its pool and the
// resolution of its clocks.
//
// Workloads stand for 5 million keys of 16 bytes with values of lognormal size
// (mean 225, sigma 1) in 64 MiB, at a fraction of that; ratios hardly depend on the
// fraction. TestTable prints a table of any of them:
//
//	go test ./cache/internal/evict/sim -run TestTable -v -args -table -scale 25 -only zipf0.99,drift0.99 -caches density,lru
//
// Everything is reproducible from Scale.Seed.
package sim

import (
	"strconv"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
)

func ftoa(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) }

// What an item costs beyond its key and value, in bytes. Ashlar's is header, index
// slot and lost room together; Redis's is dictEntry, robj, two sds headers, a slot
// of the table and what jemalloc's classes round up.
const (
	OurOverhead   = 20
	RedisOverhead = 58
)

// Cache is what a replay needs of a cache. Time is the number of the request.
type Cache interface {
	// Get says whether the key is there and counts the access.
	Get(id uint32, now int64) bool
	// Set stores or overwrites; expireAt 0 is never.
	Set(id uint32, size int, expireAt, now int64)
	// Expire removes the key if it expires at that time.
	Expire(id uint32, expireAt int64)
	// Bytes is what is stored, overheads included.
	Bytes() int
}

// Named is a way to make a cache for keys numbered below ids.
type Named struct {
	Name string
	New  func(ids int) Cache
}

// Caches are all that there is to compare at this scale.
func Caches(s Scale) []Named {
	b, perSec := s.Budget, s.PerSec
	ours := func(name string, k evict.Kind, samples int) Named {
		return Named{name, func(n int) Cache { return NewAshlar(n, b, OurOverhead, k, samples, perSec) }}
	}
	redis := func(name string, lfu bool, samples int) Named {
		return Named{name, func(n int) Cache { return NewRedis(n, b, RedisOverhead, lfu, samples, perSec) }}
	}
	return []Named{
		ours("density", evict.AllKeysDensity, 16),
		ours("density5", evict.AllKeysDensity, 5),
		ours("density8", evict.AllKeysDensity, 8),
		ours("density24", evict.AllKeysDensity, 24),
		ours("density32", evict.AllKeysDensity, 32),
		ours("dens-bytes", evict.AllKeysDensityBytes, 16),
		ours("allkeys-lru", evict.AllKeysLRU, 16),
		ours("allkeys-lfu", evict.AllKeysLFU, 16),
		redis("redis-lru", false, 5),
		redis("redis-lru10", false, 10),
		redis("redis-lfu", true, 5),
		redis("redis-lfu10", true, 10),
		{"lru", func(n int) Cache { return NewLRU(n, b, OurOverhead) }},
		{"sieve", func(n int) Cache { return NewSIEVE(n, b, OurOverhead) }},
		{"s3-fifo", func(n int) Cache { return NewS3FIFO(n, b, OurOverhead) }},
		{"w-tinylfu", func(n int) Cache { return NewWTinyLFU(n, b, OurOverhead) }},
		{"gdsf", func(n int) Cache { return NewGDSF(n, b, OurOverhead) }},
	}
}

// Result is what a replay saw after the warm-up.
type Result struct {
	Gets, Hits         int64 // reads; overwrites do not count
	GetBytes, HitBytes int64 // the same by the sizes asked for
	PeakBytes          int
}

// Ratio is hits for each read.
func (r Result) Ratio() float64 { return float64(r.Hits) / float64(r.Gets) }

// ByteRatio is bytes of hits for bytes read.
func (r Result) ByteRatio() float64 { return float64(r.HitBytes) / float64(r.GetBytes) }

// expiries stand for the expiry wheel: items of one TTL expire in the order in
// which they were set, so that a queue for each TTL is enough. They are few, and in
// the order of their first use, so that runs are reproducible.
type expiries []expiry

type expiry struct {
	ttl   int32
	queue []due
}

type due struct {
	id uint32
	at int64
}

func (e expiries) run(c Cache, now int64) {
	for i := range e {
		q := e[i].queue
		for len(q) > 0 && q[0].at <= now {
			c.Expire(q[0].id, q[0].at)
			q = q[1:]
		}
		e[i].queue = q
	}
}

func (e *expiries) add(ttl int32, d due) {
	for i := range *e {
		if (*e)[i].ttl == ttl {
			(*e)[i].queue = append((*e)[i].queue, d)
			return
		}
	}
	*e = append(*e, expiry{ttl, []due{d}})
}

// Run replays the workload on the cache.
func Run(w Workload, c Cache) (res Result) {
	var queues expiries
	for t := range w.Requests {
		now := int64(t) + 1
		queues.run(c, now)
		q := w.Next(t)
		if !q.Write {
			hit := c.Get(q.ID, now)
			if t >= w.Warm { // before that, misses only fill the cache
				res.count(q, hit)
			}
			if hit {
				continue
			}
		}
		at := int64(0)
		if q.TTL > 0 {
			at = now + int64(q.TTL)
			queues.add(q.TTL, due{q.ID, at})
		}
		c.Set(q.ID, int(q.Size), at, now)
		res.PeakBytes = max(res.PeakBytes, c.Bytes())
	}
	return res
}

func (r *Result) count(q Request, hit bool) {
	r.Gets++
	r.GetBytes += int64(q.Size)
	if hit {
		r.Hits++
		r.HitBytes += int64(q.Size)
	}
}

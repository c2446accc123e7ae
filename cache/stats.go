package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// Stats sums up the shards, one after another.
func (c *Cache) Stats() Stats {
	st := Stats{
		MaxMemory: c.maxMemory.Load(), Shards: len(c.shards),
		Resident:   c.account.Total(),
		IndexBytes: c.account.Of(offheap.Index), MetaBytes: c.account.Of(offheap.Meta),
		PeakResident: c.account.Peak(), ReleasedBytes: c.account.Released(),
	}
	hits, misses := c.reads.Sums()
	st.Hits, st.Misses = int64(hits), int64(misses)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for db, t := range s.tables {
			if t != nil {
				st.Keys += int64(t.Len())
				st.Expires += s.expires[db]
			}
		}
		u := s.heap.Usage()
		st.ItemBytes += u.Live
		st.FreeBytes += u.Free + u.Dirty
		st.CompactedItems += u.Moved
		st.Hits += s.counts.hits
		st.Misses += s.counts.misses
		st.Expired += s.counts.expired
		st.ExpiredFields += s.counts.expiredFields
		st.Evicted += s.counts.evicted
		s.mu.Unlock()
	}
	return st
}

// DBStats tells of one database; the average time to live is an estimate from a
// sample of its keys.
func (c *Cache) DBStats(db int) DBStats {
	var d DBStats
	var sum, sampled float64
	now := c.clock()
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		if t := s.tables[db]; t != nil {
			d.Keys += int64(t.Len())
			d.Expires += s.expires[db]
			if s.expires[db] > 0 {
				left, n := s.sampleTTL(db, now)
				sum, sampled = sum+left, sampled+n
			}
		}
		s.mu.Unlock()
	}
	if sampled > 0 {
		d.AvgTTLms = int64(sum / sampled)
	}
	return d
}

// sampleTTL sums the time to live of a few keys.
func (s *shard) sampleTTL(db int, now int64) (sum, n float64) {
	var refs [maxSamples]uint32
	for _, ref := range refs[:s.tables[db].Sample(s.next(), refs[:])] {
		if at := item.ExpireAt(s.heap.At(slab.Ref(ref))); at > now {
			sum += float64(at - now)
			n++
		}
	}
	return sum, n
}

// ResetStats starts the counters and the peak afresh.
func (c *Cache) ResetStats() {
	c.account.ResetPeak()
	c.reads.Reset()
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.counts = counters{}
		s.mu.Unlock()
	}
}

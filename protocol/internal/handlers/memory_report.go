package handlers

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/process"
)

// memoryReport is where the memory is, in bytes, at one moment: the figures
// behind INFO memory and MEMORY STATS, DOCTOR and MALLOC-STATS.
//
//	rss (the process)
//	 ├─ used: what the cache has from the system, which maxmemory bounds
//	 │   ├─ items   live keys and values with their headers
//	 │   ├─ index   the table that finds them
//	 │   ├─ meta    page tables and other book-keeping
//	 │   └─ free    room inside pages
//	 └─ the rest: code, the Go runtime, connections and their buffers
type memoryReport struct {
	used, peak                int64
	items, index, meta, free  int64
	startup                   int64 // of used, what an empty cache takes
	rss, goMemory, goHeap     int64
	clients                   int64 // buffers of connections
	connections, keys, shards int64
	compacted, released       int64
}

// memory takes the figures.
func (s *Server) memory() memoryReport { return s.memoryOf(s.Cache.Stats()) }

// memoryOf is memory with the cache's part already taken.
func (s *Server) memoryOf(stats cache.Stats) memoryReport {
	m := memoryReport{
		used: stats.Resident, peak: max(stats.PeakResident, stats.Resident),
		items: stats.ItemBytes, index: stats.IndexBytes, meta: stats.MetaBytes, free: stats.FreeBytes,
		startup: stats.MetaBytes,
		keys:    stats.Keys, shards: int64(stats.Shards),
		compacted: stats.CompactedItems, released: stats.ReleasedBytes,
	}
	m.goMemory, m.goHeap = process.GoMemory()
	if m.rss = process.ResidentSize(); m.rss == 0 {
		m.rss = m.used + m.goMemory // the system does not tell: what is known of
	}
	c := s.connections()
	m.clients, m.connections = c.Buffers, int64(c.Open)
	return m
}

// allocated is what is in use of the cache's memory.
func (m memoryReport) allocated() int64 { return m.items + m.index + m.meta }

// overhead is what is in use and not the user's data.
func (m memoryReport) overhead() int64 { return m.index + m.meta + m.clients }

// bytesPerKey is what a key takes on average.
func (m memoryReport) bytesPerKey() int64 {
	if m.keys == 0 {
		return 0
	}
	return max(m.used-m.startup, 0) / m.keys
}

// indexShare is the part of the index that so many keys account for.
func (m memoryReport) indexShare(keys int64) int64 {
	if m.keys == 0 {
		return 0
	}
	return int64(float64(m.index) * float64(keys) / float64(m.keys))
}

// usedDatabase is a database with keys in it.
type usedDatabase struct {
	index int
	cache.DBStats
}

// usedDatabases are those with keys, in order.
func (s *Server) usedDatabases() []usedDatabase {
	var list []usedDatabase
	for i := range s.Cache.Databases() {
		if stats := s.Cache.DBStats(i); stats.Keys > 0 {
			list = append(list, usedDatabase{i, stats})
		}
	}
	return list
}

// ratio is a / b, and 0 where there is nothing to compare with.
func ratio(a, b int64) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// percent is a share in percent; 0 of nothing.
func percent(a, b int64) float64 { return 100 * ratio(a, b) }

// humanBytes writes a size as INFO's _human fields have it (redis-server's
// bytesToHuman): whole bytes, or two digits behind the point and a power of 1024.
func humanBytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%dB", n)
	}
	size, unit := float64(n)/1024, 0
	for ; size >= 1024 && unit < 4; unit++ {
		size /= 1024
	}
	return fmt.Sprintf("%.2f%c", size, "KMGTP"[unit])
}

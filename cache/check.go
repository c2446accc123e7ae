package cache

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// check verifies a shard: its allocator, its tables, and that references and
// blocks match one to one.
func (s *shard) check() error {
	if err := s.heap.CheckInvariants(); err != nil {
		return fmt.Errorf("heap: %w", err)
	}
	known := map[uint32]bool{}
	for db, t := range s.tables {
		if t == nil {
			continue
		}
		if err := t.CheckInvariants(); err != nil {
			return fmt.Errorf("table %d: %w", db, err)
		}
		expires := int64(0)
		for position := uint64(0); ; {
			position = t.Scan(position, func(ref uint32) {
				if known[ref] {
					panic(fmt.Sprintf("cache: two references to block %d", ref))
				}
				known[ref] = true
				if item.Decode(s.heap.At(slab.Ref(ref))).Expires() {
					expires++
				}
			})
			if position == 0 {
				break
			}
		}
		if expires != s.expires[db] {
			return fmt.Errorf("database %d: %d keys expire, counted %d", db, s.expires[db], expires)
		}
	}
	return s.checkBlocks(known)
}

// checkBlocks verifies that every block has its reference. While flushed tables
// wait to be drained, their blocks are not among the known ones.
func (s *shard) checkBlocks(known map[uint32]bool) error {
	blocks, lost := 0, 0
	for unit := uint32(0); ; {
		unit = s.heap.Walk(unit, 1<<20, func(ref slab.Ref, _ int) {
			blocks++
			if !known[uint32(ref)] {
				lost++
			}
		})
		if unit == 0 {
			break
		}
	}
	if len(s.graves) == 0 && (lost > 0 || blocks != len(known)) {
		return fmt.Errorf("%d blocks, %d references, %d blocks without one", blocks, len(known), lost)
	}
	return nil
}

// Check verifies the whole cache, shard by shard: for tests.
func (c *Cache) Check() error {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		err := s.check()
		s.mu.Unlock()
		if err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
	}
	return nil
}

package cache

import (
	"fmt"
	"slices"

	"github.com/ashlar-cache/ashlar/cache/internal/index"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// check verifies a shard: its allocator, its tables, that references and blocks
// match one to one, and that what is counted is what there is.
func (s *shard) check() error {
	if err := s.heap.CheckInvariants(); err != nil {
		return fmt.Errorf("heap: %w", err)
	}
	known := map[slab.Ref]bool{}
	for db, t := range s.tables {
		expires, err := s.checkTable(t, known)
		if err != nil {
			return fmt.Errorf("table %d: %w", db, err)
		}
		if expires != s.expires[db] {
			return fmt.Errorf("database %d: %d keys expire, counted %d", db, s.expires[db], expires)
		}
	}
	if err := s.checkNodes(); err != nil {
		return err
	}
	if err := s.checkLaden(); err != nil {
		return err
	}
	for i, t := range s.graves {
		if _, err := s.checkTable(t, known); err != nil {
			return fmt.Errorf("flushed table %d: %w", i, err)
		}
	}
	if n := s.policy.Items(); n != len(known) {
		return fmt.Errorf("the policy knows of %d items, there are %d", n, len(known))
	}
	return s.checkBlocks(known)
}

// checkTable verifies a table, adds its references to the known ones and counts
// the items that expire.
func (s *shard) checkTable(t *index.Table, known map[slab.Ref]bool) (expires int64, err error) {
	if t == nil {
		return 0, nil
	}
	if err := t.CheckInvariants(); err != nil {
		return 0, err
	}
	n := 0
	for position := uint64(0); ; {
		position = t.Scan(position, func(r uint32) {
			n++
			ref := slab.Ref(r)
			if known[ref] {
				err = fmt.Errorf("a second reference to block %d", ref)
			}
			known[ref] = true
			if item.ExpireAt(s.heap.At(ref)) != 0 {
				expires++
			}
			if at := s.Expiry(ref); at != 0 {
				if e := s.heap.CheckExpiry(ref, at); e != nil {
					err = e
				}
			}
		})
		if position == 0 {
			break
		}
	}
	if err == nil && n != t.Len() {
		err = fmt.Errorf("%d references, counted %d", n, t.Len())
	}
	return expires, err
}

// checkBlocks verifies that every block has its reference.
func (s *shard) checkBlocks(known map[slab.Ref]bool) (err error) {
	blocks, nodeCount := 0, 0
	for unit := uint32(0); ; {
		unit = s.heap.Walk(unit, 1<<20, func(ref slab.Ref, size int) {
			if nodes.IsNode(s.heap.At(ref)) {
				nodeCount++
				if _, e := s.nodes.CheckBlock(ref); e != nil {
					err = e
				}
				return
			}
			blocks++
			if !known[ref] {
				err = fmt.Errorf("block %d of %d bytes has no reference", ref, size)
			} else if it := item.Decode(s.heap.At(ref)); it.Size() > size {
				err = fmt.Errorf("block %d of %d bytes holds %d", ref, size, it.Size())
			}
		})
		if unit == 0 {
			break
		}
	}
	if err == nil && blocks != len(known) {
		err = fmt.Errorf("%d blocks, %d references", blocks, len(known))
	}
	if err == nil && nodeCount != s.nodes.Len() {
		err = fmt.Errorf("%d blocks are nodes, %d nodes counted", nodeCount, s.nodes.Len())
	}
	return err
}

// checkNodes verifies the collections, and that each node hangs from one of them or
// is about to be freed.
func (s *shard) checkNodes() error {
	if err := s.nodes.CheckInvariants(); err != nil {
		return err
	}
	owned, bytes := map[nodes.Handle]bool{}, int64(0)
	var err error
	var visit func(h nodes.Handle) nodes.Handle
	visit = func(h nodes.Handle) nodes.Handle {
		if owned[h] {
			err = fmt.Errorf("node %d hangs from two", h)
			return h
		}
		owned[h] = true
		bytes += int64(len(s.nodes.Bytes(h)))
		children(s.nodes.Kind(h), s.nodes.Bytes(h), visit)
		return h
	}
	checkItem := func(r uint32) {
		it := item.Decode(s.heap.At(slab.Ref(r)))
		f := &families[it.Kind()]
		if f.check != nil && err == nil {
			if e := f.check(s.nodes, it.Kind(), it.Value()); e != nil {
				err = fmt.Errorf("%s %q: %w", f.typ, it.Key(), e)
			}
		}
		if f.checkHashed != nil && err == nil {
			if e := f.checkHashed(s.nodes, &s.c.hash, it.Kind(), it.Value()); e != nil {
				err = fmt.Errorf("%s %q: %w", f.typ, it.Key(), e)
			}
		}
		if !f.large {
			return
		}
		before := bytes
		f.roots(it.Kind(), it.Value(), visit)
		if n := nodeBytes(&it); n != bytes-before && err == nil {
			err = fmt.Errorf("%s %q: %d bytes in nodes, counted %d", f.typ, it.Key(), bytes-before, n)
		}
	}
	for _, t := range append(slices.Clone(s.tables), s.graves...) {
		for position := uint64(0); t != nil; {
			if position = t.Scan(position, checkItem); position == 0 {
				break
			}
		}
	}
	for _, h := range s.dead {
		visit(h)
	}
	if err == nil && len(owned) != s.nodes.Len() {
		err = fmt.Errorf("%d nodes, of which %d hang from something", s.nodes.Len(), len(owned))
	}
	return err
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

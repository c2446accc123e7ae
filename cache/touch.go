package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// touchFrom is the number of elements from which a table is worth touching: smaller
// ones are in the processor's caches if they are in use, and are slowed down by a
// tenth.
const touchFrom = 1 << 16

// TouchElements reads what look-ups of some elements of one collection, fields of a
// hash or members of a set or a sorted set, will read, so that the waits for memory
// overlap. hash is the key's; ranks says that places in a sorted set are asked for as
// well. It is for batches, as TouchItem is, but takes the shard's lock, and does nothing
// where it is taken; nor in a collection that is small.
func (c *Cache) TouchElements(db int, key []byte, hash uint64, elements [][]byte, ranks bool) (touched byte) {
	s := c.shardOf(hash)
	if !s.mu.TryLock() {
		return 0
	}
	defer s.mu.Unlock()
	t := s.tables[db]
	if t == nil {
		return 0
	}
	p := t.Probe(c.indexHash(hash))
	for ref := p.Next(); ref != 0; ref = p.Next() {
		var it item.Item
		if !item.Match(&it, s.heap.At(slab.Ref(ref)), key) {
			continue
		}
		root := elementRoot(&it)
		if root == nil || table.Len(root) < touchFrom {
			return 0
		}
		var room [64]uint64
		hashes := room[:0]
		for _, e := range elements {
			hashes = append(hashes, c.hash.sum(e))
		}
		touched = table.Touch(s.nodes, root, hashes)
		if it.Kind() == item.ZSetTree {
			touched += touchLeaves(s.nodes, root, hashes, ranks)
		}
		return touched
	}
	return 0
}

// touchLeaves reads what of a sorted set's leaves finds the members with these hashes:
// where the index leads, and not before it has been read; first the tags, then what they
// lead to, and for ranks the counts in the nodes above.
func touchLeaves(s *nodes.Store, root []byte, hashes []uint64, ranks bool) (touched byte) {
	var room [64]nodes.Handle
	leaves := room[:0]
	index := table.OpenFixed(s, root)
	for _, hash := range hashes {
		leaf := nodes.Handle(0)
		index.Candidates(hash, func(value uint32) bool {
			leaf = nodes.Handle(value &^ handleMark)
			return true
		})
		leaves = append(leaves, leaf)
	}
	for _, h := range leaves {
		if h != 0 {
			b := s.Bytes(h)
			touched += touchLines(b[:min(zleafHead+2*line, len(b))])
		}
	}
	for i, h := range leaves {
		if h != 0 {
			l := openZLeaf(s, h)
			touched += l.touch(hashes[i])
			if ranks {
				touched += tree.Touch(s, l.node)
			}
		}
	}
	return touched
}

// line is the bytes that come into the processor's caches at once.
const line = 64

// touchLines reads a byte of each line of a block. These reads do not wait for each
// other, as those of a search do.
func touchLines(b []byte) (touched byte) {
	for off := line; off < len(b); off += line {
		touched += b[off]
	}
	return touched
}

// elementRoot is the root of the table in which a large hash's fields, a large set's
// members or a large sorted set's scores are found.
func elementRoot(it *item.Item) []byte {
	switch it.Kind() {
	case item.HashTable:
		return it.Value()[hashTableAt:]
	case item.SetTable:
		return it.Value()[setTableAt:]
	case item.ZSetTree:
		return it.Value()[zsetIndexAt:]
	}
	return nil
}

package cache

import (
	"bytes"

	"github.com/ashlar-cache/ashlar/cache/internal/index"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// touchChunk is how many keys TouchKeys goes ahead for at once: as many as the queue has
// room for, with two requests for each.
const touchChunk = prefetch.Room / 2

// KeyTouch is a look-up of a key that will be made. Who fills it in sets the exported
// fields.
type KeyTouch struct {
	Hash   uint64 // the key's
	Lines  int    // of 64 bytes that will be wanted of its item; 0 is 1
	Writes bool   // it may be overwritten or deleted

	shard *shard // nil: nothing is to be done
	ahead index.Ahead
}

// TouchKeys asks the processor for what look-ups of keys will read, so that the waits
// for memory overlap: the lines of the index for all of them, then those of the items. It
// takes no lock and waits for nothing but the index, and what is meanwhile changed costs
// the benefit, nothing else.
func (c *Cache) TouchKeys(db int, list []KeyTouch) {
	for len(list) > 0 {
		chunk := list[:min(touchChunk, len(list))]
		list = list[len(chunk):]
		var q prefetch.Queue
		for i := range chunk {
			k := &chunk[i]
			s := c.shardOf(k.Hash)
			k.shard = nil
			if t := s.published[db].Load(); t != nil {
				if line := t.GoAhead(&k.ahead, c.indexHash(k.Hash)); line != nil {
					k.shard = s
					q.Add(line, 1)
				}
			}
		}
		q.Ask()
		// A second time for those that are not at home in the index.
		for left := true; left; {
			left = false
			for i := range chunk {
				k := &chunk[i]
				if k.shard == nil {
					continue
				}
				ref, line := k.ahead.Step()
				switch {
				case ref != 0:
					// It may be another item by now, or free memory: it is never looked at.
					q.Add(k.shard.heap.At(slab.Ref(ref)), k.Lines)
					if k.Writes {
						q.Add(k.shard.heap.About(slab.Ref(ref)), 1)
					}
				case line != nil:
					q.Add(line, 1)
					left = true
					continue
				}
				k.shard = nil
			}
			q.Ask()
		}
	}
}

const (
	// touchFrom is the number of elements from which one hash or set is worth touching
	// for several look-ups: smaller ones are in the processor's caches if they are in
	// use, and are slowed down by a tenth.
	touchFrom = 1 << 16

	// A sorted set is worth it from touchSetFrom elements on where all collections have
	// touchBytes together: a look-up waits for three lines there, one after the other.
	touchSetFrom = 1 << 10
	touchBytes   = 8 << 20

	// touchSteps bounds the way: five directories, a bucket, a leaf.
	touchSteps = 7
)

// ElementTouch is a look-up of an element that will be made: a field of a hash, or a
// member of a set or a sorted set. Who fills it in sets the exported fields.
type ElementTouch struct {
	Key, Element []byte
	Hash         uint64 // the key's
	Ranks        bool   // also asks for the place in a sorted set

	shard   *shard // nil: nothing is to be done
	element uint64 // the element's hash
	ahead   table.Ahead
	leaf    nodes.Handle
	freed   uint64 // of the shard's nodes, when the handles were read
}

// TouchElements asks the processor for what look-ups of elements of collections will
// read, so that the waits for memory overlap: node by node, and for all of them one node
// before the next. It is for batches, as TouchKeys is, but takes the shards' locks, one
// at a time; where one is taken it does nothing. Nor does it in collections that are
// small.
func (c *Cache) TouchElements(db int, list []ElementTouch) {
	var t toucher
	left := 0
	for i := range list {
		e := &list[i]
		if i > 0 && e.Hash == list[i-1].Hash && bytes.Equal(e.Key, list[i-1].Key) {
			e.shard = list[i-1].shard
		} else {
			e.shard = nil
			if t.lock(c.shardOf(e.Hash)) {
				many := i+1 < len(list) && list[i+1].Hash == e.Hash
				t.root, t.zset = c.touchRoot(t.held, db, e, many)
				if t.root != nil {
					e.shard = t.held
				}
			}
		}
		if e.shard != nil {
			e.element = c.hash.sum(e.Element)
			e.ahead, e.leaf, e.freed = table.GoAhead(t.root, e.element), 0, t.held.nodes.Freed()
			left++
			if !t.zset {
				e.Ranks = false
			}
		}
	}
	for step := 0; left > 0 && step < touchSteps; step++ {
		for i := range list {
			if e := &list[i]; e.shard != nil && !t.step(e) {
				e.shard = nil
				left--
			}
		}
		t.queue.Ask()
	}
	t.unlock()
}

// toucher is TouchElements under way: the lock that it holds, and the collection.
type toucher struct {
	held  *shard
	root  []byte         // of the table that finds elements
	queue prefetch.Queue // what the steps name
	zset  bool
}

// lock takes a shard's lock, in the place of the one held, if nobody else has it.
func (t *toucher) lock(s *shard) bool {
	if t.held == s {
		return true
	}
	t.unlock()
	if !s.mu.TryLock() {
		return false
	}
	t.held = s
	return true
}

func (t *toucher) unlock() {
	if t.held != nil {
		t.held.mu.Unlock()
		t.held = nil
	}
}

// touchRoot is the root of the table in which a key's elements are found, if it is worth
// touching; many tells of more than one look-up.
func (c *Cache) touchRoot(s *shard, db int, e *ElementTouch, many bool) (root []byte, zset bool) {
	t := s.tables[db]
	if t == nil {
		return nil, false
	}
	p := t.Probe(c.indexHash(e.Hash))
	for ref := p.Next(); ref != 0; ref = p.Next() {
		var it item.Item
		if !item.Match(&it, s.heap.At(slab.Ref(ref)), e.Key) {
			continue
		}
		switch it.Kind() {
		case item.HashTable:
			root = it.Value()[hashTableAt:]
		case item.SetTable:
			root = it.Value()[setTableAt:]
		case item.ZSetTree:
			root = it.Value()[zsetIndexAt:]
			if n := table.Len(root); n >= touchSetFrom && s.nodes.Held()*int64(len(c.shards)) >= touchBytes {
				return root, true
			}
			return nil, false
		default:
			return nil, false
		}
		if many && table.Len(root) >= touchFrom {
			return root, false
		}
		return nil, false
	}
	return nil, false
}

// step goes one node on, and tells whether there may be another.
func (t *toucher) step(e *ElementTouch) (more bool) {
	if !t.lock(e.shard) || t.held.nodes.Freed() != e.freed {
		return false
	}
	s := t.held.nodes
	if e.leaf != 0 {
		l := openZLeaf(s, e.leaf)
		l.ahead(e.element, &t.queue)
		if e.Ranks {
			tree.GoAhead(s, l.node, &t.queue)
		}
		return false
	}
	value, found := e.ahead.Step(s, &t.queue)
	if found {
		e.leaf = nodes.Handle(value &^ handleMark)
		t.queue.Add(s.Address(e.leaf), zleafFront)
		return true
	}
	return e.ahead.More()
}

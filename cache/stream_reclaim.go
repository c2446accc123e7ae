package cache

import (
	"fmt"
	"slices"

	"github.com/ashlar-cache/ashlar/cache/internal/index"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
	"github.com/ashlar-cache/ashlar/cache/internal/stream"
)

// A trim that takes away millions of entries, and the end of a group or a consumer with
// as many pending, leave a stream laden with nodes that nobody sees any more. They are
// freed as those of deleted keys are, some at a time, but hang from the stream until
// then: they are part of its size, and go with it if it is deleted. The shard only
// notes which keys are laden, by their hashes. A note whose key is gone is dropped, one
// whose key has moved to another database is still good, and a rename makes a new one.

// noteLaden has what a stream is laden with freed bit by bit.
func (s *shard) noteLaden(hash uint64, it item.Item) {
	if it.Kind() == item.Stream && stream.LadenRoot(it.Value()) && !slices.Contains(s.laden, hash) {
		s.laden = append(s.laden, hash)
	}
}

// freeLaden frees about max nodes that some stream is laden with and reports whether
// there may be more.
func (s *shard) freeLaden(max int) bool {
	last := len(s.laden) - 1
	if last < 0 {
		return false
	}
	if !s.unload(s.laden[last], max) {
		s.laden = s.laden[:last]
	}
	if last == 0 && len(s.laden) == 0 {
		s.laden = nil
	}
	return true
}

// unload frees about max nodes that a stream under a hash is laden with, in whatever
// database; false if there is none that is laden any more.
func (s *shard) unload(hash uint64, max int) (more bool) {
	for _, t := range s.tables {
		if t == nil {
			continue
		}
		var p index.Probe
		t.Start(&p, hash)
		for ref := p.Next(); ref != 0; ref = p.Next() {
			it := item.Decode(s.heap.At(slab.Ref(ref)))
			if it.Kind() != item.Stream || !stream.LadenRoot(it.Value()) {
				continue
			}
			st := stream.Open(s.nodes, it.Value())
			st.Reclaim(max)
			setNodeBytes(it.Value(), nodeBytes(&it)+s.nodes.TakeDelta())
			return true
		}
	}
	return false
}

// checkLaden verifies that each stream that is laden is noted.
func (s *shard) checkLaden() (err error) {
	check := func(ref uint32) {
		it := item.Decode(s.heap.At(slab.Ref(ref)))
		if it.Kind() == item.Stream && stream.LadenRoot(it.Value()) &&
			!slices.Contains(s.laden, s.c.indexHash(s.c.hash.sum(it.Key()))) {
			err = fmt.Errorf("stream %q is laden and nobody knows", it.Key())
		}
	}
	for _, t := range s.tables {
		for position := uint64(0); t != nil; {
			if position = t.Scan(position, check); position == 0 {
				break
			}
		}
	}
	return err
}

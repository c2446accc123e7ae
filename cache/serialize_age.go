package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// SetIdle has a key be as if it was last accessed so many seconds ago, as well as the
// policy can tell, and reports whether there is such a key.
func (tx *Tx) SetIdle(key []byte, seconds int64) bool {
	return tx.setState(key, func(s *shard, st evict.State) evict.State {
		const most = 1 << 32 // nobody can tell such times apart
		return s.policy.Aged(st, min(max(seconds, 0), most)*1000, tx.now)
	})
}

// SetFrequency gives a key the access counter of Redis's LFU, which the policies of
// that name keep, and reports whether there is such a key.
func (tx *Tx) SetFrequency(key []byte, counter uint8) bool {
	return tx.setState(key, func(s *shard, st evict.State) evict.State {
		return s.policy.Counted(st, counter)
	})
}

func (tx *Tx) setState(key []byte, f func(*shard, evict.State) evict.State) bool {
	s, e, ok := tx.find(key)
	if ok {
		p := s.heap.At(e.ref)
		item.SetState(p, uint32(f(s, evict.State(item.State(p)))))
	}
	return ok
}

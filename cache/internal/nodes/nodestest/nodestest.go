// Package nodestest makes stores of nodes for the tests of the structures built
// of them.
package nodestest

import (
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// unbounded is a budget without a bound.
type unbounded struct{}

func (unbounded) Allow(int64) bool { return true }

// Store is a store on a heap of its own.
type Store struct {
	*nodes.Store
	Heap *slab.Heap
}

// New makes a store, which is closed when the test ends.
func New(t testing.TB) *Store {
	var account offheap.Account
	heap, err := slab.New(4<<30, &account, unbounded{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := nodes.New(heap, &account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := heap.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Store{Store: s, Heap: heap}
}

// Compact moves nodes together, as the maintenance does, until nothing is left to
// move: what a structure must not notice.
func (s *Store) Compact() {
	for s.Heap.CompactStep(false, mover{s.Store}) {
	}
}

type mover struct{ s *nodes.Store }

func (m mover) Moved(_, to slab.Ref) { m.s.Moved(to) }

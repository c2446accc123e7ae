package tree

import (
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/stretchr/testify/assert"
)

// TestLeaves counts leaves, and clears trees.
func TestLeaves(t *testing.T) {
	for _, form := range []Form{Ranked, Keyed} {
		for _, n := range []int{0, 1, 2, 100, 9000} {
			r := newRig(t, form)
			for i := range n {
				l := r.newLeaf(uint64(4 * i))
				if i == 0 {
					r.tree.Add(l.h, 1, keyOf(l.items[0]))
					continue
				}
				p := r.tree.Last()
				r.tree.InsertAfter(&p, l.h, 1, keyOf(l.items[0]))
			}
			assert.Equal(t, n, r.tree.Leaves())
			tops := 0
			r.tree.Clear(func(h nodes.Handle) {
				tops++
				r.free(h)
			})
			assert.Equal(t, min(n, 1), tops)
			assert.Zero(t, r.store.Len())
			r.check()
		}
	}
}

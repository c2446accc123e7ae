package tree

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// CheckInvariants verifies the whole tree and calls leaf for each leaf, which
// verifies that it has count elements and, in a keyed tree, none below its key.
func (t *Tree) CheckInvariants(leaf func(h nodes.Handle, count int, key Key) error) error {
	if t.root == 0 {
		if t.len != 0 || t.height != 0 {
			return fmt.Errorf("tree: no root, but %d elements and %d levels", t.len, t.height)
		}
		return nil
	}
	if t.height < t.minHeight() || t.height > maxHeight {
		return fmt.Errorf("tree: %d levels", t.height)
	}
	if t.height == 0 {
		return leaf(t.root, t.len, Key{})
	}
	if n := width(t.store.Bytes(t.root)); n < 2 && t.height > t.minHeight() {
		return fmt.Errorf("tree: the root of %d levels has %d entries", t.height, n)
	}
	c := checker{Tree: t, leaf: leaf}
	e, err := c.node(t.root, 0, true, true)
	if err == nil && e.count != t.len {
		return fmt.Errorf("tree: %d elements, the root counts %d", e.count, t.len)
	}
	return err
}

// checker walks a tree from left to right.
type checker struct {
	*Tree
	leaf func(h nodes.Handle, count int, key Key) error
	last Key // of the leaf before
}

// node verifies a node and what is below it and returns the entry that its parent
// must have. left and right say that it is at those edges.
func (c *checker) node(h nodes.Handle, level int, left, right bool) (entry, error) {
	b := c.store.Bytes(h)
	n := width(b)
	switch {
	case c.store.Kind(h) != c.kind():
		return entry{}, fmt.Errorf("tree: node %d is of kind %d", h, c.store.Kind(h))
	case n == 0 || n > c.fan() || c.size(n) > len(b):
		return entry{}, fmt.Errorf("tree: node %d of %d bytes has %d entries", h, len(b), n)
	case n < c.least() && !left && !right:
		return entry{}, fmt.Errorf("tree: node %d has only %d entries", h, n)
	}
	for i := range n {
		if c.form == Linked && Above(c.store.Bytes(c.child(b, i))) != h {
			return entry{}, fmt.Errorf("tree: node %d does not say that %d is above it", c.child(b, i), h)
		}
		e := entry{c.child(b, i), c.count(b, i), c.key(b, i)}
		if level+1 < c.height {
			below, err := c.node(e.child, level+1, left && i == 0, right && i == n-1)
			if err == nil && below != e {
				err = fmt.Errorf("tree: node %d, entry %d is %+v, its node says %+v", h, i, e, below)
			}
			if err != nil {
				return e, err
			}
			continue
		}
		if e.key.Less(c.last) {
			return e, fmt.Errorf("tree: node %d, entry %d has key %v after %v", h, i, e.key, c.last)
		}
		c.last = e.key
		if err := c.leaf(e.child, e.count, e.key); err != nil {
			return e, err
		}
	}
	return c.whole(h, b), nil
}

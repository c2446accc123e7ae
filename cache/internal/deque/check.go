package deque

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// CheckInvariants verifies the whole list.
func (l *List) CheckInvariants() error {
	sum := 0
	err := l.tree.CheckInvariants(func(h nodes.Handle, count int, _ tree.Key) error {
		if l.store.Kind(h) != nodes.ListLeaf {
			return fmt.Errorf("deque: leaf %d is of kind %d", h, l.store.Kind(h))
		}
		b := l.leaf(h)
		start, end := b.span()
		if start < leafHead || start >= end || end > len(b) {
			return fmt.Errorf("deque: leaf %d has entries from %d to %d of %d bytes", h, start, end, len(b))
		}
		data := b[start:end]
		sum += len(data)
		if !packed.DoubleValid(data) || packed.DoubleCount(data) != count {
			return fmt.Errorf("deque: leaf %d has %d entries, sound: %v; the tree counts %d",
				h, packed.DoubleCount(data), packed.DoubleValid(data), count)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if l.ends != nil {
		for _, front := range []bool{true, false} {
			e := l.endOf(front)
			if e.used() > endRoom || !packed.DoubleValid(e.data(front)) || packed.DoubleCount(e.data(front)) != e.count() {
				return fmt.Errorf("deque: an end of %d bytes does not have its %d entries", e.used(), e.count())
			}
			sum += e.used()
		}
	}
	if l.tree.Empty() && l.Len() > 0 {
		return fmt.Errorf("deque: %d elements in the ends of an empty tree", l.Len())
	}
	if sum != l.bytes {
		return fmt.Errorf("deque: %d bytes of entries, the root says %d", sum, l.bytes)
	}
	return nil
}

package deque

import (
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Insert adds an element before element i; before Len is at the end.
func (l *List) Insert(i int, e []byte) {
	if i == 0 || i == l.Len() {
		l.Push(e, i == 0)
		return
	}
	l.flush()
	n := packed.DoubleSize(len(e))
	var p tree.Pos
	k := l.tree.SeekRank(&p, i)
	if !l.put(&p, k, e, n) {
		// Cut in two, the leaf has room, but for entries that are long themselves.
		if data := l.leaf(p.Leaf).data(); n <= room/4 && p.Count > 1 {
			l.split(&p, middle(data, p.Count))
			k = l.tree.SeekRank(&p, i)
		}
		if !l.put(&p, k, e, n) {
			l.wedge(&p, i, k, e, n)
		}
	}
	l.bytes += n
}

// put writes an entry of n bytes before entry k of a leaf if there is room.
func (l *List) put(p *tree.Pos, k int, e []byte, n int) bool {
	gap := l.open(p.Leaf, Offset(l.leaf(p.Leaf).data(), k, p.Count), n)
	if gap == nil {
		return false
	}
	put(gap, e)
	l.tree.Changed(p, 1)
	return true
}

// wedge gives an entry of n bytes a leaf of its own before entry k of a leaf, which
// is element i of the list.
func (l *List) wedge(p *tree.Pos, i, k int, e []byte, n int) {
	if k > 0 {
		l.split(p, k)
		l.tree.SeekRank(p, i)
	}
	h, b := l.alloc(n, 0)
	b.set(leafHead, n)
	put(b[leafHead:leafHead+n], e)
	l.tree.InsertBefore(p, h, 1, tree.Key{})
}

// middle is the number of the entry nearest to the middle, not the first.
func middle(data []byte, n int) int {
	for k, off := 1, 0; ; k++ {
		if _, off, _ = packed.DoubleNext(data, off); off >= len(data)/2 || k == n-1 {
			return k
		}
	}
}

// split moves the entries from the k-th on to a new leaf. p is no longer good.
func (l *List) split(p *tree.Pos, k int) {
	b := l.leaf(p.Leaf)
	data := b.data()
	off := Offset(data, k, p.Count)
	h, to := l.alloc(len(data)-off, 0)
	to.set(leafHead, len(data)-off)
	copy(to.data(), data[off:])
	start, _ := b.span()
	b.setEnd(start + off)
	moved := p.Count - k
	l.tree.Changed(p, -moved)
	left := p.Leaf
	l.tree.InsertAfter(p, h, moved, tree.Key{})
	l.trim(left)
}

// Set replaces element i.
func (l *List) Set(i int, e []byte) {
	l.flush()
	var p tree.Pos
	k := l.tree.SeekRank(&p, i)
	b := l.leaf(p.Leaf)
	data := b.data()
	off := Offset(data, k, p.Count)
	_, next, _ := packed.DoubleNext(data, off)
	n, old := packed.DoubleSize(len(e)), next-off
	switch {
	case n == old:
	case n < old:
		b.cut(off+n, old-n)
	case l.open(p.Leaf, off, n-old) == nil:
		l.replace(&p, i, k, off, old, e)
		return
	}
	packed.DoublePut(l.leaf(p.Leaf).data(), off, e)
	l.bytes += n - old
	if n < old {
		l.tidy(&p)
	}
}

// replace is Set where the leaf has no room for the new entry.
func (l *List) replace(p *tree.Pos, i, k, off, old int, e []byte) {
	if p.Count > 1 {
		l.leaf(p.Leaf).cut(off, old)
		l.bytes -= old
		l.tree.Changed(p, -1)
		l.Insert(i, e)
		return
	}
	// The new entry's leaf takes the place of the old one's.
	n := packed.DoubleSize(len(e))
	h, b := l.alloc(n, 0)
	b.set(leafHead, n)
	put(b[leafHead:leafHead+n], e)
	gone := p.Leaf
	l.tree.Replace(p, h)
	l.store.Free(gone)
	l.bytes += n - old
}

// Remove takes out up to n elements that equal e, from the front or the back, and
// returns how many there were. The leaves are gone through one by one: those without
// such an element stay as they are.
func (l *List) Remove(e []byte, n int, front bool) int {
	l.flush()
	removed, passed := 0, 0 // passed: elements, from that end, that stay
	for removed < n && passed < l.Len() {
		i := passed
		if !front {
			i = l.Len() - 1 - passed
		}
		var p tree.Pos
		k := l.tree.SeekRank(&p, i)
		before := i - k
		gone := l.filter(&p, e, n-removed, front)
		removed += gone
		if passed = before + p.Count; !front {
			passed = l.Len() - before
		}
		if gone > 0 && p.Count > 0 {
			l.tidy(&p)
		}
	}
	if removed > 0 {
		l.settle()
	}
	return removed
}

// filter takes up to n elements that equal e out of a leaf, from the front or the
// back, and the leaf out of the list if none is left: p.Count is 0 then.
func (l *List) filter(p *tree.Pos, e []byte, n int, front bool) int {
	b := l.leaf(p.Leaf)
	start, end := b.span()
	from, to, k := Filter(b[start:end], e, n, front)
	switch {
	case k == 0:
	case k == p.Count:
		l.remove(p)
		p.Count = 0
	default:
		l.bytes -= end - start - (to - from)
		b.set(start+from, to-from)
		l.tree.Changed(p, -k)
	}
	return k
}

// Filter takes up to n entries that equal e out of a sequence in packed's double
// form, from the front or the back. What is left is moved together to data[from:to];
// k is how many went.
func Filter(data, e []byte, n int, front bool) (from, to, k int) {
	if front {
		to, k = filterFront(data, e, n)
		return 0, to, k
	}
	from, k = filterBack(data, e, n)
	return from, len(data), k
}

// filterFront moves what stays towards the front, run by run.
func filterFront(data, e []byte, n int) (to, k int) {
	for off := 0; ; {
		at, next, ok := len(data), 0, false
		if k < n {
			if at, next, ok = packed.DoubleFind(data, off, e); !ok {
				at = len(data)
			}
		}
		to += copy(data[to:], data[off:at])
		if !ok {
			return to, k
		}
		off = next
		k++
	}
}

// filterBack moves what stays towards the back, run by run.
func filterBack(data, e []byte, n int) (from, k int) {
	from = len(data)
	for end := len(data); ; { // of the run that stays
		at, cut := end, 0 // the run is data[at:end]; what goes before it is data[cut:at]
		for found := false; !found; {
			entry, before, ok := packed.DoublePrev(data, at)
			if k == n || !ok {
				from -= end
				copy(data[from:], data[:end])
				return from, k
			}
			if found = string(entry) == string(e); found {
				cut = before
			} else {
				at = before
			}
		}
		from -= end - at
		copy(data[from:], data[at:end])
		end = cut
		k++
	}
}

// manyGone is the number of elements from which Trim does not go leaf by leaf.
const manyGone = 10_000

// Trim keeps the elements from start to before stop, at least one. Where many go, and
// more than stay, whole parts of the tree are cut off and handed to later, for the
// owner to free bit by bit; held is then the number of bytes in the nodes that are
// left, else 0.
func (l *List) Trim(start, stop int, later func(h nodes.Handle)) (held int) {
	l.flush()
	stay := stop - start
	if gone := l.Len() - stay; gone > manyGone && gone > stay {
		start = l.cutTo(start, stop, later)
		stop = start + stay
		held = l.measure()
	}
	before := l.store.Held()
	l.drop(l.Len()-stop, false)
	l.drop(start, true)
	l.settle()
	if held > 0 {
		held += int(l.store.Held() - before)
	}
	return held
}

// cutTo cuts the tree to the leaves that have the elements from start to before stop,
// and returns what start is in it then.
func (l *List) cutTo(start, stop int, later func(h nodes.Handle)) int {
	var p tree.Pos
	l.tree.SeekRank(&p, stop-1)
	l.tree.CutAfter(&p, later)
	start = l.tree.SeekRank(&p, start)
	l.tree.CutBefore(&p, later)
	return start
}

// measure counts the entries' bytes anew and returns those of the nodes: for the few
// that were left.
func (l *List) measure() (held int) {
	l.bytes = 0
	l.tree.Nodes(func(isLeaf bool, b []byte) {
		if isLeaf {
			l.bytes += len(leaf(b).data())
		}
		held += len(b)
	})
	return held
}

// drop takes n elements from an end, without a look at whole leaves.
func (l *List) drop(n int, front bool) {
	for n > 0 {
		p := l.end(front)
		if p.Count > n {
			l.dropFrom(&p, n, front)
			return
		}
		n -= p.Count
		l.remove(&p)
	}
}

// dropFrom takes n elements, not all, from one side of a leaf.
func (l *List) dropFrom(p *tree.Pos, n int, front bool) {
	b := l.leaf(p.Leaf)
	data := b.data()
	size := Offset(data, n, p.Count)
	if !front {
		size = len(data) - Offset(data, p.Count-n, p.Count)
	}
	b.drop(size, front)
	l.bytes -= size
	l.tree.Changed(p, -n)
}

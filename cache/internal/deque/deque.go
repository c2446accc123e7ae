package deque

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

const (
	// RootSize is the number of bytes of a root without ends.
	RootSize = tree.RootSize + 8
	// MaxLen is the number of elements that a list can have, as in Redis.
	MaxLen = tree.MaxLen

	leafSize = 4096     // of a full leaf, a class of the slab
	smallest = 256      // bytes of a leaf that begins at an end
	fewBytes = room / 4 // of entries in all, which one leaf is enough for

	many = 8 // elements at once

	leafHead = nodes.HeaderSize + 8
	room     = leafSize - leafHead // for entries in a full leaf
)

// The root is 24 bytes, a tree's root and 8 bytes, or 536.
var (
	_ [24]struct{}  = [RootSize]struct{}{}
	_ [536]struct{} = [LongRootSize]struct{}{}
)

// List is a root taken out of its value, ready for use; Save puts it back. It is a
// value to be kept on the stack while an operation lasts.
type List struct {
	tree  tree.Tree
	store *nodes.Store
	bytes int
	ends  []byte // in the root; nil if it is a short one

	// Mark is a byte for the owner of the list.
	Mark byte
}

// New is an empty list. Nothing is allocated before the first push.
func New(store *nodes.Store) List {
	return List{tree: tree.New(store, tree.Ranked), store: store}
}

// Load reads a root, of RootSize or LongRootSize bytes, into l. The ends of a long
// list are read and written where they are.
func (l *List) Load(store *nodes.Store, root []byte) {
	size := binary.LittleEndian.Uint64(root[tree.RootSize:RootSize])
	l.tree.Load(store, root)
	l.store, l.ends = store, nil
	l.bytes, l.Mark = int(size&(1<<56-1)), byte(size>>56)
	if len(root) > RootSize {
		l.ends = root[RootSize:]
	}
}

// Save writes the root, which must be of RootLen bytes: if it is of another length,
// Rehouse comes before. It must follow every change.
func (l *List) Save(root []byte) {
	l.tree.Save(root)
	binary.LittleEndian.PutUint64(root[tree.RootSize:RootSize], uint64(l.bytes)|uint64(l.Mark)<<56)
}

// LenOf is the number of elements of the list of a root.
func LenOf(root []byte) int {
	n := tree.LenOf(root)
	if len(root) > RootSize {
		n += int(root[RootSize+1]) + int(root[RootSize+endSize+1])
	}
	return n
}

// MarkOf is the owner's byte in a root.
func MarkOf(root []byte) byte { return root[RootSize-1] }

// VisitRoot calls f with the handle in a root, if there is one, and stores what it
// returns. Leaves have no children; inner nodes are package tree's.
func VisitRoot(root []byte, f func(nodes.Handle) nodes.Handle) { tree.VisitRoot(root, f) }

// Len is the number of elements.
func (l *List) Len() int { return l.tree.Len() + l.counts() }

// Bytes is the number of bytes of all entries, lengths included.
func (l *List) Bytes() int { return l.bytes }

// Single gives the entries of a list that is one leaf, in packed's double form; not
// ok if it is more, or none.
func (l *List) Single() (data []byte, ok bool) {
	if l.tree.Empty() || l.tree.Height() > 0 || l.counts() > 0 {
		return nil, false
	}
	h, _ := l.tree.EndLeaf(false)
	return l.leaf(h).data(), true
}

// Fill makes n entries, in packed's double form, the contents of an empty list.
func (l *List) Fill(data []byte, n int) {
	h, b := l.alloc(len(data), len(data)/8)
	b.set(leafHead+len(data)/16, len(data))
	copy(b.data(), data)
	l.tree.Add(h, n, tree.Key{})
	l.bytes = len(data)
}

// Free frees all nodes. For short lists: it takes time in proportion. The root must
// still be there.
func (l *List) Free() {
	l.flush()
	for !l.tree.Empty() {
		p := l.tree.Last()
		l.remove(&p)
	}
}

// Push adds an element to the front or the back. The list must have fewer than
// MaxLen.
func (l *List) Push(e []byte, front bool) {
	n := packed.DoubleSize(len(e))
	l.bytes += n
	if l.ends != nil {
		if n <= endHalf {
			l.pushEnd(e, n, front)
			return
		}
		l.spill(front, 0)
	}
	l.pushTree(e, n, front)
}

// PushAll pushes elements one after the other.
func (l *List) PushAll(elements [][]byte, front bool) {
	if l.ends == nil || len(elements) < many {
		for _, e := range elements {
			l.Push(e, front)
		}
		return
	}
	// So many would only pass through the end.
	l.spill(front, 0)
	for _, e := range elements {
		n := packed.DoubleSize(len(e))
		l.bytes += n
		l.pushTree(e, n, front)
	}
}

// pushTree is Push of an entry of n bytes to the first or the last leaf.
func (l *List) pushTree(e []byte, n int, front bool) {
	if l.tree.Empty() {
		l.tree.Add(l.begin(e, n, front), 1, tree.Key{})
		return
	}
	h, _ := l.tree.EndLeaf(!front)
	b := l.leaf(h)
	if b.free(front) < n {
		if b = l.widen(h, n, front); b == nil {
			l.trim(h)
			l.extend(e, n, front)
			return
		}
	}
	put(b.take(n, front), e)
	l.tree.EndChanged(!front, 1)
}

// put writes an entry over dst, which is as long as the entry takes. Nearly all are
// short.
func put(dst, e []byte) {
	if n := len(e); n < 0x80 {
		dst[0], dst[n+1] = byte(n), byte(n)
		copy(dst[1:], e)
		return
	}
	packed.DoublePut(dst, 0, e)
}

// extend begins another leaf at an end of the list.
func (l *List) extend(e []byte, n int, front bool) {
	h := l.begin(e, n, front)
	if p := l.end(front); front {
		l.tree.InsertBefore(&p, h, 1, tree.Key{})
	} else {
		l.tree.InsertAfter(&p, h, 1, tree.Key{})
	}
}

// end is the place of the first or the last leaf.
func (l *List) end(front bool) tree.Pos {
	if front {
		return l.tree.First()
	}
	return l.tree.Last()
}

// begin makes a leaf of one element, with room to grow on one side if more are
// likely to come: the longer the list is already, the more.
func (l *List) begin(e []byte, n int, front bool) nodes.Handle {
	spare := 0
	if n < room {
		spare = min(max(l.bytes/8, smallest-leafHead-n, 0), room-n)
	}
	h, b := l.alloc(n, spare)
	at := leafHead
	if front {
		at = len(b) - n
	}
	b.set(at, n)
	put(b[at:at+n], e)
	return h
}

// widen makes n bytes free at one side of a leaf at that end of the list, where there
// are fewer, growing the leaf if it must. It returns nil where the leaf should have no
// more.
func (l *List) widen(h nodes.Handle, n int, front bool) leaf {
	b := l.leaf(h)
	start, end := b.span()
	used := end - start
	if used+n > room {
		return nil
	}
	if leafHead+used+n > len(b) {
		b = l.store.Resize(h, min(leafSize, max(leafHead+used+n, len(b)+len(b)/l.growth())), end)
	}
	// All that is free goes to this side, but in a list of one leaf, which may be
	// pushed to from both, half of what is left over stays on the other.
	left := 0
	if front {
		left = len(b) - leafHead - used
	}
	if l.tree.Height() == 0 {
		over := (len(b) - leafHead - used - n) / 2
		if left = over; front {
			left = n + over
		}
	}
	b.move(leafHead + left)
	return b
}

// growth is the part of a leaf by which it grows: that of a short list is all there is
// of it, so that what it has too much counts.
func (l *List) growth() int {
	if l.tree.Height() == 0 {
		return 8
	}
	return 2
}

// Pop takes n elements, at most as many as there are, from the front or the back,
// and shows each to visit before it goes: the i-th of n.
func (l *List) Pop(n int, front bool, visit func(i, n int, e []byte)) {
	if l.ends != nil {
		if n == 1 && l.popEnd(front, visit) {
			l.settle()
			return
		}
		l.flush()
	}
	for i := 0; i < n; {
		h, count := l.tree.EndLeaf(!front)
		k := min(n-i, count)
		b := l.leaf(h)
		size := show(b.data(), k, front, i, n, visit)
		i += k
		if k == count {
			p := l.end(front)
			l.remove(&p)
			continue
		}
		l.bytes -= size
		b.drop(size, front)
		l.tree.EndChanged(!front, -k)
	}
	l.settle()
}

// show shows k elements from one side of a leaf's entries and returns how many bytes
// they take. The first of them is the i-th of n.
func show(data []byte, k int, front bool, i, n int, visit func(i, n int, e []byte)) int {
	size := 0
	for to := i + k; i < to; i++ {
		var e []byte
		if front {
			e, size, _ = packed.DoubleNext(data, size)
		} else {
			var at int
			e, at, _ = packed.DoublePrev(data, len(data)-size)
			size = len(data) - at
		}
		visit(i, n, e)
	}
	return size
}

// remove takes a leaf out and frees it.
func (l *List) remove(p *tree.Pos) {
	l.bytes -= len(l.leaf(p.Leaf).data())
	l.tree.Remove(p)
	l.store.Free(p.Leaf)
}

// settle follows elements that went from the ends: a list that is no longer long gets
// a short root, one of one leaf gives back what is far too much for it, and few
// elements in several leaves get one.
func (l *List) settle() {
	if l.ends != nil {
		if l.bytes >= longTo {
			return
		}
		l.flush()
		l.ends = nil
	}
	for l.tree.Height() > 0 && l.bytes <= fewBytes {
		p := l.tree.First()
		l.join(&p)
	}
	if l.tree.Height() == 0 && !l.tree.Empty() {
		h, _ := l.tree.EndLeaf(false)
		l.shrink(h)
	}
}

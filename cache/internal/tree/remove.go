package tree

import "github.com/ashlar-cache/ashlar/cache/internal/nodes"

// Remove takes p's leaf out of the tree; the leaf itself is the owner's to free. p
// is no longer good.
func (t *Tree) Remove(p *Pos) {
	t.len -= p.Count
	if t.height == 0 {
		t.root = 0
		return
	}
	for level := range t.height {
		st := p.path[level]
		t.addCount(t.store.Bytes(st.node), int(st.i), -p.Count)
	}
	level, i := t.height-1, int(p.path[t.height-1].i)
	for level > 0 {
		if i = t.drop(p, level, i); i < 0 {
			return
		}
		level--
	}
	t.cut(t.store.Bytes(t.root), i, 1)
	t.lower()
}

// drop takes entry i out of the node at a level of the path, which is not the
// root's, and returns which entry its parent must drop for that, or -1.
func (t *Tree) drop(p *Pos, level, i int) int {
	h := p.path[level].node
	b := t.store.Bytes(h)
	t.cut(b, i, 1)
	n := width(b)
	if n == 0 {
		t.store.Free(h)
		return int(p.path[level-1].i)
	}
	if i == 0 {
		t.fixKey(p, level, t.key(b, 0))
	}
	if n < t.least() {
		return t.balance(p, level)
	}
	t.room(h, n)
	return -1
}

// lower makes the root's only child the root, for as long as it has but one.
func (t *Tree) lower() {
	for t.height > 0 {
		b := t.store.Bytes(t.root)
		n := width(b)
		if n > 1 || (n == 1 && t.height == t.minHeight()) {
			t.room(t.root, n)
			return
		}
		child := nodes.Handle(0)
		if n == 1 {
			child = t.child(b, 0)
		}
		t.store.Free(t.root)
		t.root = child
		t.height--
		if t.form == Linked && child != 0 {
			t.setAbove(child, 0)
		}
	}
}

// balance helps a node that has few entries: it is joined with a neighbour, and the
// parent must drop the entry that is returned; or evened out with one (-1).
func (t *Tree) balance(p *Pos, level int) int {
	up := p.path[level-1]
	parent, i := t.store.Bytes(up.node), int(up.i)
	if i > 0 && t.join(parent, i-1) {
		return i
	}
	if i+1 < width(parent) && t.join(parent, i) {
		return i + 1
	}
	if !t.atEdge(p, level, false) && !t.atEdge(p, level, true) {
		t.even(parent, max(i-1, 0))
	}
	return -1
}

// join moves what is below entry i+1 of a parent to the node of entry i, if it does
// not fill that too much. The parent is left to drop entry i+1, whose node is gone.
func (t *Tree) join(parent []byte, i int) bool {
	left, right := t.child(parent, i), t.child(parent, i+1)
	rb := t.store.Bytes(right)
	n, m := width(t.store.Bytes(left)), width(rb)
	if n+m > t.fan()*3/4 {
		return false
	}
	lb := t.room(left, n+m)
	t.move(lb, n, rb, 0, m)
	t.adopt(lb, n, m)
	lb[1] = byte(n + m)
	t.addCount(parent, i, t.count(parent, i+1))
	t.store.Free(right)
	return true
}

// even shares the entries of the nodes of entries i and i+1 of a parent equally.
func (t *Tree) even(parent []byte, i int) {
	left, right := t.child(parent, i), t.child(parent, i+1)
	n, m := width(t.store.Bytes(left)), width(t.store.Bytes(right))
	keep := (n + m) / 2
	lb, rb := t.room(left, max(n, keep)), t.room(right, max(m, n+m-keep))
	moved := 0 // elements that go to the left
	if keep > n {
		k := keep - n
		moved = t.sum(rb, 0, k)
		t.move(lb, n, rb, 0, k)
		t.adopt(lb, n, k)
		t.cut(rb, 0, k)
	} else {
		k := n - keep
		moved = -t.sum(lb, keep, k)
		t.move(rb, k, rb, 0, m)
		t.move(rb, 0, lb, keep, k)
		t.adopt(rb, 0, k)
		rb[1] = byte(m + k)
	}
	lb[1] = byte(keep)
	t.addCount(parent, i, moved)
	t.addCount(parent, i+1, -moved)
	t.setKey(parent, i+1, t.key(rb, 0))
}

// CutBefore takes all leaves before p's out of the tree, in one step however many
// there are: whole subtrees, whose nodes are the owner's from then on, are handed to
// drop. p is no longer good.
func (t *Tree) CutBefore(p *Pos, drop func(h nodes.Handle)) { t.cutOff(p, true, drop) }

// CutAfter is CutBefore for the leaves after p's.
func (t *Tree) CutAfter(p *Pos, drop func(h nodes.Handle)) { t.cutOff(p, false, drop) }

// cutOff leaves the nodes on the way to p's leaf at an edge, where they may have as few
// entries as they like.
func (t *Tree) cutOff(p *Pos, before bool, drop func(h nodes.Handle)) {
	gone := 0
	var first Key
	for level := t.height - 1; level >= 0; level-- {
		st := p.path[level]
		b := t.store.Bytes(st.node)
		i := int(st.i)
		t.addCount(b, i, -gone)
		if before && level < t.height-1 {
			t.setKey(b, i, first)
		}
		from, n := i+1, width(b)-i-1
		if before {
			from, n = 0, i
		}
		for k := from; k < from+n; k++ {
			drop(t.child(b, k))
		}
		gone += t.sum(b, from, n)
		t.cut(b, from, n)
		t.room(st.node, width(b))
		first = t.key(t.store.Bytes(st.node), 0)
	}
	t.len -= gone
	t.lower()
}

// Clear takes all leaves out of the tree: the topmost node, if there is one, is handed to
// drop and is the owner's with all below it.
func (t *Tree) Clear(drop func(h nodes.Handle)) {
	if t.root != 0 {
		drop(t.root)
	}
	t.len, t.root, t.height = 0, 0, 0
}

// Leaves is the number of leaves. None of them is looked at, only the inner nodes.
func (t *Tree) Leaves() int {
	if t.root == 0 || t.height == 0 {
		return min(int(t.root), 1)
	}
	return t.leaves(t.root, 1)
}

func (t *Tree) leaves(h nodes.Handle, level int) int {
	b := t.store.Bytes(h)
	if level == t.height {
		return width(b)
	}
	n := 0
	for i := range width(b) {
		n += t.leaves(t.child(b, i), level+1)
	}
	return n
}

// Nodes calls f for each inner node and each leaf of the tree, with its block.
func (t *Tree) Nodes(f func(leaf bool, b []byte)) {
	if t.root != 0 {
		t.visit(t.root, 0, f)
	}
}

func (t *Tree) visit(h nodes.Handle, level int, f func(leaf bool, b []byte)) {
	b := t.store.Bytes(h)
	f(level == t.height, b)
	if level < t.height {
		for i := range width(b) {
			t.visit(t.child(b, i), level+1, f)
		}
	}
}

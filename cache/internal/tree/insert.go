package tree

import "github.com/ashlar-cache/ashlar/cache/internal/nodes"

// Changed tells that p's leaf has delta elements more than before. p stays good.
func (t *Tree) Changed(p *Pos, delta int) {
	for level := range t.height {
		st := p.path[level]
		t.addCount(t.store.Bytes(st.node), int(st.i), delta)
	}
	t.len += delta
	p.Count += delta
}

// EndChanged is Changed for the first or the last leaf.
func (t *Tree) EndChanged(last bool, delta int) {
	h := t.root
	for range t.height {
		b, i := t.store.Bytes(h), 0
		if last {
			i = width(b) - 1
		}
		t.addCount(b, i, delta)
		h = t.child(b, i)
	}
	t.len += delta
}

// SetKey gives p's leaf another key. p stays good.
func (t *Tree) SetKey(p *Pos, key Key) {
	st := p.path[t.height-1]
	t.setKey(t.store.Bytes(st.node), int(st.i), key)
	if st.i == 0 {
		t.fixKey(p, t.height-1, key)
	}
}

// fixKey gives the node at a level of the path the key of its first entry, and so
// its parent if it is the first there, and so on.
func (t *Tree) fixKey(p *Pos, level int, key Key) {
	if t.form == Ranked {
		return
	}
	for level--; level >= 0; level-- {
		st := p.path[level]
		t.setKey(t.store.Bytes(st.node), int(st.i), key)
		if st.i != 0 {
			return
		}
	}
}

// Replace puts another handle in the place of p's leaf, which keeps its count and
// its key. p stays good.
func (t *Tree) Replace(p *Pos, leaf nodes.Handle) {
	p.Leaf = leaf
	if t.height == 0 {
		t.root = leaf
		return
	}
	st := p.path[t.height-1]
	b := t.store.Bytes(st.node)
	t.put(b, int(st.i), entry{leaf, p.Count, t.key(b, int(st.i))})
}

// Add makes a leaf of count elements the first of an empty tree. A ranked tree has
// no use for the key.
func (t *Tree) Add(leaf nodes.Handle, count int, key Key) {
	t.root, t.len = leaf, count
	if t.minHeight() > 0 {
		h, b := t.alloc(1)
		t.open(b, 0, entry{leaf, count, key})
		t.root, t.height = h, 1
	}
}

// InsertAfter adds a leaf of count elements behind p's. p is no longer good.
func (t *Tree) InsertAfter(p *Pos, leaf nodes.Handle, count int, key Key) {
	t.insert(p, entry{leaf, count, key}, true)
}

// InsertBefore adds a leaf of count elements before p's. p is no longer good.
func (t *Tree) InsertBefore(p *Pos, leaf nodes.Handle, count int, key Key) {
	t.insert(p, entry{leaf, count, key}, false)
}

func (t *Tree) insert(p *Pos, e entry, after bool) {
	added := e.count
	t.len += added
	for level := t.height - 1; level >= 0; level-- {
		st := p.path[level]
		at := int(st.i)
		if after {
			at++
		}
		if b := t.store.Bytes(st.node); width(b) < t.fan() {
			b = t.room(st.node, width(b)+1)
			t.open(b, at, e)
			t.inserted(p, level, at, e.key, added)
			return
		}
		e, after = t.split(p, level, at, e)
		if level > 0 {
			// The counts further up are put right where the way up ends.
			up := p.path[level-1]
			t.addCount(t.store.Bytes(up.node), int(up.i), added-e.count)
		}
	}
	t.grow(e, after)
}

// inserted puts counts and keys right above the node at a level that got a new
// entry at its place at.
func (t *Tree) inserted(p *Pos, level, at int, key Key, added int) {
	if at == 0 {
		t.fixKey(p, level, key)
	}
	for level--; level >= 0; level-- {
		st := p.path[level]
		t.addCount(t.store.Bytes(st.node), int(st.i), added)
	}
}

// split adds e as entry at of a full node, by giving entries to another, for which
// it returns the entry that the parent needs, and whether it comes after the node.
func (t *Tree) split(p *Pos, level, at int, e entry) (other entry, after bool) {
	h, n := p.path[level].node, t.fan()
	if at == 0 && t.atEdge(p, level, false) {
		return t.alone(e), false
	}
	if at == n && t.atEdge(p, level, true) {
		return t.alone(e), true
	}
	keep := (n + 1) / 2 // of n+1 entries
	first := keep       // of the old node's entries that move
	if at < keep {
		first--
	}
	b := t.store.Bytes(h)
	right, rb := t.alloc(n + 1 - keep)
	t.move(rb, 0, b, first, n-first)
	t.adopt(rb, 0, n-first)
	rb[1] = byte(n - first)
	b[1] = byte(first)
	if at < keep {
		b = t.room(h, keep)
		t.open(b, at, e)
	} else {
		t.room(h, keep)
		t.open(rb, at-keep, e)
	}
	if at == 0 {
		t.fixKey(p, level, e.key)
	}
	return t.whole(right, rb), true
}

// alone makes a node of a single entry.
func (t *Tree) alone(e entry) entry {
	h, b := t.alloc(1)
	t.open(b, 0, e)
	return entry{h, e.count, e.key}
}

// grow puts a new root above the old one and e beside it.
func (t *Tree) grow(e entry, after bool) {
	old := entry{child: t.root, count: t.len - e.count}
	if t.height > 0 {
		old.key = t.key(t.store.Bytes(t.root), 0)
	}
	h, b := t.alloc(2)
	t.open(b, 0, old)
	at := 0
	if after {
		at = 1
	}
	t.open(b, at, e)
	t.root = h
	t.height++
}

package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// zset is a sorted set opened for an operation.
type zset struct {
	coll
	large bool
	tree  tree.Tree // of a large one
	index table.Fixed
	mark  uint32       // in the index's values
	moved nodes.Handle // the leaf where the index has an entry that is on its way
}

// load makes z ready for the key it has been opened with.
func (z *zset) load() {
	if z.large = z.kind() == item.ZSetTree; z.large {
		root := z.value()
		z.tree = tree.Load(z.nodes(), root[zsetTreeAt:zsetIndexAt])
		z.index = table.OpenFixed(z.nodes(), root[zsetIndexAt:])
		z.mark = indexMark(root)
	}
}

// readZSet opens a sorted set for reading. Errors: ErrNotFound, ErrWrongType.
func (tx *Tx) readZSet(key []byte, z *zset) error {
	if err := tx.openRead(&z.coll, key, ZSet); err != nil {
		return err
	}
	z.load()
	return nil
}

// writeZSet opens a sorted set for a change that adds about room bytes. Errors:
// ErrWrongType, ErrOutOfMemory, ErrTooLarge.
func (tx *Tx) writeZSet(key []byte, room int, z *zset) error {
	if err := tx.openWrite(&z.coll, key, ZSet, room); err != nil {
		return err
	}
	if z.there() {
		z.load()
	}
	return nil
}

// finish ends a change: of a set that has become empty, the key goes.
func (z *zset) finish() {
	if z.large {
		z.tree.Save(z.value()[zsetTreeAt:zsetIndexAt])
		if z.tree.Empty() {
			z.discard()
			return
		}
	}
	z.done()
}

// len is the number of elements.
func (z *zset) len() int {
	if z.large {
		return z.tree.Len()
	}
	return zpackedLen(z.value())
}

// score finds a member's score.
func (z *zset) score(member []byte) (score float64, ok bool) {
	if z.large {
		at, ok := z.lookup(member)
		return at.score, ok
	}
	q := zpackedSeq(z.value())
	_, _, score, ok = q.find(member)
	return score, ok
}

// rank finds how many elements are before a member, and its score.
func (z *zset) rank(member []byte) (rank int, score float64, ok bool) {
	if !z.large {
		q := zpackedSeq(z.value())
		_, rank, score, ok = q.find(member)
		return rank, score, ok
	}
	at, ok := z.lookup(member)
	if !ok {
		return 0, 0, false
	}
	var p tree.Pos
	return z.tree.Climb(&p, at.leaf) + at.i, at.score, true
}

// insert adds an element that is not there, by the thresholds in l.
func (z *zset) insert(score float64, member []byte, l *Limits) {
	if z.large {
		z.name(z.tree.Len()+1, len(member), l)
		if z.tree.Empty() {
			z.tree.Add(z.newLeaf(score, member), 1, separator(score, member))
			return
		}
		var p zplace
		z.seekTree(&p, score, member)
		z.insertTree(&p, score, member)
		return
	}
	n, size := 1, zpackedHead+entrySize(member, score, false)
	if z.there() {
		n += zpackedLen(z.value())
		size += len(z.value()) - zpackedHead
	}
	if n > l.ZSetMaxPackedEntries || len(member) > l.ZSetMaxPackedValue || size > zpackedMax {
		z.promote()
		z.insert(score, member, l)
		return
	}
	if !z.there() {
		z.createPacked(score, member)
		return
	}
	z.insertPacked(score, member)
}

// name notes that by Redis's thresholds the set is no listpack from now on, if so.
func (z *zset) name(n, member int, l *Limits) {
	if n > l.ZSetMaxPackedEntries || member > l.ZSetMaxPackedValue {
		z.value()[zsetFlagsAt] |= zsetSkiplist
	}
}

// promote makes the set, which is packed or not there at all, a large one.
func (z *zset) promote() {
	var packed []byte
	if z.there() {
		// Copied: the nodes are made after the value has changed, and its index.
		packed = append(packed, z.value()[zpackedHead:]...)
		clear(z.setValue(item.ZSetTree, zsetRootSize)[zsetTreeAt:])
	} else {
		clear(z.create(item.ZSetTree, zsetRootSize)[zsetTreeAt:])
	}
	z.large = true
	z.tree = tree.New(z.nodes(), tree.Linked)
	z.index = table.OpenFixed(z.nodes(), z.value()[zsetIndexAt:])
	q := zseq{b: packed}
	for off := 0; off < len(packed); {
		member, score, next := q.entry(off)
		z.append(score, member)
		off = next
	}
}

// append adds an element to a large set behind all others.
func (z *zset) append(score float64, member []byte) {
	if z.tree.Empty() {
		z.tree.Add(z.newLeaf(score, member), 1, separator(score, member))
		return
	}
	p := zplace{Pos: z.tree.Last()}
	p.i = p.Count
	z.insertTree(&p, score, member)
}

// zspot is where a member was found: in a large set the leaf, in a small one the entry's
// offset; how many are before it there, and the score.
type zspot struct {
	leaf   nodes.Handle
	off, i int
	score  float64
}

// locate finds a member.
func (z *zset) locate(member []byte) (at zspot, ok bool) {
	if !z.there() {
		return at, false
	}
	if z.large {
		return z.lookup(member)
	}
	q := zpackedSeq(z.value())
	at.off, at.i, at.score, ok = q.find(member)
	return at, ok
}

// update gives a member, which is at a spot, another score.
func (z *zset) update(at zspot, score float64, member []byte) {
	if z.large {
		z.moveTree(at, score, member)
		return
	}
	z.updatePacked(at.off, score, member)
}

// delete takes a member out and reports whether it was there. The last one of a
// packed set takes the key along, and the zset may not be used any more; gone says so.
func (z *zset) delete(member []byte) (deleted, gone bool) {
	if z.large {
		at, ok := z.lookup(member)
		if !ok {
			return false, false
		}
		p := zplace{i: at.i}
		z.tree.Climb(&p.Pos, at.leaf)
		z.deleteTree(&p, member)
		return true, false
	}
	q := zpackedSeq(z.value())
	_, i, _, ok := q.find(member)
	switch {
	case !ok:
		return false, false
	case zpackedLen(z.value()) == 1:
		z.remove()
		return true, true
	}
	z.cutPacked(i, 1)
	return true, false
}

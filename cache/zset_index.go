package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
)

// The index of a large sorted set finds a member's leaf by the member's hash, of
// which it keeps a part, and neither the member nor its score: those stand in the
// leaf. An entry that moves to another leaf takes its index entry along, which is
// about one for each insertion, and in exchange a score costs no search of the tree.
//
// It also is what a scan goes by: scores change while it lasts, hashes do not.
//
// A value of the index is a leaf's handle, and in its highest bit a mark, the same in
// all of a set's, which copying the set changes (zsetRelink).

const handleMark = 1 << 31

// indexMark is the mark in the values of a set's index.
func indexMark(root []byte) uint32 {
	if root[zsetFlagsAt]&zsetMarked != 0 {
		return handleMark
	}
	return 0
}

func (z *zset) indexValue(h nodes.Handle) uint32 { return uint32(h) | z.mark }

// lookup finds a member of a large set.
func (z *zset) lookup(member []byte) (at zspot, ok bool) {
	if z.tree.Empty() {
		return at, false
	}
	hash := z.hashOf(member)
	ok = z.index.Candidates(hash, func(value uint32) (found bool) {
		at.leaf = nodes.Handle(value &^ handleMark)
		l := openZLeaf(z.nodes(), at.leaf)
		prefetch.Bytes(l.node, zleafFront*prefetch.LineSize)
		at.i, at.score, found = l.find(hash, member)
		return found
	})
	return at, ok
}

// indexInsert tells the index where an entry is, by its member's hash, which is new or
// has been moved.
func (z *zset) indexInsert(hash uint64, h nodes.Handle) {
	if was := z.moved; was != 0 {
		z.moved = 0
		if was != h {
			z.index.Replace(hash, z.indexValue(was), z.indexValue(h))
		}
		return
	}
	z.index.Insert(hash, z.indexValue(h))
}

func (z *zset) indexDelete(member []byte, h nodes.Handle) {
	z.index.Delete(z.hashOf(member), z.indexValue(h))
}

// relink tells the index of entries that have moved from one leaf to another.
func (z *zset) relink(q zseq, from, to nodes.Handle) {
	for off := 0; off < len(q.b); {
		member, _, next := q.entry(off)
		z.index.Replace(z.hashOf(member), z.indexValue(from), z.indexValue(to))
		off = next
	}
}

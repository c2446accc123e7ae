package cache

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// checkZSet verifies a sorted set: order, counts, separators, and that the index leads
// to each member's leaf.
func checkZSet(s *nodes.Store, h *hasher, kind item.Kind, v []byte) error {
	if kind == item.ZSetPacked {
		return checkPackedZSet(v)
	}
	if len(v) != zsetRootSize {
		return fmt.Errorf("a sorted set's root has %d bytes", len(v))
	}
	c := zsetChecker{s: s, hash: h, index: table.OpenFixed(s, v[zsetIndexAt:])}
	t := tree.Load(s, v[zsetTreeAt:])
	if t.Len() == 0 || t.Len() != c.index.Len() {
		return fmt.Errorf("a sorted set of %d elements, %d in the index", t.Len(), c.index.Len())
	}
	if err := c.index.Check(); err != nil {
		return err
	}
	return t.CheckInvariants(c.leaf)
}

func checkPackedZSet(v []byte) error {
	if len(v) < zpackedHead || zpackedLen(v) == 0 || len(v) > zpackedMax {
		return fmt.Errorf("a packed sorted set of %d bytes", len(v))
	}
	c := zsetChecker{}
	return c.entries(zpackedSeq(v), zpackedLen(v))
}

// zsetChecker goes through elements in order.
type zsetChecker struct {
	s      *nodes.Store
	hash   *hasher
	index  table.Fixed
	any    bool
	score  float64 // the last element's
	member []byte
}

func (c *zsetChecker) leaf(h nodes.Handle, count int, key tree.Key) error {
	b := c.s.Bytes(h)
	end := zleafEnd(b)
	if c.s.Kind(h) != nodes.ZSetLeaf || zleafLen(b) == 0 || end <= zleafFirst(zleafLen(b)) || end > len(b) {
		return fmt.Errorf("leaf %d of kind %d, %d bytes of %d", h, c.s.Kind(h), end, len(b))
	}
	l := openZLeaf(c.s, h)
	if first, score := l.at(0); separator(score, first) != key {
		return fmt.Errorf("leaf %d begins with %v %q, its key is %v", h, score, first, key)
	}
	if l.n != count {
		return fmt.Errorf("leaf %d of %d entries, said to be %d", h, l.n, count)
	}
	if err := c.entries(l.zseq, count); err != nil {
		return fmt.Errorf("leaf %d: %w", h, err)
	}
	large := false
	for i, off := 0, 0; off < len(l.b); i, off = i+1, l.end(off) {
		member, _ := l.at(i)
		large = large || len(member) > maxInline
		if hash := c.hash.sum(member); l.offset(i) != off || b[zleafHead+i] != zleafTag(hash) {
			return fmt.Errorf("leaf %d, entry %d at %d: offset %d, tag %d", h, i, off, l.offset(i), b[zleafHead+i])
		}
		if !c.index.Candidates(c.hash.sum(member), func(v uint32) bool { return nodes.Handle(v&^handleMark) == h }) {
			return fmt.Errorf("leaf %d: %q is not in the index", h, member)
		}
	}
	if large && b[1]&zleafLarge == 0 {
		return fmt.Errorf("leaf %d has a long member and does not say so", h)
	}
	return nil
}

// entries verifies that a sequence has count entries in order, behind those before.
func (c *zsetChecker) entries(q zseq, count int) error {
	n := 0
	for off := 0; off < len(q.b); n++ {
		member, score, next := q.entry(off)
		if next > len(q.b) {
			return errors.New("an entry goes beyond the end")
		}
		if score != score {
			return fmt.Errorf("%q has no number for a score", member)
		}
		if c.any && compareElements(c.score, c.member, score, member) >= 0 {
			return fmt.Errorf("%v %q after %v %q", score, member, c.score, c.member)
		}
		c.any, c.score, c.member = true, score, append(c.member[:0], member...)
		off = next
	}
	if n != count {
		return fmt.Errorf("%d entries, said to be %d", n, count)
	}
	return nil
}

// zsetChildren hands the handles of a leaf's long members to f and puts f's results in
// their place.
func zsetChildren(b []byte, f func(nodes.Handle) nodes.Handle) {
	if b[1]&zleafLarge == 0 {
		return
	}
	q := zseq{b: b[zleafFirst(zleafLen(b)):zleafEnd(b)]}
	for off := 0; off < len(q.b); {
		at := largeHandle(q.b, off)
		if at == 0 {
			off = q.end(off)
			continue
		}
		binary.LittleEndian.PutUint32(q.b[at:], uint32(f(nodes.Handle(binary.LittleEndian.Uint32(q.b[at:])))))
		off = skipScore(q.b, at+4)
	}
}

// zsetRelink puts a large set's index right after its nodes were copied and leaves
// have other handles. Which of several index entries of one hash an element had does
// not matter, only that none is taken twice: hence the mark, which tells those that
// were put right from the others, and which is the other one of two at each copy.
func zsetRelink(s *nodes.Store, h *hasher, root []byte) {
	root[zsetFlagsAt] ^= zsetMarked
	mark := indexMark(root)
	index := table.OpenFixed(s, root[zsetIndexAt:])
	t := tree.Load(s, root[zsetTreeAt:])
	t.Relink()
	for p, more := t.First(), true; more; more = t.Next(&p) {
		q := zleafSeq(s, p.Leaf)
		for off := 0; off < len(q.b); {
			member, _, next := q.entry(off)
			hash, old := h.sum(member), uint32(0)
			index.Candidates(hash, func(v uint32) bool {
				old = v
				return v&handleMark != mark
			})
			index.Replace(hash, old, uint32(p.Leaf)|mark)
			off = next
		}
	}
}

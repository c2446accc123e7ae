package cache

import (
	"math/bits"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// below is a random number from 0 to n-1, each with the same probability but for one
// part in 2^64 / n.
func (s *shard) below(n int) int {
	high, _ := bits.Mul64(s.next(), uint64(n))
	return int(high)
}

// setRandom picks a member, each with the same probability; it is valid until the
// next.
func (c *coll) setRandom() []byte {
	v := c.value()
	switch c.kind() {
	case item.SetInts:
		return ints(v).text(c.s.scratch[:], c.s.below(ints(v).len()))
	case item.SetTable:
		t := c.setTable()
		member, _ := t.Random(c.s.next)
		return member
	}
	off, _ := packed.Skip(v, setHeader, c.s.below(packedSetLen(v)))
	member, _, _ := packed.Next(v, off)
	return member
}

// SRandMember hands members picked at random to f: count different ones, or all if
// there are no more; or, with a count below 0, -count of which each may be any. What
// f gets is valid until it returns; it stops when f returns false. Error:
// ErrWrongType.
func (tx *Tx) SRandMember(key []byte, count int, f func(member []byte) bool) error {
	var c coll
	err := tx.openRead(&c, key, Set)
	if err != nil {
		return missing(err)
	}
	n := c.setCount()
	switch {
	case count < 0:
		for count < 0 && f(c.setRandom()) {
			count++
		}
	case count == 1:
		f(c.setRandom())
	case count >= n:
		c.setEach(f)
	case c.kind() != item.SetTable || count > n/3:
		c.setSample(count, f)
	default:
		c.setPick(count, f)
	}
	return nil
}

// setSample hands count members to f, in the order in which they lie: each is taken
// with the probability that the number still wanted has to the number still to come,
// which gives every choice of count members the same chance.
func (c *coll) setSample(count int, f func(member []byte) bool) {
	left := c.setCount()
	c.setEach(func(member []byte) bool {
		if count == 0 {
			return false
		}
		left--
		if c.s.below(left+1) >= count {
			return true
		}
		count--
		return f(member)
	})
}

// setPick hands count members of a large set to f, picked one by one; those that come
// up again are passed over. It is for few of many.
func (c *coll) setPick(count int, f func(member []byte) bool) {
	seen := newMemberSet(&c.s.c.hash, count)
	for seen.n < count {
		if member := c.setRandom(); seen.add(member) && !f(member) {
			return
		}
	}
}

// SPop takes members picked at random out of a set, count or all if there are no
// more, and hands each to f before. It returns how many. Error: ErrWrongType.
func (tx *Tx) SPop(key []byte, count int, f func(member []byte)) (popped int, err error) {
	var c coll
	err = tx.openWrite(&c, key, Set, 0)
	if err != nil || !c.there() || count <= 0 {
		return 0, err
	}
	n := c.setCount()
	if count >= n {
		c.setEach(func(member []byte) bool {
			f(member)
			return true
		})
		c.discard()
		return n, nil
	}
	for range count {
		c.setPopOne(f)
	}
	// Where few are left, Redis makes a new set of them.
	if left := n - count; left <= count/popMakesNew {
		c.setRenew(tx.Limits())
	}
	c.done()
	return count, nil
}

// popMakesNew is SPOP_MOVE_STRATEGY_MUL of redis-server.
const popMakesNew = 5

// setPopOne takes one member out, of several.
func (c *coll) setPopOne(f func(member []byte)) {
	v := c.value()
	switch c.kind() {
	case item.SetInts:
		i := c.s.below(ints(v).len())
		f(ints(v).text(c.s.scratch[:], i))
		c.setRemoveAt(ints(v).offset(i), ints(v).width())
	case item.SetTable:
		t := c.setTable()
		member, _ := t.Random(c.s.next)
		f(member)
		// What is handed to the table must not lie in it.
		member = append(c.s.scratch[:0], member...)
		t.Delete(c.hashOf(member), member)
	default:
		off, _ := packed.Skip(v, setHeader, c.s.below(packedSetLen(v)))
		member, next, _ := packed.Next(v, off)
		f(member)
		c.setRemoveAt(off, next-off)
	}
}

// setRenew calls a set what Redis would call a new one of the same members, and
// packs it if it is small enough by now.
func (c *coll) setRenew(l *Limits) {
	if setEncoding(c.kind(), c.value()) != EncodingHashTable {
		return
	}
	s, size := setShape{encoding: EncodingListpack}, 0
	c.setEach(func(member []byte) bool {
		s.add(l, member, false)
		size += packed.Size(len(member))
		return s.encoding == EncodingListpack || size <= maxSmallSet
	})
	c.setSetEncoding(s.encoding)
	if c.kind() != item.SetTable || !l.fitsPacked(s.n, size) || s.n != c.setCount() {
		return
	}
	blob := make([]byte, setHeader, setHeader+size)
	c.setEach(func(member []byte) bool {
		blob = packed.Append(blob, member)
		return true
	})
	t := c.setTable()
	for off := setHeader; off < len(blob); {
		member, next, _ := packed.Next(blob, off)
		t.Delete(c.hashOf(member), member)
		off = next
	}
	c.nodes().TakeDelta() // done asks for it only where there are nodes
	setPackedHeader(blob, s.n, s.encoding)
	copy(c.setValue(item.SetPacked, len(blob)), blob)
}

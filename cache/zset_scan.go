package cache

import (
	"slices"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// ZScan goes through a sorted set's elements, about count at each call, from cursor 0
// on, and returns the cursor for the next call, 0 at the end. Every member that is in
// the set from the first call to the last is handed to f at least once, whatever
// happens to its score meanwhile. A small set is gone through in one call, in order.
// Errors: ErrWrongType.
//
// A step of a large set is a bucket of the index: a range of hashes. The index tells
// in which leaves there are members with such hashes; which they are, their hashes do.
func (tx *Tx) ZScan(key []byte, cursor uint64, count int, f func(member []byte, score float64)) (next uint64, err error) {
	var z zset
	if err := tx.readZSet(key, &z); err != nil {
		return 0, missing(err)
	}
	each := func(member []byte, score float64) bool {
		f(member, score)
		return true
	}
	if !z.large {
		q := zpackedSeq(z.value())
		q.each(0, z.len(), each)
		return 0, nil
	}
	const limit = 1 << table.CursorBits
	if cursor >= limit {
		return 0, nil
	}
	var room [64]nodes.Handle
	for steps := 0; count > 0 && steps < 1+count; steps++ {
		leaves := room[:0]
		next = z.index.Scan(cursor, func(value uint32) { leaves = append(leaves, nodes.Handle(value&^handleMark)) })
		count -= len(leaves)
		last := next
		if last == 0 {
			last = limit
		}
		z.eachHashed(leaves, cursor, last, each)
		if cursor = next; cursor == 0 {
			break
		}
	}
	return next, nil
}

// eachHashed calls f for each element of the leaves whose member's hash begins with
// from or more, and less than to.
func (z *zset) eachHashed(leaves []nodes.Handle, from, to uint64, f func(member []byte, score float64) bool) {
	slices.Sort(leaves)
	for _, h := range slices.Compact(leaves) {
		q := zleafSeq(z.nodes(), h)
		for off := 0; off < len(q.b); {
			member, score, next := q.entry(off)
			if at := z.hashOf(member) >> (64 - table.CursorBits); at >= from && at < to {
				f(member, score)
			}
			off = next
		}
	}
}

// ZRandMember hands elements picked at random to f: count different ones, or all if
// there are no more; or, if count is negative, -count of which each may be any. It
// stops when f returns false. Errors: ErrWrongType.
func (tx *Tx) ZRandMember(key []byte, count int, f func(member []byte, score float64) bool) error {
	var z zset
	if err := tx.readZSet(key, &z); err != nil {
		return missing(err)
	}
	n := z.len()
	switch {
	case count < 0:
		for ; count < 0; count++ {
			if !z.at(z.s.below(n), f) {
				return nil
			}
		}
	case count >= n:
		// As Redis's iterator of a set goes, from the highest on.
		z.backward(n-1, n, f)
	case count > n/8:
		z.sample(count, f)
	default:
		seen := make(map[int]struct{}, count)
		for len(seen) < count {
			i := z.s.below(n)
			if _, again := seen[i]; again {
				continue
			}
			seen[i] = struct{}{}
			if !z.at(i, f) {
				return nil
			}
		}
	}
	return nil
}

// at calls f for one element, and returns what f does.
func (z *zset) at(rank int, f func(member []byte, score float64) bool) (more bool) {
	z.forward(rank, 1, func(member []byte, score float64) bool {
		more = f(member, score)
		return more
	})
	return more
}

// sample hands count of the elements to f, in order: each is taken with the
// probability that the number still wanted has to the number still to come.
func (z *zset) sample(count int, f func(member []byte, score float64) bool) {
	left := z.len()
	z.forward(0, left, func(member []byte, score float64) bool {
		left--
		if z.s.below(left+1) >= count {
			return true
		}
		count--
		return f(member, score) && count > 0
	})
}

package cache

import (
	"cmp"
	"slices"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// Intersections, unions and differences. The transaction has begun on all the keys,
// of whatever shards. A key may be named more than once; one that is not there is an
// empty set; one of another type is ErrWrongType, before anything else counts.
// Members are handed to f, each once, until it returns false; what f gets is valid
// until it returns, and f must not use the cache. The STORE forms put the result in
// place of whatever the destination was, without an expiry, or delete it if the
// result is empty, and return how many members there are. The destination may be one
// of the keys.

// SInter hands the members that all the sets have to f.
func (tx *Tx) SInter(keys [][]byte, f func(member []byte) bool) error {
	sets, err := tx.openSets(keys)
	if err == nil {
		intersect(bySize(sets), f)
	}
	return err
}

// SInterCard is the number of members that all the sets have; it counts no further
// than limit, if that is above 0.
func (tx *Tx) SInterCard(keys [][]byte, limit int) (n int, err error) {
	err = tx.SInter(keys, func([]byte) bool {
		n++
		return n != limit
	})
	return n, err
}

// SInterStore stores the members that all the sets have.
func (tx *Tx) SInterStore(dst []byte, keys [][]byte) (int, error) {
	sets, err := tx.openSets(keys)
	if err != nil {
		return 0, err
	}
	l, sets := tx.Limits(), bySize(sets)
	result := newSetResult(tx)
	// Redis begins with the encoding of the smallest set, or with a listpack.
	result.encoding = EncodingListpack
	if len(sets) > 0 && sets[0].there() && sets[0].kind() == item.SetInts {
		result.encoding = EncodingIntset
	}
	intersect(sets, func(member []byte) bool {
		result.push(l, member)
		return true
	})
	if result.onlyInts && result.n <= l.maxInts() {
		result.encoding = EncodingIntset
	}
	return result.n, tx.storeSet(dst, result)
}

// SUnion hands the members of all the sets to f.
func (tx *Tx) SUnion(keys [][]byte, f func(member []byte) bool) error {
	sets, err := tx.openSets(keys)
	if err == nil {
		tx.unite(sets, f)
	}
	return err
}

// SUnionStore stores the members of all the sets.
func (tx *Tx) SUnionStore(dst []byte, keys [][]byte) (int, error) {
	sets, err := tx.openSets(keys)
	if err != nil {
		return 0, err
	}
	l, result := tx.Limits(), newSetResult(tx)
	for i := range sets {
		sets[i].members(func(member []byte) bool {
			result.add(l, member)
			return true
		})
	}
	return result.n, tx.storeSet(dst, result)
}

// SDiff hands the members of the first set that none of the others has to f.
func (tx *Tx) SDiff(keys [][]byte, f func(member []byte) bool) error {
	sets, err := tx.openSets(keys)
	if err == nil {
		tx.subtract(keys, sets, f)
	}
	return err
}

// SDiffStore stores the members of the first set that none of the others has.
func (tx *Tx) SDiffStore(dst []byte, keys [][]byte) (int, error) {
	sets, err := tx.openSets(keys)
	if err != nil {
		return 0, err
	}
	l, result := tx.Limits(), newSetResult(tx)
	encoding := EncodingNone
	if manyToLookUp(keys, sets) {
		// Where Redis, too, takes this way, it begins with all of the first set.
		var all setShape
		all.encoding = EncodingIntset
		sets[0].members(func(member []byte) bool {
			all.add(l, member, isInt(member))
			return true
		})
		encoding = all.encoding
	}
	tx.subtract(keys, sets, func(member []byte) bool {
		result.push(l, member)
		return true
	})
	if encoding != EncodingNone {
		result.encoding = encoding
	}
	return result.n, tx.storeSet(dst, result)
}

// openSets opens the keys for reading, in order.
func (tx *Tx) openSets(keys [][]byte) ([]coll, error) {
	sets := make([]coll, len(keys))
	for i, key := range keys {
		var c coll
		err := tx.openRead(&c, key, Set)
		if err = missing(err); err != nil {
			return nil, err
		}
		sets[i] = c
	}
	return sets, nil
}

// members is setEach for a set that may not be there.
func (c *coll) members(f func(member []byte) bool) {
	if c.there() {
		c.setEach(f)
	}
}

// bySize puts the smallest set first.
func bySize(sets []coll) []coll {
	slices.SortStableFunc(sets, func(a, b coll) int { return cmp.Compare(a.setCount(), b.setCount()) })
	return sets
}

// intersect goes through the first of the sets, the smallest, and looks its members
// up in the others.
func intersect(sets []coll, f func(member []byte) bool) {
	if len(sets) == 0 || !sets[0].there() {
		return
	}
	first, others := &sets[0], sets[1:]
	first.setEach(func(member []byte) bool {
		return !inAll(others, first, member) || f(member)
	})
}

// inAll tells whether all the sets, of which those that are the same as own need no
// look, have a member.
func inAll(sets []coll, own *coll, member []byte) bool {
	for i := range sets {
		if c := &sets[i]; c.e.ref != own.e.ref || c.s != own.s {
			if !c.setHas(member) {
				return false
			}
		}
	}
	return true
}

// unite collects what the sets have in Go memory, to hand each member out once;
// integers alone are sorted instead.
func (tx *Tx) unite(sets []coll, f func(member []byte) bool) {
	if numbers, ok := allInts(sets); ok {
		eachInt(numbers, f)
		return
	}
	seen, more := newMemberSet(&tx.c.hash, 0), true
	for i := range sets {
		if !more {
			return
		}
		sets[i].members(func(member []byte) bool {
			if seen.add(member) {
				more = f(member)
			}
			return more
		})
	}
}

// allInts gives the integers of the sets, sorted and each once, if all of them are
// small sets of integers.
func allInts(sets []coll) (numbers []int64, ok bool) {
	for i := range sets {
		c := &sets[i]
		if !c.there() {
			continue
		}
		if c.kind() != item.SetInts {
			return nil, false
		}
		v := ints(c.value())
		for i := range v.len() {
			numbers = append(numbers, v.at(i))
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), true
}

// manyToLookUp tells whether a difference takes fewer steps if the members of the
// other sets are gone through than if those of the first are looked up in each. The
// rule is Redis's.
func manyToLookUp(keys [][]byte, sets []coll) bool {
	if len(sets) == 0 || !sets[0].there() || repeatsFirst(keys) {
		return false
	}
	lookups, walk := 0, 0
	for i := range sets {
		if sets[i].there() {
			lookups += sets[0].setCount()
			walk += sets[i].setCount()
		}
	}
	return lookups/2 > walk
}

// repeatsFirst tells whether the first key is named again.
func repeatsFirst(keys [][]byte) bool {
	for _, key := range keys[1:] {
		if string(key) == string(keys[0]) {
			return true
		}
	}
	return false
}

// subtract goes through the first set, and hands out what none of the others has.
func (tx *Tx) subtract(keys [][]byte, sets []coll, f func(member []byte) bool) {
	if len(sets) == 0 || !sets[0].there() || repeatsFirst(keys) {
		return
	}
	others := sets[1:]
	if manyToLookUp(keys, sets) {
		gone := newMemberSet(&tx.c.hash, 0)
		for i := range others {
			others[i].members(func(member []byte) bool {
				gone.add(member)
				return true
			})
		}
		sets[0].setEach(func(member []byte) bool { return gone.has(member) || f(member) })
		return
	}
	sets[0].setEach(func(member []byte) bool {
		for i := range others {
			if others[i].there() && others[i].setHas(member) {
				return true
			}
		}
		return f(member)
	})
}

package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// HashView is a hash opened for reading. It is valid until the next operation that
// writes, or End, and so is what its methods hand out.
type HashView struct{ c coll }

// HView opens a hash for reading, which counts as one access. Errors: ErrNotFound,
// ErrWrongType.
func (tx *Tx) HView(key []byte) (HashView, error) {
	var c coll
	err := tx.openRead(&c, key, Hash)
	return HashView{c}, err
}

// Get is a field's value; false if it is not there.
func (v *HashView) Get(field []byte) ([]byte, bool) {
	value, _, ok := v.c.hashFind(field)
	return value, ok
}

// ExpireAt is a field's expiry, unix ms, NoExpiry if it has none; false if it is not
// there.
func (v *HashView) ExpireAt(field []byte) (at int64, ok bool) {
	_, at, ok = v.c.hashFind(field)
	return at, ok
}

// Len is the number of fields that have not expired: where some expire, they are
// counted one by one.
func (v *HashView) Len() int { return v.c.hashLive() }

// Each hands all fields to f, those of a small hash in the order in which they came,
// until f returns false.
func (v *HashView) Each(f func(field, value []byte) bool) {
	v.c.hashFields(func(field, value []byte, _ int64) bool { return f(field, value) })
}

// HScan goes through a hash, from cursor 0 on, some fields at each call, and returns
// the cursor for the next call, 0 at the end. A field that is there from the first
// call to the last is handed to f at least once; one that comes or goes meanwhile may
// or may not be, and one can come twice. Of a small hash all come at once. Of the
// options Count and Match (of fields) count. f must not use the cache. Error:
// ErrWrongType.
func (tx *Tx) HScan(key []byte, cursor uint64, o ScanOptions, f func(field, value []byte)) (next uint64, err error) {
	var c coll
	err = tx.openRead(&c, key, Hash)
	if err != nil {
		return 0, missing(err)
	}
	looked := 0
	visit := func(field, value []byte, due int64) bool {
		looked++
		if !c.expired(due) && (o.Match == nil || o.Match(field)) {
			f(field, value)
		}
		return true
	}
	if c.kind() != item.HashTable {
		packedFields(c.value(), c.kind(), visit)
		return 0, nil
	}
	count := o.Count
	if count <= 0 {
		count = 10
	}
	t := c.hashTable()
	for steps := 0; ; steps++ {
		cursor = t.ScanEntries(cursor, func(e table.Entry) { visit(e.Key, e.Value, e.Due) })
		if cursor == 0 || looked >= count || steps/10 >= count {
			return cursor, nil
		}
	}
}

// Random hands count fields picked at random to f, which may come up again and
// again, until f returns false. It tells whether there is any.
func (v *HashView) Random(count int, f func(field, value []byte) bool) bool {
	c := &v.c
	if c.kind() != item.HashTable {
		return v.randomPacked(count, f)
	}
	for ; count > 0; count-- {
		e, ok := v.pick()
		if !ok {
			return false
		}
		if !f(e.Key, e.Value) {
			break
		}
	}
	return true
}

// randomFieldTries is how many fields that have expired are passed over before those
// that have not are looked for one by one.
const randomFieldTries = 100

// pick picks a field of a large hash.
func (v *HashView) pick() (e table.Entry, ok bool) {
	c := &v.c
	t := c.hashTable()
	for range randomFieldTries {
		if e = t.RandomEntry(c.s.next); !c.expired(e.Due) {
			return e, true
		}
	}
	v.walk(1, func(field, value []byte) {
		e, ok = table.Entry{Key: field, Value: value}, true
	})
	return e, ok
}

// randomPacked is Random in a packed hash: it is gone through once, and where the
// fields stand is remembered if there is more than one to be picked.
func (v *HashView) randomPacked(count int, f func(field, value []byte) bool) bool {
	c, b := &v.c, v.c.value()
	live := c.hashLive()
	if live == 0 {
		return false
	}
	// What has expired stands before all else.
	step := hashStep(c.kind())
	off, _ := packed.Skip(b, hashHeader, (packedHashLen(b)-live)*step)
	pick := func(off int) bool {
		field, next, _ := packed.Next(b, off)
		value, _, _ := packed.Next(b, next)
		return f(field, value)
	}
	if count == 1 {
		off, _ = packed.Skip(b, off, c.s.below(live)*step)
		pick(off)
		return true
	}
	offsets := make([]int, live)
	for i := range offsets {
		offsets[i] = off
		off, _ = packed.Skip(b, off, step)
	}
	for count > 0 && pick(offsets[c.s.below(live)]) {
		count--
	}
	return true
}

// Sample hands count different fields picked at random to f, or all there are.
func (v *HashView) Sample(count int, f func(field, value []byte)) {
	c := &v.c
	if c.kind() != item.HashTable || count > hashLen(c.kind(), c.value())/3 {
		v.walk(count, f)
		return
	}
	// Few of many are picked one by one, and what comes up again is passed over.
	seen := newMemberSet(&c.s.c.hash, count)
	t := c.hashTable()
	for tries := 4 * count; seen.n < count; tries-- {
		if tries+randomFieldTries < 0 { // most have expired: the rest from a walk
			v.walk(count, func(field, value []byte) {
				if seen.n < count && seen.add(field) {
					f(field, value)
				}
			})
			return
		}
		if e := t.RandomEntry(c.s.next); !c.expired(e.Due) && seen.add(e.Key) {
			f(e.Key, e.Value)
		}
	}
}

// walk hands count different fields to f, or all there are, in the order in which
// they lie: each is taken with the probability that the number still wanted has to
// the number still to come, which gives every choice of count fields the same chance.
func (v *HashView) walk(count int, f func(field, value []byte)) {
	c := &v.c
	left := c.hashLive()
	c.hashFields(func(field, value []byte, _ int64) bool {
		if c.s.below(left) < count {
			f(field, value)
			count--
		}
		left--
		return count > 0
	})
}

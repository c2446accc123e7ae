package cache

import (
	"math"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// Operations on hashes: fields with values under one key. A key that is not there
// has no fields, and a hash that has lost its last field is gone. A field whose
// expiry has come is not there either; it is removed a little later, and until then
// HLen still counts it, as in Redis.

// HSet gives fields their values, as pairs of field and value, and returns how many
// fields are new. Expiries that the fields had are taken away. Errors: ErrWrongType,
// ErrOutOfMemory, ErrTooLarge; ErrOddPairs.
func (tx *Tx) HSet(key []byte, pairs ...[]byte) (added int, err error) {
	if len(pairs)%2 != 0 {
		return 0, ErrOddPairs
	}
	if tooLong(pairs) {
		return 0, ErrTooLarge
	}
	for first := true; len(pairs) > 0; first = false {
		n, room := hashChunk(pairs)
		var c coll
		err := tx.openWrite(&c, key, Hash, room)
		if err != nil {
			return added, err
		}
		if !c.there() && !first {
			return added, nil // evicted to make room for its own fields
		}
		if len(pairs) == 2 && c.there() && c.hashOverwrite(tx.Limits(), pairs[0], pairs[1]) {
			return added, nil
		}
		added += c.hashPutAll(tx.Limits(), pairs[:n])
		c.done()
		pairs = pairs[n:]
	}
	return added, nil
}

// hashOverwrite is the short way for the commonest write: a value is replaced by one
// as long, nothing else changes, and the operation ends. It tells whether that was
// so.
func (c *coll) hashOverwrite(l *Limits, field, value []byte) bool {
	v := c.value()
	switch c.kind() {
	case item.HashTable:
		t := c.hashTable()
		if v[hashNameAt] != byte(EncodingHashTable) || !t.Overwrite(c.hashOf(field), field, value) {
			return false
		}
	case item.HashPacked:
		_, at, ok := packed.FindEvery(v, hashHeader, field, 2)
		if !ok || l.hashOutgrown(packedHashLen(v), len(field), len(value)) {
			return false
		}
		old, _, _ := packed.Next(v, at)
		if len(old) != len(value) {
			return false
		}
		copy(old, value)
	default:
		return false
	}
	s, p := c.s, c.s.heap.At(c.e.ref)
	item.SetState(p, uint32(s.policy.Update(evict.State(item.State(p)), c.hash, sizeOf(&c.e.item))))
	s.changed(c.db, c.key, Written)
	return true
}

// hashPutAll puts pairs of field and value and returns how many fields are new.
func (c *coll) hashPutAll(l *Limits, pairs [][]byte) (added int) {
	if !c.there() && len(pairs) > 2 {
		added = c.hashFill(l, pairs)
	}
	for i := 2 * added; i < len(pairs); i += 2 {
		if c.hashPut(l, pairs[i], pairs[i+1], 0) {
			added++
		}
	}
	return added
}

// hashFieldBytes is about what a field takes besides its bytes and its value's.
const hashFieldBytes = 32

// hashChunk is how many of the arguments, an even number, to put at once, and an
// estimate of the bytes that they take.
func hashChunk(pairs [][]byte) (n, room int) {
	const chunk = 64 << 10
	for n < len(pairs) && room < chunk {
		room += len(pairs[n]) + len(pairs[n+1]) + hashFieldBytes
		n += 2
	}
	return n, room
}

func tooLong(list [][]byte) bool {
	for _, b := range list {
		if len(b) > MaxValue {
			return true
		}
	}
	return false
}

// HSetNX gives a field a value if it has none, and tells whether it did. Errors as
// HSet's.
func (tx *Tx) HSetNX(key, field, value []byte) (set bool, err error) {
	if len(field) > MaxValue || len(value) > MaxValue {
		return false, ErrTooLarge
	}
	var c coll
	err = tx.openWrite(&c, key, Hash, len(field)+len(value)+hashFieldBytes)
	if err != nil {
		return false, err
	}
	if c.there() {
		if _, _, ok := c.hashFind(field); ok {
			return false, nil
		}
	}
	c.hashPut(tx.Limits(), field, value, 0)
	c.done()
	return true, nil
}

// HGet is a field's value, borrowed. Errors: ErrNotFound for a key or a field that
// is not there, ErrWrongType.
func (tx *Tx) HGet(key, field []byte) ([]byte, error) {
	// openRead and hashFind, without what only writers need: this is where the
	// protocol's hottest command on hashes ends up.
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if !ok {
		s.counts.misses++
		return nil, ErrNotFound
	}
	s.counts.hits++
	if !tx.noTouch {
		s.used(&e, h)
	}
	kind := e.item.Kind()
	if typeOf(kind) != Hash {
		return nil, ErrWrongType
	}
	value, _, ok := s.hashFind(kind, e.item.Value(), field, tx.now)
	if !ok {
		return nil, ErrNotFound
	}
	return value, nil
}

// HStrLen is the length of a field's value; 0 if it is not there. Error:
// ErrWrongType.
func (tx *Tx) HStrLen(key, field []byte) (int, error) {
	value, err := tx.HGet(key, field)
	return len(value), missing(err)
}

// HExists tells whether a field is there. Error: ErrWrongType.
func (tx *Tx) HExists(key, field []byte) (bool, error) {
	_, err := tx.HGet(key, field)
	return err == nil, missing(err)
}

// HLen is the number of a hash's fields. Error: ErrWrongType.
func (tx *Tx) HLen(key []byte) (int, error) {
	var c coll
	err := tx.openRead(&c, key, Hash)
	if err != nil {
		return 0, missing(err)
	}
	return hashLen(c.kind(), c.value()), nil
}

// HDel takes fields out and returns how many were there. Error: ErrWrongType.
func (tx *Tx) HDel(key []byte, fields ...[]byte) (deleted int, err error) {
	var c coll
	err = tx.openWrite(&c, key, Hash, 0)
	if err != nil || !c.there() {
		return 0, err
	}
	for _, field := range fields {
		if !c.hashDelete(field) {
			continue
		}
		if deleted++; hashLen(c.kind(), c.value()) == 0 {
			break
		}
	}
	if deleted > 0 {
		c.hashEnd()
	}
	return deleted, nil
}

// HIncrBy adds to the integer in a field, 0 where there is none, and leaves its
// expiry. Errors: ErrNotInteger, ErrOverflow, and HSet's.
func (tx *Tx) HIncrBy(key, field []byte, delta int64) (int64, error) {
	if len(field) > MaxValue {
		return 0, ErrTooLarge
	}
	var digits [20]byte
	var c coll
	err := tx.openWrite(&c, key, Hash, len(field)+len(digits)+hashFieldBytes)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	if c.there() {
		if value, _, ok := c.hashFind(field); ok {
			if n, ok = ParseInt(value); !ok {
				return 0, ErrNotInteger
			}
		}
	}
	if (delta > 0 && n > math.MaxInt64-delta) || (delta < 0 && n < math.MinInt64-delta) {
		return 0, ErrOverflow
	}
	n += delta
	c.hashPut(tx.Limits(), field, strconv.AppendInt(digits[:0], n, 10), keepDue)
	c.done()
	return n, nil
}

// HIncrByFloat adds delta, the text of a number, to the number in a field, 0 where
// there is none, leaves its expiry, and appends the text of the sum to dst.
// Arithmetic and text are those of IncrByFloat. Errors: ErrNotFloat where the value
// is no number; ErrBadDelta where delta is none, ErrInfinite where it is not finite;
// ErrNaN where the sum is not; and HSet's.
func (tx *Tx) HIncrByFloat(dst, key, field, delta []byte) (text []byte, err error) {
	increment, ok := parseExtended(delta)
	switch {
	case !ok:
		return dst, ErrBadDelta
	case increment.inf:
		return dst, ErrInfinite
	case len(field) > MaxValue:
		return dst, ErrTooLarge
	}
	var c coll
	err = tx.openWrite(&c, key, Hash, len(field)+64+hashFieldBytes)
	if err != nil {
		return dst, err
	}
	var sum extended
	if c.there() {
		if value, _, ok := c.hashFind(field); ok {
			if sum, ok = parseExtended(value); !ok {
				return dst, ErrNotFloat
			}
		}
	}
	if sum = sum.add(increment); sum.inf {
		return dst, ErrNaN
	}
	text = sum.appendText(dst)
	c.hashPut(tx.Limits(), field, text[len(dst):], keepDue)
	c.done()
	return text, nil
}

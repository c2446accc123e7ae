package cache

import (
	"math"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache/internal/decimal"
	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// MaxValue is the largest string value, in bytes, as in Redis.
const MaxValue = 512 << 20

// isString tells whether a kind is one of the forms of a string.
func isString(k item.Kind) bool { return k >= item.String && k <= item.StringPlain }

// Get reads a string and counts the access. The value is borrowed. Errors:
// ErrNotFound, ErrWrongType.
func (tx *Tx) Get(key []byte) ([]byte, error) {
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
	if !isString(e.item.Kind()) {
		return nil, ErrWrongType
	}
	return e.item.Value(), nil
}

// Peek is Get without counting a hit or a miss, and without touching.
func (tx *Tx) Peek(key []byte) ([]byte, error) {
	_, e, ok := tx.find(key)
	if !ok {
		return nil, ErrNotFound
	}
	if !isString(e.item.Kind()) {
		return nil, ErrWrongType
	}
	return e.item.Value(), nil
}

// used renews an item's place in the order of eviction.
func (s *shard) used(e *entry, hash uint64) {
	p := s.heap.At(e.ref)
	item.SetState(p, uint32(s.policy.Touch(evict.State(item.State(p)), hash)))
}

// Set stores a string, whatever was there before. at is the expiry time in unix
// milliseconds, NoExpiry or KeepTTL; a time that has come deletes the key. key and
// value are copied and must not be borrowed from the cache.
func (tx *Tx) Set(key, value []byte, at int64) error {
	return tx.set(key, value, at, item.String)
}

func (tx *Tx) set(key, value []byte, at int64, kind item.Kind) error {
	if len(value) > MaxValue || len(key) > MaxValue {
		return ErrTooLarge
	}
	if at != NoExpiry && at != KeepTTL && at <= tx.now {
		tx.Delete(key)
		return nil
	}
	s, h := tx.route(key)
	return s.put(tx.db, key, h, kind, value, at)
}

// Append adds to the end of a string, or makes it, and returns the new length.
// The block is given room to grow, as much again up to 1 MiB, so that a string
// built by many small appends is copied a logarithmic number of times.
func (tx *Tx) Append(key, tail []byte) (int, error) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if !ok {
		return len(tail), tx.set(key, tail, NoExpiry, item.String)
	}
	if !isString(e.item.Kind()) {
		return 0, ErrWrongType
	}
	length := e.item.ValueLen() + len(tail)
	if length > MaxValue || len(key) > MaxValue {
		return 0, ErrTooLarge
	}
	value, err := s.resize(tx.db, key, h, e, length)
	if err != nil {
		return 0, err
	}
	copy(value[length-len(tail):], tail)
	return length, nil
}

// SetRange writes part over a string from offset on, filling a gap with zero
// bytes, and returns the length after it. An empty part changes nothing. An offset
// below 0, as one behind MaxValue, is ErrTooLarge.
func (tx *Tx) SetRange(key []byte, offset int, part []byte) (int, error) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if ok && !isString(e.item.Kind()) {
		return 0, ErrWrongType
	}
	old := 0
	if ok {
		old = e.item.ValueLen()
	}
	if len(part) == 0 {
		return old, nil
	}
	if offset < 0 || offset > MaxValue-len(part) || len(key) > MaxValue {
		return 0, ErrTooLarge
	}
	length := max(old, offset+len(part))
	value, err := s.resize(tx.db, key, h, e, length)
	if err != nil {
		return 0, err
	}
	if offset > old {
		clear(value[old:offset])
	}
	copy(value[offset:], part)
	return length, nil
}

// resize makes a string (new if e has no ref) length bytes long and raw, keeps
// what it held and its expiry, and returns the value to be filled in. Bytes
// beyond the old length are undefined.
func (s *shard) resize(db int, key []byte, hash uint64, e entry, length int) ([]byte, error) {
	at := int64(0)
	if e.ref != 0 {
		at = e.item.ExpireAt()
	}
	if e.ref != 0 && item.SizeOf(len(key), length, at) <= s.heap.Capacity(e.ref) {
		return s.resizeInPlace(db, key, hash, e, length, at), nil
	}
	size := blockSize(len(key), length, at)
	roomy := size
	if e.ref != 0 {
		roomy += min(length, 1<<20)
	}
	it, e, err := s.replace(db, key, hash, e, item.StringRaw, roomy, length, at)
	if err != nil && roomy > size {
		it, e, err = s.replace(db, key, hash, e, item.StringRaw, size, length, at)
	}
	if err != nil {
		return nil, err
	}
	if e.ref != 0 {
		copy(it.Value(), e.item.Value())
	}
	s.release(db, key, e, at)
	return it.Value(), nil
}

// resizeInPlace is resize where the block is large enough.
func (s *shard) resizeInPlace(db int, key []byte, hash uint64, e entry, length int, at int64) []byte {
	p := s.heap.At(e.ref)
	size, old := item.SizeOf(len(key), length, at), e.item.ValueLen()
	state := s.policy.Update(evict.State(item.State(p)), hash, size)
	from := e.item.Value()
	s.changed(db, key, Written)
	if size-length == e.item.Size()-old {
		it := item.WriteHeader(p, item.StringRaw, uint32(state), len(key), length, at)
		return it.Value()
	}
	// The length's own length changed: the value moves, key and all, by a byte or
	// two. Go's copy allows the overlap; the key is rewritten from the caller's.
	copy(item.ValueAt(p, len(key), length, at), from[:min(old, length)])
	it := item.WriteHeader(p, item.StringRaw, uint32(state), len(key), length, at)
	copy(it.Key(), key)
	return it.Value()
}

// IncrBy adds to an integer kept as a string, 0 where there is none, and keeps
// the expiry. Errors: ErrWrongType, ErrNotInteger, ErrOverflow.
func (tx *Tx) IncrBy(key []byte, delta int64) (int64, error) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	n := int64(0)
	if ok {
		if !isString(e.item.Kind()) {
			return 0, ErrWrongType
		}
		var valid bool
		if n, valid = ParseInt(e.item.Value()); !valid {
			return 0, ErrNotInteger
		}
	}
	if (delta > 0 && n > math.MaxInt64-delta) || (delta < 0 && n < math.MinInt64-delta) {
		return 0, ErrOverflow
	}
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n+delta, 10)
	return n + delta, s.put(tx.db, key, h, item.String, text, KeepTTL)
}

// ParseInt reads a decimal 64-bit integer in the one form that Redis takes: no
// plus sign, no leading zeros or spaces, no minus zero.
func ParseInt(b []byte) (n int64, ok bool) { return decimal.Parse(b) }

// encodingOf names the encoding of a value as Redis would.
func encodingOf(it item.Item) Encoding {
	if f := &families[it.Kind()]; f.encoding != nil {
		return f.encoding(it.Kind(), it.Value())
	}
	switch {
	case it.Kind() == item.StringRaw:
		return EncodingRaw
	case it.Kind() == item.String && it.ValueLen() <= 20:
		if _, ok := ParseInt(it.Value()); ok {
			return EncodingInt
		}
	case it.ValueLen() > embstrLimit:
		return EncodingRaw
	}
	return EncodingEmbstr
}

// embstrLimit is the longest string that Redis keeps in one piece with its header.
const embstrLimit = 44

package cache

import "github.com/ashlar-cache/ashlar/cache/internal/item"

// A bitmap is a string seen as bits: bit 0 is the highest of the first byte. What
// lies behind the end of the string, or under a key that is not there, is 0.
//
//	offset   0 1 2 3 4 5 6 7   8 9 10 …
//	       +-----------------+-----------
//	byte   | 0x80 …     0x01 | 0x80 …
//	       +-----------------+-----------

// maxBits is how far a bitmap reaches. A bit field may begin at its last bit, so
// the string behind it may be some bytes longer than others may be.
const (
	maxBits       = MaxValue * 8
	maxFieldBytes = MaxValue + 8
)

// SetBit sets or clears a bit and returns what it was. The string is made, or
// filled up with zero bytes, as far as the bit needs it. Errors: ErrWrongType;
// ErrTooLarge if the offset is negative or the string would exceed MaxValue.
func (tx *Tx) SetBit(key []byte, offset int64, on bool) (was bool, err error) {
	if offset < 0 || offset >= maxBits {
		if _, err := tx.Peek(key); err == ErrWrongType {
			return false, err
		}
		return false, ErrTooLarge
	}
	r, err := tx.openRaw(key, int(offset>>3)+1)
	if err != nil {
		return false, err
	}
	mask := byte(0x80) >> (offset & 7)
	b := &r.value[offset>>3]
	was = *b&mask != 0
	if was != on {
		*b ^= mask
	}
	r.done(was != on)
	return was, nil
}

// rawString is a string that was opened to be changed where it lies.
type rawString struct {
	tx    *Tx
	s     *shard
	key   []byte
	hash  uint64
	e     entry
	value []byte // all of it
	grew  bool   // it was made, or made longer, and that has been told
}

// openRaw opens a string of length bytes at least: if there is none or it is shorter,
// it is made or filled up with zeros. done must be called at the end.
func (tx *Tx) openRaw(key []byte, length int) (r rawString, err error) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	old := 0
	if ok {
		if !isString(e.item.Kind()) {
			return r, ErrWrongType
		}
		old = e.item.ValueLen()
	}
	r = rawString{tx: tx, s: s, key: key, hash: h, e: e}
	if ok && old >= length {
		r.value = e.item.Value()
		return r, nil
	}
	if length > maxFieldBytes || len(key) > MaxValue {
		return r, ErrTooLarge
	}
	if r.value, err = s.resize(tx.db, key, h, e, length); err != nil {
		return r, err
	}
	clear(r.value[old:])
	r.grew = true
	return r, nil
}

// done ends what openRaw began. Redis makes a string raw by opening it, whether or
// not anything is then changed; only a change is told to who listens.
func (r *rawString) done(changed bool) {
	switch {
	case r.grew:
	case changed:
		r.s.resizeInPlace(r.tx.db, r.key, r.hash, r.e, len(r.value), r.e.item.ExpireAt())
	default:
		r.touch()
	}
}

// touch renews the access time of a string and marks it as raw.
func (r *rawString) touch() {
	if !r.tx.noTouch {
		r.s.used(&r.e, r.hash)
	}
	if r.e.item.Kind() != item.StringRaw {
		p := r.s.heap.At(r.e.ref)
		item.WriteHeader(p, item.StringRaw, item.State(p), len(r.key), len(r.value), r.e.item.ExpireAt())
	}
}

// GetBit reads a bit. Behind the end of the string, and where there is no key, it
// is not set. Errors: ErrWrongType.
func (tx *Tx) GetBit(key []byte, offset int64) (bool, error) {
	value, err := tx.bits(key)
	if offset < 0 || offset>>3 >= int64(len(value)) {
		return false, err
	}
	return value[offset>>3]&(0x80>>(offset&7)) != 0, err
}

// bits is Get for which a key that is not there is the empty string.
func (tx *Tx) bits(key []byte) ([]byte, error) {
	value, err := tx.Get(key)
	if err == ErrNotFound {
		err = nil
	}
	return value, err
}

// BitUnit says what the bounds of a range of a bitmap count.
type BitUnit uint8

// The units.
const (
	InBytes BitUnit = iota
	InBits
)

// BitRange is a part of a bitmap. Both bounds are included; negative ones count
// from the end, -1 being the last byte or bit.
type BitRange struct {
	Start, End int64
	Unit       BitUnit
}

// WholeBitmap is the range of all there is.
var WholeBitmap = BitRange{Start: 0, End: -1}

// within gives the range's first and last bit in a string of length bytes; nothing
// is left of it if last < first.
func (r BitRange) within(length int) (first, last int64) {
	total := int64(length)
	if r.Unit == InBits {
		total *= 8
	}
	first, last = r.Start, r.End
	if first < 0 {
		first = max(total+first, 0)
	}
	if last < 0 {
		last = max(total+last, 0)
	}
	last = min(last, total-1)
	if first > last {
		return 0, -1
	}
	if r.Unit == InBits {
		return first, last
	}
	return first * 8, last*8 + 7
}

// BitCount counts the bits that are set in a range. Two negative bounds in the
// wrong order are an empty one even where cutting them off would make them meet.
// Errors: ErrWrongType.
func (tx *Tx) BitCount(key []byte, r BitRange) (int64, error) {
	value, err := tx.bits(key)
	if err != nil || r.Start < 0 && r.End < 0 && r.Start > r.End {
		return 0, err
	}
	first, last := r.within(len(value))
	if last < first {
		return 0, nil
	}
	return countBits(value, first, last), nil
}

// BitPos finds the first bit in a range that is set, or is not, and returns its
// offset in the bitmap; -1 if there is none. With openEnd the range goes on behind
// the end of the string, where all bits are 0: its End is not looked at, and unless
// the range is empty a search for 0 always succeeds. Where there is no key, bit 0 is
// the first that is not set. Errors: ErrWrongType.
func (tx *Tx) BitPos(key []byte, set bool, r BitRange, openEnd bool) (int64, error) {
	value, err := tx.Get(key)
	switch {
	case err == ErrNotFound && !set:
		return 0, nil
	case err == ErrNotFound:
		return -1, nil
	case err != nil:
		return 0, err
	}
	if openEnd {
		r.End = -1
	}
	first, last := r.within(len(value))
	if last < first {
		return -1, nil
	}
	at := findBit(value, first, last, set)
	if at < 0 && openEnd && !set {
		return last + 1, nil
	}
	return at, nil
}

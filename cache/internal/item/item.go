// Package item lays out one key and its value in a block of memory.
//
//	byte   0        1      2      3       4 …        …           …            …     …
//	     +--------+--------------------+----------+-----------+-------------+-----+-------+
//	     | kind   | eviction state     | key len  | value len | expiry      | key | value |
//	     | 1      | 3, little endian   | 1…5      | 1…5       | 0, 5 or 8   |     |       |
//	     +--------+--------------------+----------+-----------+-------------+-----+-------+
//
//	kind   bit 7     6     5        4        3 … 0
//	           0     0     wide     expires  value's type and form (1 … 14)
//
// Lengths are base-128 varints, the low seven bits first. The expiry is unix
// milliseconds counted from 2020-01-01 in 5 bytes, good until 2054, or as they are
// in 8 bytes ("wide"). The kind is never zero, which tells the allocator that the
// block lives; 15 in its low bits is not an item but a node of a collection.
//
// A key of 16 bytes with a value of 8 takes 6 bytes of header.
package item

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Kind is the low four bits of the first byte: a value's type and form.
type Kind uint8

// The kinds.
const (
	String      Kind = 1 // a string as it was set: OBJECT ENCODING goes by its looks
	StringRaw   Kind = 2 // a string changed in place: OBJECT ENCODING says raw
	StringPlain Kind = 3 // the result of float arithmetic, never taken for an integer

	// Collections: the small ones are one packed value; the value of the large ones is
	// a root, from which nodes hang.
	HashPacked    Kind = 4
	HashPackedTTL Kind = 5 // some fields expire
	HashTable     Kind = 6 // large
	ListPacked    Kind = 7
	ListTree      Kind = 8 // large
	SetInts       Kind = 9
	SetPacked     Kind = 10
	SetTable      Kind = 11 // large
	ZSetPacked    Kind = 12
	ZSetTree      Kind = 13 // large
	Stream        Kind = 14 // large, always

	// Kinds is the number of kinds, 0 included, which is none.
	Kinds = 15
)

const (
	kindMask = 0x0F
	expires  = 0x10
	wide     = 0x20

	fixed = 4 // kind and eviction state

	epoch     = 1577836800000 // 2020-01-01 in unix ms
	shortSpan = 1 << 40       // ms that 5 bytes reach
)

// Item is a decoded header. It points into the block, so it is valid as long as
// the block neither moves nor dies. Its methods take a pointer: a copy made for an
// inlined call would be read in wider pieces than it was written in, and the processor
// waits for that.
type Item struct {
	p      unsafe.Pointer
	kind   uint8
	keyLen uint32
	valLen uint32
	keyOff uint32 // from the block's start
}

// Decode reads the header of the item at p.
func Decode(p unsafe.Pointer) (it Item) {
	it.decode(p)
	return it
}

func (it *Item) decode(p unsafe.Pointer) {
	it.p, it.kind = p, *(*uint8)(p)
	// Blocks are at least 16 bytes, so the eight that begin at byte 4 can be read.
	w := *(*uint64)(unsafe.Add(p, fixed))
	if w&0x8080 == 0 {
		it.keyLen, it.valLen, it.keyOff = uint32(w&0x7F), uint32(w>>8&0x7F), fixed+2
	} else {
		it.decodeLong()
	}
	it.keyOff += expirySize(it.kind)
}

// decodeLong reads lengths of more than one byte.
func (it *Item) decodeLong() {
	key, n := varint(it.p, fixed)
	val, m := varint(it.p, n)
	it.keyLen, it.valLen, it.keyOff = key, val, m
}

// varint reads a length at p+off and returns the offset behind it.
func varint(p unsafe.Pointer, off uint32) (uint32, uint32) {
	v := uint32(0)
	for shift := 0; ; shift += 7 {
		b := *(*uint8)(unsafe.Add(p, off))
		off++
		v |= uint32(b&0x7F) << shift
		if b < 0x80 {
			return v, off
		}
	}
}

func expirySize(kind uint8) uint32 {
	if kind&expires == 0 {
		return 0
	}
	if kind&wide == 0 {
		return 5
	}
	return 8
}

// KindAt is the kind of the item at p.
func KindAt(p unsafe.Pointer) Kind { return Kind(*(*uint8)(p) & kindMask) }

// Kind is the value's type and form.
func (it *Item) Kind() Kind { return Kind(it.kind & kindMask) }

// Key is the key's bytes, in the block.
func (it *Item) Key() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(it.p, it.keyOff)), it.keyLen)
}

// Value is the value's bytes, in the block.
func (it *Item) Value() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(it.p, it.keyOff+it.keyLen)), it.valLen)
}

// ValueLen is the length of the value in bytes.
func (it *Item) ValueLen() int { return int(it.valLen) }

// SetValueLen makes the value n bytes long, for which there must be room in the block, if
// the header stays as long as it is. It tells whether it did.
func (it *Item) SetValueLen(n int) bool {
	if varintSize(n) != varintSize(int(it.valLen)) {
		return false
	}
	putVarint(it.p, fixed+uint32(varintSize(int(it.keyLen))), n)
	it.valLen = uint32(n)
	return true
}

// KeyLen is the length of the key in bytes.
func (it *Item) KeyLen() int { return int(it.keyLen) }

// Size is the number of bytes from the block's start to the value's end.
func (it *Item) Size() int { return int(it.keyOff) + int(it.keyLen) + int(it.valLen) }

// Expires tells whether there is an expiry time.
func (it *Item) Expires() bool { return it.kind&expires != 0 }

// ExpireAt is the expiry time in unix milliseconds; 0 if there is none.
func (it *Item) ExpireAt() int64 {
	if it.kind&expires == 0 {
		return 0
	}
	if it.kind&wide != 0 {
		return int64(binary.LittleEndian.Uint64(unsafe.Slice((*byte)(unsafe.Add(it.p, it.keyOff-8)), 8)))
	}
	b := unsafe.Slice((*byte)(unsafe.Add(it.p, it.keyOff-5)), 5)
	return epoch + int64(uint64(binary.LittleEndian.Uint32(b))|uint64(b[4])<<32)
}

// Match decodes the item at p into it and tells whether it has this key. An item whose
// key has another length is found out by its first length byte, and not decoded.
func Match(it *Item, p unsafe.Pointer, key []byte) bool {
	if len(key) < 0x80 && *(*uint8)(unsafe.Add(p, fixed)) != uint8(len(key)) {
		return false
	}
	it.decode(p)
	return string(it.Key()) == string(key)
}

// State is the 24 bits that the eviction policy keeps with each item.
func State(p unsafe.Pointer) uint32 { return *(*uint32)(p) >> 8 }

// SetState stores the low 24 bits of s.
func SetState(p unsafe.Pointer, s uint32) {
	*(*uint32)(p) = *(*uint32)(p)&0xFF | s<<8
}

// ExpireAt reads the expiry time of the item at p; 0 if there is none.
func ExpireAt(p unsafe.Pointer) int64 {
	if *(*uint8)(p)&expires == 0 {
		return 0
	}
	it := Decode(p)
	return it.ExpireAt()
}

func varintSize(n int) int { return (bits.Len32(uint32(n)|1) + 6) / 7 }

func wideExpiry(at int64) bool { return at < epoch || at-epoch >= shortSpan }

// SizeOf is the number of bytes that an item takes; at is its expiry time in unix
// milliseconds, 0 for none.
func SizeOf(keyLen, valLen int, at int64) int {
	n := fixed + varintSize(keyLen) + varintSize(valLen) + keyLen + valLen
	switch {
	case at == 0:
		return n
	case wideExpiry(at):
		return n + 8
	}
	return n + 5
}

// WriteHeader lays out the header of an item at p, with room for the key and
// the value, which the caller fills in through Key and Value.
func WriteHeader(p unsafe.Pointer, kind Kind, state uint32, keyLen, valLen int, at int64) (it Item) {
	it.Lay(p, kind, state, keyLen, valLen, at)
	return it
}

// Lay is WriteHeader that fills in the item where it is.
func (it *Item) Lay(p unsafe.Pointer, kind Kind, state uint32, keyLen, valLen int, at int64) {
	k := uint8(kind)
	if at != 0 {
		k |= expires
		if wideExpiry(at) {
			k |= wide
		}
	}
	*(*uint32)(p) = uint32(k) | state<<8
	n := putVarint(p, putVarint(p, fixed, keyLen), valLen)
	it.p, it.kind = p, k
	it.keyLen, it.valLen, it.keyOff = uint32(keyLen), uint32(valLen), n+expirySize(k)
	if at != 0 {
		it.SetExpireAt(at)
	}
}

// putVarint writes a length at p+off and returns the offset behind it.
func putVarint(p unsafe.Pointer, off uint32, n int) uint32 {
	for ; n >= 0x80; n >>= 7 {
		*(*uint8)(unsafe.Add(p, off)) = uint8(n) | 0x80
		off++
	}
	*(*uint8)(unsafe.Add(p, off)) = uint8(n)
	return off + 1
}

// Write lays out a whole item at p. key and value must not lie in the block.
func Write(p unsafe.Pointer, kind Kind, state uint32, key, value []byte, at int64) Item {
	it := WriteHeader(p, kind, state, len(key), len(value), at)
	copy(it.Key(), key)
	copy(it.Value(), value)
	return it
}

// CanSetExpireAt tells whether the item has a field for this time already.
func (it *Item) CanSetExpireAt(at int64) bool {
	return it.kind&expires != 0 && wideExpiry(at) == (it.kind&wide != 0)
}

// SetExpireAt changes the time where CanSetExpireAt says so.
func (it *Item) SetExpireAt(at int64) {
	if it.kind&wide != 0 {
		binary.LittleEndian.PutUint64(unsafe.Slice((*byte)(unsafe.Add(it.p, it.keyOff-8)), 8), uint64(at))
		return
	}
	b := unsafe.Slice((*byte)(unsafe.Add(it.p, it.keyOff-5)), 5)
	d := uint64(at - epoch)
	binary.LittleEndian.PutUint32(b, uint32(d))
	b[4] = uint8(d >> 32)
}

// ValueAt is where the value of an item of this shape at p would lie.
func ValueAt(p unsafe.Pointer, keyLen, valLen int, at int64) []byte {
	off := SizeOf(keyLen, valLen, at) - valLen
	return unsafe.Slice((*byte)(unsafe.Add(p, off)), valLen)
}

package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// Hashes are kept in one of three forms. Small ones are a packed sequence
// (internal/packed) of fields and values in the order in which the fields came:
//
//	byte   0            2
//	     +------------+----------+----------+----------+-----
//	     | header     | field    | value    | field    | …       header, LE:
//	     | 2          |          |          |          |         bits 0 … 13 fields
//	     +------------+----------+----------+----------+-----    bit 14 see below
//
// Small ones of which a field has had an expiry have a third entry with each field:
// the expiry, unix ms in 6 bytes, or nothing. As in Redis, the fields that expire
// come first, the soonest at the very beginning, and then those that do not:
//
//	+------------+----------+----------+----------+----------+-----
//	| header     | field    | value    | 06 expiry| field    | …
//	+------------+----------+----------+----------+----------+-----
//
// Large ones are a table (internal/table), which hangs from this root:
//
//	byte   0               8                24        32            40      41
//	     +---------------+----------------+---------+-------------+-------+
//	     | bytes of nodes| root of table  | next due| sweep at    | name  |
//	     | 8, LE         | 16             | 8, LE   | 8, LE       | 1     |
//	     +---------------+----------------+---------+-------------+-------+
//
//	next due   when expireFields has something to do, unix ms; 0: never
//	sweep at   the table's cursor where it goes on
//	name       the encoding that OBJECT ENCODING names
//
// What OBJECT ENCODING says follows Redis's thresholds, and never goes back. The
// form goes by size: a hash that Redis calls a listpack but is too large to be gone
// through is a table here, and one that Redis makes a hashtable because one value is
// long stays packed as long as it is small as a whole; bit 14 of its header says so.
const (
	hashHeader  = 2
	hashIsTable = 1 << 14 // in the header: Redis would have a hashtable by now

	hashTableAt  = 8
	hashDueAt    = hashTableAt + table.RootSize
	hashCursorAt = hashDueAt + 8
	hashNameAt   = hashCursorAt + 8
	hashRootSize = hashNameAt + 1

	// maxSmallHash and maxSmallFields bound a hash in one piece. What Redis's own
	// limits allow, 128 fields of 64 bytes with values of 64 and an expiry, fits.
	maxSmallHash   = 18 << 10
	maxSmallFields = 512
	// maxSmallTable bounds one that Redis would have made a hashtable.
	maxSmallTable = 4 << 10

	dueBytes = 6
)

var _ [0]struct{} = [hashRootSize - 41]struct{}{}

func hashHead(v []byte) int { return int(binary.LittleEndian.Uint16(v)) }

func setHashHead(v []byte, head int) { binary.LittleEndian.PutUint16(v, uint16(head)) }

func packedHashLen(v []byte) int { return hashHead(v) &^ hashIsTable }

// hashStep is the number of entries that a field takes in a packed hash.
func hashStep(kind item.Kind) int {
	if kind == item.HashPackedTTL {
		return 3
	}
	return 2
}

func hashLen(kind item.Kind, v []byte) int {
	if kind == item.HashTable {
		return table.Len(v[hashTableAt:])
	}
	return packedHashLen(v)
}

func hashEncoding(kind item.Kind, v []byte) Encoding {
	switch {
	case kind == item.HashTable:
		return Encoding(v[hashNameAt])
	case hashHead(v)&hashIsTable != 0:
		return EncodingHashTable
	case kind == item.HashPackedTTL:
		return EncodingListpackEx
	}
	return EncodingListpack
}

func hashRoots(_ item.Kind, v []byte, f func(nodes.Handle) nodes.Handle) {
	table.Roots(v[hashTableAt:], f)
}

// hashTable opens the table of a large hash.
func (c *coll) hashTable() table.Table {
	return table.Pairs(c.nodes(), c.value()[hashTableAt:hashDueAt], &c.s.c.hash)
}

// hashOutgrown is what Redis's thresholds say of a hash of n fields to which a field
// and a value of these lengths are put.
func (l *Limits) hashOutgrown(n, field, value int) bool {
	return n > l.HashMaxPackedEntries || field > l.HashMaxPackedValue || value > l.HashMaxPackedValue
}

// hashTooLarge tells whether a packed hash of n fields and size bytes should be a
// table.
func hashTooLarge(l *Limits, n, size int, outgrown bool) bool {
	if outgrown && (n > l.HashMaxPackedEntries || size > maxSmallTable) {
		return true
	}
	return n > maxSmallFields || size > maxSmallHash
}

// hashName says that Redis would have a hashtable by now.
func (c *coll) hashName() {
	v := c.value()
	if c.kind() == item.HashTable {
		v[hashNameAt] = byte(EncodingHashTable)
		return
	}
	setHashHead(v, hashHead(v)|hashIsTable)
}

// hashPromote makes a packed hash a table.
func (c *coll) hashPromote() {
	old := append([]byte(nil), c.value()...)
	kind := c.kind()
	root := c.setValue(item.HashTable, hashRootSize)
	clear(root[hashTableAt:])
	root[hashNameAt] = byte(hashEncoding(kind, old))
	t := c.hashTable()
	packedFields(old, kind, func(field, value []byte, due int64) bool {
		t.Put(c.hashOf(field), field, value, due)
		return true
	})
	setHashDue(root, t.Due())
}

// hashCreate makes the key with a hash of one field.
func (c *coll) hashCreate(l *Limits, field, value []byte, due int64) {
	kind, name := item.HashPacked, EncodingListpack
	size := hashHeader + packed.Size(len(field)) + packed.Size(len(value))
	if due != 0 {
		kind, name = item.HashPackedTTL, EncodingListpackEx
		size += dueSize(due)
	}
	outgrown := l.hashOutgrown(1, len(field), len(value))
	if hashTooLarge(l, 1, size, outgrown) {
		root := c.create(item.HashTable, hashRootSize)
		clear(root[hashTableAt:])
		root[hashNameAt] = byte(name)
		c.tablePut(l, field, value, due)
		return
	}
	v := c.create(kind, size)
	setHashHead(v, 1)
	off := packed.Put(v, hashHeader, field)
	off = packed.Put(v, off, value)
	if due != 0 {
		putDue(v, off, due)
	}
	if outgrown {
		c.hashName()
	}
}

// hashFill makes the key with a hash of several fields at once, given as pairs of
// field and value, as far as they are different, and returns how many that was; none
// if they are too many for a packed hash.
func (c *coll) hashFill(l *Limits, pairs [][]byte) (n int) {
	size, longest := hashHeader, 0
	for _, p := range pairs {
		size += packed.Size(len(p))
		longest = max(longest, len(p))
	}
	outgrown := l.hashOutgrown(len(pairs)/2, longest, longest)
	if hashTooLarge(l, len(pairs)/2, size, outgrown) {
		return 0
	}
	v := c.create(item.HashPacked, size)
	off := hashHeader
	for ; n < len(pairs)/2; n++ {
		field, value := pairs[2*n], pairs[2*n+1]
		if _, _, again := packed.FindEvery(v[:off], hashHeader, field, 2); again {
			break
		}
		off = packed.Put(v, off, field)
		off = packed.Put(v, off, value)
	}
	setHashHead(v, n)
	if outgrown { // by a length: of a value that a repeated field replaces too
		c.hashName()
	}
	if off < size {
		c.splice(off, size-off, 0)
	}
	return n
}

// packedFields hands the fields of a packed hash to f until it returns false.
func packedFields(v []byte, kind item.Kind, f func(field, value []byte, due int64) bool) {
	for off := hashHeader; off < len(v); {
		field, next, _ := packed.Next(v, off)
		value, next, _ := packed.Next(v, next)
		due := int64(0)
		if kind == item.HashPackedTTL {
			var entry []byte
			entry, next, _ = packed.Next(v, next)
			due = readDue(entry)
		}
		if !f(field, value, due) {
			return
		}
		off = next
	}
}

// readDue reads the third entry of a field: six bytes, or none.
func readDue(entry []byte) int64 {
	if len(entry) == 0 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(entry)) | int64(binary.LittleEndian.Uint16(entry[4:]))<<32
}

func writeDue(entry []byte, due int64) {
	binary.LittleEndian.PutUint32(entry, uint32(due))
	binary.LittleEndian.PutUint16(entry[4:], uint16(due>>32))
}

// hashNextDue is when expireFields has something to do; 0: never.
func hashNextDue(kind item.Kind, v []byte) int64 {
	switch {
	case kind == item.HashTable:
		return int64(binary.LittleEndian.Uint64(v[hashDueAt:]))
	case kind == item.HashPackedTTL && len(v) > hashHeader:
		off, _ := packed.Skip(v, hashHeader, 2)
		entry, _, _ := packed.Next(v, off)
		return readDue(entry)
	}
	return 0
}

func setHashDue(root []byte, due int64) {
	binary.LittleEndian.PutUint64(root[hashDueAt:], uint64(due))
}

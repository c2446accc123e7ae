package table

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// RootSize is the number of bytes that a table keeps in its collection's root:
//
//	byte   0      3 4      7 8                      15
//	     +---------+--------+-------------------------+
//	     | top node| 0      | number of elements, LE  |
//	     +---------+--------+-------------------------+
//
// A zeroed root is an empty table, and an empty table's root is zeroed: it has no
// nodes.
const RootSize = 16

// Hasher gives keys their hashes. The same key must get the same hash for as long
// as the table lives, and strangers must not be able to tell which keys collide.
type Hasher interface {
	Hash(key []byte) uint64
}

// Table is a table of keys, or of pairs of a key and a value, opened for one
// operation. It is made anew for each (it is three words and costs nothing), by
// Keys or Pairs, over the root's bytes, which it reads and writes in place.
//
// Where a method takes a hash and a key, the hash is the key's by the table's
// Hasher. Keys and values handed in are copied and must not lie in the table's own
// nodes. Those handed out lie in nodes: they are valid until the next change.
type Table struct {
	trie
	hasher Hasher
	pairs  bool
}

// Keys opens a table of keys without values: a set.
func Keys(s *nodes.Store, root []byte, h Hasher) Table {
	return Table{trie: trie{s, root[:RootSize:RootSize]}, hasher: h}
}

// Pairs opens a table of keys with values, which may have an expiry each: a hash.
func Pairs(s *nodes.Store, root []byte, h Hasher) Table {
	return Table{trie: trie{s, root[:RootSize:RootSize]}, hasher: h, pairs: true}
}

// Has tells whether a key is in the table.
func (t *Table) Has(hash uint64, key []byte) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	i, _ := t.find(t.seek(hash), hash, key)
	return i >= 0
}

// Get finds a key's value.
func (t *Table) Get(hash uint64, key []byte) (value []byte, ok bool) {
	value, _, ok = t.Find(hash, key)
	return value, ok
}

// Find finds a key's value and its expiry, 0 if it has none.
func (t *Table) Find(hash uint64, key []byte) (value []byte, due int64, ok bool) {
	if rootNode(t.root) == 0 {
		return nil, 0, false
	}
	b := bucket(t.seek(hash))
	i, pos := t.find(b, hash, key)
	if i < 0 {
		return nil, 0, false
	}
	if size := b[b.tagAt(i)+sizesAt]; size <= maxShort && b[pos] < longForm && t.pairs {
		split, end := pos+1+len(key), pos+int(size) // as nearly all entries are
		return b[split:end:end], 0, true
	}
	value, due = t.read(b, i, pos)
	return value, due, true
}

// read is the value and the expiry of entry i, which begins at pos.
func (t *Table) read(b bucket, i, pos int) (value []byte, due int64) {
	e := b.entry(i, pos)
	t.resolve(&e)
	return e.value, e.due
}

// Add puts a key into a table of keys, and tells whether it is new.
func (t *Table) Add(hash uint64, key []byte) (added bool) { return t.Put(hash, key, nil, 0) }

// Len is the number of elements.
func (t *Table) Len() int { return rootLen(t.root) }

// Len reads the number of elements from a root.
func Len(root []byte) int { return rootLen(root) }

func rootLen(root []byte) int { return int(binary.LittleEndian.Uint64(root[8:])) }

func rootNode(root []byte) nodes.Handle { return nodes.Handle(binary.LittleEndian.Uint32(root)) }

func setRootNode(root []byte, h nodes.Handle) { binary.LittleEndian.PutUint32(root, uint32(h)) }

func addLen(root []byte, n int) {
	binary.LittleEndian.PutUint64(root[8:], uint64(rootLen(root)+n))
}

// Roots visits the root's handle, for freeing and cloning: f's result is stored.
func Roots(root []byte, f func(nodes.Handle) nodes.Handle) {
	if h := rootNode(root); h != 0 {
		setRootNode(root, f(h))
	}
}

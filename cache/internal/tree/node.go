package tree

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// entry is one child of an inner node.
type entry struct {
	child nodes.Handle
	count int
	key   Key
}

// size is the number of bytes that a node of n entries needs.
func (t *Tree) size(n int) int { return nodes.HeaderSize + n*t.stride }

// width is the number of entries in a node.
func width(b []byte) int { return int(b[1]) }

func (t *Tree) child(b []byte, i int) nodes.Handle {
	return nodes.Handle(binary.LittleEndian.Uint32(b[t.size(i):]))
}

func (t *Tree) count(b []byte, i int) int {
	return int(binary.LittleEndian.Uint32(b[t.size(i)+4:]))
}

func (t *Tree) addCount(b []byte, i, delta int) {
	at := b[t.size(i)+4:]
	binary.LittleEndian.PutUint32(at, uint32(int(binary.LittleEndian.Uint32(at))+delta))
}

// key is the separator of entry i; zero in a ranked tree.
func (t *Tree) key(b []byte, i int) Key {
	if t.form != Keyed {
		return Key{}
	}
	at := b[t.size(i)+8:]
	return Key{binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])}
}

func (t *Tree) setKey(b []byte, i int, key Key) {
	if t.form == Keyed {
		at := b[t.size(i)+8:]
		binary.LittleEndian.PutUint64(at, key.Hi)
		binary.LittleEndian.PutUint64(at[8:], key.Lo)
	}
}

// put writes entry i.
func (t *Tree) put(b []byte, i int, e entry) {
	at := b[t.size(i):]
	binary.LittleEndian.PutUint32(at, uint32(e.child))
	binary.LittleEndian.PutUint32(at[4:], uint32(e.count))
	t.setKey(b, i, e.key)
}

// open makes a gap at entry i, for which there must be room, and writes e there.
func (t *Tree) open(b []byte, i int, e entry) {
	n := width(b)
	copy(b[t.size(i+1):], b[t.size(i):t.size(n)])
	b[1] = byte(n + 1)
	t.put(b, i, e)
}

// cut takes n entries out from entry i on.
func (t *Tree) cut(b []byte, i, n int) {
	copy(b[t.size(i):], b[t.size(i+n):t.size(width(b))])
	b[1] -= byte(n)
}

// sum is the number of elements below n entries from entry i on.
func (t *Tree) sum(b []byte, i, n int) int {
	sum := 0
	for ; n > 0; i, n = i+1, n-1 {
		sum += t.count(b, i)
	}
	return sum
}

// whole is the entry that a parent has for a node.
func (t *Tree) whole(h nodes.Handle, b []byte) entry {
	return entry{h, t.sum(b, 0, width(b)), t.key(b, 0)}
}

// alloc makes a node with room for n entries and some more.
func (t *Tree) alloc(n int) (nodes.Handle, []byte) {
	return t.store.Alloc(t.kind(), t.size(t.roomy(n)))
}

// roomy is how many entries a node of n is given room for.
func (t *Tree) roomy(n int) int { return min(t.fan(), n+n/4+1) }

// room gives a node the room for n entries, and takes what is far too much.
func (t *Tree) room(h nodes.Handle, n int) []byte {
	b := t.store.Bytes(h)
	if need := t.size(n); need > len(b) || len(b) > 2*t.size(t.roomy(n)) {
		b = t.store.Resize(h, t.size(t.roomy(n)), t.size(min(n, width(b))))
	}
	return b
}

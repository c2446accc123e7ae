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
func (t *Tree) size(n int) int { return pairs + n*t.stride }

// width is the number of entries in a node.
func width(b []byte) int { return int(b[1]) }

// columns is where the keys of a keyed node begin, and the column of their lower halves:
// behind as many entries as the block has room for.
func columns(b []byte) (hi, lo int) {
	room := int(min(uint(len(b)-pairs)/keyedStride, keyedFan))
	return pairs + room*rankedStride, pairs + room*(rankedStride+8)
}

// pairAt is where child and count of entry i are.
func pairAt(i int) int { return pairs + i*rankedStride }

func (t *Tree) child(b []byte, i int) nodes.Handle {
	return nodes.Handle(binary.LittleEndian.Uint32(b[pairAt(i):]))
}

func (t *Tree) count(b []byte, i int) int {
	return int(binary.LittleEndian.Uint32(b[pairAt(i)+4:]))
}

func (t *Tree) addCount(b []byte, i, delta int) {
	at := b[pairAt(i)+4:]
	binary.LittleEndian.PutUint32(at, uint32(int(binary.LittleEndian.Uint32(at))+delta))
}

// key is the separator of entry i; zero in a ranked tree.
func (t *Tree) key(b []byte, i int) Key {
	if t.form == Ranked {
		return Key{}
	}
	hi, lo := columns(b)
	return Key{binary.LittleEndian.Uint64(b[hi+8*i:]), binary.LittleEndian.Uint64(b[lo+8*i:])}
}

func (t *Tree) setKey(b []byte, i int, key Key) {
	if t.form != Ranked {
		hi, lo := columns(b)
		binary.LittleEndian.PutUint64(b[hi+8*i:], key.Hi)
		binary.LittleEndian.PutUint64(b[lo+8*i:], key.Lo)
	}
}

// put writes entry i.
func (t *Tree) put(b []byte, i int, e entry) {
	at := b[pairAt(i):]
	binary.LittleEndian.PutUint32(at, uint32(e.child))
	binary.LittleEndian.PutUint32(at[4:], uint32(e.count))
	t.setKey(b, i, e.key)
	t.adopt(b, i, 1)
}

// move copies n entries of a node, from entry i on, over those of another or the same
// node from entry at on: column by column.
func (t *Tree) move(to []byte, at int, from []byte, i, n int) {
	copy(to[pairAt(at):], from[pairAt(i):pairAt(i+n)])
	if t.form != Ranked {
		hi, lo := columns(to)
		fromHi, fromLo := columns(from)
		copy(to[hi+8*at:], from[fromHi+8*i:fromHi+8*(i+n)])
		copy(to[lo+8*at:], from[fromLo+8*i:fromLo+8*(i+n)])
	}
}

// adopt tells n children of a node, from entry i on, what is above them.
func (t *Tree) adopt(b []byte, i, n int) {
	if t.form != Linked {
		return
	}
	for ; n > 0; i, n = i+1, n-1 {
		t.setAbove(t.child(b, i), nodes.HandleOf(b))
	}
}

func (t *Tree) setAbove(h, parent nodes.Handle) {
	binary.LittleEndian.PutUint32(t.store.Bytes(h)[above:], uint32(parent))
}

// open makes a gap at entry i, for which there must be room, and writes e there.
func (t *Tree) open(b []byte, i int, e entry) {
	n := width(b)
	t.move(b, i+1, b, i, n-i)
	b[1] = byte(n + 1)
	t.put(b, i, e)
}

// cut takes n entries out from entry i on.
func (t *Tree) cut(b []byte, i, n int) {
	t.move(b, i, b, i+n, width(b)-i-n)
	b[1] -= byte(n)
}

// sum is the number of elements below n entries from entry i on.
func (t *Tree) sum(b []byte, i, n int) int {
	b = b[pairAt(i):pairAt(i+n)]
	sum := 0
	for ; len(b) >= rankedStride; b = b[rankedStride:] {
		sum += int(binary.LittleEndian.Uint64(b) >> 32)
	}
	return sum
}

// whole is the entry that a parent has for a node.
func (t *Tree) whole(h nodes.Handle, b []byte) entry {
	return entry{h, t.sum(b, 0, width(b)), t.key(b, 0)}
}

// alloc makes a node with room for n entries and some more.
func (t *Tree) alloc(n int) (nodes.Handle, []byte) {
	h, b := t.store.Alloc(t.kind(), t.size(t.roomy(n)))
	clear(b[above:pairs])
	return h, b
}

// roomy is how many entries a node of n is given room for.
func (t *Tree) roomy(n int) int { return min(t.fan(), n+n/4+1) }

// room gives a node the room for n entries, and takes what is far too much.
func (t *Tree) room(h nodes.Handle, n int) []byte {
	b := t.store.Bytes(h)
	if t.size(n) > len(b) || len(b) > 2*t.size(t.roomy(n)) {
		var was [maxNode]byte // the columns are elsewhere in a block of another size
		old := was[:copy(was[:], b)]
		b = t.store.Resize(h, t.size(t.roomy(n)), pairs)
		t.move(b, 0, old, 0, min(n, width(old)))
	}
	return b
}

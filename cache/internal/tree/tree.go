package tree

import (
	"encoding/binary"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// Form says what leaves can be found by.
type Form uint8

// The forms.
const (
	Ranked Form = iota // by rank
	Keyed              // by rank and by key
	Linked             // the same; and from a leaf its way and its rank can be told
)

const (
	// RootSize is the number of bytes of a root.
	RootSize = 16
	// MaxLen is the number of elements that a tree can count.
	MaxLen = math.MaxUint32

	// The first bytes of every inner node, and of every leaf of a linked tree, are the
	// tree's: behind a node's header stands the handle of the node above it.
	Head  = nodes.HeaderSize + 4
	above = nodes.HeaderSize // where that handle is

	rankedFan = 126 // entries of a full node
	keyedFan  = 64

	pairs = Head + 4 // where the entries of a node begin

	rankedStride = 8 // bytes of an entry
	keyedStride  = 24
	maxNode      = 2 << 10 // more than a block of the largest node has

	// maxHeight bounds the path to a leaf. A root splits when it is full, and all
	// of its children but two are a quarter full: seven levels below one of 64
	// children would be over 62·16^6 leaves, more than the 2^28 handles of a shard.
	maxHeight = 8
)

// Nodes of each form fill their slab classes (1024 and 1560).
var (
	_ [1024 - pairs - rankedFan*rankedStride]struct{}
	_ [1560 - pairs - keyedFan*keyedStride]struct{}
	_ [maxNode - 1560]struct{}
	_ [255 - rankedFan]struct{} // the number of entries is a byte
)

// Key is a separator: keys are in the order of Hi, then Lo.
type Key struct{ Hi, Lo uint64 }

// Less tells whether k comes before other.
func (k Key) Less(other Key) bool {
	return k.Hi < other.Hi || k.Hi == other.Hi && k.Lo < other.Lo
}

// Tree is a root taken out of its value, ready for use; Save puts it back. It is a
// small value, to be kept on the stack while an operation lasts.
type Tree struct {
	store  *nodes.Store
	len    int
	root   nodes.Handle
	height int
	stride int
	form   Form
}

// New is an empty tree. Nothing is allocated before the first leaf is added.
func New(store *nodes.Store, form Form) Tree {
	return Tree{store: store, form: form, stride: strideOf(form)}
}

func strideOf(form Form) int {
	if form == Ranked {
		return rankedStride
	}
	return keyedStride
}

// Load reads a root of RootSize bytes.
func Load(store *nodes.Store, root []byte) (t Tree) {
	t.Load(store, root)
	return t
}

// Load is the function Load for a Tree that is part of something.
func (t *Tree) Load(store *nodes.Store, root []byte) {
	root = root[:RootSize]
	t.store, t.form = store, Form(root[5])
	t.stride = strideOf(t.form)
	t.root = nodes.Handle(binary.LittleEndian.Uint32(root))
	t.height = int(root[4])
	t.len = int(binary.LittleEndian.Uint64(root[8:]))
}

// Save writes the root, RootSize bytes. It must follow every change but those that
// only alter keys.
func (t *Tree) Save(root []byte) {
	binary.LittleEndian.PutUint32(root, uint32(t.root))
	root[4], root[5], root[6], root[7] = byte(t.height), byte(t.form), 0, 0
	binary.LittleEndian.PutUint64(root[8:RootSize], uint64(t.len))
}

// LenOf is the number of elements below a root.
func LenOf(root []byte) int { return int(binary.LittleEndian.Uint64(root[8:RootSize])) }

// VisitRoot calls f with the handle in a root, if there is one, and stores what it
// returns: for the walks that free or copy whole collections.
func VisitRoot(root []byte, f func(nodes.Handle) nodes.Handle) {
	if h := binary.LittleEndian.Uint32(root); h != 0 {
		binary.LittleEndian.PutUint32(root, uint32(f(nodes.Handle(h))))
	}
}

// Children calls f with the handle of each child of an inner node and stores what
// it returns in its place.
func Children(node []byte, f func(nodes.Handle) nodes.Handle) {
	for i := range int(node[1]) {
		at := node[pairAt(i):]
		binary.LittleEndian.PutUint32(at, uint32(f(nodes.Handle(binary.LittleEndian.Uint32(at)))))
	}
}

// Len is the number of elements.
func (t *Tree) Len() int { return t.len }

// Empty tells whether there is no leaf.
func (t *Tree) Empty() bool { return t.root == 0 }

// Height is the number of levels of inner nodes.
func (t *Tree) Height() int { return t.height }

func (t *Tree) fan() int {
	if t.form == Ranked {
		return rankedFan
	}
	return keyedFan
}

func (t *Tree) kind() nodes.Kind {
	if t.form == Ranked {
		return nodes.TreeInner
	}
	return nodes.TreeKeyed
}

// least is the fewest entries of a node that is not at an edge.
func (t *Tree) least() int { return t.fan() / 4 }

// minHeight: a keyed tree has an inner node above even a single leaf, which is
// where that leaf's key stands.
func (t *Tree) minHeight() int {
	if t.form == Ranked {
		return 0
	}
	return 1
}

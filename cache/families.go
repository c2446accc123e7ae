package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// family is what the engine must know of a kind of item. The functions are given a
// value of that kind and keep nothing of it.
type family struct {
	typ      Type
	large    bool // the value is a root, from which nodes hang
	encoding func(kind item.Kind, v []byte) Encoding
	length   func(kind item.Kind, v []byte) int // elements
	// roots hands each handle in a root to f and puts f's result in its place. Only
	// of large kinds.
	roots func(kind item.Kind, v []byte, f func(nodes.Handle) nodes.Handle)
	// check verifies a whole collection, and counts its nodes.
	check func(s *nodes.Store, kind item.Kind, v []byte) error
}

// families is the table of kinds.
var families = [item.Kinds]family{
	item.String:      {typ: String},
	item.StringRaw:   {typ: String},
	item.StringPlain: {typ: String},
}

// children hands each child of a node to f and puts f's result in its place.
func children(kind nodes.Kind, node []byte, f func(nodes.Handle) nodes.Handle) {
	switch kind {
	case nodes.Large:
	}
}

func typeOf(k item.Kind) Type { return families[k].typ }

// isLarge tells whether the value of a kind is a root.
func isLarge(k item.Kind) bool { return families[k].large }

// lengthOf is the number of bytes of a string, of elements of a collection.
func lengthOf(it item.Item) int {
	if f := &families[it.Kind()]; f.length != nil {
		return f.length(it.Kind(), it.Value())
	}
	return it.ValueLen()
}

// nodeBytes is the number of bytes of all nodes of a collection: the first 8 bytes
// of a root.
func nodeBytes(it item.Item) int64 {
	if !isLarge(it.Kind()) {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(it.Value()))
}

func setNodeBytes(root []byte, n int64) { binary.LittleEndian.PutUint64(root, uint64(n)) }

// sizeOf is an item's size with all that hangs from it.
func sizeOf(it item.Item) int { return it.Size() + int(nodeBytes(it)) }

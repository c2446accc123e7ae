package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/stream"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
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
	// checkHashed is check where elements must have the right hashes.
	checkHashed func(s *nodes.Store, h *hasher, kind item.Kind, v []byte) error
	// relink puts right what else knows of nodes by their handles, after they were
	// copied and roots and children have put the handles themselves right; or nil.
	relink func(s *nodes.Store, h *hasher, v []byte)
}

// families is the table of kinds.
var families = [item.Kinds]family{
	item.String:      {typ: String},
	item.StringRaw:   {typ: String},
	item.StringPlain: {typ: String},

	item.HashPacked:    {typ: Hash, encoding: hashEncoding, length: hashLen, checkHashed: checkHash},
	item.HashPackedTTL: {typ: Hash, encoding: hashEncoding, length: hashLen, checkHashed: checkHash},
	item.HashTable:     {typ: Hash, large: true, encoding: hashEncoding, length: hashLen, roots: hashRoots, checkHashed: checkHash},

	item.ListPacked: {typ: List, encoding: listEncoding, length: listLen, check: checkList},
	item.ListTree:   {typ: List, large: true, encoding: listEncoding, length: listLen, roots: listRoots, check: checkList},

	item.SetInts:   {typ: Set, encoding: setEncoding, length: setLen, checkHashed: checkSet},
	item.SetPacked: {typ: Set, encoding: setEncoding, length: setLen, checkHashed: checkSet},
	item.SetTable:  {typ: Set, large: true, encoding: setEncoding, length: setLen, roots: setRoots, checkHashed: checkSet},

	item.ZSetPacked: {typ: ZSet, encoding: zsetEncoding, length: zsetLen, checkHashed: checkZSet},
	item.ZSetTree:   {typ: ZSet, large: true, encoding: zsetEncoding, length: zsetLen, roots: zsetRoots, checkHashed: checkZSet, relink: zsetRelink},

	item.Stream: {typ: Stream, large: true, encoding: streamEncoding, length: streamLen, roots: streamRoots, check: checkStream},
}

// children hands each child of a node to f and puts f's result in its place.
func children(kind nodes.Kind, node []byte, f func(nodes.Handle) nodes.Handle) {
	switch kind {
	case nodes.Large, nodes.ListLeaf:
	case nodes.TableDir, nodes.TableBucket, nodes.TableFixed:
		table.Children(kind, node, f)
	case nodes.TreeInner, nodes.TreeKeyed:
		tree.Children(node, f)
	case nodes.ZSetLeaf:
		zsetChildren(node, f)
	case nodes.StreamLeaf, nodes.StreamGroup, nodes.StreamPEL:
		stream.Children(kind, node, f)
	}
}

func typeOf(k item.Kind) Type { return families[k].typ }

// isLarge tells whether the value of a kind is a root.
func isLarge(k item.Kind) bool { return families[k].large }

// lengthOf is the number of bytes of a string, of elements of a collection.
func lengthOf(it *item.Item) int {
	if f := &families[it.Kind()]; f.length != nil {
		return f.length(it.Kind(), it.Value())
	}
	return it.ValueLen()
}

// nodeBytes is the number of bytes of all nodes of a collection: the first 8 bytes
// of a root.
func nodeBytes(it *item.Item) int64 {
	if !isLarge(it.Kind()) {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(it.Value()))
}

func setNodeBytes(root []byte, n int64) { binary.LittleEndian.PutUint64(root, uint64(n)) }

// sizeOf is an item's size with all that hangs from it.
func sizeOf(it *item.Item) int { return it.Size() + int(nodeBytes(it)) }

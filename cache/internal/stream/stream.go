package stream

import (
	"errors"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Offsets in a root; see the diagram in doc.go.
const (
	rootBlocks  = 8                          // tree of blocks; its count is the stream's length
	rootAdded   = rootBlocks + tree.RootSize // entries ever added
	rootLast    = rootAdded + 8              // the last ID given
	rootDeleted = rootLast + 16              // the greatest ID ever deleted
	rootFirst   = rootDeleted + 16           // the ID of the first entry, 0-0 if there is none
	rootGroups  = rootFirst + 16             // directory of groups
	rootCount   = rootGroups + directorySize // number of blocks, doomed ones included
	rootDoomed  = rootCount + 4              // stack of what is to be freed; 0 if there is none
	rootLeaving = rootDoomed + 4             // 1 + number of a group that consumers are leaving
	RootSize    = rootLeaving + 4            // RootSize is the number of bytes of a root.
)

var _ [RootSize - 120]struct{}
var _ [120 - RootSize]struct{}

// What Append may refuse.
var (
	ErrOrder     = errors.New("stream: the ID is not above the last one")
	ErrExhausted = errors.New("stream: the last possible ID is taken")
)

// Limits say when a block is full.
type Limits struct {
	MaxBytes   int // in Redis's format; 0: no limit of the configuration's
	MaxEntries int // deleted ones included; 0: no limit
}

// BlockMost is where a block is cut whatever the configuration says, so that to
// change one stays cheap. (Redis would go on to a gigabyte.)
const BlockMost = 32 << 10

// MaxEntry is about the bytes that an entry may have.
const MaxEntry = 1 << 30

func (l Limits) maxBytes() int {
	if l.MaxBytes <= 0 || l.MaxBytes > BlockMost {
		return BlockMost
	}
	return l.MaxBytes
}

// Stream is a root opened for an operation: a small value, to be kept on the stack.
type Stream struct {
	s      *nodes.Store
	root   []byte
	blocks tree.Tree
}

// Init makes root, RootSize bytes, that of an empty stream. Its first 8 bytes, which
// count the bytes of its nodes, are left alone.
func Init(s *nodes.Store, root []byte) {
	clear(root[rootBlocks:RootSize])
	blocks := tree.New(s, tree.Keyed)
	blocks.Save(root[rootBlocks:])
	newDirectory(s).save(root[rootGroups:])
}

// Open takes a stream out of its root. It is good until the root moves, or another
// Stream opened on the same root changes it.
func Open(s *nodes.Store, root []byte) Stream {
	return Stream{s: s, root: root, blocks: tree.Load(s, root[rootBlocks:])}
}

// LenOf is the number of entries of the stream with this root.
func LenOf(root []byte) int { return tree.LenOf(root[rootBlocks:]) }

// Len is the number of entries.
func (st *Stream) Len() int { return st.blocks.Len() }

// Blocks is the number of blocks. While there are doomed ones the others have to be
// counted.
func (st *Stream) Blocks() int {
	if get32(st.root, rootDoomed) != 0 {
		return st.blocks.Leaves()
	}
	return get32(st.root, rootCount)
}

// countBlock notes that there is a block more, or less.
func (st *Stream) countBlock(n int) { put32(st.root, rootCount, get32(st.root, rootCount)+n) }

// Added is the number of entries ever added.
func (st *Stream) Added() int64 { return get64(st.root, rootAdded) }

// SetAdded changes it.
func (st *Stream) SetAdded(n int64) { put64(st.root, rootAdded, n) }

// Last is the last ID given.
func (st *Stream) Last() ID { return readID(st.root, rootLast) }

// SetLast changes it. It must not be below that of any entry.
func (st *Stream) SetLast(id ID) { writeID(st.root, rootLast, id) }

// MaxDeleted is the greatest ID that was deleted by name.
func (st *Stream) MaxDeleted() ID { return readID(st.root, rootDeleted) }

// SetMaxDeleted changes it.
func (st *Stream) SetMaxDeleted(id ID) { writeID(st.root, rootDeleted, id) }

// First is the ID of the first entry, 0-0 if there is none.
func (st *Stream) First() ID { return readID(st.root, rootFirst) }

func (st *Stream) setFirst(id ID) { writeID(st.root, rootFirst, id) }

// Top is the ID of the last entry that is there, 0-0 if there is none.
func (st *Stream) Top() ID {
	c := st.Range(ID{}, MaxID, true)
	if !c.Next() {
		return ID{}
	}
	return c.ID()
}

// NextID is the ID for an entry that is added at a time, unix ms, behind last: that
// time, or just above last where the clock stands still or goes back.
func NextID(last ID, now int64) (ID, error) {
	if uint64(now) > last.Ms {
		return ID{uint64(now), 0}, nil
	}
	id, ok := last.Next()
	if !ok {
		return ID{}, ErrExhausted
	}
	return id, nil
}

// NextSeq is the ID for an entry of a given millisecond behind last.
func NextSeq(last ID, ms uint64) (ID, error) {
	switch {
	case ms != last.Ms:
		return ID{ms, 0}, nil
	case last.Seq == MaxID.Seq:
		return ID{}, ErrOrder
	}
	return ID{ms, last.Seq + 1}, nil
}

// Append adds an entry of fields and values in turn, at least one of each. Its ID
// must be above all others (ErrOrder). pairs must not lie in the nodes.
func (st *Stream) Append(id ID, pairs [][]byte, l Limits) error {
	if !st.Last().Less(id) {
		return ErrOrder
	}
	if st.blocks.Empty() {
		st.blocks.Add(newBlock(st.s, id, pairs), 1, id.key())
		st.countBlock(1)
	} else if p := st.blocks.Last(); st.fits(p.Leaf, pairs, l) {
		extend(st.s, p.Leaf, id, pairs, l)
		st.blocks.Changed(&p, 1)
	} else {
		st.seal(p.Leaf)
		st.blocks.InsertAfter(&p, newBlock(st.s, id, pairs), 1, id.key())
		st.countBlock(1)
	}
	st.blocks.Save(st.root[rootBlocks:])
	put64(st.root, rootAdded, st.Added()+1)
	st.SetLast(id)
	if st.Len() == 1 {
		st.setFirst(id)
	}
	return nil
}

// fits tells whether an entry goes into the last block, by Redis's rules: of the
// bytes only those of the entry's strings count beforehand.
func (st *Stream) fits(h nodes.Handle, pairs [][]byte, l Limits) bool {
	b := st.s.Bytes(h)
	if l.MaxEntries > 0 && get16(b, blockLive)+get16(b, blockDead) >= l.MaxEntries {
		return false
	}
	size := packedSize(b)
	for _, s := range pairs {
		size += len(s)
	}
	return size < l.maxBytes()
}

// seal takes the room to grow from a block that will not.
func (st *Stream) seal(h nodes.Handle) {
	end := get32(st.s.Bytes(h), blockEnd)
	st.s.Resize(h, end, end)
}

// Exists tells whether an entry is there.
func (st *Stream) Exists(id ID) bool {
	if id.Less(st.First()) || st.Len() == 0 || st.Last().Less(id) {
		return false
	}
	var p tree.Pos
	st.blocks.SeekKey(&p, id.key(), nil)
	_, _, ok := find(st.s.Bytes(p.Leaf), id)
	return ok
}

// Delete removes an entry and tells whether it was there. When all are done that an
// operation has to delete, Deleted must be called.
func (st *Stream) Delete(id ID) bool {
	if st.Len() == 0 {
		return false
	}
	var p tree.Pos
	st.blocks.SeekKey(&p, id.key(), nil)
	b := st.s.Bytes(p.Leaf)
	e, next, ok := find(b, id)
	if !ok {
		return false
	}
	if p.Count == 1 {
		st.drop(&p)
	} else {
		erase(b, e, next)
		st.blocks.Changed(&p, -1)
		st.shrink(p.Leaf, b)
	}
	if st.MaxDeleted().Less(id) {
		st.SetMaxDeleted(id)
	}
	return true
}

// Deleted puts right what Delete and the trims leave: which entry is the first.
func (st *Stream) Deleted() {
	st.blocks.Save(st.root[rootBlocks:])
	c := st.Range(ID{}, MaxID, false)
	if !c.Next() {
		st.setFirst(ID{})
		return
	}
	st.setFirst(c.ID())
}

// drop frees a block.
func (st *Stream) drop(p *tree.Pos) {
	h := p.Leaf
	st.blocks.Remove(p)
	st.s.Free(h)
	st.countBlock(-1)
}

// shrink gives back what a block no longer needs, once that is most of it.
func (st *Stream) shrink(h nodes.Handle, b []byte) {
	body, end := get32(b, blockBody), get32(b, blockEnd)
	_, fields := fieldsEnd(b)
	need := end - (body - fields)
	if need > len(b)/2 || len(b) < 128 {
		return
	}
	// The entries go back to where the deleted ones before them were.
	copy(b[fields:], b[body:end])
	put32(b, blockBody, fields)
	put32(b, blockLast, get32(b, blockLast)-(body-fields))
	put32(b, blockEnd, need)
	st.s.Resize(h, need, need)
}

// fieldsEnd is the number of a block's own fields, and the offset behind them.
func fieldsEnd(b []byte) (n, off int) {
	count, off := varint(b, blockFields)
	for range count {
		off = skipBytes(b, off)
	}
	return int(count), off
}

// Roots calls f with each handle in a root and stores what it returns.
func Roots(root []byte, f func(nodes.Handle) nodes.Handle) {
	tree.VisitRoot(root[rootBlocks:], f)
	visitDirectory(root[rootGroups:], f)
	if h := nodes.Handle(get32(root, rootDoomed)); h != 0 {
		put32(root, rootDoomed, int(f(h)))
	}
}

// Children calls f with each child of a node of a stream's own kinds, and stores
// what it returns. (Inner nodes are package tree's.)
func Children(kind nodes.Kind, node []byte, f func(nodes.Handle) nodes.Handle) {
	if kind != nodes.StreamGroup {
		return
	}
	switch node[1] {
	case formGroup:
		tree.VisitRoot(node[recordPending:], f)
		visitDirectory(node[groupConsumers:], f)
	case formConsumer, formLeaving:
		tree.VisitRoot(node[recordPending:], f)
	case formSlots:
		visitSlots(node, f)
	case formDoomed:
		visitDoomed(node, f)
	}
}

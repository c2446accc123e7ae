package table

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
)

// Ahead goes the way of a look-up ahead of it, a node at a time: each step reads a node
// that the one before has named, and names what it leads to in a queue. Who has many
// look-ups before him takes a step of each in turn and asks the processor for the queue, so
// that their waits for memory overlap. The table may be changed between two steps as long as no node is freed.
type Ahead struct {
	node nodes.Handle // where the next step is; 0 if there is none
	hash uint64
	base uint8 // bits of the hash that were consumed above the last directory
	used uint8 // and with it
}

// Lines that are asked for of a node of which it is not known yet what it is: a bucket's
// header and tags, or all of one of fixed-size entries.
const aheadLines = 4

// GoAhead begins at the root of a table of either form, with the bytes root.
func GoAhead(root []byte, hash uint64) Ahead { return Ahead{node: rootNode(root), hash: hash} }

// More tells whether there is a step to be made.
func (a *Ahead) More() bool { return a.node != 0 }

// Step makes a step. Where that leads to an entry of fixed size, whose hash may be the
// one, it is the last, and ok.
func (a *Ahead) Step(s *nodes.Store, q *prefetch.Queue) (value uint32, ok bool) {
	node := s.Bytes(a.node)
	switch kindOf(node) {
	case nodes.TableDir:
		bits := node[1]
		a.node = slotAt(node, int(a.hash<<a.used>>(64-bits)))
		a.base, a.used = a.used, a.used+bits
		q.Add(s.Address(a.node), aheadLines)
		return 0, false
	case nodes.TableFixed:
		f := fixed{node, widthAt(int(a.base))}
		ok = f.each(known(a.hash), func(_, pos int) bool {
			value = f.value(pos)
			return true
		})
	case nodes.TableBucket:
		bucket(node).ahead(a.hash, q)
	}
	a.node = 0
	return value, ok
}

// ahead names the first entry that has the hash's tag.
func (b bucket) ahead(hash uint64, q *prefetch.Queue) {
	n, group := b.len(), b.head()
	for i := 0; i < n; i += groupLen {
		if marks := matches(binary.LittleEndian.Uint64(b[group:]), tagOf(hash)) & live(n-i); marks != 0 {
			at := min(b.within(group, b.start(), first(marks)), len(b)-1)
			q.AddBytes(b[at:], 2*prefetch.LineSize)
			return
		}
		group += groupSize
	}
}

package table

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

const (
	dirBits   = 10 // of the hash that a directory consumes at most
	dirHeader = nodes.HeaderSize + 8

	// maxDepth is how many bits of the hash can tell buckets apart: five
	// directories. It is also the size of a scan's cursor.
	maxDepth = 5 * dirBits

	depthMask = 0x0F // in byte 1 of a bucket: the bits of its directory that it stands for
)

// The size of the largest directory, which is the largest node that a table makes
// but for one large element.
var _ [0]struct{} = [dirHeader + 4<<dirBits - 4112]struct{}{}

// trie is the part that both forms of table share: directories, and what holds them.
type trie struct {
	store *nodes.Store
	root  []byte
}

// place is where a hash leads: a bucket, and the directory that holds it.
type place struct {
	handle nodes.Handle
	bucket []byte
	parent nodes.Handle // the directory; 0 if the bucket is the table's only node
	dir    []byte
	slot   int // the hash's slot in the directory
	base   int // bits of the hash that were consumed above the directory
}

func kindOf(node []byte) nodes.Kind { return nodes.Kind(node[0] >> 4) }

// descend follows a hash from the root, which must not be empty, to its bucket.
func (t *trie) descend(hash uint64) (p place) {
	p.handle = rootNode(t.root)
	p.bucket = t.store.Bytes(p.handle)
	for used := 0; kindOf(p.bucket) == nodes.TableDir; {
		p.parent, p.dir, p.base = p.handle, p.bucket, used
		bits := int(p.dir[1])
		p.slot = int(hash << used >> (64 - bits))
		used += bits
		p.handle = slotAt(p.dir, p.slot)
		p.bucket = t.store.Bytes(p.handle)
	}
	return p
}

// seek is descend for who wants to know no more than the bucket.
func (t *trie) seek(hash uint64) []byte {
	node := t.store.Bytes(rootNode(t.root))
	for kindOf(node) == nodes.TableDir {
		bits := node[1] & 63
		slot := hash >> (64 - bits)
		hash <<= bits
		node = t.store.Bytes(slotAt(node, int(slot)))
	}
	return node
}

// local is the number of bits of its directory that the bucket stands for.
func (p *place) local() int { return int(p.bucket[1] & depthMask) }

// depth is the number of bits that all hashes in the bucket have in common by
// where it stands.
func (p *place) depth() int { return p.base + p.local() }

// after is the first hash behind those that belong into the bucket that hash does;
// 0 if it is the last bucket.
func (p *place) after(hash uint64) uint64 {
	free := 64 - p.depth()
	return (hash>>free + 1) << free // shifts of 64 give 0, as they should
}

func slotAt(dir []byte, i int) nodes.Handle {
	return nodes.Handle(binary.LittleEndian.Uint32(dir[dirHeader+4*i:]))
}

func setSlot(dir []byte, i int, h nodes.Handle) {
	binary.LittleEndian.PutUint32(dir[dirHeader+4*i:], uint32(h))
}

func slots(dir []byte) int { return 1 << dir[1] }

func setLocal(bucket []byte, local int) { bucket[1] = bucket[1]&^depthMask | byte(local) }

// forked says what the two halves of a place's bucket will be: the bits consumed
// above their directory, and their own in it.
func (p *place) forked() (base, local int) {
	switch {
	case p.parent == 0:
		return 0, 1
	case p.local() == dirBits:
		return p.base + dirBits, 1
	}
	return p.base, p.local() + 1
}

// fork makes room for a bucket that was split: the old handle stays for the hashes
// whose next bit is 0, right is for the others. Both must have been told already
// what forked said of them; local is what the old one had before, due the earliest
// expiry in both.
func (t *trie) fork(p *place, local int, right nodes.Handle, due int64) {
	switch {
	case p.parent == 0:
		setRootNode(t.root, t.newDir(p.handle, right, due))
		return
	case local == dirBits:
		setSlot(p.dir, p.slot, t.newDir(p.handle, right, due))
		return
	case local == int(p.dir[1]):
		t.double(p)
	}
	span := slots(p.dir) >> local
	from := p.slot &^ (span - 1)
	for i := from + span/2; i < from+span; i++ {
		setSlot(p.dir, i, right)
	}
}

// newDir makes a directory of one bit.
func (t *trie) newDir(left, right nodes.Handle, due int64) nodes.Handle {
	h, dir := t.store.Alloc(nodes.TableDir, dirHeader+8)
	dir[1] = 1
	setDirDue(dir, due)
	setSlot(dir, 0, left)
	setSlot(dir, 1, right)
	return h
}

// double gives the place's directory one bit more: each slot becomes two.
func (t *trie) double(p *place) {
	n := slots(p.dir)
	dir := t.store.Resize(p.parent, dirHeader+8*n, dirHeader+4*n)
	for i := n - 1; i >= 0; i-- {
		h := slotAt(dir, i)
		setSlot(dir, 2*i, h)
		setSlot(dir, 2*i+1, h)
	}
	dir[1]++
	p.dir = dir
	p.slot *= 2
}

// buddy is the bucket that the place's one was or would have been split from, if
// there is one that has not been split further.
func (t *trie) buddy(p *place) (nodes.Handle, []byte) {
	if p.parent == 0 {
		return 0, nil
	}
	local := p.local()
	h := slotAt(p.dir, p.slot^slots(p.dir)>>local)
	b := t.store.Bytes(h)
	if kindOf(b) == nodes.TableDir || int(b[1]&depthMask) != local {
		return 0, nil
	}
	return h, b
}

// join ends a merge of the place's bucket with its buddy, whose elements it has
// got: the buddy is freed, the bucket takes its slots, and a directory that no
// longer needs its last bit loses it. hash is one that led to the place. It tells
// whether the directory is gone in the end, and the place is another.
func (t *trie) join(p *place, hash uint64, buddy nodes.Handle) (collapsed bool) {
	t.store.Free(buddy)
	local := p.local()
	span := slots(p.dir) >> (local - 1)
	from := p.slot &^ (span - 1)
	for i := from; i < from+span; i++ {
		setSlot(p.dir, i, p.handle)
	}
	setLocal(p.bucket, local-1)
	for p.dir[1] > 0 && halvable(p.dir) {
		n := slots(p.dir) / 2
		for i := range n {
			setSlot(p.dir, i, slotAt(p.dir, 2*i))
		}
		p.dir[1]--
		p.dir = t.store.Resize(p.parent, dirHeader+4*n, dirHeader+4*n)
		p.slot /= 2
	}
	if p.dir[1] > 0 {
		return false
	}
	t.replaceDir(p, hash)
	return true
}

// halvable tells whether the last bit of a directory makes no difference.
func halvable(dir []byte) bool {
	for i := 0; i < slots(dir); i += 2 {
		if slotAt(dir, i) != slotAt(dir, i+1) {
			return false
		}
	}
	return true
}

// replaceDir puts the place's bucket, the only one left of its directory, where
// the directory was.
func (t *trie) replaceDir(p *place, hash uint64) {
	gone := p.parent
	defer t.store.Free(gone)
	h, used := rootNode(t.root), 0
	if h == gone {
		setRootNode(t.root, p.handle)
		p.parent, p.dir, p.slot, p.base = 0, nil, 0, 0
		return
	}
	for {
		p.parent, p.dir, p.base = h, t.store.Bytes(h), used
		bits := int(p.dir[1])
		p.slot = int(hash << used >> (64 - bits))
		used += bits
		if h = slotAt(p.dir, p.slot); h == gone {
			break
		}
	}
	setSlot(p.dir, p.slot, p.handle)
	setLocal(p.bucket, dirBits)
}

// dirDue is the earliest time at which anything below a directory expires, or an
// earlier one; 0 if nothing does.
func dirDue(dir []byte) int64 { return int64(binary.LittleEndian.Uint64(dir[nodes.HeaderSize:])) }

func setDirDue(dir []byte, due int64) {
	binary.LittleEndian.PutUint64(dir[nodes.HeaderSize:], uint64(due))
}

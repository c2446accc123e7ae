package cache

import (
	"errors"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/invariants"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// coll is a key opened for an operation on a collection. A writer opens it, which
// makes room within the memory bound and then finds the key; from then on nothing
// moves by itself and nothing fails until the operation ends with done, remove or
// discard: what it allocates may go beyond the bound, and the next write pays back.
type coll struct {
	s     *shard
	db    int
	now   int64
	key   []byte
	hash  uint64
	e     entry // ref 0: there is no such key
	fresh bool  // made by this operation
}

// slack is what an operation may need beyond its arguments: a node or two that are
// split, a directory, a page to put them in.
const slack = 16 << 10

// reserve makes room for about n more bytes within the bound. As a write of a
// string, it borrows rather than to make others wait for long.
func (s *shard) reserve(n int) error {
	n += slack
	if s.c.allow(int64(n)) && s.heap.Headroom(n) {
		return nil
	}
	return s.makeRoomFor(n)
}

func (s *shard) makeRoomFor(n int) error {
	if !s.c.fits(n) || !s.heap.Headroom(n) {
		return ErrOutOfMemory
	}
	s.policy.Tick(s.now)
	for steps := 0; ; steps++ {
		if s.c.allow(int64(n)) {
			return nil
		}
		if steps >= roomSteps && s.mayBorrow(min(n, maxExcess)) {
			return nil
		}
		if s.makeRoom() {
			continue
		}
		if did, busy := s.makeRoomElsewhere(false); !did {
			if busy && s.policy.Kind() != evict.NoEviction && n <= maxExcess {
				return nil // whoever holds the others makes room next
			}
			return ErrOutOfMemory
		}
	}
}

// openRead opens a key for reading, counts a hit or a miss and the use of it. As the
// others, it fills in c, whatever that was: a result of its size would be copied
// twice. Errors: ErrNotFound, ErrWrongType.
func (tx *Tx) openRead(c *coll, key []byte, t Type) error {
	s := tx.start(c, key)
	if !s.find(&c.e, c.db, key, c.hash) {
		s.counts.misses++
		return ErrNotFound
	}
	s.counts.hits++
	if !tx.noTouch {
		s.used(&c.e, c.hash)
	}
	return c.expect(t)
}

// openPeek is openRead that leaves no trace.
func (tx *Tx) openPeek(c *coll, key []byte, t Type) error {
	s := tx.start(c, key)
	if !s.find(&c.e, c.db, key, c.hash) {
		return ErrNotFound
	}
	return c.expect(t)
}

// openWrite opens a key for writing about room bytes more; 0 if the operation only
// takes away. Where there is no such key c.there() is false. What was borrowed from
// the transaction before is no longer valid. Errors: ErrWrongType, ErrOutOfMemory;
// ErrTooLarge for a key.
func (tx *Tx) openWrite(c *coll, key []byte, t Type, room int) error {
	s := tx.start(c, key)
	if room > 0 {
		if len(key) > MaxValue {
			return ErrTooLarge
		}
		if err := s.reserve(room + len(key)); err != nil {
			return err
		}
	}
	if s.find(&c.e, c.db, key, c.hash) {
		if err := c.expect(t); err != nil {
			return err
		}
	}
	if invariants.Enabled {
		s.freeDead(1)
		s.freeLaden(1)
	}
	return nil
}

// start begins to open a key: all but finding it.
func (tx *Tx) start(c *coll, key []byte) *shard {
	s, h := tx.route(key)
	c.s, c.db, c.now, c.key, c.hash, c.fresh = s, tx.db, tx.now, key, h, false
	return s
}

// expect is an error for another type than t, and makes c not there then.
func (c *coll) expect(t Type) error {
	if typeOf(c.e.item.Kind()) != t {
		c.e = entry{}
		return ErrWrongType
	}
	return nil
}

// there tells whether the key is there.
func (c *coll) there() bool { return c.e.ref != 0 }

// kind is how the collection is kept.
func (c *coll) kind() item.Kind { return c.e.item.Kind() }

// value is the packed value or the root. It may be changed in place.
func (c *coll) value() []byte { return c.e.item.Value() }

// nodes is where the large collections of the shard are.
func (c *coll) nodes() *nodes.Store { return c.s.nodes }

// create makes the key, without an expiry and with a value of n bytes to be filled
// in. The first 8 bytes of a root are done's and are not to be.
func (c *coll) create(kind item.Kind, n int) []byte {
	s := c.s
	size := blockSize(len(c.key), n, 0)
	ref := s.block(size)
	it := item.WriteHeader(s.heap.At(ref), kind, 0, len(c.key), n, 0)
	copy(it.Key(), c.key)
	if err := s.table(c.db).Insert(c.hash, uint32(ref)); err != nil {
		s.heap.Free(ref)
		panic(errors.Join(errors.New("cache: no memory for an index entry"), err))
	}
	item.SetState(s.heap.At(ref), uint32(s.policy.Insert(c.hash, size)))
	c.fresh = true
	c.adopt(ref)
	if isLarge(kind) {
		setNodeBytes(c.value(), 0)
	}
	return c.value()
}

// block gets a block for an item whatever the bound.
func (s *shard) block(size int) slab.Ref {
	ref, err := s.heap.AllocAlways(size)
	if err != nil {
		panic(errors.Join(errors.New("cache: no memory for an item"), err))
	}
	return ref
}

// adopt goes on with the item at ref.
func (c *coll) adopt(ref slab.Ref) {
	c.e.probe, _ = c.s.tables[c.db].FindRef(c.hash, uint32(ref))
	c.e.ref = ref
	c.e.item = item.Decode(c.s.heap.At(ref))
}

// setValue changes the kind of the collection and gives it a value of n undefined
// bytes, but for the first 8 of a root. The old value is lost, and its slice invalid.
func (c *coll) setValue(kind item.Kind, n int) []byte {
	was := nodeBytes(&c.e.item)
	c.reblock(kind, n, c.blockSize(n), func(dst, src []byte) {})
	if isLarge(kind) {
		setNodeBytes(c.value(), was)
	}
	return c.value()
}

// blockSize is the size of the block for the item with a value of n bytes.
func (c *coll) blockSize(n int) int { return blockSize(len(c.key), n, c.e.item.ExpireAt()) }

// reblock rewrites the item with a value of n bytes, in its block where that is as
// large as one of size bytes and the header stays as long, else in another. fill copies
// what is to be kept from the old value to the new; in place they overlap.
func (c *coll) reblock(kind item.Kind, n, size int, fill func(dst, src []byte)) {
	s, it := c.s, &c.e.item
	at, src := it.ExpireAt(), it.Value()
	p := s.heap.At(c.e.ref)
	state := item.State(p)
	if s.heap.Fits(c.e.ref, size) && it.Size()-it.ValueLen() == item.SizeOf(len(c.key), n, at)-n {
		it.Lay(p, kind, state, len(c.key), n, at)
		fill(it.Value(), src)
		return
	}
	was, ref := c.e.ref, s.block(size)
	it.Lay(s.heap.At(ref), kind, state, len(c.key), n, at)
	copy(it.Key(), c.key)
	fill(it.Value(), src)
	c.e.probe.Replace(uint32(ref))
	c.e.ref = ref
	s.heap.Free(was)
}

// splice takes del bytes out of the value at off and opens a gap of ins undefined
// bytes there. The result is the whole new value; the old one is invalid.
func (c *coll) splice(off, del, ins int) []byte {
	n := c.e.item.ValueLen()
	c.reblock(c.kind(), n-del+ins, c.blockSize(n-del+ins), func(dst, src []byte) {
		if &dst[:1][0] != &src[:1][0] {
			copy(dst[:off], src[:off])
		}
		copy(dst[off+ins:], src[off+del:n])
	})
	return c.value()
}

// remove deletes the key, whose nodes are freed already.
func (c *coll) remove() {
	c.s.nodes.TakeDelta()
	c.s.removeItem(c.db, c.e, Deleted)
	c.e = entry{}
}

// discard deletes the key; its nodes are freed bit by bit.
func (c *coll) discard() {
	c.s.nodes.TakeDelta()
	c.s.remove(c.db, c.e, Deleted)
	c.e = entry{}
}

// done ends a change: the collection's size is accounted for, and who waits for the
// key is told.
func (c *coll) done() {
	c.settle()
	if typ := typeOf(c.kind()); typ != Hash && typ != Set {
		c.s.signal(c.db, c.key)
	}
	what := Written
	if c.fresh {
		what = Created
	}
	c.s.changed(c.db, c.key, what)
}

// settle accounts for the collection's size: all there is to the end of a change that
// nobody waits for or watches.
func (c *coll) settle() {
	s, p := c.s, c.s.heap.At(c.e.ref)
	if delta := s.nodes.TakeDelta(); isLarge(c.kind()) {
		setNodeBytes(c.value(), nodeBytes(&c.e.item)+delta)
	}
	if !c.fresh {
		item.SetState(p, uint32(s.policy.Update(evict.State(item.State(p)), c.hash, sizeOf(&c.e.item))))
	}
	if at := s.Expiry(c.e.ref); at != 0 {
		s.heap.NoteExpiry(c.e.ref, at)
	}
	s.verify()
}

// shed lets go of what hangs from an item that is about to be removed or
// overwritten: it is freed bit by bit.
func (s *shard) shed(it item.Item) {
	if !isLarge(it.Kind()) {
		return
	}
	families[it.Kind()].roots(it.Kind(), it.Value(), func(h nodes.Handle) nodes.Handle {
		s.dead = append(s.dead, h)
		return h
	})
}

// freeDead frees up to max nodes of collections that are gone and reports whether
// there were any. A node's children join the list as it goes, so the list is as long
// as a structure is high times the children of a node.
func (s *shard) freeDead(max int) bool {
	if len(s.dead) == 0 {
		return false
	}
	push := func(h nodes.Handle) nodes.Handle {
		s.dead = append(s.dead, h)
		return h
	}
	for ; max > 0 && len(s.dead) > 0; max-- {
		last := len(s.dead) - 1
		h := s.dead[last]
		s.dead = s.dead[:last]
		children(s.nodes.Kind(h), s.nodes.Bytes(h), push)
		s.nodes.Free(h)
	}
	s.nodes.TakeDelta()
	if len(s.dead) == 0 {
		s.dead = nil
	}
	return true
}

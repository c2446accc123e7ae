package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// Rename moves a value and its expiry to another key, replacing what is there.
// Errors: ErrNotFound; ErrOutOfMemory if the value is large, takes a block of its
// own, and has no room beside itself. A large collection whose new key belongs to
// another shard is moved there node by node.
func (tx *Tx) Rename(src, dst []byte) error {
	if _, _, ok := tx.find(src); !ok {
		return ErrNotFound
	}
	if string(src) == string(dst) {
		return nil
	}
	from, _ := tx.route(src)
	to, _ := tx.route(dst)
	from.midway, to.midway = true, true
	err := tx.transfer(src, tx.db, dst, true)
	from.midway, to.midway = false, false
	if err != nil {
		return err
	}
	if s, e, ok := tx.find(src); ok {
		s.removeItem(tx.db, e, Deleted) // what hung from it hangs from dst now
	}
	return nil
}

// Copy copies a value and its expiry to another key or database, whose shard must
// be locked. It tells whether it did: not if src is missing, or dst is there and
// is not to be replaced.
func (tx *Tx) Copy(src []byte, dstDB int, dst []byte, replace bool) (bool, error) {
	if _, _, ok := tx.find(src); !ok {
		return false, nil
	}
	to, h := tx.route(dst)
	if to.find(new(entry), dstDB, dst, h) && !replace {
		return false, nil
	}
	err := tx.transfer(src, dstDB, dst, false)
	return err == nil, err
}

// Move moves a key to another database; false if it is not here, or there already,
// or the system has no memory for a larger table. A key's shard does not depend on
// its database, so its item stays where it is.
func (tx *Tx) Move(key []byte, dstDB int) bool {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if !ok || dstDB == tx.db {
		return false
	}
	if s.find(new(entry), dstDB, key, h) || s.table(dstDB).Insert(h, uint32(e.ref)) != nil {
		return false
	}
	s.signal(tx.db, key)
	e.probe.Delete()
	if e.item.Expires() {
		s.expires[tx.db]--
		s.expires[dstDB]++
	}
	s.changed(tx.db, key, Deleted)
	s.changed(dstDB, key, Created)
	s.signal(dstDB, key)
	s.verify()
	return true
}

// transfer writes the value of src, which is there, under dst. src is pinned in
// its shard meanwhile, so that making room does not take it. A rename keeps the
// access time, must not fail for want of a little memory, and takes the nodes of a
// large collection along.
func (tx *Tx) transfer(src []byte, dstDB int, dst []byte, rename bool) error {
	to, h := tx.route(dst)
	to.find(new(entry), dstDB, dst, h) // removes it if it has expired, which is not to happen below
	from, e, _ := tx.find(src)
	at, valueLen, kind := e.item.ExpireAt(), e.item.ValueLen(), e.item.Kind()
	size := blockSize(len(dst), valueLen, at)
	state := evict.State(item.State(from.heap.At(e.ref)))
	if size > slab.MaxSlot && !to.c.fits(size+from.heap.Capacity(e.ref)) {
		return ErrOutOfMemory
	}

	from.pin, to.must = e.ref, rename
	ref, err := to.allocCopy(size, e.item, rename)
	srcRef := from.pin
	from.pin, to.must = 0, false
	if err != nil {
		return err
	}
	source := item.Decode(from.heap.At(srcRef))
	state = to.policy.Adopt(state, from.policy)
	item.Write(to.heap.At(ref), kind, uint32(state), dst, source.Value(), at)
	var old entry
	found := to.find(&old, dstDB, dst, h)
	fresh := to.policy.Update(state, h, size)
	if found {
		old.probe.Replace(uint32(ref))
		to.shed(old.item)
	} else {
		if err := to.table(dstDB).Insert(h, uint32(ref)); err != nil {
			to.heap.Free(ref)
			return ErrOutOfMemory
		}
		fresh = to.policy.Insert(h, size)
	}
	if !rename {
		item.SetState(to.heap.At(ref), uint32(fresh)) // a copy has just been used, as in Redis
	}
	if !rename || from != to {
		transplant(from, to, item.Decode(to.heap.At(ref)), rename)
	}
	to.note(ref, to.Expiry(ref))
	to.noteLaden(h, item.Decode(to.heap.At(ref)))
	to.release(dstDB, dst, old, at)
	to.signal(dstDB, dst)
	return nil
}

// allocCopy gets the block for a copy of an item, and for a copy that is not to
// replace it makes room for its nodes first.
func (s *shard) allocCopy(size int, source item.Item, rename bool) (slab.Ref, error) {
	if n := nodeBytes(&source); n > 0 && !rename {
		if err := s.reserve(int(n)); err != nil {
			return 0, err
		}
	}
	return s.alloc(size)
}

// transplant gives an item, whose value was copied from another shard or from
// another key of the same one, nodes of its own. Where the source is not to keep
// its nodes they go as they are copied, so that there is never much twice.
func transplant(from, to *shard, it item.Item, move bool) {
	if !isLarge(it.Kind()) {
		return
	}
	var graft func(nodes.Handle) nodes.Handle
	graft = func(h nodes.Handle) nodes.Handle {
		source := from.nodes.Bytes(h)
		kind := from.nodes.Kind(h)
		copied, b := to.nodes.Alloc(kind, len(source))
		b[1] = source[1]
		copy(b[nodes.HeaderSize:], source[nodes.HeaderSize:])
		if move {
			from.nodes.Free(h)
		}
		// As deep as the structure is high: a node's own bytes do not move meanwhile.
		children(kind, b, graft)
		return copied
	}
	families[it.Kind()].roots(it.Kind(), it.Value(), graft)
	if relink := families[it.Kind()].relink; relink != nil {
		relink(to.nodes, &to.c.hash, it.Value())
	}
	setNodeBytes(it.Value(), to.nodes.TakeDelta())
	from.nodes.TakeDelta()
}

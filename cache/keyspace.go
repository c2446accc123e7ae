package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// Exists tells whether a key is there, and counts as an access to it.
func (tx *Tx) Exists(key []byte) bool {
	s, h := tx.route(key)
	e, ok := s.find(tx.db, key, h)
	if !ok {
		s.counts.misses++
		return false
	}
	s.counts.hits++
	if !tx.noTouch {
		s.used(e, h)
	}
	return true
}

// Type is the type of a key's value; None if there is no such key.
func (tx *Tx) Type(key []byte) Type {
	_, e, ok := tx.find(key)
	if !ok {
		return None
	}
	return typeOf(e.item.Kind())
}

func typeOf(item.Kind) Type { return String }

// Object tells what OBJECT and MEMORY USAGE print; it touches nothing.
func (tx *Tx) Object(key []byte) (ObjectInfo, bool) {
	s, e, ok := tx.find(key)
	if !ok {
		return ObjectInfo{}, false
	}
	state := evict.State(item.State(s.heap.At(e.ref)))
	return ObjectInfo{
		Type: typeOf(e.item.Kind()), Encoding: encodingOf(e.item),
		IdleMs: s.policy.Idle(state, tx.now), Frequency: s.policy.Frequency(state),
		ExpireAt: e.item.ExpireAt(), Length: e.item.ValueLen(),
		Bytes: s.heap.Capacity(e.ref) + indexEntryBytes,
	}, true
}

// indexEntryBytes is what an entry of the index takes, about, at its usual fill.
const indexEntryBytes = 6

// Delete removes a key and tells whether it was there.
func (tx *Tx) Delete(key []byte) bool {
	s, e, ok := tx.find(key)
	if ok {
		s.remove(tx.db, e)
	}
	return ok
}

// ExpireAt is a key's expiry time in unix ms, NoExpiry if it has none; false if
// there is no such key.
func (tx *Tx) ExpireAt(key []byte) (at int64, ok bool) {
	_, e, ok := tx.find(key)
	if !ok {
		return 0, false
	}
	return e.item.ExpireAt(), true
}

// SetExpireAt gives a key an expiry time, unix ms; one that has come deletes it.
// It tells whether the key was there. NoExpiry is Persist.
func (tx *Tx) SetExpireAt(key []byte, at int64) bool {
	s, h := tx.route(key)
	e, ok := s.find(tx.db, key, h)
	switch {
	case !ok:
		return false
	case at == NoExpiry:
		tx.Persist(key)
	case at <= tx.now:
		s.remove(tx.db, e)
	case e.item.CanSetExpireAt(at):
		e.item.SetExpireAt(at)
		s.heap.NoteExpiry(e.ref, at)
	default:
		// Fails only if the system has no memory for the five bytes more: rather than
		// to live for ever, the key goes now.
		if e, err := s.reshape(tx.db, key, h, e, at); err != nil {
			s.remove(tx.db, e)
		}
	}
	return true
}

// Persist takes a key's expiry away; false if it had none or is not there.
func (tx *Tx) Persist(key []byte) bool {
	s, h := tx.route(key)
	e, ok := s.find(tx.db, key, h)
	if !ok || !e.item.Expires() {
		return false
	}
	_, err := s.reshape(tx.db, key, h, e, 0) // smaller than before, so it fits
	return err == nil
}

// reshape rewrites an item with another expiry time, and so another size. It may
// go beyond the memory bound for it. The entry returned is the item's after an error.
func (s *shard) reshape(db int, key []byte, hash uint64, e entry, at int64) (entry, error) {
	value := e.item.Value()
	kind := e.item.Kind()
	if item.SizeOf(len(key), len(value), at) <= s.heap.Capacity(e.ref) {
		p := s.heap.At(e.ref)
		s.countExpiry(db, e.item.Expires(), at != 0)
		copy(item.ValueAt(p, len(key), len(value), at), value)
		copy(item.WriteHeader(p, kind, item.State(p), len(key), len(value), at).Key(), key)
		s.note(e.ref, at)
		s.verify()
		return e, nil
	}
	s.must = true
	it, old, err := s.replace(db, key, hash, e, kind, blockSize(len(key), len(value), at), len(value), at)
	s.must = false
	if err != nil {
		return old, err
	}
	copy(it.Value(), old.item.Value())
	s.release(db, old, at)
	return entry{}, nil
}

// Rename moves a value and its expiry to another key, replacing what is there.
// Errors: ErrNotFound; ErrOutOfMemory if the value is large, takes a block of its
// own, and has no room beside itself.
func (tx *Tx) Rename(src, dst []byte) error {
	if _, _, ok := tx.find(src); !ok {
		return ErrNotFound
	}
	if string(src) == string(dst) {
		return nil
	}
	if err := tx.transfer(src, tx.db, dst, true); err != nil {
		return err
	}
	tx.Delete(src)
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
	if _, there := to.find(dstDB, dst, h); there && !replace {
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
	e, ok := s.find(tx.db, key, h)
	if !ok || dstDB == tx.db {
		return false
	}
	if _, there := s.find(dstDB, key, h); there || s.table(dstDB).Insert(h, uint32(e.ref)) != nil {
		return false
	}
	e.probe.Delete()
	if e.item.Expires() {
		s.expires[tx.db]--
		s.expires[dstDB]++
	}
	s.verify()
	return true
}

// transfer writes the value of src, which is there, under dst. src is pinned in
// its shard meanwhile, so that making room does not take it. A rename keeps the
// access time, and must not fail for want of a little memory.
func (tx *Tx) transfer(src []byte, dstDB int, dst []byte, rename bool) error {
	to, h := tx.route(dst)
	to.find(dstDB, dst, h) // removes it if it has expired, which is not to happen below
	from, e, _ := tx.find(src)
	at, valueLen, kind := e.item.ExpireAt(), e.item.ValueLen(), e.item.Kind()
	size := blockSize(len(dst), valueLen, at)
	state := evict.State(item.State(from.heap.At(e.ref)))
	if size > slab.MaxSlot && !to.c.fits(size+from.heap.Capacity(e.ref)) {
		return ErrOutOfMemory
	}

	from.pin, to.must = e.ref, rename
	ref, err := to.alloc(size)
	srcRef := from.pin
	from.pin, to.must = 0, false
	if err != nil {
		return err
	}
	source := item.Decode(from.heap.At(srcRef))
	state = to.policy.Adopt(state, from.policy)
	item.Write(to.heap.At(ref), kind, uint32(state), dst, source.Value(), at)
	old, found := to.find(dstDB, dst, h)
	fresh := to.policy.Update(state, h, size)
	if found {
		old.probe.Replace(uint32(ref))
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
	to.note(ref, at)
	to.release(dstDB, old, at)
	return nil
}

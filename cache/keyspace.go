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
		// Without memory for the five bytes more the key is the first to make room.
		if s.reshape(tx.db, key, h, e, at) != nil {
			if e, ok = s.find(tx.db, key, h); ok {
				s.remove(tx.db, e)
			}
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
	return s.reshape(tx.db, key, h, e, 0) == nil
}

// reshape rewrites an item with another expiry time, and so another size.
func (s *shard) reshape(db int, key []byte, hash uint64, e entry, at int64) error {
	value := e.item.Value()
	size := item.SizeOf(len(key), len(value), at)
	kind := e.item.Kind()
	if size <= s.heap.Capacity(e.ref) {
		p := s.heap.At(e.ref)
		s.countExpiry(db, e.item.Expires(), at != 0)
		copy(item.ValueAt(p, len(key), len(value), at), value)
		copy(item.WriteHeader(p, kind, item.State(p), len(key), len(value), at).Key(), key)
		s.note(e.ref, at)
		return nil
	}
	it, old, err := s.replace(db, key, hash, e, kind, size, len(value), at)
	if err != nil {
		return err
	}
	copy(it.Value(), old.item.Value())
	s.release(db, old, at)
	return nil
}

// Rename moves a value and its expiry to another key, replacing what is there.
// Error: ErrNotFound.
func (tx *Tx) Rename(src, dst []byte) error {
	if _, _, ok := tx.find(src); !ok {
		return ErrNotFound
	}
	if string(src) == string(dst) {
		return nil
	}
	if err := tx.transfer(src, tx.db, dst); err != nil {
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
	err := tx.transfer(src, dstDB, dst)
	return err == nil, err
}

// Move moves a key to another database; false if it is not here, or there already.
func (tx *Tx) Move(key []byte, dstDB int) bool {
	moved, err := tx.Copy(key, dstDB, key, false)
	if !moved || err != nil {
		return false
	}
	tx.Delete(key)
	return true
}

// transfer writes the value of src, which is there, under dst. src is pinned in
// its shard meanwhile, so that making room does not take it.
func (tx *Tx) transfer(src []byte, dstDB int, dst []byte) error {
	from, e, _ := tx.find(src)
	to, h := tx.route(dst)
	at, valueLen, kind := e.item.ExpireAt(), e.item.ValueLen(), e.item.Kind()
	size := item.SizeOf(len(dst), valueLen, at)
	state := item.State(from.heap.At(e.ref))

	from.pin = e.ref
	ref, err := to.alloc(size)
	srcRef := from.pin
	from.pin = slab.Ref(0)
	if err != nil {
		return err
	}
	source := item.Decode(from.heap.At(srcRef))
	item.Write(to.heap.At(ref), kind, state, dst, source.Value(), at)
	old, found := to.find(dstDB, dst, h)
	if found {
		old.probe.Replace(uint32(ref))
	} else {
		if err := to.table(dstDB).Insert(h, uint32(ref)); err != nil {
			to.heap.Free(ref)
			return ErrOutOfMemory
		}
		to.policy.Insert(h, size) // counts it; its state is the source's
	}
	to.note(ref, at)
	to.release(dstDB, old, at)
	return nil
}

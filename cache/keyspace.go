package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// Exists tells whether a key is there, and counts as an access to it.
func (tx *Tx) Exists(key []byte) bool {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if !ok {
		s.counts.misses++
		return false
	}
	s.counts.hits++
	if !tx.noTouch {
		s.used(&e, h)
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
		ExpireAt: e.item.ExpireAt(), Length: lengthOf(&e.item),
		Bytes: s.heap.Capacity(e.ref) + int(nodeBytes(&e.item)) + indexEntryBytes,
	}, true
}

// indexEntryBytes is what an entry of the index takes, about, at its usual fill.
const indexEntryBytes = 6

// Delete removes a key and tells whether it was there.
func (tx *Tx) Delete(key []byte) bool {
	s, e, ok := tx.find(key)
	if ok {
		s.remove(tx.db, e, Deleted)
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
	var e entry
	ok := s.find(&e, tx.db, key, h)
	switch {
	case !ok:
		return false
	case at == NoExpiry:
		tx.Persist(key)
	case at <= tx.now:
		s.remove(tx.db, e, Deleted)
	case e.item.CanSetExpireAt(at):
		e.item.SetExpireAt(at)
		s.heap.NoteExpiry(e.ref, at)
		s.changed(tx.db, key, Written)
	default:
		// Fails only if the system has no memory for the five bytes more: rather than
		// to live for ever, the key goes now.
		if e, err := s.reshape(tx.db, key, h, e, at); err != nil {
			s.remove(tx.db, e, Deleted)
		}
	}
	return true
}

// Persist takes a key's expiry away; false if it had none or is not there.
func (tx *Tx) Persist(key []byte) bool {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
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
		it := item.WriteHeader(p, kind, item.State(p), len(key), len(value), at)
		copy(it.Key(), key)
		s.note(e.ref, s.Expiry(e.ref))
		s.changed(db, key, Written)
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
	var fresh entry
	if s.find(&fresh, db, key, hash) {
		s.note(fresh.ref, s.Expiry(fresh.ref)) // fields of it may expire
	}
	s.release(db, key, old, at)
	return entry{}, nil
}

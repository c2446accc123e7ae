package cache

// Change says what became of a key.
type Change uint8

// The changes.
const (
	Written Change = iota // its value or its expiry is another
	Deleted               // by a command
	Expired
	Evicted
	Flushed // with all keys of its database; the key is nil
	Swapped // all keys of its database are now another's; the key is nil
	Created // written, and it was not there before

	// Some of a hash's fields expired. That the hash is another now, or gone, is
	// reported as well; if it is gone Emptied comes last.
	FieldsExpired
	Emptied
)

// Listener is told of every change of every key. It is called while the key's shard
// is locked: it must be quick, must not use the cache, and may not keep the key.
type Listener interface {
	Changed(db int, key []byte, what Change)
}

// Listen has changes reported to l from now on; nil ends it. There is one listener.
func (c *Cache) Listen(l Listener) {
	if l == nil {
		c.listener.Store(nil)
		return
	}
	c.listener.Store(&l)
}

// changed reports a change.
func (s *shard) changed(db int, key []byte, what Change) {
	if l := s.c.listener.Load(); l != nil {
		(*l).Changed(db, key, what)
	}
}

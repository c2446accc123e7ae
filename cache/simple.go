package cache

import "time"

// The methods in this file are whole transactions on one key of database 0: what
// most programs need of an embedded cache. None of them allocates, but to grow
// dst.

// Get appends the value of a key to dst and returns it; ok is false, and dst as it
// was, if there is no such key. Pass a slice with room to read without
// allocating, or nil.
func (c *Cache) Get(dst, key []byte) (value []byte, ok bool) {
	hash := c.hash.sum(key)
	if value, ok, sure := c.glance(dst, key, hash); sure {
		return value, ok
	}
	return c.getLocked(dst, key, hash)
}

// Set stores a value for ttl, or until it is evicted if ttl is 0; with a ttl below
// 0 it deletes the key. Errors: ErrTooLarge; ErrOutOfMemory if the policy lets too
// little go, or the value is larger than the bound.
func (c *Cache) Set(key, value []byte, ttl time.Duration) error {
	var tx Tx
	c.BeginKey(&tx, 0, key)
	at := NoExpiry
	switch {
	case ttl > 0:
		at = tx.now + max(1, ttl.Milliseconds())
	case ttl < 0:
		at = tx.now
	}
	err := tx.Set(key, value, at)
	tx.End()
	return err
}

// Delete removes a key and tells whether it was there.
func (c *Cache) Delete(key []byte) bool {
	var tx Tx
	c.BeginKey(&tx, 0, key)
	there := tx.Delete(key)
	tx.End()
	return there
}

// Incr adds delta to an integer kept as a decimal string and returns the sum.
func (c *Cache) Incr(key []byte, delta int64) (int64, error) {
	var tx Tx
	c.BeginKey(&tx, 0, key)
	n, err := tx.IncrBy(key, delta)
	tx.End()
	return n, err
}

// Update runs f in a transaction on the keys given, of database 0: nobody else
// sees them in between. f must use no other keys. Its error is returned; what it
// has written stays written.
func (c *Cache) Update(keys [][]byte, f func(*Tx) error) error {
	var tx Tx
	c.Begin(&tx, 0, keys...)
	defer tx.End()
	return f(&tx)
}

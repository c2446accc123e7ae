// Package model is the cache as a plain Go map: the reference that tests compare
// the engine with. It is slow and obvious on purpose and knows no memory bound,
// so a test that compares everything gives the engine more than it needs. Only
// strings are modelled. It is not safe for use by several goroutines at a time.
package model

import (
	"math"
	"strconv"
)

// Entry is a key's value and expiry time, unix ms; 0 for none.
type Entry struct {
	Value    string
	ExpireAt int64
}

// Cache is a number of databases. Expired entries stay in the maps until somebody
// looks for them; what tests compare goes through Get or Keys, which sees to it.
type Cache struct {
	Now int64 // unix ms; tests move it
	DBs []map[string]Entry
}

// New makes an empty cache of n databases.
func New(n int) *Cache {
	c := &Cache{}
	for range n {
		c.DBs = append(c.DBs, map[string]Entry{})
	}
	return c
}

// Get finds a key that has not expired.
func (c *Cache) Get(db int, key string) (Entry, bool) {
	e, ok := c.DBs[db][key]
	if ok && e.ExpireAt != 0 && e.ExpireAt <= c.Now {
		delete(c.DBs[db], key)
		return Entry{}, false
	}
	return e, ok
}

// Set stores a value that expires at at, unix ms, and never for 0; keep leaves the
// expiry as it is. A time that has come deletes the key.
func (c *Cache) Set(db int, key, value string, at int64, keep bool) {
	if keep {
		old, _ := c.Get(db, key)
		at = old.ExpireAt
	}
	if at != 0 && at <= c.Now {
		delete(c.DBs[db], key)
		return
	}
	c.DBs[db][key] = Entry{Value: value, ExpireAt: at}
}

// Delete removes a key and tells whether there was one to see: one that had
// expired does not count.
func (c *Cache) Delete(db int, key string) bool {
	_, ok := c.Get(db, key)
	delete(c.DBs[db], key)
	return ok
}

// Expire sets a key's expiry, unix ms; 0 takes it away. It tells whether the key
// was there, also where the time had come and it is no more.
func (c *Cache) Expire(db int, key string, at int64) bool {
	e, ok := c.Get(db, key)
	if ok {
		c.Set(db, key, e.Value, at, false)
	}
	return ok
}

// Append adds to a value and returns its length.
func (c *Cache) Append(db int, key, tail string) int {
	e, _ := c.Get(db, key)
	c.DBs[db][key] = Entry{Value: e.Value + tail, ExpireAt: e.ExpireAt}
	return len(e.Value) + len(tail)
}

// SetRange writes into a value, with zero bytes up to offset where it is shorter,
// and returns its length. An empty part creates no key.
func (c *Cache) SetRange(db int, key string, offset int, part string) int {
	e, _ := c.Get(db, key)
	if part == "" {
		return len(e.Value)
	}
	b := []byte(e.Value)
	for len(b) < offset+len(part) {
		b = append(b, 0)
	}
	copy(b[offset:], part)
	c.DBs[db][key] = Entry{Value: string(b), ExpireAt: e.ExpireAt}
	return len(b)
}

// IncrBy adds to a number; false if the value is none or the sum overflows. Only
// the canonical text of an integer is a number: "007" and "+1" are not.
func (c *Cache) IncrBy(db int, key string, delta int64) (int64, bool) {
	e, ok := c.Get(db, key)
	n := int64(0)
	if ok {
		var err error
		n, err = strconv.ParseInt(e.Value, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != e.Value {
			return 0, false
		}
	}
	if (delta > 0 && n > math.MaxInt64-delta) || (delta < 0 && n < math.MinInt64-delta) {
		return 0, false
	}
	c.DBs[db][key] = Entry{Value: strconv.FormatInt(n+delta, 10), ExpireAt: e.ExpireAt}
	return n + delta, true
}

// Copy copies a key; false if src is missing or dst is there and not to be replaced.
func (c *Cache) Copy(db int, src string, dstDB int, dst string, replace bool) bool {
	e, ok := c.Get(db, src)
	if !ok {
		return false
	}
	if _, there := c.Get(dstDB, dst); there && !replace {
		return false
	}
	c.DBs[dstDB][dst] = e
	return true
}

// Rename moves a key over another, value and expiry; false if there is no src.
func (c *Cache) Rename(db int, src, dst string) bool {
	e, ok := c.Get(db, src)
	if ok {
		delete(c.DBs[db], src)
		c.DBs[db][dst] = e
	}
	return ok
}

// Move moves a key to another database where it is not yet.
func (c *Cache) Move(db int, key string, dstDB int) bool {
	if db == dstDB || !c.Copy(db, key, dstDB, key, false) {
		return false
	}
	delete(c.DBs[db], key)
	return true
}

// Flush empties a database, or all where db is negative.
func (c *Cache) Flush(db int) {
	for i := range c.DBs {
		if db < 0 || db == i {
			c.DBs[i] = map[string]Entry{}
		}
	}
}

// Swap exchanges two databases.
func (c *Cache) Swap(a, b int) { c.DBs[a], c.DBs[b] = c.DBs[b], c.DBs[a] }

// Keys lists the keys of a database that have not expired.
func (c *Cache) Keys(db int) map[string]bool {
	keys := map[string]bool{}
	for key := range c.DBs[db] {
		if _, ok := c.Get(db, key); ok {
			keys[key] = true
		}
	}
	return keys
}

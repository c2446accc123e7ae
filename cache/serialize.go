package cache

import (
	"errors"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/rdb"
)

// Values as bytes, in Redis's own serialisation (package rdb): so that they can be
// moved to a Redis and back.

// Errors of Restore.
var (
	ErrDumpVersion = errors.New("cache: the version or the checksum of the serialised value is wrong")
	ErrDumpFormat  = errors.New("cache: bad data format of the serialised value")
)

// DumpForm says which form Dump writes where there is a choice.
type DumpForm uint8

const (
	// DumpPortable is the oldest form that holds the value, for as many versions of
	// Redis as possible. Of a stream it loses when consumers were last active, which
	// only Redis 7.2 and later could read.
	DumpPortable DumpForm = iota
	// DumpExact loses nothing.
	DumpExact
)

// Dump appends a key's value, serialised, to dst. It counts as an access. Error:
// ErrNotFound.
func (tx *Tx) Dump(dst, key []byte, form DumpForm) ([]byte, error) {
	c, err := tx.openAny(key)
	if err != nil {
		return dst, err
	}
	w := rdb.Writer{B: dst}
	switch typeOf(c.kind()) {
	case String:
		w.Begin(rdb.TypeString)
		w.String(c.value())
	case List:
		c.dumpList(&w)
	case Set:
		c.dumpSet(&w)
	case ZSet:
		c.dumpZSet(&w)
	case Hash:
		if c.hashLive() == 0 {
			return dst, ErrNotFound // all its fields have expired
		}
		c.dumpHash(&w)
	case Stream:
		c.dumpStream(&w, form)
	}
	w.End()
	return w.B, nil
}

// openAny opens a key of any type for reading, which counts as an access.
func (tx *Tx) openAny(key []byte) (coll, error) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if !ok {
		s.counts.misses++
		return coll{}, ErrNotFound
	}
	s.counts.hits++
	if !tx.noTouch {
		s.used(&e, h)
	}
	return coll{s: s, db: tx.db, now: tx.now, key: key, hash: h, e: e}, nil
}

func (c *coll) dumpList(w *rdb.Writer) {
	n := c.listLen()
	w.Begin(rdb.TypeList)
	w.Number(uint64(n))
	at := c.listAt(0)
	for ; n > 0; n-- {
		e, _ := at.Next()
		w.String(e)
	}
}

func (c *coll) dumpSet(w *rdb.Writer) {
	w.Begin(rdb.TypeSet)
	w.Number(uint64(c.setCount()))
	c.setEach(func(member []byte) bool {
		w.String(member)
		return true
	})
}

// dumpZSet writes the greatest first, as Redis does: whoever reads it adds each before
// all others, which it can do without a search.
func (c *coll) dumpZSet(w *rdb.Writer) {
	z := zset{coll: *c}
	z.load()
	n := z.len()
	w.Begin(rdb.TypeZSet2)
	w.Number(uint64(n))
	z.backward(n-1, n, func(member []byte, score float64) bool {
		w.String(member)
		w.Score(score)
		return true
	})
}

// dumpHash writes fields that expire with their distance to the one that does so
// first.
func (c *coll) dumpHash(w *rdb.Writer) {
	least := int64(math.MaxInt64)
	if hashNextDue(c.kind(), c.value()) != 0 {
		c.hashFields(func(_, _ []byte, due int64) bool {
			if due != 0 {
				least = min(least, due)
			}
			return true
		})
	}
	expiring := least != math.MaxInt64
	if expiring {
		w.Begin(rdb.TypeHashExpiring)
		w.Millis(least)
	} else {
		w.Begin(rdb.TypeHash)
	}
	w.Number(uint64(c.hashLive()))
	c.hashFields(func(field, value []byte, due int64) bool {
		if expiring {
			distance := int64(0)
			if due != 0 {
				distance = due - least + 1
			}
			w.Number(uint64(distance))
		}
		w.String(field)
		w.String(value)
		return true
	})
}

// Restore makes a key of what Dump, or a Redis, has serialised, in place of what it
// was. at is its expiry, NoExpiry or unix ms; with one that has come there is no key
// then. Errors: ErrDumpVersion, ErrDumpFormat, ErrOutOfMemory, ErrTooLarge; after one
// of them nothing has changed.
func (tx *Tx) Restore(key, payload []byte, at int64) error {
	o, err := rdb.Parse(payload)
	if err == rdb.ErrPayload {
		return ErrDumpVersion
	}
	if err != nil {
		return ErrDumpFormat
	}
	sum, err := o.Check()
	if err != nil {
		return ErrDumpFormat
	}
	if at != NoExpiry && at <= tx.now {
		tx.Delete(key)
		return nil
	}
	if len(key) > MaxValue || sum.Longest > MaxValue || o.Kind == rdb.List && sum.Count > deque.MaxLen {
		return ErrTooLarge
	}
	// All the room is made at once, so that from here on nothing fails.
	s, _ := tx.route(key)
	if err := s.reserve(len(key) + restoreRoom(&o, &sum)); err != nil {
		return err
	}
	tx.Delete(key)
	if o.Kind == rdb.String {
		text, _ := o.Text()
		return tx.Set(key, text, at)
	}
	var c coll
	err = tx.openWrite(&c, key, typeOfKind[o.Kind], 0)
	if err != nil {
		return err
	}
	tx.restore(&c, &o, &sum)
	if at != NoExpiry && c.there() {
		tx.SetExpireAt(key, at)
	}
	return nil
}

package cache

// Expiries of single fields. They are unix milliseconds; NoExpiry is none.

// MaxFieldExpiry is the latest time at which a field can expire.
const MaxFieldExpiry = 1<<48 - 2

// FieldCondition says when HExpireAt changes a field's expiry.
type FieldCondition uint8

// The conditions. A field without an expiry counts as living longer than any time.
const (
	Always   FieldCondition = iota
	IfNone                  // NX: it has none
	IfAny                   // XX: it has one
	IfLater                 // GT: the new one is later
	IfSooner                // LT: the new one is sooner
)

// allows tells whether a field that expires at was may do so at at instead.
func (cond FieldCondition) allows(was, at int64) bool {
	switch cond {
	case IfNone:
		return was == NoExpiry
	case IfAny:
		return was != NoExpiry
	case IfLater:
		return was != NoExpiry && at > was
	case IfSooner:
		return was == NoExpiry || at < was
	}
	return true
}

// FieldChange says what became of a field's expiry.
type FieldChange uint8

// What may become of it.
const (
	FieldMissing FieldChange = iota
	FieldUnchanged
	FieldChanged
	FieldDeleted // the time had come already
)

// HExpireAt gives fields an expiry under a condition and tells f of each in turn what
// became of it. Errors: ErrWrongType, ErrOutOfMemory.
func (tx *Tx) HExpireAt(key []byte, at int64, cond FieldCondition, fields [][]byte, f func(FieldChange)) error {
	var c coll
	err := tx.openWrite(&c, key, Hash, tx.dueRoom(key, len(fields)))
	if err != nil {
		return err
	}
	changed := false
	for _, field := range fields {
		what := c.expireField(field, at, cond)
		changed = changed || what >= FieldChanged
		f(what)
	}
	if changed {
		c.hashEnd()
	}
	return nil
}

// dueRoom is what expiries for so many fields take at most: a small hash gets another
// form.
func (tx *Tx) dueRoom(key []byte, fields int) int {
	_, e, ok := tx.find(key)
	if !ok {
		return 0 // there is nothing to write
	}
	return e.item.ValueLen() + fields*(dueBytes+2)
}

// expireField is HExpireAt for one field of an opened hash, which may be left without
// any.
func (c *coll) expireField(field []byte, at int64, cond FieldCondition) FieldChange {
	if !c.there() || hashLen(c.kind(), c.value()) == 0 {
		return FieldMissing
	}
	_, was, ok := c.hashFind(field)
	switch {
	case !ok:
		return FieldMissing
	case !cond.allows(was, at):
		return FieldUnchanged
	case at <= c.now:
		c.hashDelete(field)
		return FieldDeleted
	}
	c.hashSetDue(field, min(at, MaxFieldExpiry))
	return FieldChanged
}

// HPersist takes the expiries of fields away and tells f of each in turn what became
// of it: FieldUnchanged if it had none. Error: ErrWrongType.
func (tx *Tx) HPersist(key []byte, fields [][]byte, f func(FieldChange)) error {
	var c coll
	err := tx.openWrite(&c, key, Hash, 0)
	if err != nil {
		return err
	}
	changed := false
	for _, field := range fields {
		what := FieldMissing
		if c.there() {
			what = c.persistField(field)
		}
		changed = changed || what == FieldChanged
		f(what)
	}
	if changed {
		c.done()
	}
	return nil
}

func (c *coll) persistField(field []byte) FieldChange {
	_, was, ok := c.hashFind(field)
	switch {
	case !ok:
		return FieldMissing
	case was == NoExpiry:
		return FieldUnchanged
	}
	c.hashSetDue(field, NoExpiry)
	return FieldChanged
}

// HGetDel hands each field's value to f in turn, false if it is not there, and takes
// the field out. Error: ErrWrongType.
func (tx *Tx) HGetDel(key []byte, fields [][]byte, f func(value []byte, ok bool)) error {
	return tx.getAnd(key, 0, fields, f, (*coll).hashDelete)
}

// getAnd hands each field's value to f, then does something to the field that tells
// whether it has changed the hash.
func (tx *Tx) getAnd(key []byte, room int, fields [][]byte, f func(value []byte, ok bool), act func(*coll, []byte) bool) error {
	var c coll
	err := tx.openWrite(&c, key, Hash, room)
	if err != nil {
		return err
	}
	changed := false
	for _, field := range fields {
		if !c.there() || hashLen(c.kind(), c.value()) == 0 {
			f(nil, false)
			continue
		}
		value, _, ok := c.hashFind(field)
		f(value, ok)
		if ok && act(&c, field) {
			changed = true
		}
	}
	if changed {
		c.hashEnd()
	}
	return nil
}

// HGetEx hands each field's value to f in turn, false if it is not there, and gives
// the field another expiry: at, NoExpiry to take it away, KeepTTL to leave it. A time
// that has come deletes the field. Errors: ErrWrongType, ErrOutOfMemory.
func (tx *Tx) HGetEx(key []byte, at int64, fields [][]byte, f func(value []byte, ok bool)) error {
	room := 0
	if at > NoExpiry {
		room = tx.dueRoom(key, len(fields))
	}
	return tx.getAnd(key, room, fields, f, func(c *coll, field []byte) bool {
		switch at {
		case KeepTTL:
			return false
		case NoExpiry:
			return c.persistField(field) == FieldChanged
		}
		return c.expireField(field, at, Always) >= FieldChanged
	})
}

// FieldsThere is a condition of HSetEx.
type FieldsThere uint8

// The conditions: none, that none of the fields is there (FNX), that all are (FXX).
const (
	AnyFields FieldsThere = iota
	NoFields
	AllFields
)

// HSetEx gives fields their values, as pairs of field and value, and all of them an
// expiry: at, NoExpiry for none, KeepTTL for the one that each has. With a time that
// has come the fields are gone. It tells whether the condition held; else nothing is
// changed. Errors as HSet's.
func (tx *Tx) HSetEx(key []byte, at int64, cond FieldsThere, pairs ...[]byte) (set bool, err error) {
	if len(pairs)%2 != 0 {
		return false, ErrOddPairs
	}
	if tooLong(pairs) {
		return false, ErrTooLarge
	}
	room := 0
	for _, p := range pairs {
		room += len(p) + hashFieldBytes
	}
	var c coll
	err = tx.openWrite(&c, key, Hash, room)
	if err != nil || !c.hashMeets(cond, pairs) {
		return false, err
	}
	past := at != NoExpiry && at != KeepTTL && at <= tx.now
	if past && !c.there() {
		return true, nil
	}
	due := min(at, MaxFieldExpiry)
	if at == KeepTTL {
		due = keepDue
	}
	for i := 0; i < len(pairs); i += 2 {
		if past {
			c.hashDelete(pairs[i])
		} else {
			c.hashPut(tx.Limits(), pairs[i], pairs[i+1], due)
		}
	}
	c.hashEnd()
	return true, nil
}

// hashMeets tells whether the condition of HSetEx holds.
func (c *coll) hashMeets(cond FieldsThere, pairs [][]byte) bool {
	if cond == AnyFields {
		return true
	}
	for i := 0; i < len(pairs); i += 2 {
		ok := false
		if c.there() {
			_, _, ok = c.hashFind(pairs[i])
		}
		if ok != (cond == AllFields) {
			return false
		}
	}
	return true
}

package cache

import (
	"errors"
	"iter"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// Operations on sets. A key that is not there is an empty set, and a set that has
// lost its last member is gone: only another type of value is an error,
// ErrWrongType.

// SAdd adds members to a set and returns how many it did not have. Errors:
// ErrWrongType, ErrOutOfMemory, ErrTooLarge.
func (tx *Tx) SAdd(key []byte, members ...[]byte) (added int, err error) {
	for _, member := range members {
		if len(member) > MaxValue {
			return 0, ErrTooLarge
		}
	}
	for hint := len(members); len(members) > 0; hint = 0 {
		n, room := setChunk(members)
		var c coll
		err := tx.openWrite(&c, key, Set, room)
		if err != nil {
			return added, err
		}
		if !c.there() && hint == 0 {
			return added, nil // evicted to make room for its own members
		}
		added += c.setAddAll(tx.Limits(), members[:n], hint)
		members = members[n:]
	}
	return added, nil
}

// setChunkBytes is about how much is added to a set at once: then the memory bound
// is looked at again.
const setChunkBytes = 64 << 10

// setMemberBytes is about what a member takes besides its bytes.
const setMemberBytes = 16

// setChunk is how many of the members to add at once, and an estimate of the bytes
// that they take.
func setChunk(members [][]byte) (n, room int) {
	for n < len(members) && room < setChunkBytes {
		room += len(members[n]) + setMemberBytes
		n++
	}
	return n, room
}

// setAddAll adds one or more members, makes the set where there is none, and ends
// the operation. hint is how many Redis would be prepared for.
func (c *coll) setAddAll(l *Limits, members [][]byte, hint int) (added int) {
	changed := false
	switch {
	case !c.there():
		c.setCreate(l, members[0], hint)
		added, members = 1, members[1:]
	case hint > 1:
		changed = c.setExpect(l, hint)
	}
	if n, ok := c.setAppend(l, members); ok {
		added += n
	} else {
		for _, member := range members {
			if c.setAdd(l, member) {
				added++
			}
		}
	}
	if changed || added > 0 {
		c.done()
	} else {
		c.s.used(&c.e, c.hash)
	}
	return added
}

// SRem removes members from a set and returns how many it had. Error: ErrWrongType.
func (tx *Tx) SRem(key []byte, members ...[]byte) (removed int, err error) {
	var c coll
	err = tx.openWrite(&c, key, Set, 0)
	if err != nil || !c.there() {
		return 0, err
	}
	for _, member := range members {
		if !c.setRemove(member) {
			continue
		}
		if removed++; !c.there() {
			return removed, nil
		}
	}
	if removed > 0 {
		c.done()
	}
	return removed, nil
}

// SIsMember tells whether a set has a member. Error: ErrWrongType.
func (tx *Tx) SIsMember(key, member []byte) (bool, error) {
	var c coll
	err := tx.openRead(&c, key, Set)
	if err != nil {
		return false, missing(err)
	}
	return c.setHas(member), nil
}

// SMIsMember calls f for each of the members, in order, with whether the set has it.
// Error: ErrWrongType, before f is called.
func (tx *Tx) SMIsMember(key []byte, members [][]byte, f func(is bool)) error {
	var c coll
	err := tx.openRead(&c, key, Set)
	if err = missing(err); err != nil {
		return err
	}
	for _, member := range members {
		f(c.there() && c.setHas(member))
	}
	return nil
}

// missing makes no error of a key that is not there.
func missing(err error) error {
	if err == ErrNotFound {
		return nil
	}
	return err
}

// SCard is the number of a set's members. Error: ErrWrongType.
func (tx *Tx) SCard(key []byte) (int, error) {
	var c coll
	err := tx.openRead(&c, key, Set)
	return c.setCount(), missing(err)
}

// SMove takes a member out of one set and puts it into another, and tells whether
// the first had it. It takes no more memory than there was, and so does not fail for
// want of it. Errors: ErrWrongType, of either where the first is there; ErrTooLarge.
func (tx *Tx) SMove(from, to, member []byte) (moved bool, err error) {
	var c coll
	err = tx.openPeek(&c, from, Set)
	if err != nil {
		return false, missing(err)
	}
	if err := tx.openPeek(new(coll), to, Set); missing(err) != nil {
		return false, err
	}
	if !c.setHas(member) || string(from) == string(to) {
		return c.setHas(member), nil
	}
	// It is added first: to make room for it may evict what it is taken from.
	err = tx.openWrite(&c, to, Set, len(member)+setMemberBytes)
	if errors.Is(err, ErrOutOfMemory) {
		err = tx.openWrite(&c, to, Set, 0)
	}
	if err != nil {
		return false, err
	}
	c.setAddAll(tx.Limits(), [][]byte{member}, 1)
	_, err = tx.SRem(from, member)
	return true, err
}

// SetView is the members of a set, borrowed: it is valid until the transaction's end
// or its next operation that writes. The zero value has none.
type SetView struct{ c coll }

// SMembers gives the members of a set. Error: ErrWrongType.
func (tx *Tx) SMembers(key []byte) (SetView, error) {
	var c coll
	err := tx.openRead(&c, key, Set)
	return SetView{c}, missing(err)
}

// Len is how many there are.
func (v *SetView) Len() int { return v.c.setCount() }

// Each calls f for each, in no particular order, until f returns false. A member is
// valid until f returns.
func (v *SetView) Each(f func(member []byte) bool) {
	if v.c.there() {
		v.c.setEach(f)
	}
}

// All is Each for a for statement.
func (v *SetView) All() iter.Seq[[]byte] { return v.Each }

// SScan goes through a set, from cursor 0 on, some members at each call, and returns
// the cursor for the next call, 0 at the end. A member that is there from the first
// call to the last is handed to f at least once; one that comes or goes meanwhile
// may or may not be, and one can come twice. Of a small set all come at once. Of the
// options Count and Match count. f must not use the cache. Error: ErrWrongType.
func (tx *Tx) SScan(key []byte, cursor uint64, o ScanOptions, f func(member []byte)) (next uint64, err error) {
	var c coll
	err = tx.openRead(&c, key, Set)
	if err != nil {
		return 0, missing(err)
	}
	looked := 0
	visit := func(member []byte) {
		looked++
		if o.Match == nil || o.Match(member) {
			f(member)
		}
	}
	if c.kind() != item.SetTable {
		c.setEach(func(member []byte) bool { visit(member); return true })
		return 0, nil
	}
	count := o.Count
	if count <= 0 {
		count = 10
	}
	t := c.setTable()
	for steps := 0; ; steps++ {
		cursor = t.Scan(cursor, func(member, _ []byte) { visit(member) })
		// Redis looks at no more than ten empty places for each that it was asked for.
		if cursor == 0 || looked >= count || steps/10 >= count {
			return cursor, nil
		}
	}
}

// setRemove takes a member out, with the key if it was the last, and tells whether
// it was there.
func (c *coll) setRemove(member []byte) bool {
	v := c.value()
	switch c.kind() {
	case item.SetInts:
		n, ok := ParseInt(member)
		if !ok {
			return false
		}
		i, found := ints(v).find(n)
		if found {
			c.setRemoveAt(ints(v).offset(i), ints(v).width())
		}
		return found
	case item.SetTable:
		t := c.setTable()
		if !t.Delete(c.hashOf(member), member) {
			return false
		}
		if t.Len() == 0 {
			c.remove()
		}
		return true
	}
	at, next, found := packed.Find(v[setHeader:], member)
	if found {
		c.setRemoveAt(setHeader+at, next-at)
	}
	return found
}

// setRemoveAt takes out the member of a small set that lies at an offset of its
// value and takes n bytes.
func (c *coll) setRemoveAt(off, n int) {
	v := c.value()
	count := setLen(c.kind(), v) - 1
	if count == 0 {
		c.remove()
		return
	}
	if c.kind() == item.SetPacked {
		setPackedHeader(v, count, setEncoding(item.SetPacked, v))
	}
	c.splice(off, n, 0)
}

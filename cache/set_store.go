package cache

import (
	"slices"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// setResult is the result of an operation on sets on its way to a key: to write it
// may evict or move what it is made from, so it is collected first.
type setResult struct {
	setShape // as Redis would build it
	members  *memberSet
	onlyInts bool
}

func newSetResult(tx *Tx) *setResult {
	return &setResult{
		setShape: setShape{encoding: EncodingIntset},
		members:  newMemberSet(&tx.c.hash, 0), onlyInts: true,
	}
}

// add adds a member if it is not there.
func (r *setResult) add(l *Limits, member []byte) {
	if r.members.add(member) {
		r.count(l, member)
	}
}

// push adds a member that is known not to be there.
func (r *setResult) push(l *Limits, member []byte) {
	r.members.push(member)
	r.count(l, member)
}

func (r *setResult) count(l *Limits, member []byte) {
	integer := isInt(member)
	r.onlyInts = r.onlyInts && integer
	r.setShape.add(l, member, integer)
}

// storeSet puts a result in place of whatever a key was.
func (tx *Tx) storeSet(dst []byte, r *setResult) error {
	if r.n == 0 {
		tx.Delete(dst)
		return nil
	}
	l, blob := tx.Limits(), r.members.blob
	room := len(blob) + r.n*setMemberBytes
	var c coll
	err := tx.openWrite(&c, dst, Set, min(room, setChunkBytes))
	if err != nil && err != ErrWrongType {
		return err
	}
	if err != nil || c.there() {
		tx.Delete(dst)
		if err = tx.openWrite(&c, dst, Set, min(room, setChunkBytes)); err != nil {
			return err
		}
	}
	switch {
	case r.encoding == EncodingIntset && r.n <= maxSmallMembers:
		c.setCreateInts(r)
	case r.encoding != EncodingIntset && l.fitsPacked(r.n, len(blob)):
		v := c.create(item.SetPacked, setHeader+len(blob))
		setPackedHeader(v, r.n, r.encoding)
		copy(v[setHeader:], blob)
	default:
		return tx.storeTable(c, r)
	}
	c.done()
	return nil
}

// setCreateInts makes a set of a result of integers.
func (c *coll) setCreateInts(r *setResult) {
	numbers, width := make([]int64, 0, r.n), 2
	r.members.each(func(member []byte) bool {
		n, _ := ParseInt(member)
		numbers, width = append(numbers, n), max(width, intWidth(n))
		return true
	})
	slices.Sort(numbers)
	v := c.create(item.SetInts, intsHeader+width*len(numbers))
	v[0] = byte(width)
	for i, n := range numbers {
		writeInt(v, width, i, n)
	}
}

// storeTable makes a large set of a result, and looks at the memory bound now and
// then. A set that is itself evicted on the way is gone.
func (tx *Tx) storeTable(c coll, r *setResult) error {
	c.setCreateTable(r.encoding)
	key, blob := c.key, r.members.blob
	for off := 0; off < len(blob); {
		t := c.setTable()
		for room := 0; room < setChunkBytes && off < len(blob); {
			member, next, _ := packed.Next(blob, off)
			t.Add(c.hashOf(member), member)
			room, off = room+len(member)+setMemberBytes, next
		}
		c.done()
		if off == len(blob) {
			return nil
		}
		var err error
		if err = tx.openWrite(&c, key, Set, setChunkBytes); err != nil {
			tx.Delete(key)
			return err
		}
		if !c.there() {
			return nil
		}
	}
	return nil
}

// eachInt hands integers in decimal to f until it returns false.
func eachInt(numbers []int64, f func(member []byte) bool) {
	buf := make([]byte, 0, maxDigits)
	for _, n := range numbers {
		if !f(strconv.AppendInt(buf, n, 10)) {
			return
		}
	}
}

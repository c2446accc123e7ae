package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// Sets are kept in one of three forms. Small ones of integers: see ints. Small ones
// of anything are a packed sequence (internal/packed) in the order in which the
// members came, so that to look for one is to go through at most a few KiB:
//
//	byte   0            2
//	     +------------+----------+----------+-----
//	     | header     | entry    | entry    | …        header, LE: bits 0 … 14 members
//	     | 2          |          |          |                      bit 15 see below
//	     +------------+----------+----------+-----
//
// Large ones are a table (internal/table), which hangs from this root:
//
//	byte   0               8                      24         25
//	     +---------------+----------------------+----------+
//	     | bytes of nodes| root of the table    | encoding |
//	     | 8, LE         | 16                   | 1        |
//	     +---------------+----------------------+----------+
//
// What OBJECT ENCODING says is Redis's own history of the set: an intset becomes a
// listpack and either a hashtable as they cross Redis's thresholds, and none goes
// back. The form goes by size. So a listpack that has grown beyond what is good to
// go through is a table here, and a few members of which one is long, a hashtable to
// Redis, are still packed: bit 15 of the header says so. Integers are an intset
// always.
const (
	setHeader     = 2
	setIsTable    = 1 << 15 // in the header: Redis would have a hashtable by now
	setRootSize   = 25
	setTableAt    = 8
	setEncodingAt = setTableAt + table.RootSize

	// maxSmallSet is the most bytes of a set in one piece: what Redis's own limits
	// allow, 128 members of 64 bytes, fits. maxSmallMembers is the most members,
	// whatever the configuration: they are gone through, and one day all moved to a
	// table at once.
	maxSmallSet     = 8448
	maxSmallMembers = 1024
)

var _ [setRootSize - setEncodingAt - 1]struct{}
var (
	_ [setIsTable - 1 - maxSmallMembers]struct{}             // as many can be counted
	_ [maxSmallSet - intsHeader - 8*maxSmallMembers]struct{} // as many integers fit
)

// setTable opens the table of a large set.
func (c *coll) setTable() table.Table {
	return table.Keys(c.nodes(), c.value()[setTableAt:setEncodingAt], &c.s.c.hash)
}

// hashOf is a member's hash in the tables.
func (c *coll) hashOf(member []byte) uint64 { return c.s.c.hash.sum(member) }

func packedSetLen(v []byte) int { return int(binary.LittleEndian.Uint16(v) &^ setIsTable) }

// setPackedHeader writes the header of a packed set.
func setPackedHeader(v []byte, n int, e Encoding) {
	if e == EncodingHashTable {
		n |= setIsTable
	}
	binary.LittleEndian.PutUint16(v, uint16(n))
}

// setEncoding is what Redis would call the set's encoding.
func setEncoding(kind item.Kind, v []byte) Encoding {
	switch kind {
	case item.SetInts:
		return EncodingIntset
	case item.SetTable:
		return Encoding(v[setEncodingAt])
	}
	if binary.LittleEndian.Uint16(v)&setIsTable != 0 {
		return EncodingHashTable
	}
	return EncodingListpack
}

// setSetEncoding changes what Redis would call the encoding. Integers stay as they
// are: they change it when they change their form.
func (c *coll) setSetEncoding(e Encoding) {
	switch v := c.value(); c.kind() {
	case item.SetPacked:
		setPackedHeader(v, packedSetLen(v), e)
	case item.SetTable:
		v[setEncodingAt] = byte(e)
	}
}

// setLen is the number of members.
func setLen(kind item.Kind, v []byte) int {
	switch kind {
	case item.SetInts:
		return ints(v).len()
	case item.SetTable:
		return table.Len(v[setTableAt:setEncodingAt])
	}
	return packedSetLen(v)
}

// setRoots hands the handle in a root to f and stores f's result.
func setRoots(_ item.Kind, v []byte, f func(nodes.Handle) nodes.Handle) {
	table.Roots(v[setTableAt:setEncodingAt], f)
}

// setCount is the number of members, 0 where there is no such key.
func (c *coll) setCount() int {
	if !c.there() {
		return 0
	}
	return setLen(c.kind(), c.value())
}

// setHas tells whether a set that is there has a member.
func (c *coll) setHas(member []byte) bool {
	v := c.value()
	switch c.kind() {
	case item.SetInts:
		n, ok := ParseInt(member)
		if ok {
			_, ok = ints(v).find(n)
		}
		return ok
	case item.SetTable:
		t := c.setTable()
		return t.Has(c.hashOf(member), member)
	}
	_, _, ok := packed.Find(v[setHeader:], member)
	return ok
}

// setEach calls f for each member until f returns false. What f gets is valid until
// it returns.
func (c *coll) setEach(f func(member []byte) bool) {
	v := c.value()
	switch c.kind() {
	case item.SetInts:
		buf := c.s.scratch[:]
		for i := range ints(v).len() {
			if !f(ints(v).text(buf, i)) {
				return
			}
		}
	case item.SetTable:
		t := c.setTable()
		t.Each(func(member, _ []byte) bool { return f(member) })
	default:
		for off := setHeader; ; {
			member, next, ok := packed.Next(v, off)
			if !ok || !f(member) {
				return
			}
			off = next
		}
	}
}

// setToPacked makes a packed set of integers.
func (c *coll) setToPacked(e Encoding) {
	blob := make([]byte, setHeader, maxSmallSet)
	c.setEach(func(member []byte) bool {
		blob = packed.Append(blob, member)
		return true
	})
	setPackedHeader(blob, c.setCount(), e)
	copy(c.setValue(item.SetPacked, len(blob)), blob)
}

// setToTable makes a table of a small set.
func (c *coll) setToTable(e Encoding) {
	root := make([]byte, setRootSize)
	t := table.Keys(c.nodes(), root[setTableAt:setEncodingAt], &c.s.c.hash)
	c.setEach(func(member []byte) bool {
		t.Add(c.hashOf(member), member)
		return true
	})
	root[setEncodingAt] = byte(e)
	copy(c.setValue(item.SetTable, setRootSize)[setTableAt:], root[setTableAt:])
}

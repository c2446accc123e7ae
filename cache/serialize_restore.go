package cache

import (
	"math"
	"slices"

	"github.com/ashlar-cache/ashlar/cache/internal/deque"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/rdb"
)

// What follows makes collections of serialised ones that have been verified. The name
// that Redis would have for their encoding comes from its rules for loading, which are
// not those of its commands: what was packed stays so by its number of elements alone.

// typeOfKind is what a kind of serialised value is here.
var typeOfKind = [...]Type{rdb.List: List, rdb.Set: Set, rdb.ZSet: ZSet, rdb.Hash: Hash, rdb.Stream: Stream}

// restoreRoom is about what the value takes: its strings, and what each element takes
// beside them.
func restoreRoom(o *rdb.Object, sum *rdb.Summary) int {
	each := [...]int{rdb.List: 4, rdb.Set: setMemberBytes, rdb.ZSet: zsetRoom / 2, rdb.Hash: hashFieldBytes, rdb.Stream: 8}[o.Kind]
	return sum.Bytes + sum.Count*each + sum.Records*recordRoom/8
}

// restore makes the value, whose room is made and which has been verified, of a key
// that is not there.
func (tx *Tx) restore(c *coll, o *rdb.Object, sum *rdb.Summary) {
	limits := *tx.Limits()
	switch o.Kind {
	case rdb.List:
		c.restoreList(&limits, o, sum)
	case rdb.Set:
		c.restoreSet(&limits, o, sum)
	case rdb.ZSet:
		c.restoreZSet(&limits, o, sum)
	case rdb.Hash:
		c.restoreHash(&limits, o, sum)
	case rdb.Stream:
		c.restoreStream(tx, o)
	}
	if c.there() {
		c.done()
	}
}

// restoreBatch is how many elements of a list are added at once.
const restoreBatch = 256

// restoreList makes a list. Redis has it as a listpack afterwards if it is, or comes to
// be, in one node that is within its limits.
func (c *coll) restoreList(l *Limits, o *rdb.Object, sum *rdb.Summary) {
	single := sum.Nodes == 1 && !sum.Plain
	if sum.Nodes == 0 {
		single = l.oneNode(sum)
	}
	batch, bytes := make([][]byte, 0, min(sum.Count, restoreBatch)), []byte(nil)
	_ = o.Elements(func(e []byte) error {
		from := len(bytes)
		bytes = append(bytes, e...)
		batch = append(batch, bytes[from:len(bytes):len(bytes)])
		if len(batch) == restoreBatch || len(bytes) >= listChunkBytes {
			c.listPush(batch, false)
			batch, bytes = batch[:0], bytes[:0]
		}
		return nil
	})
	if len(batch) > 0 {
		c.listPush(batch, false)
	}
	if single && !l.exceedsListpack(sum.Listpack, sum.Count) {
		return
	}
	if c.kind() == item.ListPacked {
		c.listUnpack()
	}
	var d deque.List
	c.deque(&d)
	d.Mark = listEncodedAs
	c.listSave(&d)
}

// oneNode tells whether Redis would have a list in one node if it added the elements
// one by one.
func (l *Limits) oneNode(sum *rdb.Summary) bool {
	bytes, entries := l.listLimits()
	if entries != 0 {
		return sum.Longest <= listpackSafely && sum.Peak <= listpackSafely && sum.Count <= entries
	}
	return sum.Longest <= bytes && sum.Peak <= bytes
}

// restoreSet makes a set in two walks: the first finds out what Redis would have, and
// which form that is here.
func (c *coll) restoreSet(l *Limits, o *rdb.Object, sum *rdb.Summary) {
	s := setShape{encoding: EncodingIntset}
	switch {
	case o.Type == rdb.TypeSetListpack && sum.Count <= l.SetMaxPackedEntries:
		s.encoding = EncodingListpack
		l.SetMaxPackedValue = math.MaxInt
	case o.Type == rdb.TypeSetListpack || sum.Count > l.maxInts():
		s.encoding = EncodingHashTable
	}
	numbers, width, size := []int64(nil), 2, 0
	_ = o.Elements(func(member []byte) error {
		n, integer := ParseInt(member)
		s.add(l, member, integer)
		size += packed.Size(len(member))
		if s.encoding == EncodingIntset && len(numbers) <= maxSmallMembers {
			numbers, width = append(numbers, n), max(width, intWidth(n))
		}
		return nil
	})
	switch {
	case s.encoding == EncodingIntset && s.n <= maxSmallMembers:
		slices.Sort(numbers)
		v := c.create(item.SetInts, intsHeader+width*len(numbers))
		v[0] = byte(width)
		for i, n := range numbers {
			writeInt(v, width, i, n)
		}
	case s.encoding != EncodingIntset && l.fitsPacked(s.n, size):
		v, off := c.create(item.SetPacked, setHeader+size), setHeader
		setPackedHeader(v, s.n, s.encoding)
		_ = o.Elements(func(member []byte) error {
			off = packed.Put(v, off, member)
			return nil
		})
	default:
		c.setCreateTable(s.encoding)
		t := c.setTable()
		_ = o.Elements(func(member []byte) error {
			t.Add(c.hashOf(member), member)
			return nil
		})
	}
}

// restoreZSet makes a sorted set. Its elements come in the opposite of the order that
// makes the best use of the leaves, so all are gathered first.
func (c *coll) restoreZSet(l *Limits, o *rdb.Object, sum *rdb.Summary) {
	if o.Packed() {
		l.ZSetMaxPackedValue = math.MaxInt
	}
	members, longest := make([]ZMember, 0, sum.Count), 0
	var a arena
	_ = o.Scores(func(member []byte, score float64) error {
		members = append(members, ZMember{a.copy(member), score})
		longest = max(longest, len(member))
		return nil
	})
	slices.SortFunc(members, byScore)
	size := zpackedHead
	for i := range members {
		size += entrySize(members[i].Member, zpackedScore(members[i].Score), false)
	}
	if len(members) <= l.ZSetMaxPackedEntries && longest <= l.ZSetMaxPackedValue && size <= zpackedMax {
		v, off := c.create(item.ZSetPacked, size), zpackedHead
		setZPackedLen(v, len(members))
		for i := range members {
			off = putEntry(v, off, members[i].Member, zpackedScore(members[i].Score), nil)
		}
		return
	}
	z := zset{coll: *c}
	z.promote()
	z.name(len(members), longest, l)
	for i := range members {
		z.append(members[i].Score, members[i].Member)
	}
	z.tree.Save(z.value()[zsetTreeAt:zsetIndexAt])
	*c = z.coll
}

// restoreHash makes a hash. Fields whose time has come are left out: with all of them,
// the key is.
func (c *coll) restoreHash(l *Limits, o *rdb.Object, sum *rdb.Summary) {
	if o.Packed() {
		l.HashMaxPackedValue = math.MaxInt
	}
	if !o.Expiring() && c.restorePackedHash(l, o, sum) {
		return
	}
	expiring := false
	_ = o.Fields(func(field, value []byte, at int64) error {
		if !c.expired(at) {
			c.hashPut(l, field, value, at)
			expiring = expiring || at != 0
		}
		return nil
	})
	if o.Expiring() && !expiring && c.there() && c.kind() == item.HashPacked {
		c.packedExpiring() // to Redis it is in the form in which fields may expire
	}
}

// restorePackedHash makes a packed hash, if that is what it should be.
func (c *coll) restorePackedHash(l *Limits, o *rdb.Object, sum *rdb.Summary) bool {
	size := hashHeader
	_ = o.Fields(func(field, value []byte, _ int64) error {
		size += packed.Size(len(field)) + packed.Size(len(value))
		return nil
	})
	outgrown := l.hashOutgrown(sum.Count, sum.Longest, sum.Longest)
	if hashTooLarge(l, sum.Count, size, outgrown) {
		return false
	}
	v, off := c.create(item.HashPacked, size), hashHeader
	setHashHead(v, sum.Count)
	_ = o.Fields(func(field, value []byte, _ int64) error {
		off = packed.Put(v, off, field)
		off = packed.Put(v, off, value)
		return nil
	})
	if outgrown {
		c.hashName()
	}
	return true
}

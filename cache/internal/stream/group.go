package stream

import (
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Forms of nodes of kind StreamGroup, in byte 1 of their header.
const (
	formGroup    = 0
	formConsumer = 1
	formSlots    = 2
	formLeaving  = 3 // a consumer that was removed
	formDoomed   = 4
)

// Offsets in records; see the diagrams in doc.go.
const (
	recordNumber  = nodes.HeaderSize  // in its directory
	recordNameLen = recordNumber + 4  // bytes of its name
	recordPending = recordNameLen + 4 // tree of pending entries; of their IDs
	recordRest    = recordPending + tree.RootSize

	groupLast      = recordRest                     // the last ID delivered
	groupRead      = groupLast + 16                 // entries delivered, of those ever added; Unknown
	groupConsumers = groupRead + 8                  // directory
	groupLeaving   = groupConsumers + directorySize // 1 + number of a consumer that is leaving
	groupNext      = groupLeaving + 4               // 1 + number of the next group that has such
	groupName      = groupNext + 4

	consumerSeen   = recordRest       // unix ms of the last attempt to read or claim
	consumerActive = consumerSeen + 8 // unix ms of the last entry got; Unknown
	consumerName   = consumerActive + 8
)

var _ [groupName - 92]struct{}
var _ [92 - groupName]struct{}
var _ [consumerName - 48]struct{}
var _ [48 - consumerName]struct{}

// Unknown stands for a counter that cannot be told, or a time that never came.
const Unknown = -1

func recordNameOf(b []byte) []byte {
	at := consumerName
	if b[1] == formGroup {
		at = groupName
	}
	end := at + get32(b, recordNameLen)
	return b[at:end:end]
}

func newRecord(s *nodes.Store, form byte, at int, name []byte) (nodes.Handle, []byte) {
	h, b := s.Alloc(nodes.StreamGroup, at+len(name))
	b[1] = form
	put32(b, recordNameLen, len(name))
	pending := tree.New(s, tree.Keyed)
	pending.Save(b[recordPending:])
	copy(b[at:], name)
	return h, b
}

// Group is a consumer group opened for an operation. It is good until the group is
// destroyed.
type Group struct {
	s *nodes.Store
	b []byte
}

// Consumer is a consumer of a group, good until it is removed.
type Consumer struct {
	s *nodes.Store
	b []byte
}

func (st *Stream) groups() directory { return loadDirectory(st.s, st.root[rootGroups:]) }

// Groups is the number of groups.
func (st *Stream) Groups() int { return tree.LenOf(st.root[rootGroups:]) }

// Group finds a group by its name.
func (st *Stream) Group(name []byte) (g Group, ok bool) {
	d := st.groups()
	number, _, _, ok := d.find(name)
	if !ok {
		return g, false
	}
	return Group{st.s, d.record(number)}, true
}

// CreateGroup makes a group, unless there is one of that name. name must not lie in
// the nodes.
func (st *Stream) CreateGroup(name []byte, last ID, read int64) bool {
	d := st.groups()
	_, p, i, there := d.find(name)
	if there {
		return false
	}
	h, b := newRecord(st.s, formGroup, groupName, name)
	writeID(b, groupLast, last)
	put64(b, groupRead, read)
	put32(b, groupLeaving, 0)
	newDirectory(st.s).save(b[groupConsumers:])
	put32(b, recordNumber, int(d.add(h, &p, i)))
	d.save(st.root[rootGroups:])
	return true
}

// DestroyGroup removes a group, and tells whether it was there. If it has much that is
// freed by Reclaim.
func (st *Stream) DestroyGroup(name []byte) bool {
	d := st.groups()
	number, p, i, ok := d.find(name)
	if !ok {
		return false
	}
	st.forgetLeaving(Group{st.s, d.record(number)})
	d.take(&p, i)
	st.doom(d.freeSlot(number))
	d.clear()
	d.save(st.root[rootGroups:])
	st.freeDoomed(freedAtOnce)
	return true
}

// GroupsFrom is the first group, by name, of those behind after; of all if after is
// nil. It is the way to walk over them: each step costs a search.
func (st *Stream) GroupsFrom(after []byte) (g Group, ok bool) {
	d := st.groups()
	number, ok := d.behind(after)
	if !ok {
		return g, false
	}
	return Group{st.s, d.record(number)}, true
}

// behind is the number of the record whose name is the first behind a name.
func (d *directory) behind(name []byte) (number uint32, ok bool) {
	if d.names.Empty() {
		return 0, false
	}
	if name == nil {
		p := d.names.First()
		return d.numberAt(p.Leaf, 0), true
	}
	_, p, i, there := d.find(name)
	if there {
		i++
	}
	if i == p.Count {
		if !d.names.Next(&p) {
			return 0, false
		}
		i = 0
	}
	return d.numberAt(p.Leaf, i), true
}

// None tells whether g is the zero Group, which is none.
func (g Group) None() bool { return g.b == nil }

// Name is the group's. It is borrowed.
func (g Group) Name() []byte { return recordNameOf(g.b) }

// Last is the last ID that was delivered to the group.
func (g Group) Last() ID { return readID(g.b, groupLast) }

// SetLast changes it.
func (g Group) SetLast(id ID) { writeID(g.b, groupLast, id) }

// Read is how many of the entries ever added were delivered, or Unknown.
func (g Group) Read() int64 { return get64(g.b, groupRead) }

// SetRead changes it.
func (g Group) SetRead(n int64) { put64(g.b, groupRead, n) }

func (g Group) consumers() directory { return loadDirectory(g.s, g.b[groupConsumers:]) }

// Consumers is the number of consumers.
func (g Group) Consumers() int { return tree.LenOf(g.b[groupConsumers:]) }

// Consumer finds a consumer by its name.
func (g Group) Consumer(name []byte) (c Consumer, ok bool) {
	d := g.consumers()
	number, _, _, ok := d.find(name)
	if !ok {
		return c, false
	}
	return Consumer{g.s, d.record(number)}, true
}

// Numbered is the consumer that pending entries name by its number.
func (g Group) Numbered(number uint32) Consumer {
	d := g.consumers()
	return Consumer{g.s, d.record(number)}
}

// AddConsumer finds a consumer, or makes it. name must not lie in the nodes.
func (g Group) AddConsumer(name []byte, now int64) (c Consumer, created bool) {
	d := g.consumers()
	number, p, i, there := d.find(name)
	if there {
		return Consumer{g.s, d.record(number)}, false
	}
	h, b := newRecord(g.s, formConsumer, consumerName, name)
	put64(b, consumerSeen, now)
	put64(b, consumerActive, Unknown)
	put32(b, recordNumber, int(d.add(h, &p, i)))
	d.save(g.b[groupConsumers:])
	return Consumer{g.s, b}, true
}

// ConsumersFrom is to consumers what GroupsFrom is to groups.
func (g Group) ConsumersFrom(after []byte) (c Consumer, ok bool) {
	d := g.consumers()
	number, ok := d.behind(after)
	if !ok {
		return c, false
	}
	return Consumer{g.s, d.record(number)}, true
}

func (g Group) list() list {
	return list{s: g.s, t: tree.Load(g.s, g.b[recordPending:])}
}

// Pending is the number of entries that are pending.
func (g Group) Pending() int {
	n := tree.LenOf(g.b[recordPending:])
	if g.leaving() != 0 {
		n -= g.goneUpTo(MaxID)
	}
	return n
}

// passedOver is how many entries that count as gone are looked at one by one.
const passedOver = 8

// PendingFrom is the first pending entry not below id.
func (g Group) PendingFrom(id ID) (Pending, bool) {
	l := g.list()
	e, ok := l.from(id)
	for range passedOver {
		if !ok || !g.gone(&e) {
			return e, ok
		}
		if id, ok = e.ID.Next(); ok {
			e, ok = l.from(id)
		}
	}
	if !ok || !g.gone(&e) {
		return e, ok
	}
	return g.stay(&l, l.upTo(e.ID)-g.goneUpTo(e.ID))
}

// PendingAt is the pending entry with an ID.
func (g Group) PendingAt(id ID) (Pending, bool) {
	l := g.list()
	p, i, ok := l.find(id)
	if !ok {
		return Pending{}, false
	}
	if e := l.at(&p, i); !g.gone(&e) {
		return e, true
	}
	return Pending{}, false
}

// LastPending is the last pending entry; there must be one.
func (g Group) LastPending() Pending {
	l := g.list()
	if e := l.last(); !g.gone(&e) {
		return e
	}
	e, _ := g.stay(&l, g.Pending()-1)
	return e
}

// Give makes an entry pending for a consumer, whoever had it before.
func (g Group) Give(c Consumer, id ID, time, count int64) {
	l := g.list()
	e := Pending{ID: id, Consumer: c.Number(), Time: time, Count: count}
	p, i, there := l.find(id)
	if !there {
		l.insert(p, i, e)
		l.t.Save(g.b[recordPending:])
		c.add(id)
		return
	}
	if old := l.at(&p, i); old.Consumer != e.Consumer {
		g.Numbered(old.Consumer).drop(id)
		c.add(id)
	}
	l.set(&p, i, e)
}

// Ack ends that an entry is pending, and tells whether it was.
func (g Group) Ack(id ID) bool {
	l := g.list()
	p, i, ok := l.find(id)
	if !ok {
		return false
	}
	e := l.at(&p, i)
	if g.gone(&e) {
		return false
	}
	g.Numbered(e.Consumer).drop(id)
	l.remove(p, i)
	l.t.Save(g.b[recordPending:])
	return true
}

// None tells whether c is the zero Consumer, which is none.
func (c Consumer) None() bool { return c.b == nil }

// Name is the consumer's. It is borrowed.
func (c Consumer) Name() []byte { return recordNameOf(c.b) }

// Number is what pending entries name it by.
func (c Consumer) Number() uint32 { return uint32(get32(c.b, recordNumber)) }

// Seen is when the consumer last tried to get entries.
func (c Consumer) Seen() int64 { return get64(c.b, consumerSeen) }

// SetSeen changes it.
func (c Consumer) SetSeen(ms int64) { put64(c.b, consumerSeen, ms) }

// Active is when the consumer last got an entry, or Unknown.
func (c Consumer) Active() int64 { return get64(c.b, consumerActive) }

// SetActive changes it.
func (c Consumer) SetActive(ms int64) { put64(c.b, consumerActive, ms) }

func (c Consumer) list() list {
	return list{s: c.s, t: tree.Load(c.s, c.b[recordPending:]), ids: true}
}

// Pending is the number of entries that are pending for the consumer.
func (c Consumer) Pending() int { return tree.LenOf(c.b[recordPending:]) }

// PendingFrom is the first ID pending for the consumer that is not below id.
func (c Consumer) PendingFrom(id ID) (ID, bool) {
	l := c.list()
	e, ok := l.from(id)
	return e.ID, ok
}

func (c Consumer) add(id ID) {
	l := c.list()
	p, i, there := l.find(id)
	if !there {
		l.insert(p, i, Pending{ID: id})
		l.t.Save(c.b[recordPending:])
	}
}

func (c Consumer) drop(id ID) {
	l := c.list()
	if p, i, ok := l.find(id); ok {
		l.remove(p, i)
		l.t.Save(c.b[recordPending:])
	}
}

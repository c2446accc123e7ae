package cache

import "github.com/ashlar-cache/ashlar/cache/internal/stream"

// StreamInfo is what there is to know of a stream. It is borrowed: good until the
// next operation that writes.
type StreamInfo struct{ st stream.Stream }

// XInfo opens a stream to look at. Errors: ErrNotFound, ErrWrongType.
func (tx *Tx) XInfo(key []byte) (StreamInfo, error) {
	st, err := tx.readStream(key)
	return StreamInfo{st}, err
}

// Len is the number of entries.
func (i *StreamInfo) Len() int { return i.st.Len() }

// Blocks is the number of blocks that hold them.
func (i *StreamInfo) Blocks() int { return i.st.Blocks() }

// RadixNodes is how many nodes Redis's radix tree would have for as many blocks with
// these IDs; an estimate if they are more than a thousand.
func (i *StreamInfo) RadixNodes() int { return i.st.RadixNodes() }

// Last is the last ID given.
func (i *StreamInfo) Last() StreamID { return StreamID(i.st.Last()) }

// First is the ID of the first entry, 0-0 if there is none.
func (i *StreamInfo) First() StreamID { return StreamID(i.st.First()) }

// MaxDeleted is the greatest ID ever deleted by XDel.
func (i *StreamInfo) MaxDeleted() StreamID { return StreamID(i.st.MaxDeleted()) }

// Added is the number of entries ever added.
func (i *StreamInfo) Added() int64 { return i.st.Added() }

// Entries walks over the entries from one ID to another; backwards if back.
func (i *StreamInfo) Entries(from, to StreamID, back bool) StreamEntries {
	return StreamEntries{i.st.Range(stream.ID(from), stream.ID(to), back)}
}

// GroupCount is the number of consumer groups.
func (i *StreamInfo) GroupCount() int { return i.st.Groups() }

// Group finds a consumer group by its name.
func (i *StreamInfo) Group(name []byte) (g StreamGroup, ok bool) {
	g.g, ok = i.st.Group(name)
	g.st = i.st
	return g, ok
}

// NextGroup is the group whose name comes after that of g; the first by name after
// the zero StreamGroup.
func (i *StreamInfo) NextGroup(g StreamGroup) (next StreamGroup, ok bool) {
	var after []byte
	if !g.g.None() {
		after = g.Name()
	}
	next.g, ok = i.st.GroupsFrom(after)
	next.st = i.st
	return next, ok
}

// StreamGroup is a consumer group to look at. It is borrowed.
type StreamGroup struct {
	st stream.Stream
	g  stream.Group
}

// Name is the group's.
func (g *StreamGroup) Name() []byte { return g.g.Name() }

// Last is the last ID delivered to it.
func (g *StreamGroup) Last() StreamID { return StreamID(g.g.Last()) }

// Read is how many of the entries ever added were delivered to it, or Unknown.
func (g *StreamGroup) Read() int64 { return g.g.Read() }

// Lag is how many entries it has yet to read; ok is false if that cannot be told.
func (g *StreamGroup) Lag() (lag int64, ok bool) { return g.st.Lag(g.g) }

// ConsumerCount is the number of its consumers.
func (g *StreamGroup) ConsumerCount() int { return g.g.Consumers() }

// Consumer finds a consumer by its name.
func (g *StreamGroup) Consumer(name []byte) (c StreamConsumer, ok bool) {
	c.c, ok = g.g.Consumer(name)
	return c, ok
}

// NextConsumer is to consumers what StreamInfo.NextGroup is to groups.
func (g *StreamGroup) NextConsumer(c StreamConsumer) (next StreamConsumer, ok bool) {
	var after []byte
	if !c.c.None() {
		after = c.Name()
	}
	next.c, ok = g.g.ConsumersFrom(after)
	return next, ok
}

// PendingCount is the number of entries that are pending for its consumers.
func (g *StreamGroup) PendingCount() int { return g.g.Pending() }

// LastPending is the greatest pending ID, 0-0 if there is none.
func (g *StreamGroup) LastPending() StreamID {
	if g.PendingCount() == 0 {
		return StreamID{}
	}
	return StreamID(g.g.LastPending().ID)
}

// Pending walks over what is pending with IDs from one on.
func (g *StreamGroup) Pending(from StreamID) StreamPending {
	return StreamPending{g: g.g, next: stream.ID(from), more: true}
}

// PendingFor is Pending of a single consumer.
func (g *StreamGroup) PendingFor(c StreamConsumer, from StreamID) StreamPending {
	return StreamPending{g: g.g, c: c.c, single: true, next: stream.ID(from), more: true}
}

// StreamConsumer is a consumer to look at. It is borrowed.
type StreamConsumer struct{ c stream.Consumer }

// Name is the consumer's.
func (c *StreamConsumer) Name() []byte { return c.c.Name() }

// Seen is when it last tried to get entries, unix ms.
func (c *StreamConsumer) Seen() int64 { return c.c.Seen() }

// Active is when it last got an entry, unix ms, or Unknown.
func (c *StreamConsumer) Active() int64 { return c.c.Active() }

// PendingCount is the number of entries that are pending for it.
func (c *StreamConsumer) PendingCount() int { return c.c.Pending() }

// StreamPending walks over pending entries. It is borrowed.
type StreamPending struct {
	g      stream.Group
	c      stream.Consumer
	e      stream.Pending
	next   stream.ID
	single bool // those of c alone
	more   bool
}

// Next moves to the next pending entry and tells whether there is one.
func (p *StreamPending) Next() bool {
	if !p.more {
		return false
	}
	if p.single {
		var id stream.ID
		if id, p.more = p.c.PendingFrom(p.next); p.more {
			p.e, _ = p.g.PendingAt(id)
		}
	} else {
		p.e, p.more = p.g.PendingFrom(p.next)
	}
	if !p.more {
		return false
	}
	p.next, p.more = p.e.ID.Next()
	return true
}

// ID is the entry's.
func (p *StreamPending) ID() StreamID { return StreamID(p.e.ID) }

// Consumer is the name of whom it is pending for.
func (p *StreamPending) Consumer() []byte { return p.g.Numbered(p.e.Consumer).Name() }

// Time is when it was last delivered, unix ms.
func (p *StreamPending) Time() int64 { return p.e.Time }

// Deliveries is how often it was delivered.
func (p *StreamPending) Deliveries() int64 { return p.e.Count }

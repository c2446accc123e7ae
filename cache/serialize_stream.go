package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/stream"
	"github.com/ashlar-cache/ashlar/cache/rdb"
)

// dumpStream writes a stream, a node for each of its blocks: where these are cut is
// what approximate trims go by.
func (c *coll) dumpStream(w *rdb.Writer, form DumpForm) {
	st := openStream(c)
	t := streamType(&st, form)
	w.Begin(t)
	w.Number(uint64(st.Blocks()))
	var (
		node  rdb.Node
		block nodes.Handle
		pairs [][]byte
	)
	at := st.Range(stream.ID{}, stream.MaxID, false)
	for at.Next() {
		if b := at.Block(); b != block {
			if node.Len() > 0 {
				w.Write(&node)
			}
			block = b
		}
		pairs = pairs[:0]
		for range at.Len() {
			field, value := at.Pair()
			pairs = append(pairs, field, value)
		}
		node.Add(rdb.ID(at.ID()), pairs)
	}
	if node.Len() > 0 {
		w.Write(&node)
	}
	w.Number(uint64(st.Len()))
	w.ID(rdb.ID(st.Last()))
	if t != rdb.TypeStream {
		w.ID(rdb.ID(st.First()))
		w.ID(rdb.ID(st.MaxDeleted()))
		w.Number(uint64(st.Added()))
	}
	w.Number(uint64(st.Groups()))
	for g, ok := st.GroupsFrom(nil); ok; g, ok = st.GroupsFrom(g.Name()) {
		dumpGroup(w, t, g)
	}
}

// streamType is the oldest form that can hold a stream.
func streamType(st *stream.Stream, form DumpForm) rdb.Type {
	if form == DumpExact {
		return rdb.TypeStream3
	}
	if !st.MaxDeleted().IsZero() || st.Added() != int64(st.Len()) {
		return rdb.TypeStream2
	}
	for g, ok := st.GroupsFrom(nil); ok; g, ok = st.GroupsFrom(g.Name()) {
		if g.Read() != st.Distance(g.Last()) {
			return rdb.TypeStream2
		}
	}
	return rdb.TypeStream
}

func dumpGroup(w *rdb.Writer, t rdb.Type, g stream.Group) {
	w.String(g.Name())
	w.ID(rdb.ID(g.Last()))
	if t != rdb.TypeStream {
		w.Number(uint64(g.Read())) // Unknown is the greatest number there is
	}
	w.Number(uint64(g.Pending()))
	for e, ok := g.PendingFrom(stream.ID{}); ok; e, ok = g.PendingFrom(e.ID) {
		w.RawID(rdb.ID(e.ID))
		w.Millis(e.Time)
		w.Number(uint64(e.Count))
		if e.ID, ok = e.ID.Next(); !ok {
			break
		}
	}
	w.Number(uint64(g.Consumers()))
	for who, ok := g.ConsumersFrom(nil); ok; who, ok = g.ConsumersFrom(who.Name()) {
		w.String(who.Name())
		w.Millis(who.Seen())
		if t == rdb.TypeStream3 {
			w.Millis(who.Active())
		}
		w.Number(uint64(who.Pending()))
		for id, ok := who.PendingFrom(stream.ID{}); ok; id, ok = who.PendingFrom(id) {
			w.RawID(rdb.ID(id))
			if id, ok = id.Next(); !ok {
				break
			}
		}
	}
}

// streamMaker is what makes a stream of a serialised one.
type streamMaker struct {
	tx     *Tx
	st     stream.Stream
	group  stream.Group
	who    stream.Consumer
	blocks int // before the node
}

// restoreStream makes a stream, with blocks cut as they were.
func (c *coll) restoreStream(tx *Tx, o *rdb.Object) {
	m := streamMaker{tx: tx, st: createStream(c)}
	_ = o.Stream(&m)
}

// Node begins a block.
func (m *streamMaker) Node() error {
	m.blocks = m.st.Blocks()
	return nil
}

// Entry adds an entry.
func (m *streamMaker) Entry(id rdb.ID, pairs [][]byte) error {
	limits := stream.Limits{} // as large as blocks get
	if m.st.Blocks() == m.blocks {
		limits.MaxEntries = 1 // no other goes into the last one
	}
	return m.st.Append(stream.ID(id), pairs, limits)
}

// EndNode notes what a block counts along. A node that is larger than a block can be,
// and so is several now, starts afresh.
func (m *streamMaker) EndNode(deleted, bytes int) error {
	if m.st.Blocks() == m.blocks+1 {
		m.st.SetPacked(deleted, bytes)
	}
	return nil
}

// State sets what the stream knows of its past.
func (m *streamMaker) State(s rdb.StreamState) error {
	m.st.SetLast(stream.ID(s.Last))
	m.st.SetMaxDeleted(stream.ID(s.MaxDeleted))
	m.st.SetAdded(s.Added)
	return nil
}

// Group makes a group.
func (m *streamMaker) Group(name []byte, last rdb.ID, read int64, old bool) error {
	if old {
		read = m.st.Distance(stream.ID(last))
	}
	m.st.CreateGroup(name, stream.ID(last), read)
	m.group, _ = m.st.Group(name)
	return nil
}

// Consumer makes a consumer of the last group.
func (m *streamMaker) Consumer(name []byte, seen, active int64) error {
	m.who, _ = m.group.AddConsumer(name, m.tx.now)
	m.who.SetSeen(seen)
	m.who.SetActive(active)
	return nil
}

// Pending makes an entry pending for the last consumer.
func (m *streamMaker) Pending(id rdb.ID, time, count int64) error {
	m.group.Give(m.who, stream.ID(id), time, count)
	return nil
}

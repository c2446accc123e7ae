package cache

import "github.com/ashlar-cache/ashlar/cache/internal/stream"

// StreamDelivery says how XReadGroup reads.
type StreamDelivery struct {
	Count int  // at most so many entries; 0: all
	NoAck bool // they do not become pending
}

const (
	deliveryBatch = 1024 // entries that are delivered before room is made again
	deliveryRoom  = 64   // bytes for an entry that becomes pending
)

// room is about what the first batch will take.
func (how StreamDelivery) room(consumer []byte) int {
	n := deliveryBatch / 4
	switch {
	case how.NoAck:
		n = 0
	case how.Count > 0:
		n = min(how.Count, deliveryBatch)
	}
	return recordRoom + len(consumer) + n*deliveryRoom
}

// XReadGroup delivers the entries that come next for a group to one of its
// consumers, which is made if it is new. The group moves on behind them, and they are
// pending for the consumer until XAck. It walks over the entries; n is their number.
// Errors: ErrNotFound, ErrNoGroup, ErrWrongType, and ErrOutOfMemory if there is no
// room for any of them.
func (tx *Tx) XReadGroup(key, group, consumer []byte, how StreamDelivery) (entries StreamEntries, n int, err error) {
	var from, last stream.ID
	for more, room := true, how.room(consumer); more; room = deliveryBatch * deliveryRoom {
		c, st, g, err := tx.writeGroup(key, group, room)
		if err != nil && n == 0 {
			return entries, 0, err
		}
		if err != nil {
			break // the rest comes with the next call
		}
		who, _ := g.AddConsumer(consumer, tx.now)
		who.SetSeen(tx.now)
		if n == 0 {
			from, _ = g.Last().Next()
		}
		n, more = tx.deliver(&st, g, who, how, n)
		last = g.Last()
		c.settle()
	}
	if n == 0 {
		return entries, 0, nil
	}
	// What was delivered is read from where it is now: the batches may have moved it.
	var c coll
	err = tx.openPeek(&c, key, Stream)
	if err != nil {
		return entries, 0, err // making room for the last batch evicted it
	}
	st := openStream(&c)
	return StreamEntries{st.Range(from, last, false)}, n, nil
}

// deliver gives a consumer what comes next for its group, a batch at most; done
// entries it has already. It returns how many it has then, and whether there is more.
func (tx *Tx) deliver(st *stream.Stream, g stream.Group, who stream.Consumer, how StreamDelivery, done int) (n int, more bool) {
	from, ok := g.Last().Next()
	if !ok || !g.Last().Less(st.Last()) {
		return done, false
	}
	n = done
	for c := st.Range(from, stream.MaxID, false); c.Next(); n++ {
		switch {
		case how.Count > 0 && n == how.Count:
			return n, false
		case n-done == deliveryBatch:
			return n, true
		}
		st.Advance(g, c.ID())
		if !how.NoAck {
			g.Give(who, c.ID(), tx.now, 1)
			who.SetActive(tx.now)
		}
	}
	return n, false
}

// StreamHistory walks over what is pending for a consumer. It is borrowed, as
// StreamEntries is.
type StreamHistory struct {
	StreamEntries
	st   stream.Stream
	who  stream.Consumer
	next stream.ID
	id   stream.ID
	left int
	gone bool
}

// Next moves to the next pending entry and tells whether there is one.
func (h *StreamHistory) Next() bool {
	if h.left == 0 {
		return false
	}
	h.left--
	h.id, _ = h.who.PendingFrom(h.next)
	h.next, _ = h.id.Next()
	h.c = h.st.Range(h.id, h.id, false)
	h.gone = !h.c.Next()
	return true
}

// ID is the pending entry's.
func (h *StreamHistory) ID() StreamID { return StreamID(h.id) }

// Deleted tells whether the stream no longer has the entry; its fields are lost.
func (h *StreamHistory) Deleted() bool { return h.gone }

// XHistory delivers again what is pending for a consumer behind an ID, up to count
// entries, 0 for all: each counts as delivered once more, unless the stream has lost
// it. The consumer is made if it is new. n is the number of entries. Errors:
// ErrNotFound, ErrNoGroup, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) XHistory(key, group, consumer []byte, after StreamID, count int) (h StreamHistory, n int, err error) {
	c, st, g, who, err := tx.writeConsumer(key, group, consumer, 0)
	if err != nil {
		return h, 0, err
	}
	who.SetSeen(tx.now)
	from, ok := stream.ID(after).Next()
	h = StreamHistory{st: st, who: who, next: from}
	for ok && (count == 0 || n < count) {
		var id stream.ID
		if id, ok = who.PendingFrom(from); !ok {
			break
		}
		if st.Exists(id) {
			e, _ := g.PendingAt(id)
			g.Give(who, id, tx.now, e.Count+1)
		}
		n++
		from, ok = id.Next()
	}
	c.settle()
	h.left = n
	return h, n, nil
}

// writeConsumer opens a consumer, which is made if it is new, for writing about room
// bytes more. Errors: ErrNotFound, ErrNoGroup, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) writeConsumer(key, group, consumer []byte, room int) (c coll, st stream.Stream, g stream.Group, who stream.Consumer, err error) {
	c, st, g, err = tx.writeGroup(key, group, room)
	if err != nil {
		return c, st, g, who, err
	}
	who, ok := g.Consumer(consumer)
	if ok {
		return c, st, g, who, nil
	}
	if c, st, g, err = tx.writeGroup(key, group, recordRoom+len(consumer)+room); err == nil {
		who, _ = g.AddConsumer(consumer, tx.now)
	}
	return c, st, g, who, err
}

package cache

import "github.com/ashlar-cache/ashlar/cache/internal/stream"

// StreamClaim says how XClaim takes over pending entries.
type StreamClaim struct {
	MinIdle int64 // ms that must have passed since the last delivery
	// SetTime has the last delivery have been at Time, unix ms; it was now if that is
	// in the future or below 0. Else it is now.
	SetTime bool
	Time    int64
	// SetCount makes Count the number of deliveries. Else one more is counted, unless
	// JustID.
	SetCount bool
	Count    int64
	Force    bool // entries that are pending for nobody can be claimed too
	JustID   bool // the entries are not to be read
	LastID   StreamID
}

// XClaim makes entries pending for a consumer, which is made if it is new, that were
// pending for others, and returns the IDs of those it got, in the memory of ids. An
// entry that the stream has lost is not pending any more. Where LastID is above the
// last ID delivered to the group, that becomes the last. Errors: ErrNotFound,
// ErrNoGroup, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) XClaim(key, group, consumer []byte, how StreamClaim, ids []StreamID) ([]StreamID, error) {
	c, st, g, who, err := tx.writeConsumer(key, group, consumer, len(ids)*deliveryRoom)
	if err != nil {
		return nil, err
	}
	if last := stream.ID(how.LastID); g.Last().Less(last) {
		g.SetLast(last)
	}
	if !how.SetTime || how.Time < 0 || how.Time > tx.now {
		how.Time = tx.now
	}
	who.SetSeen(tx.now)
	claimed := ids[:0]
	for _, id := range ids {
		if tx.claim(&st, g, who, &how, stream.ID(id)) {
			claimed = append(claimed, id)
		}
	}
	c.settle()
	return claimed, nil
}

// claim takes over one entry, if that can be.
func (tx *Tx) claim(st *stream.Stream, g stream.Group, who stream.Consumer, how *StreamClaim, id stream.ID) bool {
	e, pending := g.PendingAt(id)
	switch {
	case !st.Exists(id):
		if pending {
			g.Ack(id)
		}
		return false
	case !pending && !how.Force:
		return false
	case !pending:
		e.Count = 1
	case how.MinIdle > 0 && tx.now-e.Time < how.MinIdle:
		return false
	}
	if how.SetCount {
		e.Count = how.Count
	} else if !how.JustID {
		e.Count++
	}
	g.Give(who, id, how.Time, e.Count)
	who.SetActive(tx.now)
	return true
}

// StreamAutoClaim says how XAutoClaim takes over pending entries.
type StreamAutoClaim struct {
	MinIdle int64    // ms that must have passed since the last delivery
	Start   StreamID // where to begin
	Count   int64    // how many entries to claim at most; ten times as many are looked at
	JustID  bool     // the entries are not to be read: no delivery is counted
}

// XAutoClaim claims what has been pending for a while, as XClaim does, and appends the
// IDs that it got to claimed. Those that the stream has lost are no longer pending and
// are appended to deleted. next is where to go on, 0-0 when all have been looked at.
// Errors: ErrNotFound, ErrNoGroup, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) XAutoClaim(key, group, consumer []byte, how StreamAutoClaim, claimed, deleted []StreamID) (next StreamID, _, _ []StreamID, err error) {
	room := int(min(how.Count, deliveryBatch)) * deliveryRoom
	c, st, g, who, err := tx.writeConsumer(key, group, consumer, room)
	if err != nil {
		return next, claimed, deleted, err
	}
	who.SetSeen(tx.now)
	claim := StreamClaim{MinIdle: how.MinIdle, JustID: how.JustID, Time: tx.now}
	from, more := stream.ID(how.Start), true
	count := how.Count
	for attempts := 10 * count; attempts > 0 && count > 0 && more; attempts-- {
		e, ok := g.PendingFrom(from)
		if !ok {
			more = false
			break
		}
		lost := !st.Exists(e.ID)
		switch {
		case tx.claim(&st, g, who, &claim, e.ID):
			claimed = append(claimed, StreamID(e.ID))
			count--
		case lost:
			deleted = append(deleted, StreamID(e.ID))
			count--
		}
		from, more = e.ID.Next()
	}
	if e, ok := g.PendingFrom(from); more && ok {
		next = StreamID(e.ID)
	}
	c.settle()
	return next, claimed, deleted, nil
}

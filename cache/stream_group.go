package cache

import "github.com/ashlar-cache/ashlar/cache/internal/stream"

// Unknown is a count of a group's that cannot be told, and the time of what has
// never been.
const Unknown = stream.Unknown

// StreamGroupStart says where a consumer group begins to read.
type StreamGroupStart struct {
	After  StreamID // what was delivered last
	AtEnd  bool     // instead: the stream's last ID
	Read   int64    // how many entries were delivered before, or Unknown
	Create bool     // XGroupCreate makes an empty stream if there is none
}

// recordRoom is about what a group or a consumer takes, without its name.
const recordRoom = 512

// XGroupCreate makes a consumer group. Errors: ErrNotFound, ErrGroupExists,
// ErrWrongType, ErrOutOfMemory.
func (tx *Tx) XGroupCreate(key, group []byte, start StreamGroupStart) error {
	var c coll
	err := tx.openWrite(&c, key, Stream, recordRoom+len(group))
	if err != nil {
		return err
	}
	var st stream.Stream
	switch {
	case c.there():
		st = openStream(&c)
	case !start.Create:
		return ErrNotFound
	default:
		st = createStream(&c)
	}
	after := stream.ID(start.After)
	if start.AtEnd {
		after = st.Last()
	}
	created := st.CreateGroup(group, after, start.Read)
	if c.fresh {
		c.done()
	} else {
		c.settle()
	}
	if !created {
		return ErrGroupExists
	}
	return nil
}

// writeGroup opens a group for writing about room bytes more. Errors: ErrNotFound,
// ErrNoGroup, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) writeGroup(key, group []byte, room int) (c coll, st stream.Stream, g stream.Group, err error) {
	c, st, err = tx.writeStream(key, room)
	if err != nil {
		return c, st, g, err
	}
	g, ok := st.Group(group)
	if !ok {
		err = ErrNoGroup
	}
	return c, st, g, err
}

// XHasGroup tells whether a stream has a group. It leaves no trace in statistics or in
// the order of eviction. Errors: ErrNotFound, ErrWrongType.
func (tx *Tx) XHasGroup(key, group []byte) (bool, error) {
	var c coll
	err := tx.openPeek(&c, key, Stream)
	if err != nil {
		return false, err
	}
	st := openStream(&c)
	_, ok := st.Group(group)
	return ok, nil
}

// XGroupSetID has a group go on somewhere else. Errors: ErrNotFound, ErrNoGroup,
// ErrWrongType.
func (tx *Tx) XGroupSetID(key, group []byte, start StreamGroupStart) error {
	c, st, g, err := tx.writeGroup(key, group, 0)
	if err != nil {
		return err
	}
	after := stream.ID(start.After)
	if start.AtEnd {
		after = st.Last()
	}
	g.SetLast(after)
	g.SetRead(start.Read)
	c.settle()
	return nil
}

// XGroupDestroy removes a group, and tells whether it was there. Errors: ErrNotFound,
// ErrWrongType.
func (tx *Tx) XGroupDestroy(key, group []byte) (bool, error) {
	c, st, err := tx.writeStream(key, 0)
	if err != nil {
		return false, err
	}
	gone := st.DestroyGroup(group)
	if gone {
		c.s.noteLaden(c.hash, c.e.item)
		c.settle()
		c.s.signal(c.db, c.key) // who waits for entries for the group has to be told
	}
	return gone, nil
}

// XGroupCreateConsumer makes a consumer, and tells whether there was none of that
// name. Errors: ErrNotFound, ErrNoGroup, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) XGroupCreateConsumer(key, group, consumer []byte) (bool, error) {
	c, _, g, err := tx.writeGroup(key, group, recordRoom+len(consumer))
	if err != nil {
		return false, err
	}
	_, created := g.AddConsumer(consumer, tx.now)
	c.settle()
	return created, nil
}

// XGroupDelConsumer removes a consumer, and tells how many entries were pending for
// it, which no longer are. Errors: ErrNotFound, ErrNoGroup, ErrWrongType.
func (tx *Tx) XGroupDelConsumer(key, group, consumer []byte) (pending int, err error) {
	c, st, g, err := tx.writeGroup(key, group, 0)
	if err != nil {
		return 0, err
	}
	pending, ok := st.RemoveConsumer(g, consumer)
	if ok {
		c.s.noteLaden(c.hash, c.e.item)
		c.settle()
	}
	return pending, nil
}

// XAck ends that entries are pending, and tells how many of them were. Error:
// ErrWrongType.
func (tx *Tx) XAck(key, group []byte, ids ...StreamID) (int, error) {
	c, _, g, err := tx.writeGroup(key, group, 0)
	switch {
	case err == ErrNotFound || err == ErrNoGroup:
		return 0, nil
	case err != nil:
		return 0, err
	}
	n := 0
	for _, id := range ids {
		if g.Ack(stream.ID(id)) {
			n++
		}
	}
	if n > 0 {
		c.settle()
	}
	return n, nil
}

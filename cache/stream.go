package cache

import (
	"errors"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/stream"
)

// Errors of operations on streams.
var (
	ErrStreamOrder     = errors.New("cache: the entry's ID is not above the stream's last one")
	ErrStreamExhausted = errors.New("cache: the stream has reached the last possible ID")
	ErrNoGroup         = errors.New("cache: the stream has no such consumer group")
	ErrGroupExists     = errors.New("cache: the stream has a consumer group of that name")
)

// StreamID names an entry of a stream: a unix time in milliseconds, and which of
// that millisecond's entries it is. Entries are in the order of their IDs.
type StreamID struct{ Ms, Seq uint64 }

// MaxStreamID is the last ID there can be; the first is 0-0, which no entry has.
var MaxStreamID = StreamID(stream.MaxID)

// Less tells whether id comes before other.
func (id StreamID) Less(other StreamID) bool { return stream.ID(id).Less(stream.ID(other)) }

// Next is the ID right after id; there is none after the last.
func (id StreamID) Next() (next StreamID, ok bool) {
	n, ok := stream.ID(id).Next()
	return StreamID(n), ok
}

// Prev is the ID right before id; there is none before 0-0.
func (id StreamID) Prev() (prev StreamID, ok bool) {
	p, ok := stream.ID(id).Prev()
	return StreamID(p), ok
}

// StreamTrim says what to take away from the beginning of a stream.
type StreamTrim struct {
	By     TrimBy
	MaxLen int64    // TrimByLength: no more entries than this stay
	MinID  StreamID // TrimByID: no entry below this stays
	// Approximate takes only whole blocks, of which none should stay: that is cheap,
	// and leaves a few entries too many.
	Approximate bool
	Limit       int64 // take no more entries than this; 0: no limit
}

// TrimBy is what a trim goes by.
type TrimBy uint8

// What there is to go by.
const (
	TrimNothing TrimBy = iota
	TrimByLength
	TrimByID
)

func (t StreamTrim) inner() stream.Trim {
	return stream.Trim{
		By: stream.TrimBy(t.By), MaxLen: t.MaxLen, MinID: stream.ID(t.MinID), Approx: t.Approximate, Limit: t.Limit,
	}
}

// StreamAdd says how XAdd is to add an entry. The zero value gives it the next ID by
// the clock.
type StreamAdd struct {
	IDs      StreamIDs
	ID       StreamID // with GivenID; of NextInMs its Ms
	NoCreate bool     // a stream that is not there is not made
	Trim     StreamTrim
}

// StreamIDs is where an entry's ID comes from.
type StreamIDs uint8

// Where it may come from.
const (
	NextID   StreamIDs = iota // the clock, or one above the last ID if that is not behind it
	NextInMs                  // the caller gives the millisecond, the stream the sequence number
	GivenID                   // the caller
)

// openStream opens the stream of an opened key that is there.
func openStream(c *coll) stream.Stream { return stream.Open(c.nodes(), c.value()) }

// readStream opens a stream for reading. Errors: ErrNotFound, ErrWrongType.
func (tx *Tx) readStream(key []byte) (stream.Stream, error) {
	var c coll
	err := tx.openRead(&c, key, Stream)
	if err != nil {
		return stream.Stream{}, err
	}
	return openStream(&c), nil
}

// writeStream opens a stream that must be there for writing about room bytes more.
// Errors: ErrNotFound, ErrWrongType, ErrOutOfMemory.
func (tx *Tx) writeStream(key []byte, room int) (coll, stream.Stream, error) {
	var c coll
	err := tx.openWrite(&c, key, Stream, room)
	switch {
	case err != nil:
		return c, stream.Stream{}, err
	case !c.there():
		return c, stream.Stream{}, ErrNotFound
	}
	return c, openStream(&c), nil
}

// createStream makes the opened key an empty stream.
func createStream(c *coll) stream.Stream {
	root := c.create(item.Stream, stream.RootSize)
	stream.Init(c.nodes(), root)
	return stream.Open(c.nodes(), root)
}

// XAdd adds an entry of fields and values in turn to a stream, which it makes if
// there is none, then trims the stream, and returns the entry's ID. Errors:
// ErrStreamOrder for an ID that is not above all that there were, ErrStreamExhausted,
// ErrNotFound where NoCreate keeps it from making the stream, ErrTooLarge,
// ErrWrongType, ErrOutOfMemory.
func (tx *Tx) XAdd(key []byte, how StreamAdd, pairs ...[]byte) (StreamID, error) {
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		panic("cache: an entry is of fields and values in turn")
	}
	room := stream.RootSize + 64
	for _, s := range pairs {
		room += len(s) + 2
	}
	if room > stream.MaxEntry {
		return StreamID{}, ErrTooLarge
	}
	var c coll
	err := tx.openWrite(&c, key, Stream, room)
	if err != nil {
		return StreamID{}, err
	}
	var st stream.Stream
	if c.there() {
		st = openStream(&c)
	} else if how.NoCreate {
		return StreamID{}, ErrNotFound
	}
	id, err := tx.newID(&c, &st, &how)
	if err != nil {
		return StreamID{}, err
	}
	if !c.there() {
		st = createStream(&c)
	}
	limits := tx.Limits()
	err = st.Append(id, pairs, stream.Limits{MaxBytes: limits.StreamNodeMaxBytes, MaxEntries: limits.StreamNodeMaxEntries})
	if err == nil && how.Trim.By != TrimNothing {
		st.Trim(how.Trim.inner())
		c.s.noteLaden(c.hash, c.e.item)
	}
	c.done()
	return StreamID(id), err
}

// newID is the ID for a new entry of a stream, if there is one yet.
func (tx *Tx) newID(c *coll, st *stream.Stream, how *StreamAdd) (id stream.ID, err error) {
	var last stream.ID
	if c.there() {
		last = st.Last()
	}
	if last == stream.MaxID {
		return id, ErrStreamExhausted
	}
	switch how.IDs {
	case NextID:
		id, err = stream.NextID(last, tx.now)
	case NextInMs:
		id, err = stream.NextSeq(last, how.ID.Ms)
	case GivenID:
		id = stream.ID(how.ID)
	}
	if err != nil || !last.Less(id) {
		return id, ErrStreamOrder
	}
	return id, nil
}

// XLen is the number of entries of a stream, 0 if there is none. Error: ErrWrongType.
func (tx *Tx) XLen(key []byte) (int, error) {
	st, err := tx.readStream(key)
	switch {
	case err == ErrNotFound:
		return 0, nil
	case err != nil:
		return 0, err
	}
	return st.Len(), nil
}

// XDel removes entries and tells how many of them there were. What is pending for
// consumers stays so. A stream stays when it is empty. Error: ErrWrongType.
func (tx *Tx) XDel(key []byte, ids ...StreamID) (int, error) {
	c, st, err := tx.writeStream(key, 0)
	switch {
	case err == ErrNotFound:
		return 0, nil
	case err != nil:
		return 0, err
	}
	n := 0
	for _, id := range ids {
		if st.Delete(stream.ID(id)) {
			n++
		}
	}
	if n > 0 {
		st.Deleted()
		c.done()
	}
	return n, nil
}

// XTrim takes entries away from the beginning of a stream and tells how many. Error:
// ErrWrongType.
func (tx *Tx) XTrim(key []byte, t StreamTrim) (int64, error) {
	c, st, err := tx.writeStream(key, 0)
	switch {
	case err == ErrNotFound:
		return 0, nil
	case err != nil:
		return 0, err
	}
	n := st.Trim(t.inner())
	c.s.noteLaden(c.hash, c.e.item)
	if n > 0 {
		c.done()
	} else {
		c.settle()
	}
	return n, nil
}

// StreamState is what XSetID changes of a stream.
type StreamState struct {
	Last       StreamID // the last ID given: new entries get greater ones
	Added      int64    // entries ever added; below 0: as it was
	MaxDeleted StreamID // the greatest ID ever deleted; 0-0: as it was
}

// Errors of XSetID.
var (
	ErrStreamDeleted = errors.New("cache: the ID is below the greatest that was deleted")
	ErrStreamTop     = errors.New("cache: the ID is below that of the stream's last entry")
	ErrStreamAdded   = errors.New("cache: fewer entries added than there are")
)

// XSetID changes what a stream knows of its past. Errors: ErrNotFound, ErrWrongType,
// ErrStreamDeleted, ErrStreamTop, ErrStreamAdded.
func (tx *Tx) XSetID(key []byte, state StreamState) error {
	c, st, err := tx.writeStream(key, 0)
	if err != nil {
		return err
	}
	last, deleted := stream.ID(state.Last), stream.ID(state.MaxDeleted)
	switch {
	case last.Less(st.MaxDeleted()) || last.Less(deleted):
		return ErrStreamDeleted
	case st.Len() > 0 && last.Less(st.Top()):
		return ErrStreamTop
	case st.Len() > 0 && state.Added >= 0 && state.Added < int64(st.Len()):
		return ErrStreamAdded
	}
	st.SetLast(last)
	if state.Added >= 0 {
		st.SetAdded(state.Added)
	}
	if !deleted.IsZero() {
		st.SetMaxDeleted(deleted)
	}
	c.settle()
	return nil
}

// streamEncoding is what OBJECT ENCODING calls a stream.
func streamEncoding(item.Kind, []byte) Encoding { return EncodingStream }

// streamLen is the number of entries.
func streamLen(_ item.Kind, root []byte) int { return stream.LenOf(root) }

// streamRoots visits the handles in a root.
func streamRoots(_ item.Kind, root []byte, f func(nodes.Handle) nodes.Handle) {
	stream.Roots(root, f)
}

// checkStream verifies a whole stream.
func checkStream(s *nodes.Store, _ item.Kind, root []byte) error {
	st := stream.Open(s, root)
	return st.CheckInvariants()
}

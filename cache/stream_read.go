package cache

import "github.com/ashlar-cache/ashlar/cache/internal/stream"

// StreamEntries walks over entries of a stream, in the order that was asked for. It
// is a value and is borrowed, as what it hands out is: good until the next operation
// that writes.
//
//	for entries.Next() {
//		for range entries.Len() {
//			field, value := entries.Pair()
//		}
//	}
type StreamEntries struct{ c stream.Cursor }

// Next moves to the next entry and tells whether there is one.
func (e *StreamEntries) Next() bool { return e.c.Next() }

// ID is the entry's.
func (e *StreamEntries) ID() StreamID { return StreamID(e.c.ID()) }

// Len is the number of fields of the entry.
func (e *StreamEntries) Len() int { return e.c.Len() }

// Pair is the next field of the entry and its value, up to Len times.
func (e *StreamEntries) Pair() (field, value []byte) { return e.c.Pair() }

// XRange walks over the entries of a stream with IDs from one to another, both
// included. Errors: ErrNotFound, ErrWrongType.
func (tx *Tx) XRange(key []byte, from, to StreamID) (StreamEntries, error) {
	st, err := tx.readStream(key)
	if err != nil {
		return StreamEntries{}, err
	}
	return StreamEntries{st.Range(stream.ID(from), stream.ID(to), false)}, nil
}

// XRevRange is XRange from the greatest ID down to the least.
func (tx *Tx) XRevRange(key []byte, to, from StreamID) (StreamEntries, error) {
	st, err := tx.readStream(key)
	if err != nil {
		return StreamEntries{}, err
	}
	return StreamEntries{st.Range(stream.ID(from), stream.ID(to), true)}, nil
}

// XRead walks over the entries of a stream behind an ID. Errors: ErrNotFound,
// ErrWrongType.
func (tx *Tx) XRead(key []byte, after StreamID) (StreamEntries, error) {
	st, err := tx.readStream(key)
	if err != nil {
		return StreamEntries{}, err
	}
	from, ok := stream.ID(after).Next()
	if !ok || !stream.ID(after).Less(st.Last()) {
		return StreamEntries{}, nil
	}
	return StreamEntries{st.Range(from, stream.MaxID, false)}, nil
}

// XLast is the last ID that a stream has given, and that of its last entry, which is
// less if that was deleted, and 0-0 if there is none. Errors: ErrNotFound,
// ErrWrongType.
func (tx *Tx) XLast(key []byte) (last, top StreamID, err error) {
	st, err := tx.readStream(key)
	if err != nil {
		return StreamID{}, StreamID{}, err
	}
	return StreamID(st.Last()), StreamID(st.Top()), nil
}

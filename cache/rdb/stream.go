package rdb

import (
	"encoding/binary"
	"math"
)

// A stream:
//
//	number of nodes; each: the first ID (a string of 16 bytes, BE), a listpack
//	entries there are, last ID
//	  types 19, 21:  first ID, greatest ID deleted, entries ever added
//	number of groups; each:
//	  name, last ID delivered;  types 19, 21: entries read
//	  number of pending entries; each: ID (16 bytes, BE), time (8, LE), deliveries
//	  number of consumers; each:
//	    name, time seen (8, LE);  type 21: time active (8, LE)
//	    number of their pending entries; each: ID
//
// An ID is two numbers but where it says otherwise. A node's listpack:
//
//	entries, deleted ones, n, field * n, 0, entry ...
//	flags, ms, seq,           value * n,         number of elements    flag 2: same fields
//	flags, ms, seq, n, (field, value) * n,       number of elements
//
// ms and seq count from the node's first ID. Flag 1 says that the entry was deleted.
const (
	flagDeleted = 1
	flagSame    = 2
)

// ID is an entry's.
type ID struct{ Ms, Seq uint64 }

func (id ID) less(other ID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// StreamState is what a stream knows of itself besides its entries.
type StreamState struct {
	Len        int64
	Last       ID
	MaxDeleted ID
	Added      int64
}

// StreamSink takes what a stream consists of, in this order: nodes, each with its
// entries; the state; groups, each with its consumers, and these with their pending
// entries.
type StreamSink interface {
	Node() error
	// Entry's pairs are fields and values in turn. Entries that were deleted are left out.
	Entry(id ID, pairs [][]byte) error
	// EndNode tells how many those were, and the bytes of the node in Redis.
	EndNode(deleted, bytes int) error
	State(s StreamState) error
	// Group's read is -1 where it is not known. Old says that it is so because the
	// format does not have it.
	Group(name []byte, last ID, read int64, old bool) error
	Consumer(name []byte, seen, active int64) error
	Pending(id ID, time, count int64) error
}

// pending is an entry that is pending in a group.
type pending struct {
	id          ID
	time, count int64
	owned       bool
}

// streamReader is a walk over a stream.
type streamReader struct {
	reader
	typ    Type
	sink   StreamSink
	last   ID
	live   int64    // entries
	dead   int      // deleted ones of the node
	fields [][]byte // of the node
	pairs  [][]byte // of the entry
	text   []byte   // of numbers among them
	pel    []pending
}

// Stream walks over a stream.
func (o *Object) Stream(sink StreamSink) error {
	r := streamReader{reader: reader{b: o.b}, typ: o.Type, sink: sink}
	if err := r.each(r.node); err != nil {
		return err
	}
	state, err := r.state()
	if err != nil {
		return err
	}
	if err := sink.State(state); err != nil {
		return err
	}
	return r.each(r.group)
}

// id reads an ID as two numbers.
func (r *streamReader) id() (id ID, ok bool) {
	ms, ok := r.number()
	if !ok {
		return id, false
	}
	seq, ok := r.number()
	return ID{ms, seq}, ok
}

// rawID reads an ID of 16 bytes.
func (r *streamReader) rawID() (id ID, ok bool) {
	b, ok := r.bytes(16)
	if !ok {
		return id, false
	}
	return decodeID(b), true
}

func decodeID(b []byte) ID {
	return ID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// state reads what is behind the nodes.
func (r *streamReader) state() (s StreamState, err error) {
	n, ok := r.count()
	if !ok || n > math.MaxInt64 || int64(n) != r.live {
		return s, ErrFormat
	}
	s.Len, s.Added = int64(n), int64(n)
	if s.Last, ok = r.id(); !ok || s.Last.less(r.last) {
		return s, ErrFormat
	}
	if r.typ == TypeStream {
		return s, nil
	}
	if _, ok = r.id(); !ok { // the first ID, which the entries tell
		return s, ErrFormat
	}
	if s.MaxDeleted, ok = r.id(); !ok {
		return s, ErrFormat
	}
	if n, ok = r.number(); !ok || n > math.MaxInt64 {
		return s, ErrFormat
	}
	s.Added = int64(n)
	return s, nil
}

// node reads one node.
func (r *streamReader) node() error {
	key, ok := r.str(0)
	if !ok || len(key) != 16 {
		return ErrFormat
	}
	first := decodeID(key)
	b, ok := r.str(blobRole)
	if !ok {
		return ErrFormat
	}
	l, ok := openListpack(b)
	if !ok {
		return ErrFormat
	}
	live, ok1 := l.integer()
	dead, ok2 := l.integer()
	n, ok3 := l.integer()
	if !ok1 || !ok2 || !ok3 || live < 0 || dead < 0 || live > int64(len(b)) || dead > int64(len(b)) || n < 1 {
		return ErrFormat
	}
	r.text, r.fields = r.text[:0], r.fields[:0]
	for ; n > 0; n-- {
		if ok = r.take(&l, &r.fields); !ok {
			return ErrFormat
		}
	}
	if zero, ok := l.integer(); !ok || zero != 0 {
		return ErrFormat
	}
	if err := r.sink.Node(); err != nil {
		return err
	}
	kept := len(r.text)
	r.dead = 0
	for total := live + dead; total > 0; total-- {
		r.text = r.text[:kept]
		if err := r.entry(&l, first); err != nil {
			return err
		}
	}
	if !l.done() || !l.whole() {
		return ErrFormat
	}
	return r.sink.EndNode(r.dead, len(b))
}

// take adds the next element, as text, to a list.
func (r *streamReader) take(l *listpack, list *[][]byte) bool {
	e, ok := l.next()
	if !ok {
		return false
	}
	s := e.s
	if s == nil {
		var digits [20]byte
		from := len(r.text)
		r.text = append(r.text, e.text(&digits)...)
		s = r.text[from:len(r.text):len(r.text)]
	}
	*list = append(*list, s)
	return true
}

// entry reads one entry of a node.
func (r *streamReader) entry(l *listpack, first ID) error {
	before := l.count
	flags, ok1 := l.integer()
	ms, ok2 := l.integer()
	seq, ok3 := l.integer()
	if !ok1 || !ok2 || !ok3 {
		return ErrFormat
	}
	id := ID{first.Ms + uint64(ms), first.Seq + uint64(seq)}
	if !r.last.less(id) {
		return ErrFormat
	}
	r.last = id
	if !r.readPairs(l, flags&flagSame != 0) {
		return ErrFormat
	}
	elements := int64(l.count - before)
	if said, ok := l.integer(); !ok || said != elements {
		return ErrFormat
	}
	if flags&flagDeleted != 0 {
		r.dead++
		return nil
	}
	r.live++
	return r.sink.Entry(id, r.pairs)
}

// readPairs reads the fields and values of an entry, or the values alone.
func (r *streamReader) readPairs(l *listpack, same bool) bool {
	r.pairs = r.pairs[:0]
	if same {
		for _, field := range r.fields {
			r.pairs = append(r.pairs, field)
			if !r.take(l, &r.pairs) {
				return false
			}
		}
		return true
	}
	n, ok := l.integer()
	if !ok || n < 1 || n > int64(len(l.b)) {
		return false
	}
	for n *= 2; n > 0; n-- {
		if !r.take(l, &r.pairs) {
			return false
		}
	}
	return true
}

// group reads a group with all it has.
func (r *streamReader) group() error {
	name, ok := r.str(0)
	if !ok {
		return ErrFormat
	}
	last, ok := r.id()
	if !ok {
		return ErrFormat
	}
	read, old := int64(-1), r.typ == TypeStream
	if !old {
		n, ok := r.number()
		if read = int64(n); !ok || read < -1 {
			return ErrFormat
		}
	}
	if err := r.sink.Group(name, last, read, old); err != nil {
		return err
	}
	r.pel = r.pel[:0]
	if err := r.each(r.groupPending); err != nil {
		return err
	}
	if err := r.each(r.consumer); err != nil {
		return err
	}
	for i := range r.pel {
		if !r.pel[i].owned {
			return ErrFormat
		}
	}
	return nil
}

// groupPending reads an entry that is pending in a group.
func (r *streamReader) groupPending() error {
	id, ok1 := r.rawID()
	time, ok2 := r.millis()
	count, ok3 := r.number()
	if !ok1 || !ok2 || !ok3 || count > math.MaxInt64 {
		return ErrFormat
	}
	if n := len(r.pel); n > 0 && !r.pel[n-1].id.less(id) {
		return ErrFormat
	}
	r.pel = append(r.pel, pending{id: id, time: time, count: int64(count)})
	return nil
}

// consumer reads a consumer of the group.
func (r *streamReader) consumer() error {
	name, ok := r.str(0)
	if !ok {
		return ErrFormat
	}
	seen, ok := r.millis()
	if !ok {
		return ErrFormat
	}
	active := seen // the best guess
	if r.typ == TypeStream3 {
		if active, ok = r.millis(); !ok {
			return ErrFormat
		}
	}
	if err := r.sink.Consumer(name, seen, active); err != nil {
		return err
	}
	return r.each(func() error {
		id, ok := r.rawID()
		if !ok {
			return ErrFormat
		}
		e := r.findPending(id)
		if e == nil || e.owned {
			return ErrFormat
		}
		e.owned = true
		return r.sink.Pending(id, e.time, e.count)
	})
}

// findPending finds what is pending in the group by its ID.
func (r *streamReader) findPending(id ID) *pending {
	low, high := 0, len(r.pel)
	for low < high {
		i := int(uint(low+high) / 2)
		if r.pel[i].id.less(id) {
			low = i + 1
		} else {
			high = i
		}
	}
	if low == len(r.pel) || r.pel[low].id != id {
		return nil
	}
	return &r.pel[low]
}

package rdb

import (
	"encoding/binary"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/decimal"
)

// Writer makes a payload. Begin starts it, End ends it, and between the two its user
// writes what the type wants, in the order that the package's documentation shows.
type Writer struct {
	// B is what has been written, behind what was there before.
	B []byte
	// Raw has long strings not compressed.
	Raw bool

	start int
	typ   Type
	table *lzfTable
}

// Begin starts a payload.
func (w *Writer) Begin(t Type) {
	w.start, w.typ = len(w.B), t
	w.B = append(w.B, byte(t))
}

// End writes the footer.
func (w *Writer) End() {
	w.B = appendFooter(w.B, w.start, kinds[w.typ].version)
	if w.table != nil {
		tables.Put(w.table)
		w.table = nil
	}
}

// Number writes a length, or another number that is not below zero.
func (w *Writer) Number(n uint64) {
	switch {
	case n < 1<<6:
		w.B = append(w.B, byte(n))
	case n < 1<<14:
		w.B = append(w.B, 0x40|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		w.B = binary.BigEndian.AppendUint32(append(w.B, 0x80), uint32(n))
	default:
		w.B = binary.BigEndian.AppendUint64(append(w.B, 0x81), n)
	}
}

// compressFrom is the length from which it may pay to compress a string.
const compressFrom = 21

// String writes a string in the shortest form.
func (w *Writer) String(s []byte) {
	const longest = 11 // of the integers that have a form
	if len(s) <= longest {
		if n, ok := decimal.Parse(s); ok && w.integer(n) {
			return
		}
	}
	if len(s) >= compressFrom && !w.Raw && w.compress(s) {
		return
	}
	w.Number(uint64(len(s)))
	w.B = append(w.B, s...)
}

// integer writes a string that is an integer, if it is a small one.
func (w *Writer) integer(n int64) bool {
	switch {
	case n >= math.MinInt8 && n <= math.MaxInt8:
		w.B = append(w.B, 0xC0, byte(n))
	case n >= math.MinInt16 && n <= math.MaxInt16:
		w.B = binary.LittleEndian.AppendUint16(append(w.B, 0xC1), uint16(n))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		w.B = binary.LittleEndian.AppendUint32(append(w.B, 0xC2), uint32(n))
	default:
		return false
	}
	return true
}

// compress writes a string compressed, if that makes it shorter. The lengths stand
// before it, and are known behind it: so it is moved there.
func (w *Writer) compress(s []byte) bool {
	if w.table == nil {
		w.table, _ = tables.Get().(*lzfTable)
	}
	from := len(w.B)
	var ok bool
	if w.B, ok = w.table.compress(w.B, s); !ok {
		return false
	}
	packed := len(w.B)
	w.B = append(w.B, 0xC3)
	w.Number(uint64(packed - from))
	w.Number(uint64(len(s)))
	rotate(w.B[from:], packed-from)
	return true
}

// rotate brings what is behind the first n bytes of b, a few bytes, before them.
func rotate(b []byte, n int) {
	var head [32]byte
	k := copy(head[:], b[n:])
	copy(b[k:], b[:n])
	copy(b, head[:k])
}

// Score writes a score.
func (w *Writer) Score(f float64) {
	w.B = binary.LittleEndian.AppendUint64(w.B, math.Float64bits(f))
}

// Millis writes a time.
func (w *Writer) Millis(ms int64) { w.B = binary.LittleEndian.AppendUint64(w.B, uint64(ms)) }

// ID writes an ID as two numbers.
func (w *Writer) ID(id ID) {
	w.Number(id.Ms)
	w.Number(id.Seq)
}

// RawID writes an ID as 16 bytes.
func (w *Writer) RawID(id ID) { w.B = appendID(w.B, id) }

func appendID(b []byte, id ID) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, id.Ms), id.Seq)
}

// Node is a node of a stream on its way. The zero value is ready; Write empties it.
type Node struct {
	first   ID
	live    int64
	names   [][]byte // fields of the first entry, in text
	text    []byte
	entries builder // without a frame
	frame   []byte
}

// Len is the number of entries.
func (n *Node) Len() int { return int(n.live) }

// Add adds an entry.
func (n *Node) Add(id ID, pairs [][]byte) {
	if n.live == 0 {
		n.begin(id, pairs)
	}
	n.live++
	same := n.same(pairs)
	flags := int64(0)
	if same {
		flags = flagSame
	}
	e := &n.entries
	before := e.count
	e.integer(flags)
	e.integer(int64(id.Ms - n.first.Ms))
	e.integer(int64(id.Seq - n.first.Seq))
	if !same {
		e.integer(int64(len(pairs) / 2))
	}
	for i, s := range pairs {
		if i%2 == 1 || !same {
			e.add(s)
		}
	}
	e.integer(int64(e.count - before))
}

// begin notes what the first entry gives to the node.
func (n *Node) begin(id ID, pairs [][]byte) {
	n.first = id
	for i := 0; i < len(pairs); i += 2 {
		from := len(n.text)
		n.text = append(n.text, pairs[i]...)
		n.names = append(n.names, n.text[from:len(n.text):len(n.text)])
	}
}

// same tells whether an entry has the fields of the first.
func (n *Node) same(pairs [][]byte) bool {
	if len(pairs) != 2*len(n.names) {
		return false
	}
	for i, name := range n.names {
		if string(name) != string(pairs[2*i]) {
			return false
		}
	}
	return true
}

// Write writes a node and empties it.
func (w *Writer) Write(n *Node) {
	l := newBuilder(n.frame[:0])
	l.integer(n.live)
	l.integer(0) // deleted ones are not written
	l.integer(int64(len(n.names)))
	for _, name := range n.names {
		l.add(name)
	}
	l.integer(0)
	l.b = append(l.b, n.entries.b...)
	l.count += n.entries.count
	n.frame = l.finish()
	var key [16]byte
	w.Number(uint64(len(key)))
	w.B = append(w.B, appendID(key[:0], n.first)...)
	w.String(n.frame)
	n.live, n.names, n.text = 0, n.names[:0], n.text[:0]
	n.entries = builder{b: n.entries.b[:0]}
}

package stream

import (
	"encoding/binary"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// ID names an entry: the millisecond it was added in, and which of that
// millisecond's entries it is. Entries are in the order of their IDs.
type ID struct{ Ms, Seq uint64 }

// MaxID is the last ID there can be.
var MaxID = ID{math.MaxUint64, math.MaxUint64}

// Less tells whether id comes before other.
func (id ID) Less(other ID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// IsZero tells whether id is 0-0, which no entry has.
func (id ID) IsZero() bool { return id == ID{} }

// Next is the ID right after id; there is none after MaxID.
func (id ID) Next() (next ID, ok bool) {
	switch {
	case id.Seq != math.MaxUint64:
		return ID{id.Ms, id.Seq + 1}, true
	case id.Ms != math.MaxUint64:
		return ID{id.Ms + 1, 0}, true
	}
	return ID{}, false
}

// Prev is the ID right before id; there is none before 0-0.
func (id ID) Prev() (prev ID, ok bool) {
	switch {
	case id.Seq != 0:
		return ID{id.Ms, id.Seq - 1}, true
	case id.Ms != 0:
		return ID{id.Ms - 1, math.MaxUint64}, true
	}
	return MaxID, false
}

// key is the ID as a separator of a tree.
func (id ID) key() tree.Key { return tree.Key{Hi: id.Ms, Lo: id.Seq} }

func readID(b []byte, off int) ID {
	return ID{binary.LittleEndian.Uint64(b[off:]), binary.LittleEndian.Uint64(b[off+8:])}
}

func writeID(b []byte, off int, id ID) {
	binary.LittleEndian.PutUint64(b[off:], id.Ms)
	binary.LittleEndian.PutUint64(b[off+8:], id.Seq)
}

func get32(b []byte, off int) int   { return int(binary.LittleEndian.Uint32(b[off:])) }
func put32(b []byte, off, n int)    { binary.LittleEndian.PutUint32(b[off:], uint32(n)) }
func get16(b []byte, off int) int   { return int(binary.LittleEndian.Uint16(b[off:])) }
func put16(b []byte, off, n int)    { binary.LittleEndian.PutUint16(b[off:], uint16(n)) }
func get64(b []byte, off int) int64 { return int64(binary.LittleEndian.Uint64(b[off:])) }
func put64(b []byte, off int, n int64) {
	binary.LittleEndian.PutUint64(b[off:], uint64(n))
}

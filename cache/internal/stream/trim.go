package stream

// Trim says what to take away from a stream's beginning.
type Trim struct {
	By     TrimBy
	MaxLen int64 // TrimLen: no more entries than this stay
	MinID  ID    // TrimID: no entry below this stays
	// Approx takes whole blocks only, as long as none goes that should stay.
	Approx bool
	Limit  int64 // take no more entries than this; 0: no limit
}

// TrimBy is what a trim goes by.
type TrimBy uint8

// What there is to go by.
const (
	TrimNone TrimBy = iota
	TrimLen
	TrimID
)

// Trim takes entries away from the beginning and tells how many.
func (st *Stream) Trim(t Trim) int64 {
	deleted := int64(0)
	for t.By != TrimNone && !st.blocks.Empty() {
		if t.By == TrimLen && int64(st.Len()) <= t.MaxLen {
			break
		}
		p := st.blocks.First()
		b, count := st.s.Bytes(p.Leaf), int64(p.Count)
		if t.Limit != 0 && deleted+count > t.Limit {
			break
		}
		if t.whole(b, int64(st.Len())-count) {
			st.drop(&p)
			deleted += count
			continue
		}
		if !t.Approx {
			n := t.within(b, int64(st.Len()))
			deleted += int64(n)
			st.blocks.Changed(&p, -n)
			st.shrink(p.Leaf, b)
		}
		break
	}
	if deleted > 0 {
		st.Deleted()
	} else {
		st.blocks.Save(st.root[rootBlocks:]) // a block without entries may have gone
	}
	return deleted
}

// whole tells whether all of a block is to go, which leaves left entries.
func (t *Trim) whole(b []byte, left int64) bool {
	if t.By == TrimLen {
		return left >= t.MaxLen
	}
	// What counts is the last entry that was added, whether it is there or not.
	return readHead(b, get32(b, blockLast)).id.Less(t.MinID)
}

// within deletes entries from a block of a stream of length entries, of which some
// stay, and tells how many.
func (t *Trim) within(b []byte, length int64) int {
	n := 0
	for off := get32(b, blockBody); off < get32(b, blockEnd); n++ {
		e := readHead(b, off)
		if e.dead || t.By == TrimLen && length-int64(n) <= t.MaxLen || t.By == TrimID && !e.id.Less(t.MinID) {
			break
		}
		off = entryEnd(b, e)
		erase(b, e, off)
	}
	return n
}

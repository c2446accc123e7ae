package stream

import "github.com/ashlar-cache/ashlar/cache/internal/tree"

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

// freedAtOnce is about how many nodes are freed by the operation that takes them away:
// some twenty microseconds' worth. The rest is left to Reclaim. (Tests have less done
// at once.)
var freedAtOnce = 128

// Trim takes entries away from the beginning and tells how many.
func (st *Stream) Trim(t Trim) int64 {
	deleted := int64(0)
	for steps := 0; t.By != TrimNone && !st.blocks.Empty(); steps++ {
		if steps == freedAtOnce {
			deleted += st.cut(&t, deleted)
		}
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

// cut takes away the blocks that are to go whole, but for the last of them, after so
// many entries that have gone already, in one step however many they are. What it
// returns is the number of their entries.
func (st *Stream) cut(t *Trim, deleted int64) int64 {
	var p tree.Pos
	gone := int64(st.Len()) - t.MaxLen
	if t.By == TrimID {
		st.blocks.SeekKey(&p, t.MinID.key(), nil)
		gone = int64(st.blocks.Rank(&p))
	}
	if t.Limit != 0 {
		gone = min(gone, t.Limit-deleted)
	}
	if gone <= 0 {
		return 0
	}
	// No block before that of the first entry which may stay has one that must.
	st.blocks.SeekRank(&p, int(gone))
	gone = int64(st.blocks.Rank(&p))
	st.blocks.CutBefore(&p, st.doom)
	return gone
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

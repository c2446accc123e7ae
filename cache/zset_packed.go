package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// A small sorted set is one blob, searched from its beginning:
//
//	byte  0      1 2
//	    ┌─────────┬─────────┬─────────┬ …
//	    │ n, LE   │ entry   │ entry   │       n entries in order
//	    └─────────┴─────────┴─────────┴ …

const (
	zpackedHead = 2
	zpackedMax  = 8 << 10 // bytes of the largest blob, whatever the thresholds
)

// zpackedLen is the number of elements of a packed set.
func zpackedLen(v []byte) int { return int(binary.LittleEndian.Uint16(v)) }

func setZPackedLen(v []byte, n int) { binary.LittleEndian.PutUint16(v, uint16(n)) }

// zpackedSeq is a packed set's entries.
func zpackedSeq(v []byte) zseq { return zseq{b: v[zpackedHead:]} }

// zpackedScore is a score as a listpack has it, which knows no -0.
func zpackedScore(score float64) float64 {
	if score == 0 {
		return 0
	}
	return score
}

// createPacked makes a packed set of one element.
func (z *zset) createPacked(score float64, member []byte) {
	score = zpackedScore(score)
	v := z.create(item.ZSetPacked, zpackedHead+entrySize(member, score, false))
	setZPackedLen(v, 1)
	putEntry(v, zpackedHead, member, score, nil)
}

// insertPacked adds an element that is not there.
func (z *zset) insertPacked(score float64, member []byte) {
	score = zpackedScore(score)
	q := zpackedSeq(z.value())
	off, _, _ := q.seek(score, member)
	off += zpackedHead
	v := z.splice(off, 0, entrySize(member, score, false))
	setZPackedLen(v, zpackedLen(v)+1)
	putEntry(v, off, member, score, nil)
}

// updatePacked gives the element at off, of the entries, another score. It is cut
// out and put in with one change of the value's size, which may give it another
// block.
func (z *zset) updatePacked(off int, score float64, member []byte) {
	score = zpackedScore(score)
	q := zpackedSeq(z.value())
	to, _, _ := q.seek(score, member)
	del, ins := q.end(off)-off, entrySize(member, score, false)
	off, to = off+zpackedHead, to+zpackedHead
	v := z.splice(off, del, ins)
	if to <= off {
		copy(v[to+ins:], v[to:off])
	} else { // behind the old place: what lies between moves down over the gap
		to += ins - del
		copy(v[off:], v[off+ins:to])
		to -= ins
	}
	putEntry(v, to, member, score, nil)
}

// cutPacked takes n elements out, from the i-th on, not all of them.
func (z *zset) cutPacked(i, n int) {
	v := z.value()
	q := zpackedSeq(v)
	off := q.skip(0, i)
	end := q.skip(off, n)
	v = z.splice(zpackedHead+off, end-off, 0)
	setZPackedLen(v, zpackedLen(v)-n)
}

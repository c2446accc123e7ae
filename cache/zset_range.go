package cache

import (
	"bytes"
	"iter"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// ZBy is what a range of a sorted set goes by.
type ZBy uint8

// The kinds of range.
const (
	ZByRank  ZBy = iota
	ZByScore     // from Min to Max
	ZByLex       // from MinLex to MaxLex; means something where all scores are equal
)

// ZBound is an end of a range of scores. The zero value is 0, included.
type ZBound struct {
	Score float64
	Open  bool // the score itself is not in the range
}

// ZLexBound is an end of a range of members. The zero value is the empty member,
// included.
type ZLexBound struct {
	Member []byte
	Open   bool // the member itself is not in the range
	Inf    int8 // -1: before all members; 1: behind all members
}

// ZRange says which elements of a sorted set an operation is about.
type ZRange struct {
	By          ZBy
	Start, Stop int // by rank, both included; negative ones count from the end
	Min, Max    ZBound
	MinLex      ZLexBound
	MaxLex      ZLexBound
	Reverse     bool // from the highest to the lowest; ranks count from the highest

	// Of a range by score or by member, Limited takes Count elements, or all if it is
	// negative, from the Offset-th on, in the direction of the range.
	Limited       bool
	Offset, Count int
}

// ZSpan is the elements of a range. It borrows from the transaction: it is valid
// until End or the next operation that writes.
type ZSpan struct {
	z       zset
	lo, n   int
	reverse bool
}

// ZRange finds the elements in a range. Of a key that does not exist there are none.
// Errors: ErrWrongType.
func (tx *Tx) ZRange(key []byte, r ZRange) (span ZSpan, err error) {
	if err := tx.readZSet(key, &span.z); err != nil {
		return span, missing(err)
	}
	span.reverse = r.Reverse
	lo, hi := span.z.bounds(&r)
	span.lo, span.n = lo, hi-lo
	return span, nil
}

// ZCount is the number of elements in a range. Errors: ErrWrongType.
func (tx *Tx) ZCount(key []byte, r ZRange) (int, error) {
	span, err := tx.ZRange(key, r)
	return span.n, err
}

// ZRemRange takes the elements in a range out and reports how many there were.
// Errors: ErrWrongType.
func (tx *Tx) ZRemRange(key []byte, r ZRange) (removed int, err error) {
	var z zset
	if err := tx.writeZSet(key, 0, &z); err != nil || !z.there() {
		return 0, err
	}
	lo, hi := z.bounds(&r)
	n := hi - lo
	switch {
	case n == 0:
	case n == z.len():
		z.discard()
	case z.large:
		z.cutTree(lo, n)
		z.finish()
	default:
		z.cutPacked(lo, n)
		z.finish()
	}
	return n, nil
}

// ZPop takes up to n elements out, those of the lowest scores or, if highest, those
// of the highest, and hands each to f first. Errors: ErrWrongType.
func (tx *Tx) ZPop(key []byte, n int, highest bool, f func(member []byte, score float64)) (popped int, err error) {
	if n <= 0 {
		return 0, nil
	}
	r := ZRange{Stop: n - 1, Reverse: highest}
	span, err := tx.ZRange(key, r)
	if err != nil || span.n == 0 {
		return 0, err
	}
	span.Each(func(member []byte, score float64) bool {
		f(member, score)
		return true
	})
	return tx.ZRemRange(key, r)
}

// Len is the number of elements.
func (s *ZSpan) Len() int { return s.n }

// All goes through the elements, in the direction of the range. Members are borrowed.
func (s *ZSpan) All() iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) { s.Each(yield) }
}

// Each calls f for every element, in the direction of the range, until it returns
// false. Members are borrowed.
func (s *ZSpan) Each(f func(member []byte, score float64) bool) {
	switch {
	case s.n == 0:
	case s.reverse:
		s.z.backward(s.lo+s.n-1, s.n, f)
	default:
		s.z.forward(s.lo, s.n, f)
	}
}

// bounds are the ranks, from the lowest score and the upper one excluded, of the
// elements of a range.
func (z *zset) bounds(r *ZRange) (lo, hi int) {
	switch r.By {
	case ZByScore:
		lo, hi = z.below(r.Min.Score, r.Min.Open), z.below(r.Max.Score, !r.Max.Open)
	case ZByLex:
		lo, hi = z.lexBounds(r)
	default:
		return z.rankBounds(r)
	}
	if lo >= hi {
		return 0, 0
	}
	if !r.Limited {
		return lo, hi
	}
	if r.Offset < 0 || r.Offset >= hi-lo || r.Count == 0 {
		return 0, 0
	}
	n := hi - lo - r.Offset
	if r.Count > 0 {
		n = min(n, r.Count)
	}
	if r.Reverse {
		hi -= r.Offset
		return hi - n, hi
	}
	lo += r.Offset
	return lo, lo + n
}

func (z *zset) rankBounds(r *ZRange) (lo, hi int) {
	n := z.len()
	start, stop := r.Start, r.Stop
	if start < 0 {
		start = max(start+n, 0)
	}
	if stop < 0 {
		stop += n
	}
	stop = min(stop, n-1)
	if start > stop {
		return 0, 0
	}
	if r.Reverse {
		return n - 1 - stop, n - start
	}
	return start, stop + 1
}

// below is the number of elements whose score is less than score, or, if with, not
// greater.
func (z *zset) below(score float64, with bool) int {
	if z.large {
		key := tree.Key{Hi: scoreBits(score)}
		if with {
			key.Lo = math.MaxUint64
		}
		var p tree.Pos
		z.tree.SeekKey(&p, key, func(nodes.Handle) bool { return with })
		l := z.coldLeaf(p.Leaf)
		return z.tree.Rank(&p) + l.below(score, with)
	}
	q, rank := zpackedSeq(z.value()), 0
	for off := 0; off < len(q.b); {
		_, s, next := q.entry(off)
		if s > score || s == score && !with {
			break
		}
		off = next
		rank++
	}
	return rank
}

// reaches tells whether a member is not before the lower end of a range.
func (b *ZLexBound) reaches(member []byte) bool {
	if b.Inf != 0 {
		return b.Inf < 0
	}
	c := bytes.Compare(member, b.Member)
	return c > 0 || c == 0 && !b.Open
}

// within tells whether a member is not behind the upper end of a range.
func (b *ZLexBound) within(member []byte) bool {
	if b.Inf != 0 {
		return b.Inf > 0
	}
	c := bytes.Compare(member, b.Member)
	return c < 0 || c == 0 && !b.Open
}

// lexBounds: where scores differ the range means nothing; in a small set it is then
// what Redis finds in a listpack: from the first member that reaches the lower end on
// as long as members are within the upper one, or the like from the other side.
func (z *zset) lexBounds(r *ZRange) (lo, hi int) {
	if z.large {
		return z.lexRank(&r.MinLex, r.MinLex.Open), z.lexRank(&r.MaxLex, !r.MaxLex.Open)
	}
	var (
		q       = zpackedSeq(z.value())
		i, n    = 0, zpackedLen(z.value())
		run     int  // where the elements that reach the lower end began, of late
		inside  bool // lo is set
		outside bool // hi is set
	)
	for off := 0; off < len(q.b); i++ {
		m, _, next := q.entry(off)
		off = next
		reaches, within := r.MinLex.reaches(m), r.MaxLex.within(m)
		if i == 0 && !within || i == n-1 && !reaches {
			return 0, 0
		}
		if r.Reverse {
			if !reaches {
				run = i + 1
			}
			if within {
				lo, hi = run, i+1
			}
			continue
		}
		if !inside && reaches {
			lo, hi, inside = i, n, true
		}
		if inside && !outside && !within {
			hi, outside = i, true
		}
	}
	return lo, hi
}

// lexRank is the number of elements of a large set before a bound, or, if with, up to
// the bound's member.
func (z *zset) lexRank(b *ZLexBound, with bool) int {
	switch b.Inf {
	case -1:
		return 0
	case 1:
		return z.tree.Len()
	}
	first := z.tree.First()
	l := openZLeaf(z.nodes(), first.Leaf)
	_, score := l.at(0)
	var p zplace
	found := z.seekTree(&p, score, b.Member)
	rank := z.tree.Rank(&p.Pos) + p.i
	if found && with {
		rank++
	}
	return rank
}

// forward calls f for n elements, which there must be, from a rank on.
func (z *zset) forward(rank, n int, f func(member []byte, score float64) bool) {
	if !z.large {
		q := zpackedSeq(z.value())
		q.each(q.skip(0, rank), n, f)
		return
	}
	var p tree.Pos
	i := z.tree.SeekRank(&p, rank)
	for {
		l := openZLeaf(z.nodes(), p.Leaf)
		m := min(n, p.Count-i)
		if !l.each(l.offset(i), m, f) {
			return
		}
		if n -= m; n == 0 || !z.tree.Next(&p) {
			return
		}
		i = 0
	}
}

// each calls f for n entries from off on; false: f ended it.
func (q *zseq) each(off, n int, f func(member []byte, score float64) bool) bool {
	for ; n > 0; n-- {
		member, score, next := q.entry(off)
		if !f(member, score) {
			return false
		}
		off = next
	}
	return true
}

// backward calls f for n elements, which there must be, from a rank down.
func (z *zset) backward(rank, n int, f func(member []byte, score float64) bool) {
	if !z.large {
		var room [320]uint16 // offsets of as many entries as a packed set mostly has
		q := zpackedSeq(z.value())
		q.eachBack(q.offsets(room[:0])[:rank+1], n, f)
		return
	}
	var p tree.Pos
	i := z.tree.SeekRank(&p, rank)
	for {
		l := openZLeaf(z.nodes(), p.Leaf)
		m := min(n, i+1)
		for last := i; i > last-m; i-- {
			if member, score := l.at(i); !f(member, score) {
				return
			}
		}
		if n -= m; n == 0 || !z.tree.Prev(&p) {
			return
		}
		i = p.Count - 1
	}
}

// eachBack calls f for the last n of the entries at the offsets, from the last to the
// first.
func (q *zseq) eachBack(offsets []uint16, n int, f func(member []byte, score float64) bool) bool {
	for i := len(offsets) - 1; i >= len(offsets)-n; i-- {
		member, score, _ := q.entry(int(offsets[i]))
		if !f(member, score) {
			return false
		}
	}
	return true
}

// cutTree takes n elements out of a large set, from a rank on.
func (z *zset) cutTree(rank, n int) {
	for n > 0 {
		var p zplace
		p.i = z.tree.SeekRank(&p.Pos, rank)
		l := openZLeaf(z.nodes(), p.Leaf)
		m := min(n, p.Count-p.i)
		l.each(l.offset(p.i), m, func(member []byte, _ float64) bool {
			z.indexDelete(member, p.Leaf)
			return true
		})
		z.cutLeaf(&p, m)
		n -= m
	}
}

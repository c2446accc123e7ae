package cache

import "github.com/ashlar-cache/ashlar/cache/internal/item"

// setShape is how far a set has come in Redis's order of encodings.
type setShape struct {
	encoding Encoding
	n        int // members
	digits   int // of an intset: the most bytes of a member in decimal, or more
}

// newSetShape is the shape in which Redis makes a set whose first member is given,
// and that will have about hint of them.
func newSetShape(l *Limits, first []byte, hint int) setShape {
	if _, ok := ParseInt(first); ok && hint <= l.maxInts() {
		return setShape{encoding: EncodingIntset}
	}
	if hint <= l.SetMaxPackedEntries {
		return setShape{encoding: EncodingListpack}
	}
	return setShape{encoding: EncodingHashTable}
}

// maxInts is the most members of an intset: Redis has a limit of its own.
func (l *Limits) maxInts() int { return min(l.SetMaxInts, 1<<30) }

// expect is what Redis does where so many members more are announced.
func (s *setShape) expect(l *Limits, hint int) {
	if (s.encoding == EncodingListpack && hint > l.SetMaxPackedEntries) ||
		(s.encoding == EncodingIntset && hint > l.maxInts()) {
		s.encoding = EncodingHashTable
	}
}

// add is what Redis does as a new member comes; isInt tells whether it is an
// integer.
func (s *setShape) add(l *Limits, member []byte, isInt bool) {
	fits := s.n < l.SetMaxPackedEntries && len(member) <= l.SetMaxPackedValue
	s.n++
	switch {
	case s.encoding == EncodingIntset && isInt:
		s.digits = max(s.digits, len(member))
		if s.n > l.maxInts() {
			s.encoding = EncodingHashTable
		}
	case s.encoding == EncodingIntset && fits && s.digits <= l.SetMaxPackedValue:
		s.encoding = EncodingListpack
	case !fits || s.encoding == EncodingIntset:
		s.encoding = EncodingHashTable
	}
}

// setShape is the shape of a set that is there.
func (c *coll) setShape() setShape {
	v := c.value()
	s := setShape{encoding: setEncoding(c.kind(), v), n: setLen(c.kind(), v)}
	switch {
	case c.kind() == item.SetInts:
		s.digits = ints(v).digits()
	case s.encoding == EncodingIntset:
		s.digits = maxDigits // too many to look at for what hardly ever counts
	}
	return s
}

// maxDigits is the length of the longest integer in decimal.
const maxDigits = len("-9223372036854775808")

// isInt tells whether a member is an integer to Redis.
func isInt(member []byte) bool {
	_, ok := ParseInt(member)
	return ok
}

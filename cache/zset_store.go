package cache

import (
	"slices"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// byScore is the order of a sorted set.
func byScore(a, b ZMember) int { return compareElements(a.Score, a.Member, b.Score, b.Member) }

// ZStore makes key a sorted set of the members given, whatever it was before, without
// an expiry. The members must differ from each other and must not be borrowed from the
// cache; they are put in order. With none the key is deleted. Errors: ErrOutOfMemory,
// ErrTooLarge; then nothing has changed.
func (tx *Tx) ZStore(key []byte, members []ZMember) error {
	slices.SortFunc(members, byScore)
	return tx.zstore(key, members)
}

// zstore is ZStore of members that are in order.
func (tx *Tx) zstore(key []byte, members []ZMember) error {
	if len(members) == 0 {
		tx.Delete(key)
		return nil
	}
	if len(key) > MaxValue {
		return ErrTooLarge
	}
	room, longest, size := len(key), 0, zpackedHead
	for i := range members {
		m := &members[i]
		room += len(m.Member) + zsetRoom/2
		longest = max(longest, len(m.Member))
		size += entrySize(m.Member, zpackedScore(m.Score), false)
	}
	s, _ := tx.route(key)
	if err := s.reserve(room); err != nil {
		return err
	}
	tx.Delete(key)
	var z zset
	if err := tx.writeZSet(key, 0, &z); err != nil {
		return err
	}
	l := tx.Limits()
	if len(members) <= l.ZSetMaxPackedEntries && longest <= l.ZSetMaxPackedValue && size <= zpackedMax {
		v := z.create(item.ZSetPacked, size)
		setZPackedLen(v, len(members))
		off := zpackedHead
		for i := range members {
			off = putEntry(v, off, members[i].Member, zpackedScore(members[i].Score), nil)
		}
	} else {
		z.promote()
		z.name(len(members), longest, l)
		for i := range members {
			z.append(members[i].Score, members[i].Member)
		}
	}
	z.finish()
	return nil
}

// ZRangeStore makes dst a sorted set of the elements in a range of src and reports
// how many there are; with none dst is deleted. Errors: ErrWrongType, about src;
// ErrOutOfMemory.
func (tx *Tx) ZRangeStore(dst, src []byte, r ZRange) (int, error) {
	span, err := tx.ZRange(src, r)
	if err != nil {
		return 0, err
	}
	members := make([]ZMember, 0, span.n)
	var a arena
	span.Each(func(member []byte, score float64) bool {
		members = append(members, ZMember{a.copy(member), score})
		return true
	})
	if r.Reverse {
		slices.Reverse(members)
	}
	return len(members), tx.zstore(dst, members)
}

// arena copies borrowed bytes to Go memory, many to a piece. Pieces grow: most results
// are small, and a large piece for each would keep the collector busy.
type arena struct {
	free []byte
	next int // bytes of the next piece
}

const (
	arenaFirst = 512
	arenaPiece = 32 << 10
)

func (a *arena) copy(b []byte) []byte {
	if len(b) > len(a.free) {
		if len(b) > arenaPiece/8 {
			return append([]byte(nil), b...)
		}
		a.next = min(max(2*a.next, arenaFirst, 8*len(b)), arenaPiece)
		a.free = make([]byte, a.next)
	}
	n := copy(a.free, b)
	out := a.free[:n:n]
	a.free = a.free[n:]
	return out
}

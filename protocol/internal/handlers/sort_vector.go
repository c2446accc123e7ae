package handlers

import (
	"bytes"
	"math"
	"slices"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// sortVector is the elements while they are sorted, copied out of the cache.
type sortVector struct {
	items []sortItem
	arena []byte // never nil, and so no copy is
}

// sortItem is an element and what it is sorted by.
type sortItem struct {
	element []byte
	by      []byte // ALPHA; nil: there is no such key
	score   float64
	place   int // where it was: equals stay in this order
}

// copy keeps bytes that are borrowed in the vector's own space.
func (v *sortVector) copy(b []byte) []byte {
	v.arena = append(v.arena, b...)
	return v.arena[len(v.arena)-len(b) : len(v.arena) : len(v.arena)]
}

// add takes an element to be sorted.
func (v *sortVector) add(element []byte) {
	v.items = append(v.items, sortItem{element: v.copy(element), place: len(v.items)})
}

// loadSort copies the elements; of a list or a sorted set that is not to be sorted
// only those within the limit, in their own order or against it.
func (ctx *Context) loadSort(key []byte, kind cache.Type, s *sorting) (*sortVector, error) {
	v := &sortVector{arena: make([]byte, 0, 64)}
	switch kind {
	case cache.Set:
		members, err := ctx.Tx.SMembers(key)
		for member := range members.All() {
			v.add(member)
		}
		if s.asIs {
			start, end := s.window(len(v.items))
			v.items = v.items[start:end]
		}
		return v, err
	case cache.List:
		first, last := 0, -1
		if s.asIs {
			n, err := ctx.Tx.LLen(key)
			if err != nil {
				return v, err
			}
			start, end := s.window(n)
			if start == end {
				return v, nil
			}
			if first, last = start, end-1; s.desc {
				first, last = n-end, n-1-start
			}
		}
		elements, err := ctx.Tx.LRange(key, first, last)
		for element, ok := elements.Next(); ok; element, ok = elements.Next() {
			v.add(element)
		}
		if s.asIs && s.desc {
			slices.Reverse(v.items)
		}
		return v, err
	case cache.ZSet:
		return v, ctx.loadSortedSet(key, s, v)
	}
	return v, nil
}

// loadSortedSet is loadSort of a sorted set.
func (ctx *Context) loadSortedSet(key []byte, s *sorting, v *sortVector) error {
	r := cache.ZRange{Stop: -1}
	if s.asIs {
		n, err := ctx.Tx.ZCard(key)
		if err != nil {
			return err
		}
		start, end := s.window(n)
		if start == end {
			return nil
		}
		r.Start, r.Stop, r.Reverse = start, end-1, s.desc
	}
	span, err := ctx.Tx.ZRange(key, r)
	if err == nil {
		span.Each(func(member []byte, _ float64) bool {
			v.add(member)
			return true
		})
	}
	return err
}

// weigh finds out what each element is sorted by. Not ok if that must be a number
// and is none.
func (v *sortVector) weigh(tx *cache.Tx, s *sorting) (ok bool) {
	ok = true
	for i := range v.items {
		it := &v.items[i]
		by := it.element
		if s.by != nil {
			var found bool
			if by, found = s.by.lookup(tx, it.element); !found {
				continue
			}
		}
		switch {
		case s.alpha && s.by != nil:
			it.by = v.copy(by)
		case s.alpha:
			it.by = by
		default:
			number, isNumber := sortNumber(by)
			it.score, ok = number, ok && isNumber
		}
	}
	return ok
}

// order sorts. Equal numbers go by the elements' bytes.
func (v *sortVector) order(s *sorting) {
	compare := func(a, b *sortItem) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return bytes.Compare(a.element, b.element)
	}
	if s.alpha {
		stored := s.store != nil
		compare = func(a, b *sortItem) int { return compareText(a.by, b.by, stored) }
	}
	slices.SortFunc(v.items, func(a, b sortItem) int {
		c := compare(&a, &b)
		if s.desc {
			c = -c
		}
		if c == 0 {
			c = a.place - b.place
		}
		return c
	})
}

// compareText compares what ALPHA sorts by: byte by byte, and what there is none of
// comes first. What goes to the client redis-server compares by the C library, which
// ends a text at its first NUL byte.
func compareText(a, b []byte, whole bool) int {
	switch {
	case a == nil || b == nil:
		return btoi(a != nil) - btoi(b != nil)
	case whole:
		return bytes.Compare(a, b)
	}
	return bytes.Compare(untilNUL(a), untilNUL(b))
}

// btoi is 1 for true.
func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// untilNUL is what C takes for the string: up to the first zero byte.
func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// smallestNormal is the smallest number of full precision: C's strtod reports what is
// below as out of range.
const smallestNormal = 0x1p-1022

// sortNumber reads a number as C's strtod does of a whole string: blanks may come
// before it, a NUL byte ends it, and nothing at all is 0.
func sortNumber(b []byte) (float64, bool) {
	b = untilNUL(b)
	if len(b) == 0 {
		return 0, true
	}
	f, ok := args.Float(bytes.TrimLeft(b, " \t\n\v\f\r"))
	if !ok || (f != 0 && math.Abs(f) < smallestNormal) {
		return 0, false
	}
	return f, true
}

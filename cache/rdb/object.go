package rdb

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/decimal"
)

// Object is a payload whose footer is right. What is in it has yet to be verified,
// by Check or on the way: until Check has been through it, a walk may come to a fault
// after it has handed out half of the elements.
type Object struct {
	Type Type
	Kind Kind
	b    []byte
}

// Parse takes a payload apart. Errors: ErrPayload, ErrFormat.
func Parse(payload []byte) (Object, error) {
	b, err := body(payload)
	if err != nil {
		return Object{}, err
	}
	if len(b) == 0 {
		return Object{}, ErrFormat
	}
	o := Object{Type: Type(b[0]), b: b[1:]}
	if o.Kind = kinds[o.Type].kind; o.Kind == 0 {
		return Object{}, ErrFormat
	}
	return o, nil
}

// entries is one of the packed encodings: it verifies b and hands its elements to f.
type entries func(b []byte, f func(e []byte) error) error

// packedIn are the encodings of the objects that are one packed string.
var packedIn = map[Type]entries{
	TypeHashZipmap: zipmapEach, TypeListZiplist: ziplistEach, TypeSetIntset: intsetEach,
	TypeZSetZiplist: ziplistEach, TypeHashZiplist: ziplistEach, TypeHashListpack: listpackEach,
	TypeZSetListpack: listpackEach, TypeSetListpack: listpackEach,
	TypeHashListpackExPr: listpackEach, TypeHashListpackEx: listpackEach,
}

// Packed tells whether the elements were in one of Redis's compact encodings, in
// which they stay as long as they are few, however long they are.
func (o *Object) Packed() bool { return packedIn[o.Type] != nil && o.Type != TypeHashZipmap }

// Expiring tells whether the form is one in which fields may expire.
func (o *Object) Expiring() bool { return kinds[o.Type].version == 12 }

// blobRole is the role of a packed string; elements have those below.
const blobRole = 2

// Text is the value of a string.
func (o *Object) Text() ([]byte, error) {
	r := reader{b: o.b}
	s, ok := r.str(0)
	if !ok {
		return nil, ErrFormat
	}
	return s, nil
}

// Elements hands the elements of a list, or the members of a set, to f in order.
func (o *Object) Elements(f func(e []byte) error) error {
	return o.elements(f, func(bool) {})
}

// elements is Elements; node is called before each of a quicklist's nodes, with
// whether it is one element by itself.
func (o *Object) elements(f func(e []byte) error, node func(plain bool)) error {
	r := reader{b: o.b}
	switch o.Type {
	case TypeListQuicklist, TypeListQuicklist2:
		return o.quicklist(&r, f, node)
	case TypeList, TypeSet:
		return r.each(func() error {
			e, ok := r.str(0)
			if !ok {
				return ErrFormat
			}
			return f(e)
		})
	}
	b, ok := r.str(blobRole)
	if !ok {
		return ErrFormat
	}
	node(false)
	return packedIn[o.Type](b, f)
}

// each calls f as often as the number says that comes next.
func (r *reader) each(f func() error) error {
	n, ok := r.count()
	if !ok {
		return ErrFormat
	}
	for ; n > 0; n-- {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

const (
	nodePlain  = 1
	nodePacked = 2
)

// quicklist walks over the nodes of a list. Empty ones do not count.
func (o *Object) quicklist(r *reader, f func(e []byte) error, node func(plain bool)) error {
	walk := listpackEach
	if o.Type == TypeListQuicklist {
		walk = ziplistEach
	}
	return r.each(func() error {
		form, ok := uint64(nodePacked), true
		if o.Type == TypeListQuicklist2 {
			if form, ok = r.number(); !ok || form != nodePlain && form != nodePacked {
				return ErrFormat
			}
		}
		b, ok := r.str(blobRole)
		if !ok || len(b) == 0 {
			return ErrFormat
		}
		if form == nodePlain {
			node(true)
			return f(b)
		}
		first := true
		return walk(b, func(e []byte) error {
			if first {
				node(false)
				first = false
			}
			return f(e)
		})
	})
}

// grouped hands the elements of a packed string to f, n at a time.
func (r *reader) grouped(walk entries, n int, f func(group *[3][]byte) error) error {
	b, ok := r.str(blobRole)
	if !ok {
		return ErrFormat
	}
	var group [3][]byte
	have := 0
	err := walk(b, func(e []byte) error {
		group[have] = e
		if have++; have < n {
			return nil
		}
		have = 0
		return f(&group)
	})
	if err == nil && have != 0 {
		return ErrFormat
	}
	return err
}

// Scores hands the members of a sorted set to f, in whatever order they are.
func (o *Object) Scores(f func(member []byte, score float64) error) error {
	r := reader{b: o.b}
	if walk := packedIn[o.Type]; walk != nil {
		return r.grouped(walk, 2, func(group *[3][]byte) error {
			score, ok := parseScore(group[1])
			if !ok || math.IsNaN(score) {
				return ErrFormat
			}
			return f(group[0], score)
		})
	}
	return r.each(func() error {
		member, ok := r.str(0)
		if !ok {
			return ErrFormat
		}
		var score float64
		if o.Type == TypeZSet2 {
			score, ok = r.double()
		} else {
			score, ok = r.textDouble()
		}
		if !ok || math.IsNaN(score) {
			return ErrFormat
		}
		return f(member, score)
	})
}

// Fields hands the fields of a hash to f, with their expiry, unix ms, 0 for none.
func (o *Object) Fields(f func(field, value []byte, expireAt int64) error) error {
	r := reader{b: o.b}
	least := int64(1)
	if o.Type == TypeHashExpiring || o.Type == TypeHashListpackEx {
		var ok bool
		if least, ok = r.millis(); !ok || least < 0 || least > MaxExpiry+1 {
			return ErrFormat
		}
	}
	if walk := packedIn[o.Type]; walk != nil {
		n := 2
		if o.Expiring() {
			n = 3
		}
		return r.grouped(walk, n, func(group *[3][]byte) error {
			if n == 2 {
				return f(group[0], group[1], 0)
			}
			at, ok := decimal.Parse(group[2])
			if !ok || at < 0 || at > MaxExpiry {
				return ErrFormat
			}
			return f(group[0], group[1], at)
		})
	}
	return r.each(func() error {
		at, ok := int64(0), true
		if o.Expiring() {
			at, ok = r.expiry(least)
		}
		if !ok {
			return ErrFormat
		}
		field, ok := r.str(0)
		if !ok {
			return ErrFormat
		}
		value, ok := r.str(1)
		if !ok {
			return ErrFormat
		}
		return f(field, value, at)
	})
}

// expiry reads a field's expiry, which counts from one below the least; 0 is none.
func (r *reader) expiry(least int64) (at int64, ok bool) {
	n, ok := r.number()
	if !ok || n == 0 {
		return 0, ok
	}
	if n > MaxExpiry {
		return 0, false
	}
	at = int64(n) + least - 1
	return at, at >= 0 && at <= MaxExpiry
}

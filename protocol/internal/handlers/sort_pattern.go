package handlers

import (
	"bytes"

	"github.com/ashlar-cache/ashlar/cache"
)

// sortPattern is an argument of BY or GET. In "weight_*" the star stands for the
// element; in "object_*->price" what follows the arrow is a field of the hash at the
// key before it; "#" is the element itself.
type sortPattern struct {
	prefix, suffix []byte
	field          []byte // nil: the key holds a string
	varies         bool   // has a star; without one it leads nowhere
	self           bool
	key            []byte // room for keys
}

// parseSortPattern reads a BY or GET pattern.
func parseSortPattern(text []byte) (p sortPattern) {
	text = untilNUL(text)
	if string(text) == "#" {
		p.self = true
		return p
	}
	prefix, suffix, ok := bytes.Cut(text, []byte("*"))
	if !ok {
		return p
	}
	p.varies, p.prefix, p.suffix = true, prefix, suffix
	// An arrow at the end is part of the key.
	if key, field, ok := bytes.Cut(suffix, []byte("->")); ok && len(field) > 0 {
		p.suffix, p.field = key, field
	}
	return p
}

// lookup is the value that the pattern leads to for an element, borrowed.
func (p *sortPattern) lookup(tx *cache.Tx, element []byte) (value []byte, ok bool) {
	if p.self {
		return element, true
	}
	if !p.varies {
		return nil, false
	}
	p.key = append(append(append(p.key[:0], p.prefix...), element...), p.suffix...)
	var err error
	if p.field != nil {
		value, err = tx.HGet(p.key, p.field)
	} else {
		value, err = tx.Get(p.key)
	}
	return value, err == nil
}

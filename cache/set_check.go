package cache

import (
	"errors"
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// checkSet verifies a set.
func checkSet(s *nodes.Store, h *hasher, kind item.Kind, v []byte) error {
	switch kind {
	case item.SetInts:
		return checkInts(v)
	case item.SetPacked:
		return checkPackedSet(v)
	}
	if len(v) != setRootSize {
		return fmt.Errorf("a set's root has %d bytes", len(v))
	}
	if e := Encoding(v[setEncodingAt]); e != EncodingIntset && e != EncodingListpack && e != EncodingHashTable {
		return fmt.Errorf("a set's encoding is %d", e)
	}
	t := table.Keys(s, v[setTableAt:setEncodingAt], h)
	if t.Len() == 0 {
		return errors.New("an empty set")
	}
	return t.Check()
}

func checkInts(v ints) error {
	if len(v) < intsHeader || (v[0] != 2 && v[0] != 4 && v[0] != 8) || (len(v)-intsHeader)%v.width() != 0 || v.len() == 0 {
		return fmt.Errorf("a set of integers has %d bytes, beginning %x", len(v), v[:min(len(v), 1)])
	}
	for i := 1; i < v.len(); i++ {
		if v.at(i-1) >= v.at(i) {
			return fmt.Errorf("integers of a set out of order: %d, %d", v.at(i-1), v.at(i))
		}
	}
	return nil
}

func checkPackedSet(v []byte) error {
	if len(v) < setHeader || !packed.Valid(v[setHeader:]) {
		return errors.New("a packed set is no sequence of entries")
	}
	if n := packed.Count(v[setHeader:]); n == 0 || n != packedSetLen(v) {
		return fmt.Errorf("a packed set of %d members says %d", n, packedSetLen(v))
	}
	for off := setHeader; off < len(v); {
		member, next, _ := packed.Next(v, off)
		if _, _, again := packed.Find(v[next:], member); again {
			return fmt.Errorf("a packed set has %q twice", member)
		}
		off = next
	}
	return nil
}

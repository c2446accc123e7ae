package cache

import (
	"errors"
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
)

// checkHash verifies a hash.
func checkHash(s *nodes.Store, h *hasher, kind item.Kind, v []byte) error {
	if kind != item.HashTable {
		return checkPackedHash(kind, v)
	}
	if len(v) != hashRootSize {
		return fmt.Errorf("a hash's root has %d bytes", len(v))
	}
	if e := Encoding(v[hashNameAt]); e != EncodingListpack && e != EncodingListpackEx && e != EncodingHashTable {
		return fmt.Errorf("a hash's encoding is %d", e)
	}
	t := table.Pairs(s, v[hashTableAt:hashDueAt], h)
	if t.Len() == 0 {
		return errors.New("an empty hash")
	}
	due := hashNextDue(kind, v)
	late := false
	t.EachEntry(func(e table.Entry) bool {
		late = e.Due != 0 && (due == 0 || due > e.Due)
		return !late
	})
	if late {
		return fmt.Errorf("a field is due before its hash, %d", due)
	}
	return t.Check()
}

func checkPackedHash(kind item.Kind, v []byte) error {
	if len(v) < hashHeader || !packed.Valid(v[hashHeader:]) {
		return errors.New("a packed hash is no sequence of entries")
	}
	n := packed.Count(v[hashHeader:])
	if n == 0 || n != packedHashLen(v)*hashStep(kind) {
		return fmt.Errorf("a packed hash of %d entries says %d fields", n, packedHashLen(v))
	}
	off, last := hashHeader, int64(0)
	var err error
	packedFields(v, kind, func(field, value []byte, due int64) bool {
		off += packed.Size(len(field)) + packed.Size(len(value))
		if kind == item.HashPackedTTL {
			off += dueSize(due)
			if due != 0 && due < last {
				err = fmt.Errorf("field %q of a packed hash is out of order", field)
			}
			if last = due; due == 0 {
				last = never
			}
		}
		if _, _, again := packed.FindEvery(v, off, field, hashStep(kind)); again {
			err = fmt.Errorf("a packed hash has %q twice", field)
		}
		return err == nil
	})
	return err
}

// never is later than any expiry.
const never = MaxFieldExpiry + 1

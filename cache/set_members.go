package cache

import (
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
)

// memberSet is a set in Go memory, for results before they are written: members one
// behind the other in the order in which they came, and a hash table of where they
// lie. It has two pointers, however many members.
type memberSet struct {
	hash  *hasher
	blob  []byte   // packed
	slots []uint64 // 0, or the upper bits of the hash and the member's offset + 1
	n     int
}

const (
	slotOffset = 1<<40 - 1
	slotsMin   = 16
)

// newMemberSet makes one for about hint members.
func newMemberSet(h *hasher, hint int) *memberSet {
	size := slotsMin
	for size < hint+hint/2 {
		size *= 2
	}
	return &memberSet{hash: h, slots: make([]uint64, size)}
}

// find is the slot of a member, or where it belongs.
func (s *memberSet) find(member []byte) (slot *uint64, tag uint64) {
	h := s.hash.sum(member)
	tag = h &^ slotOffset
	for i := h; ; i++ {
		slot = &s.slots[i&uint64(len(s.slots)-1)]
		if *slot == 0 {
			return slot, tag
		}
		if *slot&^slotOffset != tag {
			continue
		}
		if same, _, _ := packed.Next(s.blob, int(*slot&slotOffset)-1); string(same) == string(member) {
			return slot, tag
		}
	}
}

// has tells whether a member is in.
func (s *memberSet) has(member []byte) bool {
	slot, _ := s.find(member)
	return *slot != 0
}

// add copies a member in and tells whether it was not.
func (s *memberSet) add(member []byte) bool {
	slot, tag := s.find(member)
	if *slot != 0 {
		return false
	}
	*slot = tag | uint64(len(s.blob)+1)
	s.blob = packed.Append(s.blob, member)
	if s.n++; s.n > len(s.slots)*3/4 {
		s.grow()
	}
	return true
}

// push copies in a member that is not in, and is not looked for later on.
func (s *memberSet) push(member []byte) {
	s.blob = packed.Append(s.blob, member)
	s.n++
}

func (s *memberSet) grow() {
	s.slots = make([]uint64, 2*len(s.slots))
	for off := 0; off < len(s.blob); {
		member, next, _ := packed.Next(s.blob, off)
		slot, tag := s.find(member)
		*slot = tag | uint64(off+1)
		off = next
	}
}

// each calls f for each member until f returns false.
func (s *memberSet) each(f func(member []byte) bool) {
	for off := 0; off < len(s.blob); {
		member, next, _ := packed.Next(s.blob, off)
		if !f(member) {
			return
		}
		off = next
	}
}

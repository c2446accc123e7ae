package item

import "unsafe"

// View is as much of an item as a reader without the lock needs.
type View struct {
	value     []byte
	kind      uint8
	state     uint32
	expiresAt int64
}

// Value is the value's bytes, in the block.
func (v *View) Value() []byte { return v.value }

// IsString tells whether the value is a string.
func (v *View) IsString() bool { return Kind(v.kind&kindMask)-1 < Kind(StringPlain) }

// ExpireAt is the expiry time in unix milliseconds; 0 if there is none.
func (v *View) ExpireAt() int64 { return v.expiresAt }

// State is what the eviction policy keeps with the item.
func (v *View) State() uint32 { return v.state }

// Sight says what a Glance at a block has shown.
type Sight uint8

// The outcomes.
const (
	Other   Sight = iota // an item with another key
	Same                 // the item with the key
	Unknown              // to be looked at under the lock
)

// viewLimit is the longest value that is viewed: two bytes of length.
const viewLimit = 1 << 14

// Glance looks at the block at p, of whose memory room bytes can be read, without the
// lock. The block may be written, freed or anything else meanwhile, so nothing that is
// read is trusted to make sense: no length leads beyond the room.
func Glance(v *View, p unsafe.Pointer, room uintptr, key []byte) Sight {
	if len(key) >= 0x80 || room < 16 {
		return Unknown
	}
	w := *(*uint64)(unsafe.Add(p, fixed))
	if uint8(w) != uint8(len(key)) {
		return Other
	}
	valLen, off := uintptr(w>>8&0x7F), uintptr(fixed+2)
	if w&0x8000 != 0 {
		if w&0x800000 != 0 {
			return Unknown
		}
		valLen |= uintptr(w>>16&0x7F) << 7
		off++
	}
	first := *(*uint32)(p)
	v.kind, v.state, v.expiresAt = uint8(first), first>>8, 0
	if v.kind&expires != 0 {
		at, n := glanceExpiry(unsafe.Add(p, off), v.kind)
		v.expiresAt = at
		off += n
	}
	n := uintptr(len(key))
	if off+n+valLen > room {
		return Unknown
	}
	if string(unsafe.Slice((*byte)(unsafe.Add(p, off)), n)) != string(key) {
		return Other
	}
	v.value = unsafe.Slice((*byte)(unsafe.Add(p, off+n)), valLen)
	return Same
}

// glanceExpiry reads an expiry of either size. Together with what is before it, it ends
// within the block of the smallest size, but for its last bytes, which the caller's
// room for key and value has to cover: hence the room of at least 16.
func glanceExpiry(p unsafe.Pointer, kind uint8) (at int64, size uintptr) {
	if kind&wide != 0 {
		return *(*int64)(p), 8
	}
	return epoch + int64(uint64(*(*uint32)(p))|uint64(*(*uint8)(unsafe.Add(p, 4)))<<32), 5
}

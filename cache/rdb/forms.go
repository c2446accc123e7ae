package rdb

import "errors"

// Errors of reading.
var (
	ErrPayload = errors.New("rdb: the version or the checksum of the payload is wrong")
	ErrFormat  = errors.New("rdb: bad data format")
)

// Type is the first byte of a payload.
type Type uint8

// The types of objects.
const (
	TypeString           Type = 0
	TypeList             Type = 1
	TypeSet              Type = 2
	TypeZSet             Type = 3
	TypeHash             Type = 4
	TypeZSet2            Type = 5
	TypeHashZipmap       Type = 9
	TypeListZiplist      Type = 10
	TypeSetIntset        Type = 11
	TypeZSetZiplist      Type = 12
	TypeHashZiplist      Type = 13
	TypeListQuicklist    Type = 14
	TypeStream           Type = 15
	TypeHashListpack     Type = 16
	TypeZSetListpack     Type = 17
	TypeListQuicklist2   Type = 18
	TypeStream2          Type = 19 // knows its first ID, the greatest deleted, entries added and read
	TypeSetListpack      Type = 20
	TypeStream3          Type = 21 // knows when consumers were active
	TypeHashExpiringPre  Type = 22 // of 7.4's release candidates
	TypeHashListpackExPr Type = 23
	TypeHashExpiring     Type = 24
	TypeHashListpackEx   Type = 25
)

// Kind is what sort of value an object is.
type Kind uint8

// The kinds.
const (
	String Kind = iota + 1
	List
	Set
	ZSet
	Hash
	Stream
)

// kinds says which kind a type is of, and since which version of the format there
// is such a type.
var kinds = map[Type]struct {
	kind    Kind
	version uint16
}{
	TypeString: {String, 6}, TypeList: {List, 6}, TypeSet: {Set, 6}, TypeZSet: {ZSet, 6}, TypeHash: {Hash, 6},
	TypeZSet2: {ZSet, 8}, TypeHashZipmap: {Hash, 6}, TypeListZiplist: {List, 6}, TypeSetIntset: {Set, 6},
	TypeZSetZiplist: {ZSet, 6}, TypeHashZiplist: {Hash, 6}, TypeListQuicklist: {List, 7}, TypeStream: {Stream, 9},
	TypeHashListpack: {Hash, 10}, TypeZSetListpack: {ZSet, 10}, TypeListQuicklist2: {List, 10}, TypeStream2: {Stream, 10},
	TypeSetListpack: {Set, 11}, TypeStream3: {Stream, 11},
	TypeHashExpiringPre: {Hash, 12}, TypeHashListpackExPr: {Hash, 12}, TypeHashExpiring: {Hash, 12}, TypeHashListpackEx: {Hash, 12},
}

// maxVersion is the latest version of the format that is read: Redis 7.4's.
const maxVersion = 12

// MaxString is the most bytes of a string, as in Redis: 512 MiB.
const MaxString = 512 << 20

// MaxExpiry is the latest time at which a field of a hash can expire.
const MaxExpiry = 1<<48 - 2

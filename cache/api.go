package cache

import (
	"math"
)

// NoExpiry is the expiry time of a key that does not expire; KeepTTL asks a
// write to leave the expiry as it is. All expiry times are unix milliseconds.
const (
	NoExpiry int64 = 0
	KeepTTL  int64 = math.MinInt64
)

// Type is a value's type, by Redis's names.
type Type uint8

// The types.
const (
	None Type = iota
	String
	List
	Set
	ZSet
	Hash
	Stream
)

// String is the name TYPE prints.
func (t Type) String() string {
	return [...]string{"none", "string", "list", "set", "zset", "hash", "stream"}[t]
}

// Encoding is how a value is stored, by the names OBJECT ENCODING prints.
type Encoding uint8

// The encodings. Of strings: an integer in canonical form, a short string, and one
// that is long or has been changed in place. Those of collections are named by
// Redis's thresholds; what a collection is really made of see the package's essay.
const (
	EncodingNone Encoding = iota
	EncodingInt
	EncodingEmbstr
	EncodingRaw
	EncodingListpack
	EncodingListpackEx // a small hash in which some field expires
	EncodingHashTable
	EncodingIntset
	EncodingQuicklist
	EncodingSkiplist
	EncodingStream
)

// String is the name OBJECT ENCODING prints.
func (e Encoding) String() string {
	return [...]string{
		"none", "int", "embstr", "raw", "listpack", "listpackex", "hashtable", "intset",
		"quicklist", "skiplist", "stream",
	}[e]
}

// ObjectInfo is what OBJECT and DEBUG OBJECT tell of a key.
type ObjectInfo struct {
	Type      Type
	Encoding  Encoding
	IdleMs    int64 // time since the last access
	Frequency uint8 // logarithmic access counter, as Redis's LFU has it
	ExpireAt  int64 // unix ms; NoExpiry
	Length    int   // bytes of a string value, elements of a collection
	Bytes     int   // memory that the key takes: index entry, header, key, value, rounding
}

// ScanOptions narrow a scan.
type ScanOptions struct {
	Count int                   // how many keys to look at, about; 0 means 10
	Type  Type                  // None: any
	Match func(key []byte) bool // nil: any
}

// Stats is a cache's counters and sizes at one moment.
type Stats struct {
	Keys, Expires                 int64 // over all databases
	Resident                      int64 // bytes had from the operating system
	ItemBytes, IndexBytes         int64 // of those: live items with headers; index
	FreeBytes                     int64 // of those: free room inside pages
	MetaBytes                     int64 // of those: page tables and other book-keeping
	MaxMemory                     int64
	Hits, Misses                  int64
	Expired, Evicted              int64
	ExpiredFields                 int64 // of hashes, that the background work has removed
	CompactedItems, ReleasedBytes int64
	PeakResident                  int64
	Shards                        int
}

// DBStats is one database's line in INFO keyspace.
type DBStats struct{ Keys, Expires, AvgTTLms int64 }

package cache

// Limits say where a collection stops being small: the thresholds of Redis's
// configuration, by which OBJECT ENCODING names the encodings. How a collection is
// kept follows them as long as a packed value stays small enough to be worked on
// whole.
type Limits struct {
	HashMaxPackedEntries int // hash-max-listpack-entries
	HashMaxPackedValue   int // hash-max-listpack-value, bytes of a field or a value
	SetMaxInts           int // set-max-intset-entries
	SetMaxPackedEntries  int // set-max-listpack-entries
	SetMaxPackedValue    int // set-max-listpack-value
	ZSetMaxPackedEntries int // zset-max-listpack-entries
	ZSetMaxPackedValue   int // zset-max-listpack-value
	ListMaxPackedSize    int // list-max-listpack-size: entries; -1 … -5: 4 … 64 KiB
	StreamNodeMaxBytes   int // stream-node-max-bytes; 0: no limit
	StreamNodeMaxEntries int // stream-node-max-entries; 0: no limit
	HLLSparseMaxBytes    int // hll-sparse-max-bytes
}

// DefaultLimits are Redis's.
func DefaultLimits() Limits {
	return Limits{
		HashMaxPackedEntries: 512, HashMaxPackedValue: 64,
		SetMaxInts: 512, SetMaxPackedEntries: 128, SetMaxPackedValue: 64,
		ZSetMaxPackedEntries: 128, ZSetMaxPackedValue: 64,
		ListMaxPackedSize:  -2,
		StreamNodeMaxBytes: 4096, StreamNodeMaxEntries: 100,
		HLLSparseMaxBytes: 3000,
	}
}

// Limits are the thresholds at work.
func (c *Cache) Limits() Limits { return *c.limits.Load() }

// SetLimits changes the thresholds. A collection there is follows them when it is
// next added to.
func (c *Cache) SetLimits(l Limits) { c.limits.Store(&l) }

// Limits are the thresholds at work; they must not be changed.
func (tx *Tx) Limits() *Limits { return tx.c.limits.Load() }

package cache

// Policy says which items make room when memory is full.
type Policy uint8

// The policies: Redis's eight, by its names, and two of our own.
const (
	NoEviction Policy = iota
	AllKeysLRU
	AllKeysLFU
	AllKeysRandom
	VolatileLRU
	VolatileLFU
	VolatileRandom
	VolatileTTL
	AllKeysDensity      // the default: most bytes × idle time for their frequency go first
	AllKeysDensityBytes // the same without the size, for those who care for the byte hit ratio
)

var policyNames = [...]string{
	NoEviction: "noeviction", AllKeysLRU: "allkeys-lru", AllKeysLFU: "allkeys-lfu",
	AllKeysRandom: "allkeys-random", VolatileLRU: "volatile-lru", VolatileLFU: "volatile-lfu",
	VolatileRandom: "volatile-random", VolatileTTL: "volatile-ttl",
	AllKeysDensity: "allkeys-density", AllKeysDensityBytes: "allkeys-density-bytes",
}

// String is the policy's name in the configuration, e.g. "allkeys-lru".
func (p Policy) String() string { return policyNames[p] }

// ParsePolicy finds a policy by its name.
func ParsePolicy(name string) (Policy, bool) {
	for p, n := range policyNames {
		if n == name {
			return Policy(p), true
		}
	}
	return 0, false
}

// Options configure a Cache. The zero value is a cache without bound.
type Options struct {
	// MaxMemory bounds the bytes of memory that the cache has from the operating
	// system: index, items, fragmentation and book-keeping. 0: no bound.
	MaxMemory int64
	// Policy says what goes when MaxMemory is reached; Samples, how many items
	// are compared for each one that goes (default 16).
	Policy  Policy
	Samples int
	// Databases is the number of keyspaces (default 16). They share MaxMemory.
	Databases int
	// Shards is a power of two; 0 chooses from GOMAXPROCS and MaxMemory.
	Shards int
	// Clock gives the time in unix milliseconds; nil for the system's.
	Clock func() int64
	// HashSeed, when not 0, makes hashing reproducible (XXH64 with this seed), for
	// tests. 0, the default, keys the hash per process so that nobody outside can
	// find colliding keys.
	HashSeed uint64
	// NoBackground leaves expiry, compaction and page release to calls of
	// Maintain: for tests and simulations.
	NoBackground bool
}

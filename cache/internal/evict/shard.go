package evict

import "sync/atomic"

// Kind names a policy, in the order of cache.Policy.
type Kind uint8

// The policies.
const (
	NoEviction Kind = iota
	AllKeysLRU
	AllKeysLFU
	AllKeysRandom
	VolatileLRU
	VolatileLFU
	VolatileRandom
	VolatileTTL
	AllKeysDensity
	AllKeysDensityBytes
)

// State is what a policy knows of one item: 24 bits in the item's header. Its
// layout is the policy's (see the package doc).
type State uint32

// StateMask covers the bits that a State uses.
const StateMask State = 1<<24 - 1

// family says how a State is laid out.
type family uint8

const (
	recency family = iota // 24 bits of clock
	lfu                   // 16 bits of minutes, 8 of logarithmic counter
	density               // 16 bits of clock, a hit bit, 7 bits of logarithmic counter
)

func (k Kind) family() family {
	switch k {
	case AllKeysLFU, VolatileLFU:
		return lfu
	case AllKeysDensity, AllKeysDensityBytes:
		return density
	}
	return recency
}

// Volatile says whether only items that expire are candidates.
func (k Kind) Volatile() bool { return k >= VolatileLRU && k <= VolatileTTL }

// Config sets a Shard up. The zero value is noeviction.
type Config struct {
	Kind Kind
	// LFULogFactor and LFUDecayMinutes are Redis's lfu-log-factor and
	// lfu-decay-time. New takes them as they are: Redis's defaults are 10 and 1.
	LFULogFactor, LFUDecayMinutes int
	// Seed makes the shard's random choices reproducible.
	Seed uint64
	// Alloc and Free get and return the ghost's memory, GhostChunk bytes at a
	// time, zeroed. nil: from the Go heap, where it holds no pointers.
	Alloc func(bytes int) []byte
	Free  func([]byte)
}

// Shard is the eviction policy of one shard of the cache. It is not safe for
// concurrent use: all calls are made under the shard's lock. No call allocates,
// except that an eviction may get one chunk of ghost memory.
type Shard struct {
	kind   Kind
	family family

	// clock counts ticks in 32.32 fixed point; see clock.go.
	clock uint64
	step  uint64 // advance for each insertion: ticksPerTurnover/items
	items int
	rng   uint64

	weyl uint64

	rate         uint32 // of decay, for each tick; see density.go
	minutes      uint32 // Redis's LFU clock: unix minutes, modulo 2^16
	incr         *[256]uint32
	decayMinutes uint32

	learn   *learner // density only
	ghost   ghost
	pace    pace
	history history
	shown   atomic.Uint64 // what readers without the lock may know; see due.go
	cfg     Config
}

// New makes the policy of one shard.
func New(c Config) *Shard {
	s := &Shard{rng: c.Seed*2 + 1, rate: rateOne}
	s.pace.perTurnover = ticksPerTurnover
	s.resize()
	s.Configure(c)
	return s
}

// Configure changes policy and parameters while items are resident. States of
// another family are read as if they were of the new one, as Redis does it: they
// right themselves at the next access.
func (s *Shard) Configure(c Config) {
	s.cfg, s.kind, s.family = c, c.Kind, c.Kind.family()
	s.incr, s.decayMinutes = lfuTable(c.LFULogFactor), uint32(max(0, c.LFUDecayMinutes))
	if s.family != density {
		s.learn = nil
		s.ghost.release(c.Free)
	} else if s.learn == nil {
		s.learn = newLearner()
	}
	s.publish()
}

// Kind is the policy at work.
func (s *Shard) Kind() Kind { return s.kind }

// Reset forgets all items, for a flush of the shard.
func (s *Shard) Reset() {
	s.items = 0
	s.resize()
	s.ghost.release(s.cfg.Free)
}

// Close returns the ghost's memory.
func (s *Shard) Close() { s.ghost.release(s.cfg.Free) }

// Resident is the bytes that the policy has allocated for itself.
func (s *Shard) Resident() int { return s.ghost.bytes() + s.learn.bytes() }

// Items is the number of items that the policy believes resident.
func (s *Shard) Items() int { return s.items }

// Insert is the state of a new item. The hash must be the same at Evicted.
func (s *Shard) Insert(hash uint64, size int) State {
	s.items++
	s.advance()
	switch s.family {
	case density:
		return s.insertDensity(hash)
	case lfu:
		return State(s.minutes<<8 | lfuInit)
	}
	return s.stamp24()
}

// Touch is the state after an access.
func (s *Shard) Touch(st State, hash uint64) State {
	switch s.family {
	case density:
		return s.touchDensity(st)
	case lfu:
		return s.touchLFU(st)
	}
	return s.stamp24()
}

// Update is the state after an overwrite: it counts as an access.
func (s *Shard) Update(st State, hash uint64, size int) State {
	switch s.family {
	case density:
		return s.updateDensity(st)
	case lfu:
		return s.touchLFU(st)
	}
	return s.stamp24()
}

// Adopt is the state here of an item that comes from another shard, whose clock has
// gone its own way: it has been idle for as many ticks as there.
func (s *Shard) Adopt(st State, from *Shard) State {
	switch s.family {
	case lfu: // by the wall clock
		return st
	case density:
		return (st + (State(s.clock>>32)-State(from.clock>>32))<<8) & StateMask
	}
	return (st + State(s.clock>>24) - State(from.clock>>24)) & StateMask
}

// Removed tells of an item that was deleted or has expired.
func (s *Shard) Removed() {
	if s.items > 0 {
		s.items--
	}
}

// Evicted tells of an item that made room; it counts as Removed too.
func (s *Shard) Evicted(hash uint64, st State, size int) {
	s.Removed()
	if s.family == density {
		s.evictedDensity(hash, st)
	}
}

// Score ranks a candidate: of those sampled the highest goes. 0 is no candidate.
// size is all that the item takes, overhead included; times are unix ms.
func (s *Shard) Score(st State, size int, expireAt, now int64) uint64 {
	if s.family == density {
		return s.scoreDensity(st, size)
	}
	return s.scoreOther(st, expireAt)
}

func (s *Shard) scoreOther(st State, expireAt int64) uint64 {
	if s.kind.Volatile() && expireAt == 0 {
		return 0
	}
	switch s.kind {
	case AllKeysLRU, VolatileLRU:
		return uint64((State(s.clock>>24)-st)&StateMask) + 1
	case AllKeysLFU, VolatileLFU:
		return s.scoreLFU(st)
	case AllKeysRandom, VolatileRandom:
		return s.random()>>1 + 1
	case VolatileTTL:
		return 1<<62 - uint64(min(expireAt, 1<<62-1))
	}
	return 0 // noeviction
}

// Frequency is Redis's logarithmic counter under the LFU policies, decayed to
// now; under density the aged number of accesses; else 0.
func (s *Shard) Frequency(st State) uint8 {
	switch s.family {
	case lfu:
		return uint8(s.decayedLFU(st))
	case density:
		return uint8(min(255, pow2(s.weight(st))))
	}
	return 0
}

// random is a step of a 64-bit linear congruential generator; only its high bits are good.
func (s *Shard) random() uint64 {
	s.rng = s.rng*6364136223846793005 + 1442695040888963407
	return s.rng
}

package cache

import (
	"hash/maphash"

	"github.com/cespare/xxhash/v2"
)

// hasher turns keys into 64 bits. By default it is keyed per process with the
// runtime's own hash (AES on machines that have it): XXH64 has collisions that
// hold for any seed, so a seed alone would not keep a stranger from finding keys
// that collide. With a fixed seed it is XXH64, the same in every run.
type hasher struct {
	key   maphash.Seed
	fixed uint64
}

func newHasher(seed uint64) hasher {
	return hasher{key: maphash.MakeSeed(), fixed: seed}
}

func (h *hasher) sum(key []byte) uint64 {
	if h.fixed != 0 {
		return mix64(xxhash.Sum64(key) ^ h.fixed)
	}
	return maphash.Bytes(h.key, key)
}

// Hash is sum, as collections' tables know it (table.Hasher).
func (h *hasher) Hash(key []byte) uint64 { return h.sum(key) }

// mix64 is the finaliser of MurmurHash3: a bijection that spreads every bit.
func mix64(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

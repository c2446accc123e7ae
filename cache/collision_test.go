package cache

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
)

// The constants of XXH64, and the inverses of two of them modulo 2^64.
const (
	prime1 uint64 = 11400714785074694791
	prime2 uint64 = 14029467366897019727
	prime4 uint64 = 9650029242287828579
	prime5 uint64 = 2870177450012600261
)

// inverse is the inverse of an odd number modulo 2^64, by Newton's method.
func inverse(n uint64) uint64 {
	x := n
	for range 6 {
		x *= 2 - n*x
	}
	return x
}

func xxRound(lane uint64) uint64 { return bits.RotateLeft64(lane*prime2, 31) * prime1 }

func xxUnround(k uint64) uint64 {
	return bits.RotateLeft64(k*inverse(prime1), -31) * inverse(prime2)
}

// colliding makes n keys of 16 bytes with one and the same XXH64: whatever the first
// eight bytes are, the second eight bring the state to where it is wanted. With no
// more than this an attacker would make any cache that hashes with XXH64 crawl.
func colliding(n int) [][]byte {
	var target uint64 = 0x0123456789abcdef // before the final mix, which is a bijection
	keys := make([][]byte, n)
	for i := range keys {
		var start uint64 = prime5 + 16
		lane := uint64(i)*0x9e3779b97f4a7c15 + 1
		h := bits.RotateLeft64(start^xxRound(lane), 27)*prime1 + prime4
		k := bits.RotateLeft64((target-prime4)*inverse(prime1), -27) ^ h
		keys[i] = binary.LittleEndian.AppendUint64(nil, lane)
		keys[i] = binary.LittleEndian.AppendUint64(keys[i], xxUnround(k))
	}
	return keys
}

func TestCollidingKeysCollide(t *testing.T) {
	keys := colliding(1000)
	for _, key := range keys {
		require.Equal(t, xxhash.Sum64(keys[0]), xxhash.Sum64(key))
	}
	fixed := newHasher(1)
	require.Equal(t, fixed.sum(keys[0]), fixed.sum(keys[999]))
	keyed := newHasher(0)
	sums := map[uint64]bool{}
	for _, key := range keys {
		sums[keyed.sum(key)] = true
	}
	require.Len(t, sums, 1000, "the default hash is keyed: they are keys like any others")
}

// TestKeysWithOneHash: a fixed seed is for tests, and there floods of equal hashes
// are correct, if slow.
func TestKeysWithOneHash(t *testing.T) {
	for _, o := range []Options{{HashSeed: 5}, {HashSeed: 6, MaxMemory: 1 << 20, Policy: AllKeysLRU}, {}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			now := int64(1_700_000_000_000)
			o.Shards = 4
			c := open(t, o, &now)
			keys := colliding(1200)
			if o.MaxMemory > 0 {
				fill(t, c, "other", 10_000, 50, 0) // the flood must make its own room
			}
			flood(t, c, keys, &now)
		})
	}
}

func flood(t *testing.T, c *Cache, keys [][]byte, now *int64) {
	all := func() (n int) {
		for i, key := range keys {
			if v, ok := c.Get(nil, key); ok {
				require.Equal(t, fmt.Sprint("value ", i), string(v))
				n++
			}
		}
		return n
	}
	for i, key := range keys {
		ttl := time.Duration(0)
		if i%3 == 1 {
			ttl = time.Second
		}
		require.NoError(t, c.Set(key, fmt.Append(nil, "value ", i), ttl))
	}
	n := all()
	if c.MaxMemory() == 0 {
		require.Equal(t, len(keys), n)
	}
	require.NoError(t, c.Check())
	seen := map[string]bool{}
	c.Keys(0, func(key []byte) { seen[string(key)] = true })
	require.Equal(t, c.Size(0), len(seen))
	*now += 2000
	c.Maintain(time.Second)
	require.NoError(t, c.Check())
	all()
	for i, key := range keys {
		if i%3 == 0 {
			c.Delete(key)
			_, ok := c.Get(nil, key)
			require.False(t, ok)
		}
	}
	if c.MaxMemory() == 0 {
		require.Equal(t, len(keys)/3, all())
	}
	var tx Tx
	c.Begin(&tx, 0, keys[2], keys[3])
	require.NoError(t, tx.Set(keys[2], []byte("moved"), NoExpiry))
	require.NoError(t, tx.Rename(keys[2], keys[3]))
	require.True(t, tx.Move(keys[3], 1))
	tx.SelectDB(1)
	v, err := tx.Get(keys[3])
	require.NoError(t, err)
	require.Equal(t, "moved", string(v))
	tx.End()
	c.Flush(-1)
	for range 20 {
		c.Maintain(time.Second)
	}
	require.Zero(t, c.Stats().ItemBytes)
	require.NoError(t, c.Check())
}

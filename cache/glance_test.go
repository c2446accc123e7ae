package cache

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// stamped is a value whose every part follows from its key and its version.
func stamped(key []byte, version uint32, length int) []byte {
	v := binary.LittleEndian.AppendUint32(nil, version)
	v = append(v, key...)
	for i := len(v); i < length; i++ {
		v = append(v, byte(version)+byte(i))
	}
	return v
}

// Readers without the lock see whole values, while writers overwrite, delete, grow the
// table, evict and compact around them; and a key's version never goes back.
func TestGlanceWholeValues(t *testing.T) {
	const nKeys = 3000
	c, err := New(Options{MaxMemory: 8 << 20, Policy: AllKeysDensity, Shards: 2})
	require.NoError(t, err)
	defer func() { assert.NoError(t, c.Close()) }()
	keys := make([][]byte, nKeys)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key:%d", i)
	}
	var stop atomic.Bool
	var work sync.WaitGroup
	for w := range 2 {
		work.Go(func() {
			for round := uint32(1); !stop.Load(); round++ {
				for i := w; i < nKeys; i += 2 { // a key has one writer, so versions rise
					n := int(round)*7919 + i*31
					assert.NoError(t, c.Set(keys[i], stamped(keys[i], round, 16+n%700), 0))
					if n%5 == 0 {
						c.Delete(keys[i])
					}
					if n%3 == 0 { // others come and go, for memory to be reused
						assert.NoError(t, c.Set(fmt.Appendf(nil, "other:%d", n%50_000), make([]byte, n%900), 0))
					}
				}
			}
		})
	}
	for range 2 {
		work.Go(func() {
			seen := make([]uint32, nKeys)
			var dst []byte
			for n := 0; !stop.Load(); n++ {
				i := n * 17 % nKeys
				v, ok := c.Get(dst[:0], keys[i])
				if !ok {
					continue
				}
				dst = v
				version := binary.LittleEndian.Uint32(v)
				if !bytes.Equal(v, stamped(keys[i], version, len(v))) || version < seen[i] {
					t.Errorf("%s: version %d after %d, %x", keys[i], version, seen[i], v)
					stop.Store(true)
				}
				seen[i] = version
			}
		})
	}
	time.Sleep(time.Second / 2)
	stop.Store(true)
	work.Wait()
	require.NoError(t, c.Check())
}

// A transaction's writes are seen all or none.
func TestGlanceSeesTransactionsWhole(t *testing.T) {
	c, err := New(Options{Shards: 8})
	require.NoError(t, err)
	defer c.Close()
	one, two := []byte("one"), []byte("two")
	for _, key := range [][]byte{one, two} {
		require.NoError(t, c.Set(key, []byte("0"), 0))
	}
	c.Get(nil, one)
	var stop atomic.Bool
	var work sync.WaitGroup
	work.Go(func() {
		for !stop.Load() {
			assert.NoError(t, c.Update([][]byte{one, two}, func(tx *Tx) error {
				if _, err := tx.IncrBy(one, 1); err != nil {
					return err
				}
				_, err := tx.IncrBy(two, 1)
				return err
			}))
		}
	})
	// The second read cannot be behind the first.
	for range 50_000 {
		a, _ := c.Get(nil, one)
		b, _ := c.Get(nil, two)
		x, _ := ParseInt(a)
		y, _ := ParseInt(b)
		require.LessOrEqual(t, x, y)
	}
	stop.Store(true)
	work.Wait()
}

func TestGlanceCounts(t *testing.T) {
	c, err := New(Options{NoBackground: true})
	require.NoError(t, err)
	defer c.Close()
	key := []byte("key")
	_, ok := c.Get(nil, key)
	assert.False(t, ok)
	require.NoError(t, c.Set(key, []byte("value"), 0))
	for range 1000 {
		v, ok := c.Get([]byte("a "), key)
		require.True(t, ok)
		require.Equal(t, "a value", string(v))
		v, ok = c.Get([]byte("a "), []byte("none"))
		require.False(t, ok)
		require.Equal(t, "a ", string(v))
	}
	st := c.Stats()
	assert.Equal(t, []int64{1000, 1001}, []int64{st.Hits, st.Misses})
	if runtime.GOARCH == "amd64" {
		hits, _ := c.reads.Sums()
		assert.Greater(t, hits, uint64(990), "all but the first read of a shard go without the lock")
	}
	c.ResetStats()
	st = c.Stats()
	assert.Equal(t, []int64{0, 0}, []int64{st.Hits, st.Misses})
}

// What Get without the lock leaves to the lock: expired keys, other types, long keys
// and values, items in the stash.
func TestGlanceUnusual(t *testing.T) {
	var now atomic.Int64
	now.Store(1_700_000_000_000)
	c, err := New(Options{NoBackground: true, Clock: now.Load, Shards: 1})
	require.NoError(t, err)
	defer c.Close()
	get := func(key string) string {
		v, ok := c.Get(nil, []byte(key))
		if !ok {
			return "none"
		}
		return string(v)
	}
	for range 2 { // the first one begins to count changes
		assert.Equal(t, "none", get("passing"))
		require.NoError(t, c.Set([]byte("passing"), []byte("soon gone"), time.Minute))
		assert.Equal(t, "soon gone", get("passing"))
		now.Add(61_000)
		assert.Equal(t, "none", get("passing"))
		assert.EqualValues(t, 0, c.Stats().Keys, "found expired, it is removed")
	}
	require.NoError(t, c.Update([][]byte{[]byte("list")}, func(tx *Tx) error {
		_, err := tx.RPush([]byte("list"), []byte("x"))
		return err
	}))
	assert.Equal(t, "none", get("list"))
	far := time.UnixMilli(now.Load()).Sub(time.UnixMilli(0)) // an expiry of the wide form
	for _, n := range []int{0, 1, 127, 128, 129, 16383, 16384, 100_000, 3 << 20} {
		value := string(bytes.Repeat([]byte{'v'}, n))
		for _, key := range []string{"", "k", string(bytes.Repeat([]byte{'k'}, 127)), string(bytes.Repeat([]byte{'k'}, 128))} {
			for _, ttl := range []time.Duration{0, time.Hour, 2 * far} {
				require.NoError(t, c.Set([]byte(key), []byte(value), ttl))
				require.Equal(t, value, get(key))
			}
		}
	}
}

// Reads without the lock count in the policies as those with it do: as much of what is
// read stays.
func TestGlanceKeepsWhatIsRead(t *testing.T) {
	for _, policy := range []Policy{AllKeysLRU, AllKeysLFU, AllKeysDensity} {
		free := keptHot(t, policy, (*Cache).Get)
		locked := keptHot(t, policy, func(c *Cache, dst, key []byte) ([]byte, bool) {
			return c.getLocked(dst, key, c.hash.sum(key))
		})
		assert.Greater(t, free, locked-100, "%v: %d with the lock", policy, locked)
	}
}

// keptHot is how many of 1000 keys that are read stay where four times as many as there
// is room for are written and never read.
func keptHot(t *testing.T, policy Policy, get func(c *Cache, dst, key []byte) ([]byte, bool)) (kept int) {
	c, err := New(Options{NoBackground: true, MaxMemory: 4 << 20, Policy: policy, Shards: 1})
	require.NoError(t, err)
	defer c.Close()
	value := make([]byte, 200)
	hot := func(i int) []byte { return fmt.Appendf(nil, "hot:%d", i) }
	for i := range 1000 {
		require.NoError(t, c.Set(hot(i), value, 0))
	}
	for i := range 60_000 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "cold:%d", i), value, 0))
		_, _ = get(c, nil, hot(i%1000))
	}
	for i := range 1000 {
		if _, ok := get(c, nil, hot(i)); ok {
			kept++
		}
	}
	return kept
}

// The state that many accesses without the lock lead to is about that of as many with
// it.
func TestGlanceWeighsAccesses(t *testing.T) {
	c, err := New(Options{NoBackground: true, Policy: AllKeysDensity, Shards: 1})
	require.NoError(t, err)
	defer c.Close()
	state := func(key string) int {
		s, e, ok := func() (*shard, entry, bool) {
			var tx Tx
			c.BeginKey(&tx, 0, []byte(key))
			defer tx.End()
			return tx.find([]byte(key))
		}()
		require.True(t, ok)
		return int(evict.State(item.State(s.heap.At(e.ref))) & 127)
	}
	for _, n := range []int{1, 4, 30, 200, 1000} {
		free, locked := fmt.Sprint("free:", n), fmt.Sprint("locked:", n)
		for _, key := range []string{free, locked} {
			require.NoError(t, c.Set([]byte(key), []byte("v"), 0))
		}
		for range n {
			c.Get(nil, []byte(free))
			c.getLocked(nil, []byte(locked), c.hash.sum([]byte(locked)))
		}
		assert.InDelta(t, state(locked), state(free), 12, n) // 16 are a factor of two
	}
}

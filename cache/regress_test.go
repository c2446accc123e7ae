package cache

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
)

// fill stores keys of a prefix until n are there.
func fill(t testing.TB, c *Cache, prefix string, n, size int, ttl time.Duration) {
	value := make([]byte, size)
	for i := range n {
		require.NoError(t, c.Set(fmt.Appendf(nil, "%s:%d", prefix, i), value, ttl))
	}
}

// fillUp stores keys until the bound refuses one, and returns how many there are.
func fillUp(t testing.TB, c *Cache, prefix string, size int) int {
	value := make([]byte, size)
	for i := 0; ; i++ {
		if err := c.Set(fmt.Appendf(nil, "%s:%d", prefix, i), value, 0); err != nil {
			require.ErrorIs(t, err, ErrOutOfMemory)
			return i
		}
	}
}

func TestValueBeyondTheBoundCostsNothing(t *testing.T) {
	c := open(t, Options{MaxMemory: 8 << 20, Policy: AllKeysLRU, Shards: 4}, nil)
	fill(t, c, "key", 5000, 100, 0)
	large := make([]byte, 9<<20)
	require.ErrorIs(t, c.Set([]byte("large"), large, 0), ErrOutOfMemory)
	err := c.Update([][]byte{[]byte("key:1")}, func(tx *Tx) error {
		_, err := tx.SetRange([]byte("key:1"), MaxValue-1, []byte("x"))
		return err
	})
	require.ErrorIs(t, err, ErrOutOfMemory)
	require.Equal(t, 5000, c.Size(0), "nobody paid for what cannot be")
}

func TestLargeValueOverLargeValue(t *testing.T) {
	c := open(t, Options{MaxMemory: 8 << 20, Policy: AllKeysLRU, Shards: 2}, nil)
	key := []byte("large")
	for i := range 4 {
		value := bytes.Repeat([]byte{byte('a' + i)}, 5<<20+i<<17)
		require.NoError(t, c.Set(key, value, 0), "two of them do not fit at a time")
		got, ok := c.Get(nil, key)
		require.True(t, ok && bytes.Equal(value, got))
	}
	strict := open(t, Options{MaxMemory: 8 << 20, Policy: NoEviction, Shards: 2}, nil)
	value := bytes.Repeat([]byte("a"), 5<<20)
	require.NoError(t, strict.Set(key, value, 0))
	require.ErrorIs(t, strict.Set(key, make([]byte, 6<<20), 0), ErrOutOfMemory)
	got, ok := strict.Get(nil, key)
	require.True(t, ok && bytes.Equal(value, got), "a store that fails leaves what was there")
	require.NoError(t, strict.Update([][]byte{key}, func(tx *Tx) error {
		require.True(t, tx.SetExpireAt(key, tx.Now()+1000))
		require.True(t, tx.SetExpireAt(key, math.MaxInt64))
		require.True(t, tx.Persist(key))
		v, err := tx.Get(key)
		require.True(t, bytes.Equal(value, v), "an expiry needs no second block")
		return err
	}))
}

func TestTransactionMakesRoomInShardsItHolds(t *testing.T) {
	c := open(t, Options{MaxMemory: 16 << 20, Policy: AllKeysLRU, Shards: 8}, nil)
	for i := 0; c.Stats().Evicted == 0; i++ {
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), make([]byte, 1000), 0))
	}
	var tx Tx
	c.BeginAll(&tx, 0)
	err := tx.Set([]byte("large"), make([]byte, 8<<20), NoExpiry)
	tx.End()
	require.NoError(t, err, "what the transaction itself has locked may be evicted")
}

func TestWriteWhileOthersHoldAllOtherShards(t *testing.T) {
	c := open(t, Options{MaxMemory: 8 << 20, Policy: AllKeysLRU, Shards: 8}, nil)
	for i := 0; c.Stats().Evicted == 0; i++ {
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), make([]byte, 1000), 0))
	}
	mine := c.shardOf(c.Hash([]byte("mine")))
	for i := range c.shards {
		if s := &c.shards[i]; s != mine {
			s.mu.Lock()
		}
	}
	for n := range 40 {
		var tx Tx
		c.BeginKey(&tx, 0, []byte("mine"))
		for mine.makeRoom() { // the shard has nothing left,
		}
		c.limit.Store(c.account.Total()) // and others have taken what it had
		err := tx.Set([]byte("mine"), make([]byte, 10+n*300), NoExpiry)
		tx.End()
		require.NoError(t, err, "a policy that evicts does not refuse")
	}
	for i := range c.shards {
		if s := &c.shards[i]; s != mine {
			s.mu.Unlock()
		}
	}
	require.LessOrEqual(t, c.Stats().Resident, int64(8<<20+256<<10))
}

func TestExpireAndRenameLoseNothingAtTheBound(t *testing.T) {
	for _, shards := range []int{1, 4} {
		c := open(t, Options{MaxMemory: 4 << 20, Policy: NoEviction, Shards: shards}, nil)
		n := fillUp(t, c, "key", 41) // 8 bytes below the next size
		for i := range n {
			key := fmt.Appendf(nil, "key:%d", i)
			require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
				require.True(t, tx.SetExpireAt(key, tx.Now()+1e9))
				_, err := tx.Get(key)
				return err
			}))
		}
		require.Equal(t, n, c.Size(0))
		require.EqualValues(t, n, c.DBStats(0).Expires)
		for i := range n {
			src, dst := fmt.Appendf(nil, "key:%d", i), fmt.Appendf(nil, "renamed:%d", i)
			require.NoError(t, c.Update([][]byte{src, dst}, func(tx *Tx) error { return tx.Rename(src, dst) }))
		}
		require.Equal(t, n, c.Size(0))
		require.LessOrEqual(t, c.Stats().PeakResident, int64(7<<20), "what goes beyond the bound is bounded")
	}
}

func TestAppendAtTheBoundTakesWhatThereIs(t *testing.T) {
	c := open(t, Options{MaxMemory: 4 << 20, Policy: NoEviction, Shards: 1}, nil)
	require.NoError(t, c.Set([]byte("a"), make([]byte, 1<<20), 0))
	require.NoError(t, c.Update([][]byte{[]byte("a")}, func(tx *Tx) error {
		n, err := tx.Append([]byte("a"), make([]byte, 1<<20))
		require.Equal(t, 2<<20, n)
		return err
	}), "1 and 2 MiB fit beside each other, with room to grow they would not")
}

func TestFewLargeValuesInTablesThatWereLarge(t *testing.T) {
	c := open(t, Options{MaxMemory: 64 << 20, Policy: AllKeysLRU, Shards: 1}, nil)
	fill(t, c, "small", 150_000, 8, 0)
	for i := range 12 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "large:%d", i), make([]byte, 4<<20), 0))
	}
	for i := range 150_000 {
		c.Delete(fmt.Appendf(nil, "small:%d", i))
	}
	for i := range 100 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "more:%d", i), make([]byte, 4<<20), 0), "store %d", i)
	}
}

func TestRareVolatileKeysAreFound(t *testing.T) {
	c := open(t, Options{MaxMemory: 8 << 20, Policy: VolatileTTL, Shards: 1}, nil)
	// All pages have had keys that expire once; few have now.
	fill(t, c, "key", 40_000, 50, time.Hour)
	require.Zero(t, c.Stats().Evicted)
	for i := range 40_000 {
		if key := fmt.Appendf(nil, "key:%d", i); i%4000 != 17 {
			require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
				require.True(t, tx.Persist(key))
				return nil
			}))
		}
	}
	n := fillUp(t, c, "more", 900)
	require.Positive(t, n)
	require.EqualValues(t, 10, c.Stats().Evicted, "all that may go went, and nothing else")
	require.Zero(t, c.DBStats(0).Expires)
	require.Equal(t, 40_000-10+n, c.Size(0))
}

func TestSamplesAreBounded(t *testing.T) {
	c := open(t, Options{MaxMemory: 2 << 20, Policy: AllKeysLRU, Samples: 1000}, nil)
	fill(t, c, "key", 40_000, 100, 0)
	require.Positive(t, c.Stats().Evicted)
}

func TestFlushedKeysDoNotExpire(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{Shards: 2}, &now)
	fill(t, c, "key", 20_000, 10, time.Second)
	c.Flush(0)
	now += 2000
	require.NoError(t, c.Check())
	for range 4 {
		c.Maintain(time.Second)
	}
	require.Zero(t, c.Stats().Expired)
	require.Zero(t, c.Stats().ItemBytes)
}

func TestManyFlushesLeaveNothingBehind(t *testing.T) {
	c := open(t, Options{Shards: 4}, nil)
	for i := range 2000 {
		fill(t, c, "key", 1+i%10, 10, 0)
		c.Flush(i%2 - 1)
	}
	for i := range c.shards {
		require.Zero(t, len(c.shards[i].graves))
	}
	require.Less(t, c.Stats().Resident, int64(1<<20))
}

func TestMoveTakesTheItemAlong(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{MaxMemory: 4 << 20, Policy: NoEviction, Shards: 1}, &now)
	n := fillUp(t, c, "key", 100)
	for i := range n {
		key := fmt.Appendf(nil, "key:%d", i)
		require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
			if i%2 == 0 {
				tx.SetExpireAt(key, now+1000)
			}
			require.True(t, tx.Move(key, 3))
			require.False(t, tx.Move(key, 3), "it is gone")
			return nil
		}))
	}
	require.Equal(t, 0, c.Size(0))
	require.Equal(t, DBStats{Keys: int64(n), Expires: int64(n+1) / 2, AvgTTLms: 1000}, c.DBStats(3))
}

func TestMaintenanceReachesAllShards(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{Shards: 64}, &now)
	fill(t, c, "key", 20_000, 10, time.Second)
	now += 2000
	for round := 0; c.Size(0) > 0; round++ {
		// So short that each round ends after one step.
		c.Maintain(0)
		require.Less(t, round, 50_000)
	}
}

func TestAverageOfHugeExpiries(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{Shards: 1}, &now)
	for i := range 60 {
		key := fmt.Appendf(nil, "key:%d", i)
		require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error { return tx.Set(key, key, math.MaxInt64-int64(i)) }))
	}
	require.InEpsilon(t, float64(math.MaxInt64-now), float64(c.DBStats(0).AvgTTLms), 0.01)
	c.Maintain(time.Second)
	require.Equal(t, 60, c.Size(0))
}

func TestRandomKeyAmongExpired(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{Shards: 2}, &now)
	fill(t, c, "gone", 3000, 10, time.Second)
	require.NoError(t, c.Set([]byte("stays"), nil, 0))
	now += 2000
	key, ok := c.RandomKey(0, []byte("> "))
	require.True(t, ok)
	require.Equal(t, "> stays", string(key))
	require.True(t, c.Delete([]byte("stays")))
	_, ok = c.RandomKey(0, nil)
	require.False(t, ok)
	require.Zero(t, c.Size(0))
}

func TestScanWithHugeCount(t *testing.T) {
	c := open(t, Options{Shards: 8}, nil)
	fill(t, c, "key", 10_000, 3, 0)
	seen := map[string]bool{}
	next := c.Scan(0, 0, ScanOptions{Count: math.MaxInt}, func(key []byte, _ Type) { seen[string(key)] = true })
	require.Zero(t, next)
	require.Len(t, seen, 10_000)
	require.Zero(t, c.Scan(0, math.MaxUint64, ScanOptions{}, func([]byte, Type) {}), "any number is a cursor")
	for _, cursor := range []uint64{1, 1 << 39, 1<<40 - 1, 7<<40 + 12345, 8 << 40} {
		c.Scan(0, cursor, ScanOptions{}, func([]byte, Type) {})
	}
}

func TestOddArguments(t *testing.T) {
	c := open(t, Options{Shards: 2}, nil)
	key := []byte("key")
	require.NoError(t, c.Set(key, []byte("value"), -time.Second))
	_, ok := c.Get(nil, key)
	require.False(t, ok, "a time to live that is over")
	require.NoError(t, c.Set(nil, []byte("empty key"), 0))
	v, ok := c.Get(nil, []byte{})
	require.True(t, ok)
	require.Equal(t, "empty key", string(v))
	require.NoError(t, c.Update([][]byte{key, nil}, func(tx *Tx) error {
		for _, offset := range []int{-1, math.MinInt, MaxValue, math.MaxInt} {
			_, err := tx.SetRange(key, offset, []byte("x"))
			require.ErrorIs(t, err, ErrTooLarge)
		}
		n, err := tx.SetRange(key, math.MaxInt, nil)
		require.NoError(t, err)
		require.Zero(t, n, "nothing written changes nothing")
		require.False(t, tx.Exists(key))
		require.NoError(t, tx.Rename(nil, key))
		require.ErrorIs(t, tx.Rename(nil, key), ErrNotFound)
		return tx.Rename(key, key)
	}))
	require.Panics(t, func() {
		var tx Tx
		c.BeginKey(&tx, 0, key)
		defer tx.End()
		tx.Flush(0)
	}, "a flush needs all shards")
}

func TestBlocksAtTheSameMomentKeepTheBound(t *testing.T) {
	c := open(t, Options{MaxMemory: 32 << 20, Policy: AllKeysLRU, Shards: 16}, nil)
	fill(t, c, "key", 20_000, 1000, 0)
	c.ResetStats()
	var wg sync.WaitGroup
	value := make([]byte, 6<<20)
	for g := range 8 {
		wg.Go(func() {
			for i := range 10 {
				// Two of them at a time may find that neither has room.
				if err := c.Set(fmt.Appendf(nil, "large:%d:%d", g, i), value, 0); err != nil && !errors.Is(err, ErrOutOfMemory) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, c.Stats().Resident, int64(32<<20+1<<20))
}

func TestLengthBoundaries(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{Shards: 1}, &now)
	for _, keyLen := range []int{0, 1, 126, 127, 128, 129, 16383, 16384} {
		key := bytes.Repeat([]byte("k"), keyLen)
		for _, from := range []int{0, 1, 126, 127, 128, 16382, 16383, 16384} {
			for _, add := range []int{0, 1, 2, 127, 128, 16384} {
				for _, at := range []int64{NoExpiry, now + 1000, math.MaxInt64} {
					checkGrowth(t, c, key, from, add, at)
				}
			}
		}
	}
}

func checkGrowth(t *testing.T, c *Cache, key []byte, from, add int, at int64) {
	value, tail := bytes.Repeat([]byte("v"), from), bytes.Repeat([]byte("t"), add)
	want := append(bytes.Clone(value), tail...)
	require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
		same := func(at int64) {
			t.Helper()
			got, err := tx.Peek(key)
			if err != nil || !bytes.Equal(want, got) {
				t.Fatalf("key of %d, value of %d and %d more, expiry %d: not the value", len(key), from, add, at)
			}
			is, _ := tx.ExpireAt(key)
			require.Equal(t, at, is)
		}
		require.NoError(t, tx.Set(key, value, at))
		n, err := tx.Append(key, tail)
		require.NoError(t, err)
		require.Equal(t, from+add, n)
		same(at)
		for _, next := range []int64{c.clock() + 5000, math.MaxInt64 - 1, NoExpiry, math.MaxInt64, c.clock() + 7000, NoExpiry} {
			require.True(t, tx.SetExpireAt(key, next))
			same(next)
		}
		tx.Delete(key)
		return nil
	}))
}

func TestAccountIsEmptyAtClose(t *testing.T) {
	c, err := New(Options{MaxMemory: 8 << 20, Policy: AllKeysDensity, Shards: 4, Databases: 3})
	require.NoError(t, err)
	fill(t, c, "key", 50_000, 200, time.Minute)
	require.NoError(t, c.Set([]byte("large"), make([]byte, 1<<20), 0))
	c.Flush(0)
	fill(t, c, "key", 20_000, 300, 0)
	for _, p := range []offheap.Purpose{offheap.Items, offheap.Index, offheap.Meta} {
		require.Positive(t, c.account.Of(p))
	}
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Close(), ErrClosed)
	require.Zero(t, c.account.Total())
	for p := range offheap.Purposes {
		require.Zero(t, c.account.Of(offheap.Purpose(p)))
	}
}

func TestMakeRoomSaysWhatAWriteWillFind(t *testing.T) {
	for _, policy := range []Policy{NoEviction, VolatileLRU} {
		c := open(t, Options{MaxMemory: 4 << 20, Policy: policy, Shards: 4}, nil)
		require.True(t, c.MakeRoom(1000))
		require.False(t, c.MakeRoom(5<<20))
		n := fillUp(t, c, "key", 1000)
		require.False(t, c.MakeRoom(8000), "%v: full, and nothing may go", policy)
		require.Equal(t, n, c.Size(0))
		key := []byte("key:0")
		require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
			require.True(t, tx.SetExpireAt(key, math.MaxInt64))
			return nil
		}))
		require.Equal(t, policy == VolatileLRU, c.MakeRoom(8000))
		require.False(t, c.MakeRoom(5<<20))
	}
	c := open(t, Options{MaxMemory: 4 << 20, Policy: AllKeysLRU, Shards: 4}, nil)
	fill(t, c, "key", 20_000, 1000, 0)
	require.True(t, c.MakeRoom(8000))
	require.False(t, c.MakeRoom(5<<20))
}

func TestSmallerBoundIsReached(t *testing.T) {
	for _, policy := range []Policy{AllKeysDensity, AllKeysLFU, VolatileRandom} {
		c := open(t, Options{MaxMemory: 32 << 20, Policy: policy, Shards: 4}, nil)
		fill(t, c, "key", 60_000, 200, time.Hour)
		require.Greater(t, c.Stats().Resident, int64(12<<20))
		c.SetMaxMemory(3 << 20)
		for round := 0; round < 1000 && (c.Maintain(50*time.Millisecond) || c.Stats().Resident > 3<<20); round++ {
		}
		require.LessOrEqual(t, c.Stats().Resident, int64(3<<20))
		require.Greater(t, c.Size(0), 8000, "and no more went than had to")
		c.SetMaxMemory(0)
		fill(t, c, "more", 20_000, 100, 0)
		require.GreaterOrEqual(t, c.Size(0), 28_000)
	}
	strict := open(t, Options{Policy: NoEviction, Shards: 4}, nil)
	fill(t, strict, "key", 20_000, 100, time.Hour)
	strict.SetMaxMemory(1)
	strict.Maintain(time.Second)
	require.Equal(t, 20_000, strict.Size(0))
	require.ErrorIs(t, strict.Set([]byte("new"), make([]byte, 5000), 0), ErrOutOfMemory)
}

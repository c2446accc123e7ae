package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// open makes a cache without background work, whose clock the test moves.
func open(t testing.TB, o Options, now *int64) *Cache {
	o.NoBackground = true
	if now != nil {
		o.Clock = func() int64 { return *now }
	}
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, c.Check())
		require.NoError(t, c.Close())
	})
	return c
}

func TestMemoryBoundHoldsThroughSizeChurn(t *testing.T) {
	const bound = 8 << 20
	enough := 2 * bound // written in each phase
	if testing.Short() {
		enough = bound * 5 / 4
	}
	for _, policy := range []Policy{AllKeysDensity, AllKeysRandom} {
		t.Run(policy.String(), func(t *testing.T) {
			c := open(t, Options{MaxMemory: bound, Policy: policy}, nil)
			r := rand.New(rand.NewPCG(1, 2))
			value := make([]byte, 8192)
			for phase, sizes := range [][2]int{{50, 150}, {200, 900}, {2000, 6000}, {20, 80}} {
				written := 0
				for i := 0; written < enough; i++ {
					n := sizes[0] + r.IntN(sizes[1]-sizes[0])
					key := fmt.Appendf(nil, "phase%d:%d", phase, i)
					require.NoError(t, c.Set(key, value[:n], 0), "no store is refused")
					written += n + len(key)
				}
				require.LessOrEqual(t, c.Stats().PeakResident, int64(bound+bound/20))
				require.NoError(t, c.Check())
			}
			require.Greater(t, c.Stats().Evicted, int64(1000))
		})
	}
}

func TestNoEvictionRefuses(t *testing.T) {
	c := open(t, Options{MaxMemory: 4 << 20, Policy: NoEviction}, nil)
	var err error
	n := 0
	for ; err == nil; n++ {
		err = c.Set(fmt.Appendf(nil, "key:%d", n), make([]byte, 100), 0)
	}
	require.ErrorIs(t, err, ErrOutOfMemory)
	require.Greater(t, n, 20_000)
	require.Equal(t, n-1, c.Size(0), "nothing was lost")
	require.False(t, c.MakeRoom(1<<20))
	require.True(t, c.Delete([]byte("key:7")))
	require.NoError(t, c.Set([]byte("key:8"), make([]byte, 100), 0), "in place")
}

func TestVolatilePoliciesSparePersistentKeys(t *testing.T) {
	for _, policy := range []Policy{VolatileLRU, VolatileLFU, VolatileRandom, VolatileTTL} {
		c := open(t, Options{MaxMemory: 4 << 20, Policy: policy}, nil)
		for i := range 2000 {
			require.NoError(t, c.Set(fmt.Appendf(nil, "stay:%d", i), make([]byte, 100), 0))
		}
		for i := range 60_000 {
			require.NoError(t, c.Set(fmt.Appendf(nil, "go:%d", i), make([]byte, 100), time.Hour))
		}
		for i := range 2000 {
			_, ok := c.Get(nil, fmt.Appendf(nil, "stay:%d", i))
			require.True(t, ok, "%v took a key without expiry", policy)
		}
		require.Positive(t, c.Stats().Evicted)
	}
}

func TestOneLargeValueMakesRoomEverywhere(t *testing.T) {
	c := open(t, Options{MaxMemory: 64 << 20, Policy: AllKeysLRU, Shards: 8}, nil)
	for i := range 200_000 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), make([]byte, 400), 0))
	}
	large := bytes.Repeat([]byte("x"), 40<<20)
	require.NoError(t, c.Set([]byte("large"), large, 0))
	got, ok := c.Get(nil, []byte("large"))
	require.True(t, ok)
	require.True(t, bytes.Equal(large, got))
	require.LessOrEqual(t, c.Stats().Resident, int64(66<<20))
}

func TestExpiryWithoutReads(t *testing.T) {
	now := int64(1_700_000_000_000)
	c := open(t, Options{}, &now)
	for i := range 50_000 {
		ttl := time.Duration(1+i%1000) * time.Millisecond
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), []byte("value"), ttl))
	}
	require.NoError(t, c.Set([]byte("stays"), []byte("value"), 0))
	for step := range 10 {
		now += 100
		c.Maintain(time.Second)
		require.Equal(t, 50_000-5_000*(step+1)+1, c.Size(0))
	}
	require.EqualValues(t, 50_000, c.Stats().Expired)
	require.Zero(t, c.DBStats(0).Expires)
}

func TestMemoryFallsAfterDeletes(t *testing.T) {
	c := open(t, Options{Shards: 2}, nil)
	r := rand.New(rand.NewPCG(3, 3))
	sizes := make([]int, 100_000)
	for i := range sizes {
		sizes[i] = 10 + r.IntN(500)
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), make([]byte, sizes[i]), 0))
	}
	live := 0
	for i := range sizes {
		if i%10 != 0 {
			require.True(t, c.Delete(fmt.Appendf(nil, "key:%d", i)))
			continue
		}
		live += sizes[i] + 8
	}
	for range 5 * observeEvery {
		c.Maintain(100 * time.Millisecond)
	}
	require.Less(t, c.Stats().Resident, int64(live)*13/10+2<<20)
}

func TestFlushFreesInPieces(t *testing.T) {
	c := open(t, Options{Shards: 2}, nil)
	for i := range 50_000 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), []byte("value"), time.Hour))
	}
	full := c.Stats().Resident
	c.Flush(-1)
	require.Zero(t, c.Size(0))
	require.NoError(t, c.Set([]byte("key:1"), []byte("new"), 0))
	for range 5 * observeEvery {
		c.Maintain(time.Second)
	}
	v, ok := c.Get(nil, []byte("key:1"))
	require.True(t, ok)
	require.Equal(t, "new", string(v))
	require.Less(t, c.Stats().Resident, full/3)
}

func TestScanSeesWhatStays(t *testing.T) {
	c := open(t, Options{Shards: 4}, nil)
	for i := range 5000 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "stay:%d", i), []byte("v"), 0))
	}
	r := rand.New(rand.NewPCG(4, 4))
	seen := map[string]bool{}
	cursor := uint64(0)
	for calls := 0; ; calls++ {
		cursor = c.Scan(0, cursor, ScanOptions{Count: 1 + r.IntN(50)}, func(key []byte, _ Type) { seen[string(key)] = true })
		require.Less(t, cursor, uint64(1)<<53)
		for range 40 {
			key := fmt.Appendf(nil, "come:%d", r.IntN(20_000))
			if calls%700 < 350 {
				require.NoError(t, c.Set(key, []byte("v"), 0))
			} else {
				c.Delete(key)
			}
		}
		if calls%50 == 0 {
			c.Maintain(time.Millisecond)
		}
		if cursor == 0 {
			break
		}
	}
	for i := range 5000 {
		require.True(t, seen[fmt.Sprintf("stay:%d", i)])
	}
}

func TestTransactionsAreAtomicAcrossShards(t *testing.T) {
	c, err := New(Options{Shards: 16, MaxMemory: 64 << 20, Policy: AllKeysLRU})
	require.NoError(t, err)
	var wg sync.WaitGroup
	accounts := make([][]byte, 20)
	for i := range accounts {
		accounts[i] = fmt.Appendf(nil, "account:%d", i)
	}
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 9))
			var tx Tx
			for range 5000 {
				a, b := accounts[r.IntN(len(accounts))], accounts[r.IntN(len(accounts))]
				c.Begin(&tx, 0, a, b)
				_, err1 := tx.IncrBy(a, -1)
				_, err2 := tx.IncrBy(b, 1)
				tx.End()
				if err1 != nil || err2 != nil {
					t.Error(err1, err2)
				}
				_ = c.Set(fmt.Appendf(nil, "noise:%d", r.IntN(1000)), make([]byte, r.IntN(2000)), time.Duration(r.IntN(50))*time.Millisecond)
			}
		})
	}
	wg.Wait()
	sum := int64(0)
	require.NoError(t, c.Update(accounts, func(tx *Tx) error {
		for _, a := range accounts {
			n, err := tx.IncrBy(a, 0)
			if err != nil {
				return err
			}
			sum += n
		}
		return nil
	}))
	require.Zero(t, sum)
	require.NoError(t, c.Check())
	require.NoError(t, c.Close())
}

func TestHotCallsDoNotAllocate(t *testing.T) {
	c := open(t, Options{}, nil)
	key, missing, value := []byte("a key of some length"), []byte("missing"), make([]byte, 200)
	require.NoError(t, c.Set(key, value, 0))
	dst := make([]byte, 0, 256)
	var tx Tx
	require.Zero(t, testing.AllocsPerRun(1000, func() { dst, _ = c.Get(dst[:0], key) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = c.Set(key, value, 0) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Get(dst[:0], missing) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		c.BeginKey(&tx, 0, key)
		_, _ = tx.Get(key)
		tx.End()
	}))
}

func TestFixedHashSeed(t *testing.T) {
	c := open(t, Options{HashSeed: 1, Shards: 1}, nil)
	for i := range 3000 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "%d", i), fmt.Appendf(nil, "v%d", i), 0))
	}
	for i := range 3000 {
		v, ok := c.Get(nil, fmt.Appendf(nil, "%d", i))
		require.True(t, ok)
		require.Equal(t, fmt.Sprintf("v%d", i), string(v))
	}
}

func TestParseInt(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63,
	} {
		n, ok := ParseInt([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, n)
	}
	for _, text := range []string{"", "-", "+1", "01", "-0", "00", " 1", "1 ", "1a", "9223372036854775808",
		"-9223372036854775809", "99999999999999999999", "18446744073709551616", "0x10"} {
		_, ok := ParseInt([]byte(text))
		require.False(t, ok, text)
	}
}

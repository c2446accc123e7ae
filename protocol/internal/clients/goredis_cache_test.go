package clients

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cached is a client that keeps what it has read, and may do so for as long as the
// server does not tell otherwise.
func cached(t *testing.T, addr string) *redis.Client {
	return goRedis(t, addr, func(o *redis.Options) {
		o.ClientSideCacheConfig = &redis.ClientSideCacheConfig{MaxEntries: 10_000}
	})
}

// TestGoRedisCache: what has been read is not asked for again until another client
// changes it, by whatever command; then it is gone from the cache.
func TestGoRedisCache(t *testing.T) {
	addr := start(t)
	c, other, ctx := cached(t, addr), goRedis(t, addr), within(t)
	read := func() string { return c.Get(ctx, "k").Val() }
	// warm reads until a read is answered without the server.
	warm := func() {
		t.Helper()
		eventually(t, func() bool {
			before := c.CSCStats().Hits
			read()
			return c.CSCStats().Hits > before
		}, "the cache has it")
	}
	for _, change := range []struct {
		name, want string
		do         func() error
	}{
		{"set", "1", func() error { return other.Set(ctx, "k", 1, 0).Err() }},
		{"incremented", "2", func() error { return other.Incr(ctx, "k").Err() }},
		{"deleted", "", func() error { return other.Del(ctx, "k").Err() }},
		{"set by a script", "3", func() error { return other.Eval(ctx, `return redis.call('SET', KEYS[1], 3)`, []string{"k"}).Err() }},
		{"expired", "", func() error { return other.PExpire(ctx, "k", time.Millisecond).Err() }},
		{"set in a transaction", "4", func() error {
			_, err := other.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "k", 4, 0).Err() })
			return err
		}},
		{"renamed away", "", func() error { return other.Rename(ctx, "k", "elsewhere").Err() }},
		{"renamed back", "4", func() error { return other.Rename(ctx, "elsewhere", "k").Err() }},
		{"flushed", "", func() error { return other.FlushAll(ctx).Err() }},
		{"set after the flush", "5", func() error { return other.Set(ctx, "k", 5, 0).Err() }},
		{"changed by itself", "6", func() error { return c.Incr(ctx, "k").Err() }},
	} {
		warm()
		require.NoError(t, change.do(), change.name)
		eventually(t, func() bool { return read() == change.want }, change.name)
	}
}

// TestGoRedisCacheManyKeys: a change of one key leaves the others cached.
func TestGoRedisCacheManyKeys(t *testing.T) {
	addr := start(t)
	c, other, ctx := cached(t, addr), goRedis(t, addr), within(t)
	const keys = 500
	name := func(i int) string { return fmt.Sprint("key:", i) }
	for i := range keys {
		require.NoError(t, other.HSet(ctx, name(i), "f", i).Err())
	}
	readAll := func() {
		for i := range keys {
			require.Equal(t, fmt.Sprint(i), c.HGet(ctx, name(i), "f").Val())
		}
	}
	eventually(t, func() bool {
		before := c.CSCStats().Hits
		readAll()
		return c.CSCStats().Hits-before == keys
	}, "all are cached")
	require.NoError(t, other.HSet(ctx, name(7), "f", "new").Err())
	eventually(t, func() bool { return c.HGet(ctx, name(7), "f").Val() == "new" }, "the change is seen")
	require.NoError(t, other.HSet(ctx, name(7), "f", 7).Err())
	eventually(t, func() bool { return c.HGet(ctx, name(7), "f").Val() == "7" }, "the change is seen")
	before := c.CSCStats().Misses
	readAll()
	assert.LessOrEqual(t, c.CSCStats().Misses-before, uint64(1), "the others are still cached")
}

package clients

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	redigopool "github.com/go-redsync/redsync/v4/redis/redigo"
	redigolib "github.com/gomodule/redigo/redis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol"
)

// containsFlag says whether CLIENT LIST has a client with a flag.
func containsFlag(list, flag string) bool {
	for field := range strings.FieldsSeq(list) {
		if flags, ok := strings.CutPrefix(field, "flags="); ok && strings.Contains(flags, flag) {
			return true
		}
	}
	return false
}

// long is a time for which a lock or limit holds through the whole of a test.
const long = 10 * time.Minute

func pools(t *testing.T, n int) (out []redis.Pool) {
	for range n {
		out = append(out, goredis.NewPool(goRedis(t, start(t))))
	}
	return out
}

// exclusion has goroutines enter and leave, and asserts that none is inside with another.
func exclusion(t *testing.T, goroutines, each int, enter func() (leave func(), err error)) {
	t.Helper()
	var inside, entered atomic.Int32
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range each {
				leave, err := enter()
				if !assert.NoError(t, err) {
					return
				}
				assert.EqualValues(t, 1, inside.Add(1), "two have the lock at once")
				entered.Add(1)
				inside.Add(-1)
				leave()
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, goroutines*each, entered.Load())
}

func TestRedsyncExclusion(t *testing.T) {
	for name, servers := range map[string]int{"one server": 1, "quorum of three": 3} {
		t.Run(name, func(t *testing.T) {
			r, ctx := redsync.New(pools(t, servers)...), within(t)
			exclusion(t, 10, rounds(20), func() (func(), error) {
				m := r.NewMutex("m", redsync.WithExpiry(long), redsync.WithTries(1_000_000), redsync.WithRetryDelay(time.Millisecond))
				return func() {
					ok, err := m.UnlockContext(ctx)
					assert.NoError(t, err)
					assert.True(t, ok)
				}, m.LockContext(ctx)
			})
		})
	}
}

// TestRedsyncLife: what becomes of a lock that is extended, left to expire, or taken over.
func TestRedsyncLife(t *testing.T) {
	addr := start(t)
	pool := &redigolib.Pool{Dial: func() (redigolib.Conn, error) { return redigolib.Dial("tcp", addr) }}
	defer pool.Close()
	r, ctx, c := redsync.New(redigopool.NewPool(pool)), within(t), goRedis(t, addr)

	m := r.NewMutex("m", redsync.WithExpiry(long), redsync.WithTries(1))
	require.NoError(t, m.Lock())
	assert.Error(t, r.NewMutex("m", redsync.WithTries(1)).Lock())
	assert.True(t, m.Until().After(time.Now()))
	require.NoError(t, c.PExpire(ctx, "m", time.Minute).Err())
	ok, err := m.Extend()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Greater(t, c.TTL(ctx, "m").Val(), time.Minute)

	// The time ends, another takes the lock, and the first cannot take it away.
	require.NoError(t, c.PExpire(ctx, "m", time.Millisecond).Err())
	next := r.NewMutex("m", redsync.WithExpiry(long), redsync.WithTries(1_000_000), redsync.WithRetryDelay(time.Millisecond))
	require.NoError(t, next.Lock())
	ok, _ = m.Unlock()
	assert.False(t, ok)
	ok, _ = m.Extend()
	assert.False(t, ok)
	ok, err = next.Unlock()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Zero(t, c.Exists(ctx, "m").Val())
}

// TestRedsyncQuorum: two of three servers are enough, one is not.
func TestRedsyncQuorum(t *testing.T) {
	var list []redis.Pool
	servers := []*protocol.Server{run(t), run(t), run(t)}
	for _, s := range servers {
		list = append(list, goredis.NewPool(goRedis(t, s.Addr().String(), impatient)))
	}
	r, ctx := redsync.New(list...), within(t)
	tryLock := func() (*redsync.Mutex, error) {
		m := r.NewMutex("m", redsync.WithExpiry(long), redsync.WithTries(1))
		return m, m.TryLockContext(ctx)
	}
	stop(t, servers[0])
	m, err := tryLock()
	require.NoError(t, err)
	_, err = tryLock()
	assert.Error(t, err)
	_, _ = m.UnlockContext(ctx)
	_, err = tryLock()
	assert.NoError(t, err)
	stop(t, servers[1])
	_, err = tryLock()
	assert.Error(t, err)
}

// TestRateLimits: how much is allowed, how much is left, and that a reset forgives all.
// A token comes back in minutes, so that a slow machine counts the same.
func TestRateLimits(t *testing.T) {
	c, ctx := goRedis(t, start(t)), within(t)
	limiter, limit := redis_rate.NewLimiter(c), redis_rate.Limit{Rate: 10, Burst: 10, Period: 10 * long}
	for left := 9; left >= 0; left-- {
		got, err := limiter.Allow(ctx, "user", limit)
		require.NoError(t, err)
		assert.Equal(t, 1, got.Allowed)
		assert.Equal(t, left, got.Remaining)
		assert.Negative(t, got.RetryAfter)
		assert.Positive(t, got.ResetAfter)
	}
	got, err := limiter.Allow(ctx, "user", limit)
	require.NoError(t, err)
	assert.Zero(t, got.Allowed)
	assert.InDelta(t, long, got.RetryAfter, float64(time.Minute))
	assert.InDelta(t, 10*long, got.ResetAfter, float64(time.Minute))

	got, err = limiter.Allow(ctx, "another", limit)
	require.NoError(t, err)
	assert.Equal(t, 1, got.Allowed, "each key has a limit of its own")
	got, err = limiter.AllowN(ctx, "another", limit, 10)
	require.NoError(t, err)
	assert.Zero(t, got.Allowed, "all or nothing")
	got, err = limiter.AllowAtMost(ctx, "another", limit, 100)
	require.NoError(t, err)
	assert.Equal(t, 9, got.Allowed)

	require.NoError(t, limiter.Reset(ctx, "user"))
	var allowed atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			got, err := limiter.Allow(ctx, "user", limit)
			if assert.NoError(t, err) {
				allowed.Add(int32(got.Allowed))
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 10, allowed.Load(), "as many as the limit, whoever asks")
}

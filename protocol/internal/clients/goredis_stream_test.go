package clients

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGoRedisStreamWorkers is a work queue: consumers of a group read what comes,
// and each entry is worked by exactly one of them.
func TestGoRedisStreamWorkers(t *testing.T) {
	const workers = 4
	n := rounds(500)
	c, ctx := goRedis(t, start(t)), within(t)
	require.NoError(t, c.XGroupCreateMkStream(ctx, "s", "g", "$").Err())

	var mu sync.Mutex
	seen := make(map[string]int)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for {
				got, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{
					Group: "g", Consumer: strconv.Itoa(w), Streams: []string{"s", ">"}, Count: 7, Block: patience,
				}).Result()
				if !assert.NoError(t, err) {
					return
				}
				for _, m := range got[0].Messages {
					assert.EqualValues(t, 1, c.XAck(ctx, "s", "g", m.ID).Val())
					if m.Values["job"] == "end" {
						return
					}
					mu.Lock()
					seen[m.Values["job"].(string)]++
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		require.NoError(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: map[string]any{"job": i}}).Err())
	}
	// One at a time, because a worker that finds two of them acknowledges only the first.
	for range workers {
		require.NoError(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []string{"job", "end"}}).Err())
		eventually(t, func() bool {
			groups := c.XInfoGroups(ctx, "s").Val()
			return len(groups) == 1 && groups[0].Lag == 0 && groups[0].Pending == 0
		}, "all is read and acknowledged")
	}
	all.Wait()
	assert.Len(t, seen, n)
	for job, times := range seen {
		require.Equal(t, 1, times, job)
	}
}

// TestGoRedisStreamRecovery: what a consumer leaves unacknowledged is found and
// claimed by another.
func TestGoRedisStreamRecovery(t *testing.T) {
	for name, change := range map[string]func(*redis.Options){"resp2": resp2, "resp3": func(*redis.Options) {}} {
		t.Run(name, func(t *testing.T) {
			c, ctx := goRedis(t, start(t), change), within(t)
			require.NoError(t, c.XGroupCreateMkStream(ctx, "s", "g", "0").Err())
			assert.ErrorContains(t, c.XGroupCreate(ctx, "s", "g", "0").Err(), "BUSYGROUP")
			var ids []string
			for i := range 5 {
				ids = append(ids, c.XAdd(ctx, &redis.XAddArgs{Stream: "s", MaxLen: 100, Approx: true, Values: []any{"n", i}}).Val())
			}
			got, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "dead", Streams: []string{"s", ">"}}).Result()
			require.NoError(t, err)
			require.Len(t, got[0].Messages, 5)
			assert.ErrorIs(t, c.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: "g", Consumer: "dead", Streams: []string{"s", ">"}, Block: time.Millisecond,
			}).Err(), redis.Nil)

			pending := c.XPending(ctx, "s", "g").Val()
			assert.Equal(t, &redis.XPending{Count: 5, Lower: ids[0], Higher: ids[4], Consumers: map[string]int64{"dead": 5}}, pending)
			each, err := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "s", Group: "g", Start: "-", End: "+", Count: 2, Consumer: "dead"}).Result()
			require.NoError(t, err)
			require.Len(t, each, 2)
			assert.EqualValues(t, 1, each[0].RetryCount)

			// An entry that is gone is not claimed, and is pending no more.
			require.EqualValues(t, 1, c.XDel(ctx, "s", ids[1]).Val())
			claimed, next, err := c.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "alive", Start: "0", Count: 3}).Result()
			require.NoError(t, err)
			require.NotEmpty(t, claimed)
			assert.Equal(t, ids[0], claimed[0].ID)
			assert.NotEqual(t, "0-0", next)
			_, next, err = c.XAutoClaimJustID(ctx, &redis.XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "alive", Start: next, Count: 10}).Result()
			require.NoError(t, err)
			assert.Equal(t, "0-0", next)
			assert.Equal(t, map[string]int64{"alive": 4}, c.XPending(ctx, "s", "g").Val().Consumers)
			assert.EqualValues(t, 4, c.XAck(ctx, "s", "g", ids...).Val())

			full, err := c.XInfoStreamFull(ctx, "s", 10).Result()
			require.NoError(t, err)
			assert.EqualValues(t, 4, full.Length)
			require.Len(t, full.Groups, 1)
			assert.Len(t, full.Groups[0].Consumers, 2)
			consumers, err := c.XInfoConsumers(ctx, "s", "g").Result()
			require.NoError(t, err)
			assert.Len(t, consumers, 2)
			assert.EqualValues(t, 2, c.XTrimMaxLen(ctx, "s", 2).Val())
			info, err := c.XInfoStream(ctx, "s").Result()
			require.NoError(t, err)
			assert.Equal(t, ids[4], info.LastGeneratedID)
			assert.EqualValues(t, 5, info.EntriesAdded)
			assert.Len(t, c.XRevRangeN(ctx, "s", "+", "-", 1).Val(), 1)
		})
	}
}

// TestGoRedisStreamFanOut: every reader without a group sees every entry.
func TestGoRedisStreamFanOut(t *testing.T) {
	const readers, n = 5, 20
	c, ctx := goRedis(t, start(t)), within(t)
	require.NoError(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: "1-1", Values: []string{"n", "first"}}).Err())
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			last := "1-1"
			for seen := 0; seen < n; {
				got, err := c.XRead(ctx, &redis.XReadArgs{Streams: []string{"s", last}, Block: patience}).Result()
				if !assert.NoError(t, err) {
					return
				}
				for _, m := range got[0].Messages {
					assert.Equal(t, strconv.Itoa(seen), m.Values["n"])
					last = m.ID
					seen++
				}
			}
		})
	}
	for i := range n {
		require.NoError(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []any{"n", i}}).Err())
	}
	all.Wait()
}

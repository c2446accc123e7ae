package clients

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// received waits for n messages of a channel.
func received(t *testing.T, ctx context.Context, from <-chan *redis.Message, n int) []*redis.Message {
	t.Helper()
	var out []*redis.Message
	for len(out) < n {
		select {
		case m, open := <-from:
			require.True(t, open)
			out = append(out, m)
		case <-ctx.Done():
			require.Fail(t, "no message", "%d of %d have come", len(out), n)
		}
	}
	return out
}

func TestGoRedisPubSub(t *testing.T) {
	for name, change := range map[string]func(*redis.Options){"resp2": resp2, "resp3": func(*redis.Options) {}} {
		t.Run(name, func(t *testing.T) {
			c, ctx := goRedis(t, start(t), change), within(t)
			sub := c.Subscribe(ctx, "a", "b")
			defer sub.Close()
			require.NoError(t, sub.PSubscribe(ctx, "news.*"))
			shard := c.SSubscribe(ctx, "shard")
			defer shard.Close()
			messages, sharded := sub.Channel(), shard.Channel()
			eventually(t, func() bool {
				return c.PubSubNumSub(ctx, "a").Val()["a"] == 1 && c.PubSubNumPat(ctx).Val() == 1 &&
					c.PubSubShardNumSub(ctx, "shard").Val()["shard"] == 1
			}, "all are subscribed")
			assert.ElementsMatch(t, []string{"a", "b"}, c.PubSubChannels(ctx, "*").Val())
			assert.Equal(t, []string{"shard"}, c.PubSubShardChannels(ctx, "*").Val())

			assert.EqualValues(t, 1, c.Publish(ctx, "b", "one").Val())
			assert.EqualValues(t, 1, c.Publish(ctx, "news.today", "two").Val())
			assert.EqualValues(t, 0, c.Publish(ctx, "shard", "not for shards").Val())
			assert.EqualValues(t, 1, c.SPublish(ctx, "shard", "three").Val())
			got := received(t, ctx, messages, 2)
			assert.Equal(t, &redis.Message{Channel: "b", Payload: "one"}, got[0])
			assert.Equal(t, &redis.Message{Channel: "news.today", Pattern: "news.*", Payload: "two"}, got[1])
			assert.Equal(t, "three", received(t, ctx, sharded, 1)[0].Payload)

			require.NoError(t, sub.Unsubscribe(ctx, "b"))
			require.NoError(t, sub.PUnsubscribe(ctx))
			eventually(t, func() bool { return c.Publish(ctx, "b", "lost").Val() == 0 && c.PubSubNumPat(ctx).Val() == 0 }, "no more")
			require.NoError(t, sub.Ping(ctx, "still there?"))
		})
	}
}

// TestGoRedisPubSubReconnects: a subscriber whose connection is killed subscribes
// again by itself.
func TestGoRedisPubSubReconnects(t *testing.T) {
	c, ctx := goRedis(t, start(t)), within(t)
	sub := c.Subscribe(ctx, "a")
	defer sub.Close()
	require.NoError(t, sub.PSubscribe(ctx, "p*"))
	messages := sub.Channel()
	for i := range 3 {
		eventually(t, func() bool { return c.PubSubNumSub(ctx, "a").Val()["a"] == 1 && c.PubSubNumPat(ctx).Val() == 1 }, "subscribed")
		require.NoError(t, c.Publish(ctx, "a", i).Err())
		require.NoError(t, c.Publish(ctx, "pub", i).Err())
		for _, m := range received(t, ctx, messages, 2) {
			require.Equal(t, fmt.Sprint(i), m.Payload)
		}
		require.EqualValues(t, 1, c.ClientKillByFilter(ctx, "TYPE", "pubsub").Val())
	}
}

// TestGoRedisPubSubOrder: every subscriber sees each publisher's messages in order.
func TestGoRedisPubSubOrder(t *testing.T) {
	const subscribers, publishers = 5, 4
	n := rounds(500)
	c, ctx := goRedis(t, start(t)), within(t)
	var all sync.WaitGroup
	for range subscribers {
		sub := c.Subscribe(ctx, "all")
		defer sub.Close()
		_, err := sub.Receive(ctx)
		require.NoError(t, err)
		all.Go(func() {
			next := make(map[int]int)
			for range publishers * n {
				m, err := sub.ReceiveMessage(ctx)
				if !assert.NoError(t, err) {
					return
				}
				var publisher, i int
				_, _ = fmt.Sscan(m.Payload, &publisher, &i)
				assert.Equal(t, next[publisher], i)
				next[publisher]++
			}
		})
	}
	for p := range publishers {
		all.Go(func() {
			for i := range n {
				assert.EqualValues(t, subscribers, c.Publish(ctx, "all", fmt.Sprint(p, " ", i)).Val())
			}
		})
	}
	all.Wait()
}

// TestGoRedisKeyspaceEvents: what session stores use to hear that a session has ended.
func TestGoRedisKeyspaceEvents(t *testing.T) {
	c, ctx := goRedis(t, start(t, "--notify-keyspace-events", "Ex")), within(t)
	sub := c.PSubscribe(ctx, "__keyevent@*__:expired")
	defer sub.Close()
	_, err := sub.Receive(ctx)
	require.NoError(t, err)
	require.NoError(t, c.Set(ctx, "session", "v", 1e6).Err()) // a millisecond; nobody reads it again
	assert.Equal(t, &redis.Message{
		Channel: "__keyevent@0__:expired", Pattern: "__keyevent@*__:expired", Payload: "session",
	}, received(t, ctx, sub.Channel(), 1)[0])
}

package clients

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rueidisClient is a client of a started server.
func rueidisClient(t *testing.T, addr string, change ...func(*rueidis.ClientOption)) rueidis.Client {
	t.Helper()
	o := rueidis.ClientOption{InitAddress: []string{addr}, ClientName: "rueidis", ConnWriteTimeout: patience}
	for _, f := range change {
		f(&o)
	}
	c, err := rueidis.NewClient(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// TestRueidisPipelining: what many goroutines ask for at once goes through one
// connection as one pipeline.
func TestRueidisPipelining(t *testing.T) {
	const goroutines = 100
	each := rounds(100)
	for name, change := range map[string]func(*rueidis.ClientOption){
		"resp3": func(o *rueidis.ClientOption) { o.AlwaysPipelining, o.PipelineMultiplex = true, -1 },
		"resp2": func(o *rueidis.ClientOption) { o.AlwaysRESP2, o.DisableCache, o.AlwaysPipelining = true, true, true },
	} {
		t.Run(name, func(t *testing.T) {
			c, ctx := rueidisClient(t, start(t), change), within(t)
			var all sync.WaitGroup
			for g := range goroutines {
				all.Go(func() {
					key := fmt.Sprint("key:", g)
					for i := range each {
						n, err := c.Do(ctx, c.B().Incr().Key(key).Build()).AsInt64()
						assert.NoError(t, err)
						assert.EqualValues(t, i+1, n)
					}
					replies := c.DoMulti(ctx,
						c.B().Hset().Key("h"+key).FieldValue().FieldValue("f", "v").Build(),
						c.B().Lpush().Key("h"+key).Element("not a list").Build(),
						c.B().Hgetall().Key("h"+key).Build())
					_, isRedis := rueidis.IsRedisErr(replies[1].Error())
					assert.True(t, isRedis)
					fields, err := replies[2].AsStrMap()
					assert.NoError(t, err)
					assert.Equal(t, map[string]string{"f": "v"}, fields)
				})
			}
			all.Wait()
			assert.True(t, rueidis.IsRedisNil(c.Do(ctx, c.B().Get().Key("none").Build()).Error()))
		})
	}
}

// TestRueidisCache: reads through DoCache are answered from memory, and never with
// what another client has changed. The library says CLIENT TRACKING ON OPTIN, and
// then CLIENT CACHING YES and a transaction with PTTL for each miss.
func TestRueidisCache(t *testing.T) {
	addr := start(t)
	c, other, ctx := rueidisClient(t, addr), rueidisClient(t, addr), within(t)
	get := func() rueidis.RedisResult { return c.DoCache(ctx, c.B().Get().Key("k").Cache(), long) }
	read := func() string { text, _ := get().ToString(); return text }
	do := func(args ...string) {
		t.Helper()
		err := other.Do(ctx, other.B().Arbitrary(args...).Build()).Error()
		if !rueidis.IsRedisNil(err) {
			require.NoError(t, err)
		}
	}
	for _, change := range []struct{ command, want string }{
		{"SET k one", "one"}, {"APPEND k !", "one!"}, {"DEL k", ""}, {"SET k 2 PX 600000", "2"}, {"INCR k", "3"},
		{"PEXPIRE k 1", ""}, {"MSET k 4 other 5", "4"}, {"GETDEL k", ""}, {"SET k 6", "6"}, {"FLUSHDB", ""},
		{"EVAL redis.call('set','k',ARGV[1]) 0 7", "7"}, {"FLUSHALL ASYNC", ""}, {"SET other 5", ""}, {"RENAME other k", "5"},
	} {
		eventually(t, func() bool { return get().IsCacheHit() }, "the cache has it")
		do(strings.Fields(change.command)...)
		eventually(t, func() bool { return read() == change.want }, change.command)
	}

	// What the server expires, the cache does not outlive.
	do("SET", "k", "v", "PX", "600000")
	eventually(t, func() bool { return read() == "v" && get().IsCacheHit() }, "cached")
	assert.LessOrEqual(t, get().CachePTTL(), int64(600_000))
	assert.Positive(t, get().CachePTTL())

	many := func() []rueidis.RedisResult {
		return c.DoMultiCache(ctx,
			rueidis.CT(c.B().Get().Key("k").Cache(), long), rueidis.CT(c.B().Hget().Key("h").Field("f").Cache(), long),
			rueidis.CT(c.B().Hgetall().Key("h").Cache(), long), rueidis.CT(c.B().Zrange().Key("z").Min("0").Max("-1").Cache(), long))
	}
	do("HSET", "h", "f", "v")
	do("ZADD", "z", "1", "a", "2", "b")
	eventually(t, func() bool {
		replies := many()
		for _, r := range replies {
			if !r.IsCacheHit() {
				return false
			}
		}
		z, err := replies[3].AsStrSlice()
		return err == nil && assert.Equal(t, []string{"a", "b"}, z)
	}, "all are cached")
	do("HSET", "h", "f", "w")
	eventually(t, func() bool { text, _ := many()[1].ToString(); return text == "w" }, "changed")
}

// TestRueidisCacheNeverStale has one client write numbers that grow, and others read
// them through their caches: a reader never goes back, and all come to the last.
func TestRueidisCacheNeverStale(t *testing.T) {
	const readers = 4
	writes := rounds(2000)
	addr := start(t)
	writer, ctx := rueidisClient(t, addr), within(t)
	var all sync.WaitGroup
	for range readers {
		c := rueidisClient(t, addr)
		all.Go(func() {
			for last := int64(0); last < int64(writes); {
				n, err := c.DoCache(ctx, c.B().Get().Key("n").Cache(), long).AsInt64()
				if err != nil && !rueidis.IsRedisNil(err) {
					assert.NoError(t, err)
					return
				}
				if !assert.GreaterOrEqual(t, n, last) {
					return
				}
				if n == last { // no news: let the others have the processor
					assert.NoError(t, c.Do(ctx, c.B().Ping().Build()).Error())
				}
				last = n
			}
		})
	}
	for i := range writes {
		require.NoError(t, writer.Do(ctx, writer.B().Set().Key("n").Value(strconv.Itoa(i+1)).Build()).Error())
	}
	all.Wait()
}

// TestRueidisCacheBroadcast: a broadcast of prefixes, which tells of keys nobody has read.
func TestRueidisCacheBroadcast(t *testing.T) {
	addr := start(t)
	told := make(chan string, 100)
	c, ctx := rueidisClient(t, addr, func(o *rueidis.ClientOption) {
		o.ClientTrackingOptions = []string{"PREFIX", "user:", "PREFIX", "order:", "BCAST", "NOLOOP"}
		o.PipelineMultiplex = -1 // one connection: NOLOOP is about a connection, not a client
		o.OnInvalidations = func(keys []rueidis.RedisMessage) {
			for _, k := range keys {
				text, _ := k.ToString()
				told <- text
			}
		}
	}), within(t)
	other := rueidisClient(t, addr)
	set := func(c rueidis.Client, key string) {
		require.NoError(t, c.Do(ctx, c.B().Set().Key(key).Value("v").Build()).Error())
	}
	set(c, "user:mine") // which its own writer is not told
	set(other, "nobody's")
	set(other, "user:1")
	set(other, "order:2")
	assert.ElementsMatch(t, []string{"user:1", "order:2"}, []string{<-told, <-told})
}

func TestRueidisPubSub(t *testing.T) {
	c, ctx := rueidisClient(t, start(t)), within(t)
	n := rounds(1000)
	publish := func(command rueidis.Completed) int64 {
		k, err := c.Do(ctx, command).AsInt64()
		require.NoError(t, err)
		return k
	}
	for _, kind := range []struct{ subscribe, publish, end rueidis.Completed }{
		{c.B().Subscribe().Channel("ch").Build(), c.B().Publish().Channel("ch").Message("m").Build(), c.B().Unsubscribe().Channel("ch").Build()},
		{c.B().Psubscribe().Pattern("c*").Build(), c.B().Publish().Channel("ch").Message("m").Build(), c.B().Punsubscribe().Build()},
		{c.B().Ssubscribe().Channel("ch").Build(), c.B().Spublish().Channel("ch").Message("m").Build(), c.B().Sunsubscribe().Channel("ch").Build()},
	} {
		again := kind.publish.Pin()
		var got atomic.Int64
		ended := make(chan error, 1)
		go func() {
			ended <- c.Receive(ctx, kind.subscribe, func(rueidis.PubSubMessage) { got.Add(1) })
		}()
		eventually(t, func() bool { return publish(again) == 1 }, "subscribed")
		for range n {
			publish(again)
		}
		// The end comes on the same connection, behind all the messages.
		require.NoError(t, c.Do(ctx, kind.end).Error())
		assert.NoError(t, <-ended)
		assert.EqualValues(t, n+1, got.Load())
		assert.Zero(t, publish(again))
	}
}

// TestRueidisDedicated: WATCH and MULTI on a connection of one's own, and hooks for pushes.
func TestRueidisDedicated(t *testing.T) {
	c, ctx := rueidisClient(t, start(t)), within(t)
	err := c.Dedicated(func(d rueidis.DedicatedClient) error {
		require.NoError(t, d.Do(ctx, d.B().Watch().Key("k").Build()).Error())
		require.NoError(t, c.Do(ctx, c.B().Set().Key("k").Value("1").Build()).Error())
		replies := d.DoMulti(ctx, d.B().Multi().Build(), d.B().Incr().Key("k").Build(), d.B().Exec().Build())
		assert.True(t, rueidis.IsRedisNil(replies[2].Error()), "somebody else has touched the key")
		replies = d.DoMulti(ctx, d.B().Multi().Build(), d.B().Incr().Key("k").Build(), d.B().Exec().Build())
		n, err := replies[2].AsIntSlice()
		assert.Equal(t, []int64{2}, n)
		return err
	})
	require.NoError(t, err)

	d, release := c.Dedicate()
	defer release()
	messages := make(chan string, 1)
	d.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(m rueidis.PubSubMessage) { messages <- m.Message }})
	require.NoError(t, d.Do(ctx, d.B().Subscribe().Channel("ch").Build()).Error())
	require.NoError(t, c.Do(ctx, c.B().Publish().Channel("ch").Message("hello").Build()).Error())
	assert.Equal(t, "hello", <-messages)
	require.NoError(t, d.Do(ctx, d.B().Set().Key("k").Value("v").Build()).Error(), "RESP3 lets a subscriber do all else")
}

func TestRueidisScripts(t *testing.T) {
	c, ctx := rueidisClient(t, start(t)), within(t)
	script := rueidis.NewLuaScript(`return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}`)
	for i := range 3 {
		got, err := script.Exec(ctx, c, []string{"k"}, []string{"v"}).ToArray()
		require.NoError(t, err)
		require.Len(t, got, 3)
		n, err := got[2].AsInt64()
		require.NoError(t, err)
		assert.EqualValues(t, i+1, n)
		if i == 1 {
			require.NoError(t, c.Do(ctx, c.B().ScriptFlush().Build()).Error())
		}
	}
	calls := make([]rueidis.LuaExec, 100)
	for i := range calls {
		calls[i] = rueidis.LuaExec{Keys: []string{strconv.Itoa(i)}, Args: []string{"v"}}
	}
	for _, r := range script.ExecMulti(ctx, c, calls...) {
		require.NoError(t, r.Error())
	}
	ro := rueidis.NewLuaScriptReadOnly(`return redis.call('SET', KEYS[1], 1)`)
	assert.ErrorContains(t, ro.Exec(ctx, c, []string{"k"}, nil).Error(), "Write commands are not allowed from read-only scripts")
}

// TestRueidisStream reads a reply without keeping it.
func TestRueidisStream(t *testing.T) {
	c, ctx := rueidisClient(t, start(t)), within(t)
	value := make([]byte, 5<<20)
	require.NoError(t, c.Do(ctx, c.B().Set().Key("big").Value(string(value)).Build()).Error())
	var n int64
	replies := c.DoStream(ctx, c.B().Get().Key("big").Build())
	for replies.HasNext() {
		k, err := replies.WriteTo(counter{})
		require.NoError(t, err)
		n += k
	}
	assert.EqualValues(t, len(value), n)
}

// counter takes all that is written.
type counter struct{}

func (counter) Write(p []byte) (int, error) { return len(p), nil }

// TestRueidisLocks: locks whose waiters hear through invalidations that one is free.
func TestRueidisLocks(t *testing.T) {
	addr, ctx := start(t), within(t)
	var lockers []rueidislock.Locker
	for range 3 {
		l, err := rueidislock.NewLocker(rueidislock.LockerOption{
			ClientOption: rueidis.ClientOption{InitAddress: []string{addr}}, KeyMajority: 2, KeyValidity: long,
			// Nobody tries again by the clock: only a push says that the lock is free.
			TryNextAfter: long, ExtendInterval: time.Minute,
		})
		require.NoError(t, err)
		t.Cleanup(l.Close)
		lockers = append(lockers, l)
	}
	next := make(chan rueidislock.Locker, 1000)
	for i := range cap(next) {
		next <- lockers[i%len(lockers)]
	}
	exclusion(t, 6, rounds(30), func() (func(), error) {
		_, cancel, err := (<-next).WithContext(ctx, "lock")
		return cancel, err
	})

	held, cancel, err := lockers[0].WithContext(ctx, "lock")
	require.NoError(t, err)
	defer cancel()
	_, _, err = lockers[1].TryWithContext(ctx, "lock")
	assert.ErrorIs(t, err, rueidislock.ErrNotLocked)
	_, cancelForced, err := lockers[2].ForceWithContext(ctx, "lock")
	require.NoError(t, err)
	defer cancelForced()
	select {
	case <-held.Done(): // the holder hears that its lock was taken
	case <-ctx.Done():
		assert.Fail(t, "the holder has not heard that its lock was taken")
	}
}

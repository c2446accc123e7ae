package clients

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// redigo is a connection of the library's to a started server.
func redigo(t *testing.T, addr string, options ...redis.DialOption) redis.Conn {
	t.Helper()
	options = append([]redis.DialOption{
		redis.DialReadTimeout(patience), redis.DialWriteTimeout(patience), redis.DialClientName("redigo"),
	}, options...)
	c, err := redis.Dial("tcp", addr, options...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedigoDo(t *testing.T) {
	c := redigo(t, start(t), redis.DialDatabase(2))
	text, err := redis.String(c.Do("SET", "k", "v", "EX", 100))
	require.NoError(t, err)
	assert.Equal(t, "OK", text)
	text, err = redis.String(c.Do("GET", "k"))
	require.NoError(t, err)
	assert.Equal(t, "v", text)
	_, err = redis.String(c.Do("GET", "none"))
	assert.ErrorIs(t, err, redis.ErrNil)
	_, err = c.Do("INCR", "k")
	assert.ErrorContains(t, err, "ERR value is not an integer or out of range")

	type album struct {
		Title  string `redis:"title"`
		Rating int    `redis:"rating"`
	}
	_, err = c.Do("HSET", redis.Args{}.Add("album").AddFlat(album{"Red", 5})...)
	require.NoError(t, err)
	values, err := redis.Values(c.Do("HGETALL", "album"))
	require.NoError(t, err)
	var got album
	require.NoError(t, redis.ScanStruct(values, &got))
	assert.Equal(t, album{"Red", 5}, got)
	_, err = c.Do("RPUSH", "albums", "album")
	require.NoError(t, err)
	titles, err := redis.Strings(c.Do("SORT", "albums", "BY", "nosort", "GET", "*->title"))
	require.NoError(t, err)
	assert.Equal(t, []string{"Red"}, titles)
	scores, err := redis.Float64s(c.Do("EVAL", "return {'1.5', '2'}", 0))
	require.NoError(t, err)
	assert.Equal(t, []float64{1.5, 2}, scores)
	at, err := redis.Positions(c.Do("GEOPOS", "none", "a"))
	require.NoError(t, err)
	assert.Equal(t, []*[2]float64{nil}, at)
	name, err := redis.String(c.Do("CLIENT", "GETNAME"))
	require.NoError(t, err)
	assert.Equal(t, "redigo", name)
}

// TestRedigoPipelines sends before it reads, from two goroutines as the library allows.
func TestRedigoPipelines(t *testing.T) {
	const n = 20_000
	c := redigo(t, start(t))
	var all sync.WaitGroup
	all.Go(func() {
		for i := range n {
			assert.NoError(t, c.Send("SET", "k", i))
			assert.NoError(t, c.Send("GET", "k"))
		}
		assert.NoError(t, c.Flush())
	})
	for i := range n {
		_, err := c.Receive()
		require.NoError(t, err)
		got, err := redis.Int(c.Receive())
		require.NoError(t, err)
		require.Equal(t, i, got)
	}
	all.Wait()

	require.NoError(t, c.Send("INCR", "n"))
	require.NoError(t, c.Send("LPUSH", "n", "not a list"))
	require.NoError(t, c.Send("INCR", "n"))
	replies, err := redis.Values(c.Do("")) // all that are still to come
	require.NoError(t, err)
	assert.Equal(t, int64(1), replies[0])
	assert.ErrorContains(t, replies[1].(error), "WRONGTYPE")
	assert.Equal(t, int64(2), replies[2], "what comes after an error still runs")
	got, err := redis.Int(c.Do("GET", "n"))
	require.NoError(t, err)
	assert.Equal(t, 2, got)
}

func TestRedigoTransactions(t *testing.T) {
	addr := start(t)
	c, other := redigo(t, addr), redigo(t, addr)
	transfer := func() (any, error) {
		_ = c.Send("MULTI")
		_ = c.Send("DECRBY", "from", 10)
		_ = c.Send("INCRBY", "to", 10)
		return c.Do("EXEC")
	}
	balances, err := redis.Ints(transfer())
	require.NoError(t, err)
	assert.Equal(t, []int{-10, 10}, balances)

	_, err = c.Do("WATCH", "from")
	require.NoError(t, err)
	_, err = other.Do("SET", "from", 100)
	require.NoError(t, err)
	_, err = redis.Ints(transfer())
	assert.ErrorIs(t, err, redis.ErrNil, "somebody else has touched the key")
	balances, err = redis.Ints(transfer())
	require.NoError(t, err, "EXEC has ended the watch")
	assert.Equal(t, []int{90, 20}, balances)

	_ = c.Send("MULTI")
	_ = c.Send("SET", "from")
	_, err = c.Do("EXEC")
	assert.ErrorContains(t, err, "wrong number of arguments", "the library reports the first error")
	replies, err := redis.Values(c.Do("EVAL", "return {1, redis.error_reply('ERR x'), 3}", 0))
	require.NoError(t, err)
	assert.Equal(t, []any{int64(1), redis.Error("ERR x"), int64(3)}, replies)
}

func TestRedigoScripts(t *testing.T) {
	c := redigo(t, start(t))
	zpop := redis.NewScript(1, `
		local r = redis.call('ZRANGE', KEYS[1], 0, 0)
		if r[1] ~= nil then r = r[1] redis.call('ZREM', KEYS[1], r) end
		return r`)
	_, err := c.Do("ZADD", "z", 1, "red", 2, "green")
	require.NoError(t, err)
	for _, want := range []string{"red", "green"} {
		got, err := redis.String(zpop.Do(c, "z")) // EVALSHA, then EVAL
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err = c.Do("SCRIPT", "FLUSH")
	require.NoError(t, err)
	require.NoError(t, zpop.SendHash(c, "z"))
	require.NoError(t, c.Flush())
	_, err = c.Receive()
	assert.ErrorContains(t, err, "NOSCRIPT")
	require.NoError(t, zpop.Load(c))
	require.NoError(t, zpop.SendHash(c, "z"))
	require.NoError(t, c.Flush())
	left, err := redis.Values(c.Receive())
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestRedigoPubSub: a subscriber that says PING so that a dead connection shows.
func TestRedigoPubSub(t *testing.T) {
	addr := start(t)
	publisher := redigo(t, addr)
	sub := redis.PubSubConn{Conn: redigo(t, addr)}
	require.NoError(t, sub.Subscribe("a", "b"))
	require.NoError(t, sub.PSubscribe("n*"))
	for i, want := range []redis.Subscription{{Kind: "subscribe", Channel: "a", Count: 1}, {Kind: "subscribe", Channel: "b", Count: 2}, {Kind: "psubscribe", Channel: "n*", Count: 3}} {
		assert.Equal(t, want, sub.Receive(), i)
	}
	require.NoError(t, sub.Ping("are you there?"))
	assert.Equal(t, redis.Pong{Data: "are you there?"}, sub.Receive())
	for _, channel := range []string{"a", "news"} {
		n, err := redis.Int(publisher.Do("PUBLISH", channel, "text"))
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	}
	assert.Equal(t, redis.Message{Channel: "a", Data: []byte("text")}, sub.Receive())
	assert.Equal(t, redis.Message{Channel: "news", Pattern: "n*", Data: []byte("text")}, sub.Receive())

	_, err := sub.Conn.Do("GET", "k")
	assert.ErrorContains(t, err, "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	require.NoError(t, sub.Unsubscribe())
	require.NoError(t, sub.PUnsubscribe())
	for left := 3; left > 0; {
		s, ok := sub.Receive().(redis.Subscription)
		require.True(t, ok)
		left--
		assert.Equal(t, left, s.Count)
	}
	pong, err := redis.String(sub.Conn.Do("PING"))
	require.NoError(t, err)
	assert.Equal(t, "PONG", pong, "a plain connection again")
}

// TestRedigoPool: connections are tried before they are lent, and replaced.
func TestRedigoPool(t *testing.T) {
	addr := start(t)
	var dials, tries atomic.Int32
	pool := &redis.Pool{
		MaxIdle: 4, MaxActive: 8, Wait: true,
		Dial: func() (redis.Conn, error) {
			dials.Add(1)
			return redis.Dial("tcp", addr, redis.DialReadTimeout(patience))
		},
		TestOnBorrow: func(c redis.Conn, _ time.Time) error {
			tries.Add(1)
			_, err := c.Do("PING")
			return err
		},
	}
	defer pool.Close()
	do := func(command string, args ...any) (any, error) {
		c := pool.Get()
		defer c.Close()
		return c.Do(command, args...)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range rounds(50) {
				_, err := do("INCR", "n")
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	assert.LessOrEqual(t, pool.ActiveCount(), 8)
	assert.Positive(t, tries.Load())

	// What is idle is killed; the pool notices, and the next one who asks is served.
	before := dials.Load()
	_, err := redigo(t, addr).Do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	require.NoError(t, err)
	n, err := redis.Int(do("GET", "n"))
	require.NoError(t, err)
	assert.Equal(t, 50*rounds(50), n)
	assert.Greater(t, dials.Load(), before)

	// A connection that is given back in the middle of a transaction, and one that
	// still subscribes, are cleaned by the library before the next has them.
	c := pool.Get()
	_, _ = c.Do("WATCH", "n")
	_, _ = c.Do("MULTI")
	require.NoError(t, c.Close())
	c = pool.Get()
	_ = c.Send("SUBSCRIBE", "a")
	_ = c.Send("PSUBSCRIBE", "a*")
	require.NoError(t, c.Flush())
	require.NoError(t, c.Close())
	for range 5 {
		text, err := redis.String(do("PING"))
		require.NoError(t, err)
		assert.Equal(t, "PONG", text)
	}
}

// TestRedigoTimeout: a reply that does not come in time ends the connection, and the
// client that waited is forgotten by the server.
func TestRedigoTimeout(t *testing.T) {
	addr := start(t)
	c, other := redigo(t, addr), redigo(t, addr)
	_, err := redis.DoWithTimeout(c, 10*time.Millisecond, "BLPOP", "queue", 0)
	var netErr net.Error
	require.True(t, errors.As(err, &netErr) && netErr.Timeout(), "%v", err)
	assert.Error(t, c.Err(), "the connection is of no more use")
	_ = c.Close() // says once more what went wrong
	eventually(t, func() bool {
		info, err := redis.String(other.Do("CLIENT", "LIST", "TYPE", "NORMAL"))
		return err == nil && len(info) > 0 && !containsFlag(info, "b")
	}, "the client that blocked is gone")
	_, err = other.Do("RPUSH", "queue", "job")
	require.NoError(t, err)
	got, err := redis.Strings(other.Do("BLPOP", "queue", 1))
	require.NoError(t, err)
	assert.Equal(t, []string{"queue", "job"}, got)

	got, err = redis.Strings(redis.DoWithTimeout(other, patience, "BLPOP", "queue", 0.01))
	assert.ErrorIs(t, err, redis.ErrNil, fmt.Sprint(got))
}

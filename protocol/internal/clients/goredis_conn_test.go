package clients

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGoRedisPool has many goroutines share few connections.
func TestGoRedisPool(t *testing.T) {
	const goroutines, connections = 200, 20
	each := rounds(50)
	c := goRedis(t, start(t), func(o *redis.Options) { o.PoolSize, o.PoolTimeout = connections, patience })
	ctx := within(t)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			key := fmt.Sprint("key:", g)
			for i := range each {
				assert.NoError(t, c.Set(ctx, key, i, 0).Err())
				assert.Equal(t, strconv.Itoa(i), c.Get(ctx, key).Val(), "nobody gets another's reply")
				assert.NoError(t, c.Incr(ctx, "all").Err())
			}
		})
	}
	all.Wait()
	assert.Equal(t, strconv.Itoa(goroutines*each), c.Get(ctx, "all").Val())
	assert.LessOrEqual(t, c.PoolStats().TotalConns, uint32(connections))
	assert.Zero(t, c.PoolStats().Timeouts)
}

// TestGoRedisCancelled: a caller that gives up on a command that blocks takes
// nothing from who waits after it.
func TestGoRedisCancelled(t *testing.T) {
	c := goRedis(t, start(t), func(o *redis.Options) { o.ContextTimeoutEnabled, o.MaxRetries = true, -1 })
	ctx := within(t)
	short, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	deadline, done := context.WithTimeout(short, patience/1000)
	defer done()
	go func() { ended <- c.BLPop(deadline, 0, "queue").Err() }()
	assert.Error(t, <-ended)
	cancel()
	eventually(t, func() bool { return blocked(ctx, c) == 0 }, "the connection that was given up is gone")
	require.NoError(t, c.RPush(ctx, "queue", "job").Err())
	assert.Equal(t, []string{"queue", "job"}, c.BLPop(ctx, 0, "queue").Val())
}

// TestGoRedisReconnects: connections that the server closes are replaced.
func TestGoRedisReconnects(t *testing.T) {
	addr := start(t)
	c, admin, ctx := goRedis(t, addr), goRedis(t, addr), within(t)
	for i := range 10 {
		require.NoError(t, c.Set(ctx, "n", i, 0).Err())
		require.NoError(t, admin.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Err())
		assert.Equal(t, strconv.Itoa(i), c.Get(ctx, "n").Val())
	}
}

// TestGoRedisRing spreads keys over servers, and goes on when one is away.
func TestGoRedisRing(t *testing.T) {
	one, two := run(t), run(t)
	ctx := within(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs:              map[string]string{"one": one.Addr().String(), "two": two.Addr().String()},
		HeartbeatFrequency: patience / 400, MaxRetries: 10,
	})
	defer ring.Close()
	cmds, err := ring.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 200 {
			p.Set(ctx, fmt.Sprint("key:", i), i, 0)
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, cmds, 200)
	for i := range 200 {
		require.Equal(t, strconv.Itoa(i), ring.Get(ctx, fmt.Sprint("key:", i)).Val())
	}
	assert.Equal(t, 200, one.Cache().Size(0)+two.Cache().Size(0))
	assert.Positive(t, one.Cache().Size(0))
	assert.Positive(t, two.Cache().Size(0))

	stop(t, two)
	eventually(t, func() bool { return ring.Len() == 1 }, "a shard is away")
	assert.NoError(t, ring.Set(ctx, "anything", 1, 0).Err())
}

// TestGoRedisUniversal: one address makes a plain client.
func TestGoRedisUniversal(t *testing.T) {
	ctx := within(t)
	c := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{start(t)}, DB: 3})
	defer c.Close()
	assert.IsType(t, new(redis.Client), c)
	require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
	assert.EqualValues(t, 1, c.DBSize(ctx).Val())
}

func TestGoRedisUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	start(t, "--unixsocket", path)
	c, ctx := goRedis(t, path, func(o *redis.Options) { o.Network = "unix" }), within(t)
	require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
	assert.Contains(t, c.ClientList(ctx).Val(), path)
}

func TestGoRedisTLS(t *testing.T) {
	cert, key, trust := certificate(t)
	s := run(t, "--tls-port", "0", "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	port := freePort(t)
	ctx := within(t)
	admin := goRedis(t, s.Addr().String())
	require.NoError(t, admin.ConfigSet(ctx, "tls-port", port).Err())

	c := goRedis(t, net.JoinHostPort("127.0.0.1", port), func(o *redis.Options) {
		o.TLSConfig = &tls.Config{RootCAs: trust}
	})
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 1000 {
			p.Set(ctx, fmt.Sprint("key:", i), make([]byte, i), 0)
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, c.Get(ctx, "key:999").Val(), 999)
	messages := c.Subscribe(ctx, "news")
	defer messages.Close()
	_, err = messages.Receive(ctx)
	require.NoError(t, err)
	require.NoError(t, admin.Publish(ctx, "news", "encrypted").Err())
	m, err := messages.ReceiveMessage(ctx)
	require.NoError(t, err)
	assert.Equal(t, "encrypted", m.Payload)

	stranger := goRedis(t, net.JoinHostPort("127.0.0.1", port), func(o *redis.Options) { o.TLSConfig, o.MaxRetries = &tls.Config{}, -1 })
	assert.ErrorContains(t, stranger.Ping(ctx).Err(), "certificate")
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// TestGoRedisACL: users, their passwords and what they may do.
func TestGoRedisACL(t *testing.T) {
	for name, change := range map[string]func(*redis.Options){"resp2": resp2, "resp3": func(*redis.Options) {}} {
		t.Run(name, func(t *testing.T) {
			addr := start(t, "--requirepass", "secret")
			ctx := within(t)
			as := func(user, password string) *redis.Client {
				return goRedis(t, addr, change, func(o *redis.Options) { o.Username, o.Password, o.MaxRetries = user, password, -1 })
			}
			assert.ErrorContains(t, as("", "").Ping(ctx).Err(), "NOAUTH")
			assert.ErrorContains(t, as("", "wrong").Ping(ctx).Err(), "WRONGPASS")
			admin := as("", "secret")
			require.NoError(t, admin.ACLSetUser(ctx, "reader", "on", ">pw", "~public:*", "+@read", "+@connection", "&news").Err())
			assert.Equal(t, []string{"default", "reader"}, admin.ACLUsers(ctx).Val())
			assert.Len(t, admin.ACLList(ctx).Val(), 2)

			reader := as("reader", "pw")
			require.NoError(t, admin.Set(ctx, "public:k", "v", 0).Err())
			got, err := reader.Get(ctx, "public:k").Result()
			require.NoError(t, err)
			assert.Equal(t, "v", got)
			assert.ErrorContains(t, reader.Get(ctx, "private").Err(), "NOPERM")
			assert.ErrorContains(t, reader.Set(ctx, "public:k", "w", 0).Err(), "NOPERM")
			assert.Equal(t, "OK", admin.ACLDryRun(ctx, "reader", "get", "public:x").Val())
			assert.Contains(t, admin.ACLDryRun(ctx, "reader", "get", "x").Val(), "has no permissions to access the 'x' key")
			assert.Contains(t, admin.ACLCatArgs(ctx, &redis.ACLCatArgs{Category: "read"}).Val(), "get")
			assert.Len(t, admin.ACLGenPass(ctx, 128).Val(), 32)
			entries, err := admin.ACLLog(ctx, 10).Result()
			require.NoError(t, err)
			require.NotEmpty(t, entries)
			assert.Equal(t, "reader", entries[0].Username)

			require.EqualValues(t, 1, admin.ACLDelUser(ctx, "reader").Val())
			assert.Error(t, reader.Get(ctx, "public:k").Err(), "the connections of a user that is gone are closed")
		})
	}
}

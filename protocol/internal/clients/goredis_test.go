package clients

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goRedis is a client of a started server, by RESP2 or RESP3.
func goRedis(t *testing.T, addr string, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{Addr: addr, Protocol: 3, ClientName: "tester"}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func resp2(o *redis.Options) { o.Protocol = 2 }

// impatient makes the library give up at once on a server that is away.
func impatient(o *redis.Options) { o.MaxRetries, o.DialerRetries = -1, 1 }

// TestGoRedisCommands runs each family of commands by both protocols: the replies
// have other shapes, and the library must read the same from them.
func TestGoRedisCommands(t *testing.T) {
	families := map[string]func(*testing.T, context.Context, *redis.Client){
		"strings": stringsOf, "hashes": hashesOf, "lists": listsOf, "sets": setsOf, "sorted sets": sortedSetsOf,
		"geo": geoOf, "bits": bitsOf, "scans": scansOf, "keys": keysOf, "introspection": introspectionOf,
	}
	for protocol, change := range map[string]func(*redis.Options){"resp2": resp2, "resp3": func(*redis.Options) {}} {
		addr := start(t)
		for name, family := range families {
			t.Run(protocol+"/"+name, func(t *testing.T) {
				c := goRedis(t, addr, change)
				require.NoError(t, c.FlushAll(t.Context()).Err())
				family(t, within(t), c)
			})
		}
	}
}

func stringsOf(t *testing.T, ctx context.Context, c *redis.Client) {
	require.NoError(t, c.Set(ctx, "k", "v", time.Minute).Err())
	assert.Equal(t, "v", c.Get(ctx, "k").Val())
	assert.ErrorIs(t, c.Get(ctx, "none").Err(), redis.Nil)
	assert.InDelta(t, 60, c.TTL(ctx, "k").Val().Seconds(), 20)
	assert.Equal(t, time.Duration(-2), c.TTL(ctx, "none").Val(), "the library's way to say that there is no key")
	assert.True(t, c.SetNX(ctx, "new", 1, 0).Val())
	assert.False(t, c.SetNX(ctx, "new", 2, 0).Val())
	old, err := c.SetArgs(ctx, "k", "w", redis.SetArgs{Get: true, KeepTTL: true}).Result()
	require.NoError(t, err)
	assert.Equal(t, "v", old)
	assert.Equal(t, "w", c.GetEx(ctx, "k", 0).Val())
	assert.InDelta(t, 1.5, c.IncrByFloat(ctx, "f", 1.5).Val(), 0)
	assert.EqualValues(t, 7, c.IncrBy(ctx, "n", 7).Val())
	assert.Equal(t, []any{"w", nil, "7"}, c.MGet(ctx, "k", "none", "n").Val())
	assert.ErrorContains(t, c.Incr(ctx, "k").Err(), "value is not an integer or out of range")

	require.NoError(t, c.MSet(ctx, "a", "ohmytext", "b", "mynewtext").Err())
	lcs, err := c.LCS(ctx, &redis.LCSQuery{Key1: "a", Key2: "b", Idx: true, WithMatchLen: true}).Result()
	require.NoError(t, err)
	assert.EqualValues(t, 6, lcs.Len)
	assert.Equal(t, redis.LCSMatchedPosition{
		Key1: redis.LCSPosition{Start: 4, End: 7}, Key2: redis.LCSPosition{Start: 5, End: 8}, MatchLen: 4,
	}, lcs.Matches[0])
}

func hashesOf(t *testing.T, ctx context.Context, c *redis.Client) {
	type record struct {
		Name  string `redis:"name"`
		Count int    `redis:"count"`
	}
	require.NoError(t, c.HSet(ctx, "h", record{"stone", 3}).Err())
	var r record
	require.NoError(t, c.HGetAll(ctx, "h").Scan(&r))
	assert.Equal(t, record{"stone", 3}, r)
	assert.EqualValues(t, 5, c.HIncrBy(ctx, "h", "count", 2).Val())
	assert.Equal(t, []any{"stone", nil}, c.HMGet(ctx, "h", "name", "none").Val())
	assert.Len(t, c.HRandFieldWithValues(ctx, "h", 2).Val(), 2)

	assert.Equal(t, []int64{1, -2}, c.HExpire(ctx, "h", time.Hour, "name", "none").Val())
	ttl := c.HTTL(ctx, "h", "name", "count").Val()
	require.Len(t, ttl, 2)
	assert.InDelta(t, 3600, ttl[0], 20)
	assert.EqualValues(t, -1, ttl[1])
	assert.Equal(t, []int64{1}, c.HPersist(ctx, "h", "name").Val())
	assert.Equal(t, []int64{1}, c.HPExpire(ctx, "h", time.Millisecond, "name").Val())
	eventually(t, func() bool { return c.HLen(ctx, "h").Val() == 1 }, "the field expires")
	assert.Equal(t, []string{"count"}, c.HKeys(ctx, "h").Val())
}

func listsOf(t *testing.T, ctx context.Context, c *redis.Client) {
	assert.EqualValues(t, 5, c.RPush(ctx, "l", "a", "b", "c", "b", "d").Val())
	assert.Equal(t, []int64{1, 3}, c.LPosCount(ctx, "l", "b", 0, redis.LPosArgs{}).Val())
	assert.Equal(t, "d", c.LMove(ctx, "l", "m", "RIGHT", "LEFT").Val())
	key, values, err := c.LMPop(ctx, "LEFT", 2, "none", "l").Result()
	require.NoError(t, err)
	assert.Equal(t, "l", key)
	assert.Equal(t, []string{"a", "b"}, values)
	assert.Equal(t, []string{"c", "b"}, c.LRange(ctx, "l", 0, -1).Val())

	// Nothing comes: the library turns the nil of a timeout into an error of its own.
	// Its own methods round up to a second.
	assert.ErrorIs(t, c.Do(ctx, "BLPOP", "none", 0.01).Err(), redis.Nil)
	assert.ErrorIs(t, c.Do(ctx, "BLMPOP", 0.01, 1, "none", "LEFT").Err(), redis.Nil)

	got := make(chan []string, 1)
	go func() { got <- c.BLPop(ctx, 0, "wait").Val() }()
	eventually(t, func() bool { return blocked(ctx, c) == 1 }, "the client waits")
	require.NoError(t, c.RPush(ctx, "wait", "now").Err())
	assert.Equal(t, []string{"wait", "now"}, <-got)
	go func() { got <- []string{c.BLMove(ctx, "wait", "m", "LEFT", "LEFT", 0).Val()} }()
	eventually(t, func() bool { return blocked(ctx, c) == 1 }, "the client waits")
	require.NoError(t, c.RPush(ctx, "wait", "again").Err())
	assert.Equal(t, []string{"again"}, <-got)
	assert.Equal(t, []string{"again", "d"}, c.LRange(ctx, "m", 0, -1).Val())
}

// blocked is how many clients wait for keys.
func blocked(ctx context.Context, c *redis.Client) int {
	n, _ := strconv.Atoi(c.InfoMap(ctx, "clients").Item("Clients", "blocked_clients"))
	return n
}

func setsOf(t *testing.T, ctx context.Context, c *redis.Client) {
	c.SAdd(ctx, "s", "a", "b", "c")
	c.SAdd(ctx, "r", "b", "c", "d")
	assert.ElementsMatch(t, []string{"b", "c"}, c.SInter(ctx, "s", "r").Val())
	assert.EqualValues(t, 1, c.SInterCard(ctx, 1, "s", "r").Val())
	assert.Equal(t, map[string]struct{}{"a": {}, "b": {}, "c": {}}, c.SMembersMap(ctx, "s").Val())
	assert.Equal(t, []bool{true, false}, c.SMIsMember(ctx, "s", "a", "z").Val())
	assert.EqualValues(t, 4, c.SUnionStore(ctx, "u", "s", "r").Val())
	assert.Len(t, c.SPopN(ctx, "u", 3).Val(), 3)
	assert.EqualValues(t, 1, c.PFAdd(ctx, "p", "x", "y").Val())
	assert.EqualValues(t, 2, c.PFCount(ctx, "p").Val())
}

func sortedSetsOf(t *testing.T, ctx context.Context, c *redis.Client) {
	assert.EqualValues(t, 3, c.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}, redis.Z{Score: 3.5, Member: "c"}).Val())
	assert.InDelta(t, 4, c.ZIncrBy(ctx, "z", 3, "a").Val(), 0)
	assert.EqualValues(t, 1, c.ZAddArgs(ctx, "z", redis.ZAddArgs{GT: true, Ch: true, Members: []redis.Z{{Score: 9, Member: "b"}, {Score: 1, Member: "c"}}}).Val())
	assert.Equal(t, []redis.Z{{Score: 3.5, Member: "c"}, {Score: 4, Member: "a"}, {Score: 9, Member: "b"}}, c.ZRangeWithScores(ctx, "z", 0, -1).Val())
	got, err := c.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: "z", Start: "(3.5", Stop: "+inf", ByScore: true, Count: 1}).Result()
	require.NoError(t, err)
	assert.Equal(t, []redis.Z{{Score: 4, Member: "a"}}, got)
	rank, err := c.ZRankWithScore(ctx, "z", "b").Result()
	require.NoError(t, err)
	assert.Equal(t, redis.RankScore{Rank: 2, Score: 9}, rank)
	assert.ErrorIs(t, c.ZScore(ctx, "z", "none").Err(), redis.Nil)
	assert.Equal(t, []float64{3.5, 0}, c.ZMScore(ctx, "z", "c", "none").Val())

	popped, err := c.BZPopMin(ctx, 0, "none", "z").Result()
	require.NoError(t, err)
	assert.Equal(t, &redis.ZWithKey{Z: redis.Z{Score: 3.5, Member: "c"}, Key: "z"}, popped)
	key, members, err := c.BZMPop(ctx, 0, "max", 5, "z").Result()
	require.NoError(t, err)
	assert.Equal(t, "z", key)
	assert.Equal(t, []redis.Z{{Score: 9, Member: "b"}, {Score: 4, Member: "a"}}, members)
	assert.ErrorIs(t, c.Do(ctx, "BZPOPMAX", "z", 0.01).Err(), redis.Nil)

	c.ZAdd(ctx, "x", redis.Z{Score: 1, Member: "m"}, redis.Z{Score: 2, Member: "n"})
	c.ZAdd(ctx, "y", redis.Z{Score: 10, Member: "n"})
	assert.Equal(t, []redis.Z{{Score: 32, Member: "n"}}, c.ZInterWithScores(ctx, &redis.ZStore{Keys: []string{"x", "y"}, Weights: []float64{1, 3}}).Val())
	assert.Equal(t, []redis.Z{{Score: 1, Member: "m"}}, c.ZDiffWithScores(ctx, "x", "y").Val())
}

func geoOf(t *testing.T, ctx context.Context, c *redis.Client) {
	assert.EqualValues(t, 2, c.GeoAdd(ctx, "g", &redis.GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556},
		&redis.GeoLocation{Name: "Catania", Longitude: 15.087269, Latitude: 37.502669}).Val())
	assert.InDelta(t, 166.2742, c.GeoDist(ctx, "g", "Palermo", "Catania", "km").Val(), 1e-3)
	assert.Equal(t, []string{"sqc8b49rny0", "sqdtr74hyu0"}, c.GeoHash(ctx, "g", "Palermo", "Catania").Val())
	at := c.GeoPos(ctx, "g", "Palermo", "none").Val()
	require.Len(t, at, 2)
	assert.InDelta(t, 13.361389, at[0].Longitude, 1e-5)
	assert.Nil(t, at[1])
	found, err := c.GeoSearchLocation(ctx, "g", &redis.GeoSearchLocationQuery{
		GeoSearchQuery: redis.GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 200, RadiusUnit: "km", Sort: "ASC"},
		WithCoord:      true, WithDist: true, WithHash: true,
	}).Result()
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, "Catania", found[0].Name)
	assert.InDelta(t, 56.4413, found[0].Dist, 1e-3)
	assert.EqualValues(t, 3479447370796909, found[0].GeoHash)
}

func bitsOf(t *testing.T, ctx context.Context, c *redis.Client) {
	assert.EqualValues(t, 0, c.SetBit(ctx, "b", 7, 1).Val())
	assert.Equal(t, []int64{1, 0, 2}, c.BitField(ctx, "b", "GET", "u8", 0, "SET", "i5", 100, 2, "OVERFLOW", "SAT", "GET", "i5", 100).Val())
	assert.EqualValues(t, 2, c.BitCount(ctx, "b", nil).Val())
	assert.EqualValues(t, 7, c.BitPos(ctx, "b", 1).Val())
	assert.Equal(t, []int64{2}, c.BitFieldRO(ctx, "b", "i5", 100).Val())
	assert.EqualValues(t, 14, c.BitOpNot(ctx, "not", "b").Val())
}

// scansOf fills collections that take many pages, and walks through them.
func scansOf(t *testing.T, ctx context.Context, c *redis.Client) {
	const n = 1000
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range n {
			name := fmt.Sprintf("key:%04d", i)
			p.Set(ctx, name, i, 0)
			p.HSet(ctx, "hash", name, i)
			p.SAdd(ctx, "set", name)
			p.ZAdd(ctx, "zset", redis.Z{Score: float64(i), Member: name})
		}
		return nil
	})
	require.NoError(t, err)
	for name, s := range map[string]struct {
		iterator *redis.ScanIterator
		each     int // values per element
	}{
		"SCAN":           {c.Scan(ctx, 0, "key:*", 100).Iterator(), 1},
		"SCAN TYPE":      {c.ScanType(ctx, 0, "key:*", 10, "string").Iterator(), 1},
		"HSCAN":          {c.HScan(ctx, "hash", 0, "", 10).Iterator(), 2},
		"HSCAN NOVALUES": {c.HScanNoValues(ctx, "hash", 0, "", 10).Iterator(), 1},
		"SSCAN":          {c.SScan(ctx, "set", 0, "key:*", 10).Iterator(), 1},
		"ZSCAN":          {c.ZScan(ctx, "zset", 0, "", 10).Iterator(), 2},
	} {
		var seen []string
		for i := 0; s.iterator.Next(ctx); i++ {
			if i%s.each == 0 {
				seen = append(seen, s.iterator.Val())
			}
		}
		require.NoError(t, s.iterator.Err(), name)
		slices.Sort(seen)
		seen = slices.Compact(seen) // a page may repeat what one before it had
		require.Len(t, seen, n, name)
		assert.Equal(t, "key:0999", seen[n-1], name)
	}
}

func keysOf(t *testing.T, ctx context.Context, c *redis.Client) {
	c.RPush(ctx, "l", 3, 1, 2)
	assert.Equal(t, []string{"3", "2"}, c.Sort(ctx, "l", &redis.Sort{Order: "DESC", Count: 2}).Val())
	assert.Equal(t, "list", c.Type(ctx, "l").Val())
	assert.EqualValues(t, 1, c.Copy(ctx, "l", "m", 0, false).Val())
	assert.True(t, c.ExpireAt(ctx, "m", time.Now().Add(time.Hour)).Val())
	assert.False(t, c.ExpireNX(ctx, "m", time.Minute).Val())
	assert.True(t, c.Persist(ctx, "m").Val())
	payload, err := c.Dump(ctx, "m").Result()
	require.NoError(t, err)
	require.NoError(t, c.RestoreReplace(ctx, "n", time.Hour, payload).Err())
	assert.Equal(t, []string{"3", "1", "2"}, c.LRange(ctx, "n", 0, -1).Val())
	assert.ErrorContains(t, c.Restore(ctx, "n", 0, payload).Err(), "BUSYKEY")
	assert.EqualValues(t, 2, c.Unlink(ctx, "m", "n", "none").Val())
	assert.Equal(t, "listpack", c.ObjectEncoding(ctx, "l").Val())
	assert.EqualValues(t, 1, c.Exists(ctx, "l").Val())
	assert.ErrorContains(t, c.Get(ctx, "l").Err(), "WRONGTYPE")
	assert.Equal(t, "l", c.RandomKey(ctx).Val())
}

// introspectionOf has the library parse what a server says about itself.
func introspectionOf(t *testing.T, ctx context.Context, c *redis.Client) {
	info := c.InfoMap(ctx).Val()
	assert.Equal(t, "standalone", info["Server"]["redis_mode"])
	assert.Contains(t, c.Info(ctx, "everything").Val(), "# Commandstats")

	commands, err := c.Command(ctx).Result()
	require.NoError(t, err)
	assert.Greater(t, len(commands), 200)
	assert.Equal(t, int8(2), commands["get"].Arity)
	assert.True(t, commands["get"].ReadOnly)
	assert.Equal(t, int8(1), commands["set"].FirstKeyPos)
	assert.Equal(t, []string{"a", "b"}, c.CommandGetKeys(ctx, "mset", "a", 1, "b", 2).Val())
	keys, err := c.CommandGetKeysAndFlags(ctx, "lmove", "a", "b", "left", "right").Result()
	require.NoError(t, err)
	assert.Equal(t, redis.KeyFlags{Key: "a", Flags: []string{"RW", "access", "delete"}}, keys[0])
	assert.Contains(t, c.CommandList(ctx, &redis.FilterBy{ACLCat: "geo"}).Val(), "geosearch")

	assert.Equal(t, map[string]string{"maxmemory": "268435456"}, c.ConfigGet(ctx, "maxmemory").Val())
	assert.Greater(t, len(c.ConfigGet(ctx, "*").Val()), 100)
	require.NoError(t, c.ConfigSet(ctx, "slowlog-log-slower-than", "0").Err())
	require.NoError(t, c.Ping(ctx).Err())
	logged, err := c.SlowLogGet(ctx, 10).Result()
	require.NoError(t, err)
	require.NotEmpty(t, logged)
	assert.Equal(t, "tester", logged[0].ClientName)
	require.NoError(t, c.ConfigResetStat(ctx).Err())

	me, err := c.ClientInfo(ctx).Result()
	require.NoError(t, err)
	assert.Equal(t, "tester", me.Name)
	assert.Contains(t, me.LibName, "go-redis", "which the library tells with CLIENT SETINFO")
	assert.Equal(t, me.ID, c.ClientID(ctx).Val())
	assert.NotEmpty(t, c.ClientList(ctx).Val())
	now, err := c.Time(ctx).Result()
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), now, patience)
	_, err = c.Latency(ctx).Result()
	require.NoError(t, err)
}

// TestGoRedisPipelines: replies come in order, each with its own error.
func TestGoRedisPipelines(t *testing.T) {
	addr := start(t)
	c, ctx := goRedis(t, addr), within(t)
	cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 5000 {
			p.Set(ctx, "k", i, 0)
			p.Get(ctx, "k")
		}
		p.LPush(ctx, "k", "not a list")
		p.Get(ctx, "k")
		return nil
	})
	assert.ErrorContains(t, err, "WRONGTYPE")
	for i := range 5000 {
		require.Equal(t, strconv.Itoa(i), cmds[2*i+1].(*redis.StringCmd).Val())
	}
	assert.Equal(t, "4999", cmds[10001].(*redis.StringCmd).Val(), "what comes after an error still runs")

	cmds, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "n")
		p.LPush(ctx, "k", "not a list")
		p.Incr(ctx, "n")
		return nil
	})
	assert.ErrorContains(t, err, "WRONGTYPE")
	assert.EqualValues(t, 2, cmds[2].(*redis.IntCmd).Val())
	_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "n")
		p.Do(ctx, "no such command")
		return nil
	})
	assert.ErrorContains(t, err, "EXECABORT")
	assert.Equal(t, "2", c.Get(ctx, "n").Val())
}

// TestGoRedisWatch has many increment a counter that none of them locks.
func TestGoRedisWatch(t *testing.T) {
	const clients = 8
	each := rounds(50)
	c, ctx := goRedis(t, start(t)), within(t)
	increment := func(tx *redis.Tx) error {
		n, err := tx.Get(ctx, "n").Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "n", n+1, 0)
			p.RPush(ctx, "log", n+1)
			return nil
		})
		return err
	}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for done := 0; done < each; {
				switch err := c.Watch(ctx, increment, "n"); {
				case err == nil:
					done++
				case !errors.Is(err, redis.TxFailedErr):
					assert.NoError(t, err)
					return
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, strconv.Itoa(clients*each), c.Get(ctx, "n").Val())
	for i, text := range c.LRange(ctx, "log", 0, -1).Val() {
		require.Equal(t, strconv.Itoa(i+1), text, "no increment was lost or done twice")
	}
}

// TestGoRedisScripts: EVALSHA first, EVAL when the server does not know the script,
// also after SCRIPT FLUSH, and in both protocols' conversions.
func TestGoRedisScripts(t *testing.T) {
	c, ctx := goRedis(t, start(t)), within(t)
	add := redis.NewScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`)
	assert.False(t, add.Exists(ctx, c).Val()[0])
	assert.EqualValues(t, 5, add.Run(ctx, c, []string{"n"}, 5).Val())
	assert.True(t, add.Exists(ctx, c).Val()[0])
	require.NoError(t, c.ScriptFlush(ctx).Err())
	assert.EqualValues(t, 7, add.Run(ctx, c, []string{"n"}, 2).Val())
	assert.Equal(t, add.Hash(), add.Load(ctx, c).Val())

	ro := redis.NewScript(`return {1, 'two', {3, redis.status_reply('FINE')}, false, 4.9}`)
	got, err := ro.RunRO(ctx, c, nil).Slice()
	require.NoError(t, err)
	assert.Equal(t, []any{int64(1), "two", []any{int64(3), "FINE"}, nil, int64(4)}, got)
	maps := redis.NewScript(`redis.setresp(3); return redis.call('HGETALL', KEYS[1])`)
	c.HSet(ctx, "h", "f", "v")
	assert.Equal(t, map[any]any{"f": "v"}, maps.Run(ctx, c, []string{"h"}).Val())
	assert.ErrorContains(t, redis.NewScript(`return redis.error_reply('MINE went wrong')`).Run(ctx, c, nil).Err(), "MINE went wrong")
	assert.ErrorContains(t, redis.NewScript(`redis.call('SET', 'k', 'v')`).RunRO(ctx, c, nil).Err(), "Write commands are not allowed from read-only scripts")
}

func TestGoRedisFunctions(t *testing.T) {
	c, ctx := goRedis(t, start(t)), within(t)
	const library = `#!lua name=counters
redis.register_function('bump', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}`
	assert.Equal(t, "counters", c.FunctionLoad(ctx, library).Val())
	assert.ErrorContains(t, c.FunctionLoad(ctx, library).Err(), "already exists")
	assert.EqualValues(t, 3, c.FCall(ctx, "bump", []string{"n"}, 3).Val())
	assert.Equal(t, "3", c.FCallRO(ctx, "peek", []string{"n"}).Val())
	assert.ErrorContains(t, c.FCallRO(ctx, "bump", []string{"n"}, 1).Err(), "write flag using *_ro command")

	list, err := c.FunctionList(ctx, redis.FunctionListQuery{LibraryNamePattern: "count*", WithCode: true}).Result()
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, library, list[0].Code)
	assert.Len(t, list[0].Functions, 2)
	dump, err := c.FunctionDump(ctx).Result()
	require.NoError(t, err)
	require.NoError(t, c.FunctionFlush(ctx).Err())
	assert.ErrorContains(t, c.FCall(ctx, "bump", []string{"n"}, 1).Err(), "Function not found")
	require.NoError(t, c.FunctionRestore(ctx, dump).Err())
	assert.EqualValues(t, 4, c.FCall(ctx, "bump", []string{"n"}, 1).Val())
	stats, err := c.FunctionStats(ctx).Result()
	require.NoError(t, err)
	assert.Equal(t, []redis.Engine{{Language: "LUA", LibrariesCount: 1, FunctionsCount: 2}}, stats.Engines)
	assert.Equal(t, "OK", c.FunctionDelete(ctx, "counters").Val())
}

package handlers

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// TestSlice compares with a byte by byte selection.
func TestSlice(t *testing.T) {
	const text = "abcde"
	bounds := []int64{math.MinInt64, -7, -6, -5, -4, -1, 0, 1, 3, 4, 5, 6, math.MaxInt64}
	for _, value := range []string{"", "a", text} {
		for _, start := range bounds {
			for _, end := range bounds {
				got := string(slice([]byte(value), start, end))
				assert.Equal(t, selected(value, start, end), got, "%q from %d to %d", value, start, end)
			}
		}
	}
}

func selected(value string, start, end int64) (out string) {
	if start < 0 && end < 0 && start > end {
		return ""
	}
	n := int64(len(value))
	for i := range n {
		after := start <= i && start >= 0 || start < 0 && start <= i-n
		before := end >= i && end >= 0 || end < 0 && (end >= i-n || i == 0) // cut off at 0, and 0 is included
		if after && before {
			out += string(value[i])
		}
	}
	return out
}

func TestExpiry(t *testing.T) {
	const now = 1_700_000_000_000
	invalid := "ERR invalid expire time in 'set' command"
	for _, test := range []struct {
		kind expiryKind
		time string
		at   int64
		err  string
	}{
		{expireNever, "", cache.NoExpiry, ""},
		{expirePersist, "", cache.NoExpiry, ""},
		{expireKeep, "", cache.KeepTTL, ""},
		{expireEX, "10", now + 10_000, ""},
		{expirePX, "10", now + 10, ""},
		{expireEXAT, "10", 10_000, ""},
		{expirePXAT, "10", 10, ""},
		{expireEX, "0", 0, invalid},
		{expirePXAT, "-1", 0, invalid},
		{expireEX, "x", 0, args.ErrNotInteger},
		{expireEX, fmt.Sprint(int64(math.MaxInt64)), 0, invalid},
		{expireEX, fmt.Sprint(int64(math.MaxInt64 / 1000)), 0, invalid},
		{expirePX, fmt.Sprint(int64(math.MaxInt64 - now)), math.MaxInt64, ""},
		{expirePX, fmt.Sprint(int64(math.MaxInt64 - now + 1)), 0, invalid},
		{expireEXAT, fmt.Sprint(int64(math.MaxInt64 / 1000)), math.MaxInt64 / 1000 * 1000, ""},
		{expireEXAT, fmt.Sprint(int64(math.MaxInt64/1000 + 1)), 0, invalid},
		{expirePXAT, fmt.Sprint(int64(math.MaxInt64)), math.MaxInt64, ""},
	} {
		e := expiry{test.kind, []byte(test.time)}
		at, err := e.at(now, "set")
		assert.Equal(t, test.err, err, "%v %s", test.kind, test.time)
		if err == "" {
			assert.Equal(t, test.at, at, "%v %s", test.kind, test.time)
		}
	}
}

func TestFail(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{cache.ErrWrongType, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{cache.ErrNotInteger, "-ERR value is not an integer or out of range\r\n"},
		{cache.ErrOverflow, "-ERR increment or decrement would overflow\r\n"},
		{cache.ErrNotFloat, "-ERR value is not a valid float\r\n"},
		{cache.ErrNaN, "-ERR increment would produce NaN or Infinity\r\n"},
		{cache.ErrTooLarge, "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"},
		{cache.ErrOutOfMemory, "-OOM command not allowed when used memory > 'maxmemory'.\r\n"},
		{cache.ErrNotFound, "-ERR no such key\r\n"},
		{fmt.Errorf("wrapped: %w", cache.ErrOverflow), "-ERR increment or decrement would overflow\r\n"},
		{errors.New("something else"), "-ERR something else\r\n"},
	} {
		ctx := &Context{}
		ctx.fail(test.err)
		assert.Equal(t, test.want, string(ctx.B))
	}
}

// TestHotPathAllocatesNothing runs the handlers that must not.
func TestHotPathAllocatesNothing(t *testing.T) {
	c, err := cache.New(cache.Options{NoBackground: true, Shards: 2})
	require.NoError(t, err)
	defer c.Close()
	value := make([]byte, 100)
	words := func(list ...string) (argv [][]byte) {
		for _, w := range list {
			argv = append(argv, []byte(w))
		}
		return argv
	}
	var (
		tx  cache.Tx
		ctx = &Context{Writer: resp.Writer{B: make([]byte, 0, 1<<10), Proto: 2}, Tx: &tx, Server: &Server{Cache: c}}
	)
	ctx.Server.Connect(func() {})
	for _, test := range []struct {
		name string
		run  Handler
		argv [][]byte
	}{
		{"SET", runSet, append(words("SET", "key"), value)},
		{"GET", runGet, words("GET", "key")},
		{"GET of nothing", runGet, words("GET", "missing")},
		{"SET EX", runSet, words("SET", "key", "v", "EX", "100")},
		{"SET NX", runSet, words("SET", "key", "v", "NX")},
		{"SET GET", runSet, words("SET", "key", "v", "GET", "KEEPTTL")},
		{"SETEX", runSetex, words("SETEX", "key", "100", "v")},
		{"GETEX", runGetex, words("GETEX", "key", "PERSIST")},
		{"STRLEN", runStrlen, words("STRLEN", "key")},
		{"INCR", runIncr, words("INCR", "n")},
		{"DIGEST", runDigest, words("DIGEST", "key")},
	} {
		run := func() {
			c.BeginKey(&tx, 0, test.argv[1])
			ctx.Args, ctx.B = test.argv, ctx.B[:0]
			test.run(ctx)
			tx.End()
		}
		run() // the first may grow what is kept
		assert.Zero(t, testing.AllocsPerRun(200, run), test.name)
		assert.NotEqual(t, byte('-'), ctx.B[0], "%s: %s", test.name, ctx.B)
	}
}

// TestReplaceTakesBackTheOldValue runs into the end of memory after the old
// value was written. Through the executor that takes a race with other writers:
// its gate has made room for the arguments before.
func TestReplaceTakesBackTheOldValue(t *testing.T) {
	c, err := cache.New(cache.Options{NoBackground: true, Shards: 2, MaxMemory: 8 << 20, Policy: cache.NoEviction})
	require.NoError(t, err)
	defer c.Close()
	var tx cache.Tx
	key := []byte("key")
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	require.NoError(t, tx.Set(key, []byte("old"), cache.NoExpiry))
	ctx := &Context{Writer: resp.Writer{B: []byte("+BEFORE\r\n"), Proto: 2}, Tx: &tx}
	ctx.replace(key, make([]byte, 16<<20), cache.NoExpiry)
	assert.Equal(t, "+BEFORE\r\n-"+args.ErrOOM+"\r\n", string(ctx.B))
	value, err := tx.Get(key)
	require.NoError(t, err)
	assert.Equal(t, "old", string(value))
}

package protocol

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// names are words for keys: "k0 k1 ...".
func names(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, " k%d", i)
	}
	return b.String()
}

// TestManyWatchedKeys are watched by one client and by several, seen to have changed,
// and forgotten with their clients.
func TestManyWatchedKeys(t *testing.T) {
	keys := fewer(100_000, 10_000)
	const step, few = 1000, 5
	s, addrs := both(t)
	before := liveHeap()
	writer := dial(t, addrs[0])
	watch := func(c *client, n int) {
		for i := 0; i < n; i += step {
			require.Equal(t, "+OK", c.do("WATCH%s", names(i, i+step)))
		}
	}
	exec := func(c *client) string {
		require.Equal(t, "+OK", c.do("MULTI"))
		require.Equal(t, "+QUEUED", c.do("PING"))
		reply := c.do("EXEC")
		if reply == "*1" {
			reply = c.line()
		}
		return reply
	}
	big := dial(t, addrs[0])
	var others []*client
	watch(big, keys)
	for i := range few {
		others = append(others, dial(t, addrs[i%2]))
		watch(others[i], keys/few)
	}
	assert.Equal(t, fmt.Sprint(few+1), writer.info("clients")["watching_clients"])
	assert.NotEqual(t, "0", writer.info("clients")["total_watched_keys"])
	assert.Equal(t, "+OK", writer.do("SET k%d x", keys-1))
	assert.Equal(t, "*-1", exec(big), "its last key has changed")
	assert.Equal(t, "+PONG", exec(others[0]), "it does not watch that one")
	assert.Equal(t, "+OK", writer.do("FLUSHALL"))
	watch(big, keys)
	assert.Equal(t, "+OK", writer.do("SET k1 x"))
	for _, c := range others[1:3] {
		assert.Equal(t, "*-1", exec(c))
	}
	assert.Equal(t, "+OK", others[3].do("UNWATCH"))
	assert.Equal(t, "+PONG", exec(others[3]))
	assert.Equal(t, "+OK", writer.do("FLUSHALL"))
	for _, c := range append(others, big) {
		_ = c.conn.Close()
	}
	s.onlyThese(t, 1)
	eventually(t, func() bool { return s.handlers.Watch.Clients() == 0 }, "a client that has gone watches")
	assert.Equal(t, "0", writer.info("clients")["total_watched_keys"])
	assert.Less(t, liveHeap()-before, int64(8<<20))
}

// TestManyTrackedKeys are told of when they change, no more of them than
// tracking-table-max-keys, and forgotten with their client.
func TestManyTrackedKeys(t *testing.T) {
	const step = 1000
	s, addrs := both(t, "--tracking-table-max-keys", "0")
	for i, addr := range addrs {
		keys := fewer(100_000, 10_000) / (1 + 4*i)
		before := liveHeap()
		reader, writer := dial(t, addr), dial(t, addrs[1-i])
		reader.send("HELLO 3")
		reader.reply()
		require.Equal(t, "+OK", reader.do("CLIENT TRACKING on"))
		for i := 0; i < keys; i += step {
			reader.send("MGET%s", names(i, i+step))
			reader.reply()
		}
		assert.Equal(t, fmt.Sprint(keys), writer.info("stats")["tracking_total_keys"])
		for i := 0; i < keys; i += step {
			words := strings.Fields(names(i, i+step))
			require.Equal(t, "+OK", writer.do("MSET %s x", strings.Join(words, " x ")))
		}
		told := map[string]bool{}
		for len(told) < keys {
			words := strings.Fields(reader.reply())
			require.Equal(t, ">2", words[0])
			require.Equal(t, "invalidate", words[1])
			for _, name := range words[3:] {
				told[name] = true
			}
		}
		assert.Equal(t, "0", writer.info("stats")["tracking_total_keys"])
		assert.Equal(t, "+PONG", reader.do("PING"))

		// With a bound, and with a client that goes with its keys in the table.
		const most = 1000
		assert.Equal(t, "+OK", writer.do("CONFIG SET tracking-table-max-keys %d", most))
		reader.discard()
		for i := 0; i < keys; i += step {
			reader.send("MGET%s", names(i, i+step))
		}
		eventually(t, func() bool { return s.handlers.Tracking.Keys() >= most/2 }, "nothing is tracked")
		assert.LessOrEqual(t, s.handlers.Tracking.Keys(), most+step)
		_ = reader.conn.Close()
		s.onlyThese(t, 1)
		assert.Equal(t, "+OK", writer.do("FLUSHALL"))
		assert.Equal(t, "0", writer.info("stats")["tracking_total_keys"])
		assert.Equal(t, "0", writer.info("clients")["tracking_clients"])
		assert.Equal(t, "+OK", writer.do("CONFIG SET tracking-table-max-keys 0"))
		_ = writer.conn.Close()
		s.onlyThese(t, 0)
		assert.Less(t, liveHeap()-before, int64(8<<20)+int64(len(told)*100))
	}
}

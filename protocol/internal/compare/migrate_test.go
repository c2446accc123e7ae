package compare

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// target is a redis-server that others migrate to.
func target(t *testing.T) (addr [2]string, c *client) {
	t.Helper()
	s, err := StartRedis()
	if errors.Is(err, ErrNoRedis) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(s.Close)
	c, err = dial(s.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	addr[0], addr[1], err = net.SplitHostPort(s.Addr())
	require.NoError(t, err)
	return addr, c
}

// TestMigrate has both servers migrate to a third, and compares what they say, what
// they keep and what comes there. HOST and PORT stand for the third. Where there is a !
// redis-server has its keys restored in another database, or as another user, than
// it is asked for, and says that there was an error: there nothing comes from Ashlar.
func TestMigrate(t *testing.T) {
	p := pair(t)
	addr, there := target(t)
	for _, line := range []string{
		"MIGRATE HOST PORT string 0 1000",
		"MIGRATE HOST PORT string 3 1000",
		"MIGRATE HOST PORT string 99 1000 !",
		"MIGRATE HOST PORT string 0 1000 COPY",
		"MIGRATE HOST PORT taken 0 1000",
		"MIGRATE HOST PORT taken 0 1000 REPLACE",
		"MIGRATE HOST PORT taken 0 1000 REPLACE COPY",
		"MIGRATE HOST PORT missing 0 1000",
		"MIGRATE HOST PORT expiring 0 0",
		"MIGRATE HOST PORT '' 0 1000 KEYS string list missing hash zset set stream expiring",
		"MIGRATE HOST PORT '' 0 1000 COPY KEYS string list missing hash zset set stream expiring",
		"MIGRATE HOST PORT '' 0 1000 KEYS string taken list",
		"MIGRATE HOST PORT '' 99 1000 COPY KEYS string list !",
		"MIGRATE HOST PORT '' 0 1000 REPLACE KEYS string taken list string",
		"MIGRATE HOST PORT string 0 1000 AUTH wrong !",
		"MIGRATE HOST PORT string 0 1000 AUTH2 wrong wrong !",
		"MIGRATE HOST PORT string 99 1000 AUTH2 user secret !",
		"MIGRATE HOST PORT string 0 1000 AUTH2 user secret",
		"MIGRATE HOST PORT string 0 1000 AUTH2 poor secret",
		"MIGRATE localhost PORT string 0 1000",
		"MIGRATE no.such.host.invalid PORT string 0 1000",
	} {
		var said [2]string
		for _, side := range []int{redis, ashlar} {
			said[side] = migrate(t, p.admin[side], there, addr, line)
		}
		assert.Equal(t, said[redis], said[ashlar], line)
	}
}

// migrate runs one command and tells the reply, and what there is at both ends then.
func migrate(t *testing.T, here, there *client, addr [2]string, line string) string {
	t.Helper()
	for _, c := range []*client{here, there} {
		require.Equal(t, "OK", c.text(t, "FLUSHALL"))
	}
	there.do("ACL", "SETUSER", "user", "on", ">secret", "~*", "+@all")
	there.do("ACL", "SETUSER", "poor", "on", ">secret", "~*", "+select")
	there.do("SET", "taken", "as it was")
	here.pipeline(t, [][]string{
		{"SET", "string", "value"}, {"RPUSH", "list", "a", "b"}, {"HSET", "hash", "f", "v"}, {"ZADD", "zset", "1", "a"},
		{"SADD", "set", "x"}, {"XADD", "stream", "1-1", "f", "v"}, {"SET", "taken", "new"}, {"SET", "expiring", "v", "EX", "1000"},
	})
	line, wrong := strings.CutSuffix(line, " !")
	words := strings.Fields(line)
	for i, w := range words {
		words[i] = strings.NewReplacer("HOST", addr[0], "PORT", addr[1], "''", "").Replace(w)
	}
	reply := here.do(words...).String()
	parts := []string{reply}
	for _, c := range []*client{here, there} {
		if wrong && c == there {
			break
		}
		for _, key := range []string{"string", "list", "hash", "zset", "set", "stream", "taken", "expiring"} {
			ttl := c.text(t, "TTL", key) // 1000 or 999
			parts = append(parts, fmt.Sprint(key, len(ttl) > 2, c.text(t, "DEBUG", "DIGEST-VALUE", key)))
		}
		for _, db := range []string{"3", "0"} {
			c.do("SELECT", db)
			parts = append(parts, c.text(t, "DBSIZE"))
		}
	}
	return strings.Join(parts, "\n")
}

// TestMigrateSilence migrates to who accepts the connection and says nothing, and to
// who hangs up.
func TestMigrateSilence(t *testing.T) {
	p := pair(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	rude, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = rude.Close() })
	go func() {
		for c, err := rude.Accept(); err == nil; c, err = rude.Accept() {
			_, _ = c.Read(make([]byte, 1000)) // else the writer may be told as well
			_ = c.Close()
		}
	}()
	for name, l := range map[string]net.Listener{"silent": silent, "rude": rude} {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		for _, side := range []int{redis, ashlar} {
			c := p.admin[side]
			c.do("FLUSHALL")
			c.do("SET", "k", "v")
			assert.Equal(t, "-IOERR error or timeout reading to target instance\r\n",
				string(c.do("MIGRATE", "127.0.0.1", port, "k", "0", "200").raw), name)
			assert.Equal(t, "v", c.text(t, "GET", "k"), name)
		}
	}
}

// TestMigrateMeanwhile has others served while a client migrates, its key changed, and
// sent again for it.
func TestMigrateMeanwhile(t *testing.T) {
	p := pair(t)
	addr, there := target(t)
	c := p.admin[ashlar]
	c.do("FLUSHALL")
	c.do("SET", "k", "old")
	c.do("SET", "gone", "old")
	other, err := dial(p.addr[ashlar])
	require.NoError(t, err)
	defer func() { _ = other.Close() }()

	there.do("CLIENT", "PAUSE", "300", "ALL")
	c.send(Encode([]string{"MIGRATE", addr[0], addr[1], "", "0", "5000", "KEYS", "k", "gone"}))
	for end := time.Now().Add(patience); !strings.Contains(other.text(t, "CLIENT", "LIST"), "cmd=migrate"); {
		require.True(t, time.Now().Before(end))
	}
	assert.Equal(t, "old", other.text(t, "GETSET", "k", "new"))
	assert.Equal(t, "1", other.text(t, "DEL", "gone"))
	assert.Equal(t, "+OK\r\n", string(c.read(1).raw))
	assert.Equal(t, "0", other.text(t, "EXISTS", "k", "gone"))
	assert.Equal(t, "new", there.text(t, "GET", "k"))
	assert.Equal(t, "old", there.text(t, "GET", "gone"))
}

package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeys(t *testing.T) {
	r := newRig(t)
	assert.Equal(t, "*0\r\n", r.do("KEYS *"))
	r.fill(30)
	r.do("SET '' empty")
	reply := r.do("KEYS *")
	assert.True(t, strings.HasPrefix(reply, "*31\r\n$"))
	assert.Len(t, bulks(reply), 31)
	assert.ElementsMatch(t, []string{"key:0", "key:1", "key:2"}, bulks(r.do("KEYS key:[0-2]")))
	assert.ElementsMatch(t, []string{"key:7"}, bulks(r.do("KEYS key:7")))
	assert.ElementsMatch(t, []string{"key:17", "key:27"}, bulks(r.do("KEYS k?y:?7")))
	assert.Equal(t, "*1\r\n$0\r\n\r\n", r.do("KEYS ''"))
	assert.Equal(t, "*0\r\n", r.do("KEYS KEY:*"))
	r.do("PEXPIRE key:7 5")
	r.now += 5
	assert.Equal(t, "*0\r\n", r.do("KEYS key:7"), "expired, even where nothing has removed it yet")
	r.do("SELECT 1")
	assert.Equal(t, "*0\r\n", r.do("KEYS *"))
	r.session.Proto = 3
	assert.Equal(t, "*0\r\n", r.do("KEYS *"))
}

// scanAll walks to the end and gives the keys, each once, and the number of calls.
func (r *rig) scanAll(options string) (keys map[string]bool, calls int) {
	keys = map[string]bool{}
	for cursor := "0"; ; {
		list := bulks(r.do("SCAN " + cursor + options))
		require.NotEmpty(r.t, list)
		for _, key := range list[1:] {
			keys[key] = true
		}
		calls++
		require.Less(r.t, calls, 10_000)
		if cursor = list[0]; cursor == "0" {
			return keys, calls
		}
	}
}

func TestScan(t *testing.T) {
	r := newRig(t)
	assert.Equal(t, "*2\r\n$1\r\n0\r\n*0\r\n", r.do("SCAN 0"))
	r.fill(500)
	keys, calls := r.scanAll("")
	assert.Len(t, keys, 500)
	assert.Greater(t, calls, 5)
	keys, fewer := r.scanAll(" COUNT 100")
	assert.Len(t, keys, 500)
	assert.Less(t, fewer, calls)
	keys, _ = r.scanAll(" match key:1* count 50")
	assert.Len(t, keys, 111)
	keys, _ = r.scanAll(" MATCH nosuch MATCH *") // the last one counts
	assert.Len(t, keys, 500)
	keys, _ = r.scanAll(" TYPE STRING")
	assert.Len(t, keys, 500)
	for _, other := range []string{"list", "zset", "nosuchtype", "''"} {
		keys, walked := r.scanAll(" TYPE " + other)
		assert.Empty(t, keys, other)
		assert.Greater(t, walked, 5, "it walks on nevertheless")
	}
	keys, _ = r.scanAll(" TYPE string MATCH key:*7")
	assert.Len(t, keys, 50)
}

// What is there from the first call to the last is seen, whatever else happens.
func TestScanGuarantee(t *testing.T) {
	r := newRig(t)
	r.fill(200)
	seen, cursor := map[string]bool{}, "0"
	for i := 0; ; i++ {
		list := bulks(r.do("SCAN " + cursor + " COUNT 5"))
		for _, key := range list[1:] {
			seen[key] = true
		}
		if cursor = list[0]; cursor == "0" {
			break
		}
		for j := range 20 { // the keyspace grows and changes under the cursor
			r.do(fmt.Sprintf("SET other:%d:%d v", i, j))
		}
		r.do(fmt.Sprintf("DEL other:%d:0 other:%d:1", i, i-1))
		require.Less(t, i, 5000)
	}
	for i := range 200 {
		assert.True(t, seen[fmt.Sprintf("key:%d", i)], i)
	}
}

func TestScanErrors(t *testing.T) {
	newRig(t).script(
		[2]string{"SCAN x", "-ERR invalid cursor"},
		[2]string{"SCAN 1.5", "-ERR invalid cursor"},
		[2]string{"SCAN -1", "-ERR invalid cursor"},
		[2]string{"SCAN ''", "-ERR invalid cursor"},
		[2]string{"SCAN 18446744073709551616", "-ERR invalid cursor"},
		[2]string{"SCAN x COUNT x", "-ERR invalid cursor"},
		[2]string{"SCAN 0 COUNT 0", "-ERR syntax error"},
		[2]string{"SCAN 0 COUNT -5", "-ERR syntax error"},
		[2]string{"SCAN 0 COUNT x", "-ERR value is not an integer or out of range"},
		[2]string{"SCAN 0 COUNT", "-ERR syntax error"},
		[2]string{"SCAN 0 MATCH", "-ERR syntax error"},
		[2]string{"SCAN 0 TYPE", "-ERR syntax error"},
		[2]string{"SCAN 0 NOSUCH 5", "-ERR syntax error"},
		[2]string{"SCAN", "-ERR wrong number of arguments for 'scan' command"},
	)
}

// Keys and cursor are put in front of what earlier commands of a batch wrote
// by none but their own reply.
func TestScanAppends(t *testing.T) {
	r := newRig(t)
	r.do("SET a 1")
	out := []byte("+BEFORE\r\n")
	out = r.exec.Execute(r.session, [][]byte{[]byte("KEYS"), []byte("*")}, out)
	out = r.exec.Execute(r.session, [][]byte{[]byte("SCAN"), []byte("0")}, out)
	assert.Equal(t, "+BEFORE\r\n*1\r\n$1\r\na\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n", string(out))
}

func TestScanByEveryType(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"SET string v", "+OK"}, {"HSET hash f v", ":1"}, {"RPUSH list a", ":1"}, {"SADD set a", ":1"},
		{"ZADD zset 1 a", ":1"}, {"XADD stream 1-1 f v", "$3 1-1"},
	}...)
	for _, name := range []string{"string", "hash", "list", "set", "zset", "stream"} {
		keys, _ := r.scanAll(" COUNT 1 TYPE " + strings.ToUpper(name))
		assert.Equal(t, map[string]bool{name: true}, keys)
		assert.Equal(t, "+"+name+"\r\n", r.do("TYPE "+name))
	}
	keys, _ := r.scanAll(" TYPE nosuch")
	assert.Empty(t, keys)
}

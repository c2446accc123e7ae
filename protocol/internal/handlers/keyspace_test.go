package handlers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDelExistsTouch(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"DEL a", ":0"},
		[2]string{"SET a 1", "+OK"},
		[2]string{"SET b 1", "+OK"},
		[2]string{"EXISTS a", ":1"},
		[2]string{"EXISTS a a b nokey", ":3"},
		[2]string{"TOUCH a a nokey", ":2"},
		[2]string{"DEL a a", ":1"},
		[2]string{"UNLINK b b a", ":1"},
		[2]string{"EXISTS a b", ":0"},
		[2]string{"DEL", "-ERR wrong number of arguments for 'del' command"},
		[2]string{"SET a 1 PX 10", "+OK"},
	)
	r.now += 10
	r.script(
		[2]string{"EXISTS a", ":0"},
		[2]string{"DEL a", ":0"},
		[2]string{"TOUCH a", ":0"},
		[2]string{"TYPE a", "+none"},
	)
}

func TestWhatCountsAsAccess(t *testing.T) {
	const long, fresh = 2000, 200 // seconds
	r := newRig(t)
	r.do("SET a 1")
	r.pass(long * 1000)
	for _, command := range []string{"EXISTS a", "TYPE a", "TTL a", "OBJECT ENCODING a", "MEMORY USAGE a", "DEBUG OBJECT a"} {
		r.do(command)
		assert.InDelta(t, long, r.idle("a"), fresh, command)
	}
	r.session.NoTouch = true
	r.do("GET a")
	assert.InDelta(t, long, r.idle("a"), fresh, "CLIENT NO-TOUCH")
	r.do("TOUCH a")
	assert.LessOrEqual(t, r.idle("a"), fresh, "TOUCH is meant")
	r.pass(long * 1000)
	r.do("EXISTS a")
	r.do("GET a")
	assert.InDelta(t, long, r.idle("a"), fresh, "and leaves NO-TOUCH as it was")
	r.session.NoTouch = false
	r.do("GET a")
	assert.LessOrEqual(t, r.idle("a"), fresh)
}

func TestHitsAndMisses(t *testing.T) {
	r := newRig(t)
	r.do("SET a 1")
	for i, command := range []string{"EXISTS a b", "TOUCH a b", "TYPE a", "TYPE b", "TTL a", "PTTL b",
		"OBJECT ENCODING a", "OBJECT REFCOUNT b"} {
		before := r.server.Cache.Stats()
		r.do(command)
		after := r.server.Cache.Stats()
		want := int64(1)
		if i < 2 {
			want = 2
		}
		assert.Equal(t, want, after.Hits+after.Misses-before.Hits-before.Misses, command)
	}
}

func TestType(t *testing.T) {
	newRig(t).script(
		[2]string{"TYPE a", "+none"},
		[2]string{"SET a 1", "+OK"},
		[2]string{"TYPE a", "+string"},
	)
}

func TestRename(t *testing.T) {
	newRig(t).script(
		[2]string{"RENAME a b", "-ERR no such key"},
		[2]string{"RENAME a a", "-ERR no such key"},
		[2]string{"RENAMENX a a", "-ERR no such key"},
		[2]string{"SET a 1 EX 100", "+OK"},
		[2]string{"SET b 2", "+OK"},
		[2]string{"RENAME a a", "+OK"},
		[2]string{"RENAMENX a a", ":0"},
		[2]string{"RENAMENX a b", ":0"},
		[2]string{"RENAME a b", "+OK"},
		[2]string{"EXISTS a", ":0"},
		[2]string{"GET b", "$1 1"},
		[2]string{"TTL b", ":100"},
		[2]string{"RENAMENX b c", ":1"},
		[2]string{"TTL c", ":100"},
		[2]string{"SET d 1", "+OK"},
		[2]string{"RENAME d c", "+OK"},
		[2]string{"TTL c", ":-1"},
		[2]string{"DBSIZE", ":1"},
	)
}

const outOfInt = "-ERR value is out of range, value must between -2147483648 and 2147483647"

func TestCopy(t *testing.T) {
	newRig(t).script(
		[2]string{"COPY a b", ":0"},
		[2]string{"COPY a a", "-ERR source and destination objects are the same"},
		[2]string{"SET a 1 EX 100", "+OK"},
		[2]string{"COPY a b", ":1"},
		[2]string{"TTL b", ":100"},
		[2]string{"SET a 2", "+OK"},
		[2]string{"COPY a b", ":0"},
		[2]string{"GET b", "$1 1"},
		[2]string{"COPY a b REPLACE", ":1"},
		[2]string{"GET b", "$1 2"},
		[2]string{"TTL b", ":-1"},
		[2]string{"COPY a a DB 3", ":1"},
		[2]string{"COPY a a replace db 3", ":1"},
		[2]string{"COPY a a DB 0", "-ERR source and destination objects are the same"},
		[2]string{"COPY a b DB 3 DB 0", ":0"},
		[2]string{"COPY a b DB 16", "-ERR DB index is out of range"},
		[2]string{"COPY a b DB -1", "-ERR DB index is out of range"},
		[2]string{"COPY a b DB x", "-ERR value is not an integer or out of range"},
		[2]string{"COPY a b DB 2147483648", outOfInt},
		[2]string{"COPY a b DB", "-ERR syntax error"},
		[2]string{"COPY a b NOSUCH", "-ERR syntax error"},
		[2]string{"SELECT 3", "+OK"},
		[2]string{"GET a", "$1 2"},
		[2]string{"DBSIZE", ":1"},
	)
}

func TestMove(t *testing.T) {
	newRig(t).script(
		[2]string{"MOVE a 1", ":0"},
		[2]string{"SET a 1 EX 100", "+OK"},
		[2]string{"MOVE a 0", "-ERR source and destination objects are the same"},
		[2]string{"MOVE a 16", "-ERR DB index is out of range"},
		[2]string{"MOVE a -1", "-ERR DB index is out of range"},
		[2]string{"MOVE a x", "-ERR value is not an integer or out of range"},
		[2]string{"MOVE a 99999999999", outOfInt},
		[2]string{"MOVE a 1", ":1"},
		[2]string{"EXISTS a", ":0"},
		[2]string{"SET a 2", "+OK"},
		[2]string{"MOVE a 1", ":0"},
		[2]string{"GET a", "$1 2"},
		[2]string{"SELECT 1", "+OK"},
		[2]string{"GET a", "$1 1"},
		[2]string{"TTL a", ":100"},
	)
}

func TestDatabases(t *testing.T) {
	newRig(t).script(
		[2]string{"SET a 1", "+OK"},
		[2]string{"SET b 1", "+OK"},
		[2]string{"DBSIZE", ":2"},
		[2]string{"SWAPDB 0 5", "+OK"},
		[2]string{"DBSIZE", ":0"},
		[2]string{"SELECT 5", "+OK"},
		[2]string{"DBSIZE", ":2"},
		[2]string{"SWAPDB 5 5", "+OK"},
		[2]string{"DBSIZE", ":2"},
		[2]string{"SWAPDB x 1", "-ERR invalid first DB index"},
		[2]string{"SWAPDB 1 x", "-ERR invalid second DB index"},
		[2]string{"SWAPDB 99999999999 1", "-ERR invalid first DB index"},
		[2]string{"SWAPDB 1 2147483648", "-ERR invalid second DB index"},
		[2]string{"SWAPDB 0 16", "-ERR DB index is out of range"},
		[2]string{"SWAPDB -1 0", "-ERR DB index is out of range"},
		[2]string{"FLUSHDB x", "-ERR syntax error"},
		[2]string{"FLUSHALL SYNC ASYNC", "-ERR syntax error"},
		[2]string{"DBSIZE", ":2"},
		[2]string{"SELECT 1", "+OK"},
		[2]string{"SET c 1", "+OK"},
		[2]string{"FLUSHDB ASYNC", "+OK"},
		[2]string{"DBSIZE", ":0"},
		[2]string{"SELECT 5", "+OK"},
		[2]string{"DBSIZE", ":2"},
		[2]string{"FLUSHALL sync", "+OK"},
		[2]string{"DBSIZE", ":0"},
		[2]string{"FLUSHDB", "+OK"},
		[2]string{"FLUSHALL", "+OK"},
	)
}

func TestRandomKey(t *testing.T) {
	r := newRig(t)
	assert.Equal(t, "$-1\r\n", r.do("RANDOMKEY"))
	r.session.Proto = 3
	assert.Equal(t, "_\r\n", r.do("RANDOMKEY"))
	r.fill(20)
	seen := map[string]bool{}
	for range 1000 {
		seen[r.do("RANDOMKEY")] = true
	}
	assert.Len(t, seen, 20, "each comes at some time")
}

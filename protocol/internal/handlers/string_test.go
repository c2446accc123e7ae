package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"
)

// The replies of Redis's own commands, errors included, are compared with a
// real redis-server by the scripts of package compare (testdata/string_*.txt).
// Here is what a script cannot show: both protocol versions side by side, a
// clock that moves, memory that runs out, and what the redis-server at hand
// does not have.

func TestStringNulls(t *testing.T) {
	for _, test := range []struct {
		proto int8
		null  string
	}{{2, "$-1"}, {3, "_"}} {
		r := newRig(t)
		r.session.Proto = test.proto
		r.script([][2]string{
			{"GET k", test.null},
			{"GETDEL k", test.null},
			{"GETEX k EX 100", test.null},
			{"GETSET k 1", test.null},
			{"SET k 2 NX", test.null},
			{"SET missing 2 XX", test.null},
			{"SET missing 2 XX GET", test.null},
			{"SET k 2 IFEQ other", test.null},
			{"DIGEST missing", test.null},
			{"MGET k missing", "*2 $1 1 " + test.null},
		}...)
	}
}

func TestLCSReplyForms(t *testing.T) {
	for _, test := range []struct {
		proto int8
		head  string
	}{{2, "*4"}, {3, "%2"}} {
		r := newRig(t)
		r.session.Proto = test.proto
		r.script([][2]string{
			{"MSET a ohmytext b mynewtext", "+OK"},
			{"LCS a b", "$6 mytext"},
			{"LCS a b LEN", ":6"},
			{"LCS a b IDX WITHMATCHLEN MINMATCHLEN 3",
				test.head + " $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"},
		}...)
	}
}

func TestSetExpiries(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"SET k v EX 10", "+OK"},
		{"PTTL k", ":10000"},
		{"SET k v PX 10", "+OK"},
		{"PTTL k", ":10"},
		{"SET k v EXAT 1700000020", "+OK"},
		{"PTTL k", ":20000"},
		{"SET k v PXAT 1700000000020", "+OK"},
		{"PTTL k", ":20"},
		{"SET k w KEEPTTL", "+OK"},
		{"APPEND k x", ":2"},
		{"SETRANGE k 0 z", ":2"},
		{"PTTL k", ":20"},
		{"GETEX k PX 5", "$2 zx"},
		{"PTTL k", ":5"},
	}...)
	r.now += 5
	r.script([][2]string{
		{"GET k", "$-1"},
		{"SET k w NX", "+OK"},
		{"TTL k", ":-1"},
		{"SET k 1 PX 10", "+OK"},
		{"INCR k", ":2"},
		{"INCRBYFLOAT k 0.5", "$3 2.5"},
		{"PTTL k", ":10"},
		{"MSETEX 2 a 1 b 2 EX 5", ":1"},
	}...)
	r.now += 10
	r.script([][2]string{
		{"INCR k", ":1"},
		{"TTL k", ":-1"},
		{"PTTL a", ":4990"},
		{"PTTL b", ":4990"},
		{"SET k v PXAT 1", "+OK"},
		{"EXISTS k", ":0"},
		{"SET k v", "+OK"},
		{"SET k w PXAT 1 GET", "$1 v"},
		{"EXISTS k", ":0"},
	}...)
}

// TestSetComparesAndSets is an optimistic update, in the dialects of Valkey
// (by value) and Redis 8.4 (by value or digest).
func TestSetComparesAndSets(t *testing.T) {
	newRig(t).script([][2]string{
		{"SET k one", "+OK"},
		{"SET k two IFEQ one", "+OK"},
		{"SET k three IFEQ one", "$-1"},
		{"SET k three IFEQ one GET", "$3 two"},
		{"SET k three IFNE two", "$-1"},
		{"SET k three IFNE two GET", "$3 two"},
		{"SET k three IFNE one EX 100 GET", "$3 two"},
		{"TTL k", ":100"},
		{"DIGEST k", "$16 " + digestOfThree},
		{"SET k four KEEPTTL IFDEQ " + digestOfThree, "+OK"},
		{"TTL k", ":100"},
		{"SET k five IFDEQ " + digestOfThree, "$-1"},
		{"SET k three IFDNE " + strings.ToUpper(digestOfThree), "+OK"},
		{"SET k five IFDNE " + strings.ToUpper(digestOfThree), "$-1"},
		{"SET absent v IFEQ ''", "$-1"},
		{"SET absent v IFDEQ " + digestOfThree, "$-1"},
		{"EXISTS absent", ":0"},
		{"SET absent v IFNE v", "+OK"},
		{"SET other v IFDNE " + digestOfThree, "+OK"},
		{"MGET k absent other", "*3 $5 three $1 v $1 v"},
		{"DELIFEQ k four", ":0"},
		{"DELIFEQ k three", ":1"},
		{"DELEX absent IFNE v", ":0"},
		{"DELEX absent IFEQ v", ":1"},
		{"DELEX other", ":1"},
		{"DELEX other IFNE v", ":0"},
		{"DBSIZE", ":0"},
	}...)
}

var digestOfThree = fmt.Sprintf("%016x", xxh3.HashString("three"))

// TestStringsOutOfMemory checks that a write that fails replies with its error
// alone, also where the old value had been written, and changes nothing.
func TestStringsOutOfMemory(t *testing.T) {
	r := newRig(t, "--maxmemory", "8mb")
	r.server.Cache.SetMaxMemory(8 << 20) // the server does this, which the rig has not
	require.Equal(t, "+OK\r\n", r.do("SET k old EX 100"))
	big := strings.Repeat("x", 9<<20)
	const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	for _, command := range []string{
		"SET k " + big, "SET k " + big + " GET", "GETSET k " + big, "SET k " + big + " XX KEEPTTL",
		"SETEX k 10 " + big, "MSET k " + big, "MSET new 1 k " + big, "MSETEX 2 new 1 k " + big, "MSETEX 1 k " + big, "APPEND k " + big,
		"SETRANGE k 33554432 x", "SETNX new " + big, "MSETNX new " + big, "SET k " + big + " IFEQ old",
	} {
		assert.Equal(t, oom, r.do(command), command[:20])
		assert.Equal(t, "$3\r\nold\r\n", r.do("GET k"), command[:20])
		assert.Equal(t, ":100\r\n", r.do("TTL k"), command[:20])
		assert.Equal(t, ":0\r\n", r.do("EXISTS new"), command[:20])
	}
}

// TestStringStatistics checks which commands count as hits and misses.
func TestStringStatistics(t *testing.T) {
	r := newRig(t)
	r.do("SET k 1")
	for _, command := range []string{ // none of these reads, in Redis's terms
		"SET k 1 NX", "SET k 1 XX", "SETNX k 1", "MSETNX k 1", "INCR k", "INCRBYFLOAT k 1", "APPEND k 1",
		"SETRANGE k 0 1", "SET k 1 IFNE 1", "DELEX k IFEQ 2", "DELIFEQ k 2",
	} {
		r.do(command)
		stats := r.server.Cache.Stats()
		assert.Zero(t, stats.Hits+stats.Misses, command)
	}
	for i, command := range []string{
		"GET k", "GETSET k 1", "SET k 1 GET", "SET k 1 GET NX", "GETEX k", "STRLEN k", "GETRANGE k 0 0", "MGET k", "DIGEST k", "GETDEL k",
	} {
		r.do(command)
		assert.EqualValues(t, i+1, r.server.Cache.Stats().Hits, command)
	}
	r.do("GET k")
	assert.EqualValues(t, 1, r.server.Cache.Stats().Misses)
}

package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The replies and errors of the commands on sets are compared with a real
// redis-server by the scripts set*.txt and sort.txt of package compare, and by random
// sequences. Here is what it does not have, and what only chance decides.

func TestSetReplyForms(t *testing.T) {
	for _, test := range []struct {
		proto     int8
		set, null string
	}{{2, "*", "$-1"}, {3, "~", "_"}} {
		r := newRig(t)
		r.session.Proto = test.proto
		r.script([][2]string{
			{"SADD k 1 2", ":2"},
			{"SMEMBERS k", test.set + "2 $1 1 $1 2"},
			{"SMEMBERS none", test.set + "0"},
			{"SINTER k k", test.set + "2 $1 1 $1 2"},
			{"SUNION none", test.set + "0"},
			{"SDIFF k k", test.set + "0"},
			{"SRANDMEMBER k 5", "*2 $1 1 $1 2"},
			{"SRANDMEMBER none 5", "*0"},
			{"SRANDMEMBER none", test.null},
			{"SPOP none", test.null},
			{"SPOP none 2", test.set + "0"},
			{"SPOP k 0", test.set + "0"},
			{"SMISMEMBER k 1 3", "*2 :1 :0"},
			{"SSCAN k 0", "*2 $1 0 *2 $1 1 $1 2"},
			{"SPOP k 5", test.set + "2 $1 1 $1 2"},
			{"RPUSH l 2 1", ":2"},
			{"SORT l GET none GET #", "*4 " + test.null + " $1 1 " + test.null + " $1 2"},
		}...)
	}
}

// TestSetEncodings has what Redis 7.2 brought: small sets of words are packed, and
// its settings say how small.
func TestSetEncodings(t *testing.T) {
	r := newRig(t)
	words := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " w%d", i)
		}
		return b.String()
	}
	r.script([][2]string{
		{"SADD k" + words(128), ":128"},
		{"OBJECT ENCODING k", "$8 listpack"},
		{"SADD k more", ":1"},
		{"OBJECT ENCODING k", "$9 hashtable"},
		{"SREM k" + words(127), ":127"},
		{"OBJECT ENCODING k", "$9 hashtable"},
		{"SUNIONSTORE k k", ":2"},
		{"OBJECT ENCODING k", "$8 listpack"},
		{"SADD n 1 2 3", ":3"},
		{"OBJECT ENCODING n", "$6 intset"},
		{"SADD n x", ":1"},
		{"OBJECT ENCODING n", "$8 listpack"},
		{"SMEMBERS n", "*4 $1 1 $1 2 $1 3 $1 x"},
		{"SREM n x", ":1"},
		{"OBJECT ENCODING n", "$8 listpack"},
		{"SINTERSTORE d n n", ":3"},
		{"OBJECT ENCODING d", "$6 intset"},
		{"SADD k" + words(129), ":128"},
		{"OBJECT ENCODING k", "$9 hashtable"},
	}...)
}

// TestSetScanGoesThroughAll turns the pages of a large set.
func TestSetScanGoesThroughAll(t *testing.T) {
	r := newRig(t)
	for i := range 3000 {
		r.do(fmt.Sprintf("SADD k member%d", i))
	}
	var seen []string
	cursor, pages := "0", 0
	for {
		page := bulks(r.do("SSCAN k " + cursor + " COUNT 20"))
		cursor, seen = page[0], append(seen, page[1:]...)
		assert.Less(t, len(page), 200)
		if pages++; cursor == "0" {
			break
		}
	}
	slices.Sort(seen)
	assert.Len(t, slices.Compact(seen), 3000)
	assert.Greater(t, pages, 30)
	assert.Equal(t, "*2\r\n$1\r\n0\r\n*0\r\n", r.do("SSCAN k "+cursor+" MATCH x* COUNT 100000"))
}

// TestRandomMembers counts how often each comes: in 4000 picks of ten, chance alone
// goes as far from 400 as this once in many millions.
func TestRandomMembers(t *testing.T) {
	r := newRig(t)
	r.do("SADD k a b c d e f g h i 1000")
	count := map[string]int{}
	for range 400 {
		for _, member := range bulks(r.do("SRANDMEMBER k -5")) {
			count[member]++
		}
		two := bulks(r.do("SRANDMEMBER k 2"))
		assert.NotEqual(t, two[0], two[1])
		for _, member := range slices.Concat(two, bulks(r.do("SRANDMEMBER k"))) {
			count[member]++
		}
		popped := bulks(r.do("SPOP k 2"))
		for _, member := range popped {
			count[member]++
		}
		r.do("SADD k " + strings.Join(popped, " "))
	}
	assert.Len(t, count, 10)
	for member, n := range count {
		assert.InDelta(t, 400, n, 120, member)
	}
}

// TestRandomMembersWithoutEnd: a reply of more than half a gigabyte is refused, where
// redis-server would go on until it dies.
func TestRandomMembersWithoutEnd(t *testing.T) {
	r := newRig(t)
	r.do("SADD k x")
	assert.Equal(t, "-ERR value is out of range\r\n", r.do("SRANDMEMBER k -9223372036854775807"))
	r.do("SPOP k")
	r.do("SADD k " + strings.Repeat("x", 64<<20))
	assert.Equal(t, "-ERR value is out of range\r\n", r.do("SRANDMEMBER k -1000"))
	assert.Equal(t, ":1\r\n", r.do("SCARD k"))
}

// TestSetsDoNotAllocate runs the commands on one member through the executor.
func TestSetsDoNotAllocate(t *testing.T) {
	r := newRig(t)
	r.do("SADD ints 1 2 3")
	r.do("SADD words a b c")
	r.do("SADD large " + strings.Repeat("x", 100) + " a b c")
	for i := range 300 {
		r.do(fmt.Sprintf("SADD large m%d", i))
		r.do(fmt.Sprintf("SADD popped %d", i))
		r.do(fmt.Sprintf("SADD popped2 m%d", i))
	}
	for _, line := range []string{
		"SADD ints 2", "SADD words b", "SADD large b", "SADD ints 7", "SADD words d", "SADD large d",
		"SISMEMBER ints 2", "SISMEMBER words z", "SISMEMBER large m100", "SCARD large", "SMISMEMBER words a b",
		"SREM ints 9", "SREM words z", "SREM large z", "SRANDMEMBER ints", "SRANDMEMBER words", "SRANDMEMBER large",
		"SMOVE words large zz", "SPOP popped", "SPOP popped2",
	} {
		var argv [][]byte
		for _, word := range strings.Fields(line) {
			argv = append(argv, []byte(word))
		}
		out := make([]byte, 0, 4096)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			r.exec.Prepare([][][]byte{argv})
			out = r.exec.Execute(r.session, argv, out[:0])
		}), line)
	}
}

func TestSortCommand(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"RPUSH l 3 1 2", ":3"},
		{"MSET w_1 3 w_2 2 w_3 1", "+OK"},
		{"SORT l BY w_* GET # GET w_*", "*6 $1 3 $1 1 $1 2 $1 2 $1 1 $1 3"},
		{"SORT l BY w_* STORE d", ":3"},
		{"LRANGE d 0 -1", "*3 $1 3 $1 2 $1 1"},
		{"HSET h_1 f 2", ":1"},
		{"SORT l BY h_*->f DESC", "*3 $1 1 $1 3 $1 2"},
		{"SORT_RO l STORE d", "-ERR syntax error"},
		{"SET s x", "+OK"},
		{"SORT s", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"SORT l BY nosort LIMIT 1 1", "*1 $1 1"},
		{"SADD w b a", ":2"},
		{"SORT w", "-ERR One or more scores can't be converted into double"},
		{"SORT w BY nosort STORE d", ":2"},
		{"LRANGE d 0 -1", "*2 $1 a $1 b"},
		{"HPEXPIRE h_1 5 FIELDS 1 f", "*1 :1"},
	}...)
	r.now += 10
	r.script([][2]string{
		{"SORT l BY h_*->f", "*3 $1 1 $1 2 $1 3"}, // the field has expired
		{"SORT l GET h_*->f", "*3 $-1 $-1 $-1"},
	}...)
}

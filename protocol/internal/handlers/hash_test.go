package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
)

// The replies that redis-server 7.0 knows are compared with it by the scripts of
// package compare (testdata/hash*.txt), and those that it does not with the
// documentation's. Here is what takes a clock that moves, memory that runs out, or
// a look at what a command costs.

func TestHashReplyForms(t *testing.T) {
	for _, test := range []struct {
		proto     int8
		head      string
		null      string
		withPairs string
	}{
		{2, "*4", "$-1", "*2 $1 a $1 1"},
		{3, "%2", "_", "*1 *2 $1 a $1 1"},
	} {
		r := newRig(t)
		r.session.Proto = test.proto
		r.script([][2]string{
			{"HSET h a 1", ":1"},
			{"HRANDFIELD h 1 WITHVALUES", test.withPairs},
			{"HSET h b 2", ":1"},
			{"HGETALL h", test.head + " $1 a $1 1 $1 b $1 2"},
			{"HGET h z", test.null},
			{"HMGET h a z", "*2 $1 1 " + test.null},
			{"HRANDFIELD none", test.null},
			{"HGETDEL none FIELDS 1 a", "*1 " + test.null},
			{"HGETEX none FIELDS 1 a", "*1 " + test.null},
		}...)
	}
}

// newHashRig is newRig with another threshold of entries.
func newHashRig(t *testing.T, entries int) *rig {
	r := newRig(t)
	l := cache.DefaultLimits()
	l.HashMaxPackedEntries = entries
	r.server.Cache.SetLimits(l)
	return r
}

func TestHashFieldsExpire(t *testing.T) {
	for _, threshold := range []int{128, 1} {
		r := newHashRig(t, threshold)
		r.script([][2]string{
			{"HSET h a 1 b 2 c 3 d 4", ":4"},
			{"HPEXPIRE h 100 FIELDS 2 a b", "*2 :1 :1"},
			{"HEXPIRE h 2 FIELDS 1 c", "*1 :1"},
			{"HPTTL h FIELDS 5 a b c d e", "*5 :100 :100 :2000 :-1 :-2"},
			{"HTTL h FIELDS 3 a c d", "*3 :1 :2 :-1"},
			{"HPEXPIRETIME h FIELDS 1 c", "*1 :1700000002000"},
			{"HEXPIRETIME h FIELDS 2 a c", "*2 :1700000001 :1700000002"},
		}...)
		r.now += 99
		r.script([][2]string{{"HGET h a", "$1 1"}, {"HPTTL h FIELDS 1 a", "*1 :1"}}...)
		r.now++
		r.script([][2]string{
			{"HGET h a", "$-1"},
			{"HEXISTS h b", ":0"},
			{"HMGET h a b c", "*3 $-1 $-1 $1 3"},
			{"HDEL h b", ":0"},
			{"HPTTL h FIELDS 2 a c", "*2 :-2 :1900"},
			{"HINCRBY h a 5", ":5"}, // a new field, and one without expiry
			{"HPTTL h FIELDS 1 a", "*1 :-1"},
			{"HSETNX h b 6", ":1"},
			{"HEXPIRE h 1 FIELDS 1 b", "*1 :1"},
			{"HDEL h d a", ":2"},
		}...)
		r.pass(1100)
		r.script([][2]string{{"HLEN h", ":1"}, {"HKEYS h", "*1 $1 c"}, {"EXISTS h", ":1"}}...)
		r.pass(1500)
		r.script([][2]string{{"EXISTS h", ":0"}, {"DBSIZE", ":0"}, {"TYPE h", "+none"}}...)
	}
}

// TestHashFieldExpiryIsKept: it moves with the key, and is lost with the value.
func TestHashFieldExpiryIsKept(t *testing.T) {
	for _, threshold := range []int{128, 1} {
		r := newHashRig(t, threshold)
		r.script([][2]string{
			{"HSET h a 1 b 2", ":2"},
			{"HPEXPIRE h 5000 FIELDS 2 a b", "*2 :1 :1"},
			{"RENAME h g", "+OK"},
			{"HPTTL g FIELDS 2 a b", "*2 :5000 :5000"},
			{"COPY g f", ":1"},
			{"HPTTL f FIELDS 2 a b", "*2 :5000 :5000"},
			{"HINCRBY f a 1", ":2"},
			{"HPTTL f FIELDS 1 a", "*1 :5000"},
			{"HSET f a 1", ":0"},
			{"HPTTL f FIELDS 1 a", "*1 :-1"},
			{"EXPIRE f 100", ":1"},
			{"HPTTL f FIELDS 1 b", "*1 :5000"},
			{"PERSIST f", ":1"},
			{"HPTTL f FIELDS 1 b", "*1 :5000"},
			{"HSETEX f PX 700 FIELDS 1 a x", ":1"},
			{"HSETEX f KEEPTTL FIELDS 1 a y", ":1"},
			{"HPTTL f FIELDS 1 a", "*1 :700"},
			{"HGETEX f PX 900 FIELDS 1 a", "*1 $1 y"},
			{"HPTTL f FIELDS 1 a", "*1 :900"},
			{"HGETEX f PERSIST FIELDS 1 a", "*1 $1 y"},
			{"HPTTL f FIELDS 1 a", "*1 :-1"},
		}...)
		r.pass(6000)
		r.script([][2]string{{"EXISTS g", ":0"}, {"HGETALL f", "*2 $1 a $1 y"}, {"DBSIZE", ":1"}}...)
	}
}

func TestHashEncodings(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"HSET h a 1", ":1"},
		{"OBJECT ENCODING h", "$8 listpack"},
		{"HEXPIRE h 10 FIELDS 1 a", "*1 :1"},
		{"OBJECT ENCODING h", "$10 listpackex"},
		{"HPERSIST h FIELDS 1 a", "*1 :1"},
		{"OBJECT ENCODING h", "$10 listpackex"},
		{"HSET h b " + strings.Repeat("x", 65), ":1"},
		{"OBJECT ENCODING h", "$9 hashtable"},
		{"HDEL h b", ":1"},
		{"OBJECT ENCODING h", "$9 hashtable"},
		{"HEXPIRE h 10 FIELDS 1 a", "*1 :1"},
		{"OBJECT ENCODING h", "$9 hashtable"},
		{"HSETEX g EX 10 FIELDS 1 a 1", ":1"},
		{"OBJECT ENCODING g", "$10 listpackex"},
	}...)
	// As many fields as Redis keeps in a listpack, however long they are here.
	r = newHashRig(t, 2000)
	for i := range 2000 {
		r.do(fmt.Sprintf("HSET h field:%d %s", i, strings.Repeat("v", i%60+1)))
	}
	r.script([][2]string{
		{"HLEN h", ":2000"},
		{"OBJECT ENCODING h", "$8 listpack"},
		{"HEXPIRE h 10 FIELDS 1 field:7", "*1 :1"},
		{"OBJECT ENCODING h", "$10 listpackex"},
		{"HSET h a b", ":1"},
		{"OBJECT ENCODING h", "$9 hashtable"},
		{"HGET h field:7", "$8 vvvvvvvv"},
	}...)
}

// TestHashScanIsComplete scans a large hash in small steps, while it changes.
func TestHashScanIsComplete(t *testing.T) {
	r := newRig(t)
	for i := range 3000 {
		r.do(fmt.Sprintf("HSET h stays:%d %d", i, i))
	}
	for _, command := range []string{"HSCAN h %s COUNT 7", "HSCAN h %s MATCH stays:*", "HSCAN h %s COUNT 100 NOVALUES"} {
		seen := map[string]bool{}
		cursor, step := "0", 0
		for {
			list := bulks(r.do(fmt.Sprintf(command, cursor)))
			cursor = list[0]
			for _, field := range list[1:] {
				seen[field] = true
			}
			if cursor == "0" {
				break
			}
			for range 50 {
				step++
				r.do(fmt.Sprintf("HSET h goes:%d x", step))
				r.do(fmt.Sprintf("HDEL h goes:%d", step-500))
			}
		}
		for i := range 3000 {
			require.True(t, seen[fmt.Sprintf("stays:%d", i)], "%s: stays:%d", command, i)
		}
	}
}

// TestHashRandomFields: counts above and below what there is, of a large hash.
func TestHashRandomFields(t *testing.T) {
	r := newRig(t)
	for i := range 1000 {
		r.do(fmt.Sprintf("HSET h f%d %d", i, i))
	}
	for _, count := range []int{1, 10, 400, 999, 1000, 1001} {
		list := bulks(r.do(fmt.Sprintf("HRANDFIELD h %d", count)))
		unique := map[string]bool{}
		for _, field := range list {
			unique[field] = true
		}
		assert.Len(t, list, min(count, 1000))
		assert.Len(t, unique, min(count, 1000))
		assert.Len(t, bulks(r.do(fmt.Sprintf("HRANDFIELD h -%d", count))), count)
	}
	list := bulks(r.do("HRANDFIELD h -50 WITHVALUES"))
	require.Len(t, list, 100)
	for i := 0; i < len(list); i += 2 {
		assert.Equal(t, list[i], "f"+list[i+1])
	}
}

func TestHashOutOfMemory(t *testing.T) {
	r := newRig(t)
	r.do("HSET h a 1 b 2")
	r.server.Cache.SetMaxMemory(1)
	const oom = "-OOM command not allowed when used memory > 'maxmemory'."
	r.script([][2]string{
		{"HSET h c 1", oom},
		{"HSETEX h FIELDS 1 c 1", oom},
		{"HINCRBY h a 1", oom},
		{"HEXPIRE h 10 FIELDS 1 a", oom},
		{"HGET h a", "$1 1"},
		{"HDEL h a", ":1"},
		{"HGETDEL h FIELDS 1 b", "*1 $1 2"},
		{"EXISTS h", ":0"},
	}...)
}

// TestHashHotCommandsAllocateNothing: in every form of a hash.
func TestHashHotCommandsAllocateNothing(t *testing.T) {
	for _, fields := range []int{1, 100, 10_000} {
		r := newRig(t)
		for i := range fields {
			r.do(fmt.Sprintf("HSET h field:%d 12345678", i))
		}
		out := make([]byte, 0, 4096)
		for _, line := range []string{"HGET h field:0", "HSET h field:0 87654321", "HEXISTS h field:0", "HINCRBY h n 1", "HMGET h field:0 n", "HSTRLEN h field:0", "HLEN h"} {
			var argv [][]byte
			for _, word := range strings.Fields(line) {
				argv = append(argv, []byte(word))
			}
			batch := [][][]byte{argv}
			run := func() {
				r.exec.Prepare(batch)
				out = r.exec.Execute(r.session, argv, out[:0])
			}
			run()
			assert.Zero(t, testing.AllocsPerRun(500, run), "%s of %d fields", line, fields)
		}
	}
}

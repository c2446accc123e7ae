package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	noFrequency = "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that" +
		" when switching between policies at runtime LRU and LFU data will take some time to adjust."
	noIdleTime = "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that" +
		" when switching between policies at runtime LRU and LFU data will take some time to adjust."
)

func TestObject(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"OBJECT", "-ERR wrong number of arguments for 'object' command"},
		[2]string{"OBJECT NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try OBJECT HELP."},
		[2]string{"OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"},
		[2]string{"OBJECT ENCODING a", "$-1"},
		[2]string{"OBJECT REFCOUNT a", "$-1"},
		[2]string{"OBJECT IDLETIME a", "$-1"},
		[2]string{"OBJECT FREQ a", "$-1"},
		[2]string{"SET a 12345", "+OK"},
		[2]string{"OBJECT ENCODING a", "$3 int"},
		[2]string{"OBJECT REFCOUNT a", ":1"},
		[2]string{"OBJECT FREQ a", noFrequency},
		[2]string{"SET a 9999", "+OK"},
		[2]string{"OBJECT REFCOUNT a", ":2147483647"},
		[2]string{"SET a -1", "+OK"},
		[2]string{"OBJECT REFCOUNT a", ":1"},
		[2]string{"SET a " + strings.Repeat("x", 44), "+OK"},
		[2]string{"OBJECT ENCODING a", "$6 embstr"},
		[2]string{"OBJECT REFCOUNT a", ":1"},
		[2]string{"SET a " + strings.Repeat("x", 45), "+OK"},
		[2]string{"OBJECT ENCODING a", "$3 raw"},
	)
	assert.LessOrEqual(t, r.idle("a"), 1)
	r.pass(1_000_000)
	assert.InDelta(t, 1000, r.idle("a"), 100)
	r.session.Proto = 3
	r.script([2]string{"OBJECT ENCODING nokey", "_"})
	assert.True(t, strings.HasPrefix(r.do("OBJECT HELP"),
		"*15\r\n+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n+ENCODING <key>\r\n"))
}

func TestObjectByPolicy(t *testing.T) {
	for policy, want := range map[string]struct{ freq, idle bool }{
		"noeviction": {false, true}, "allkeys-lru": {false, true}, "volatile-ttl": {false, true},
		"allkeys-lfu": {true, false}, "volatile-lfu": {true, false},
		"allkeys-density": {true, true}, "allkeys-density-bytes": {true, true},
	} {
		r := newRig(t, "--maxmemory", "64mb", "--maxmemory-policy", policy)
		r.do("SET a 5")
		freq, idle := r.do("OBJECT FREQ a"), r.do("OBJECT IDLETIME a")
		assert.Equal(t, want.freq, freq[0] == ':', "%s: %s", policy, freq)
		assert.Equal(t, want.idle, idle[0] == ':', "%s: %s", policy, idle)
		if !want.freq {
			assert.Equal(t, noFrequency+"\r\n", freq)
		}
		if !want.idle {
			assert.Equal(t, noIdleTime+"\r\n", idle)
		}
	}
	r := newRig(t, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")
	r.script([2]string{"SET a 5", "+OK"}, [2]string{"OBJECT REFCOUNT a", ":1"})
}

func TestMemoryUsage(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"MEMORY USAGE a", "$-1"},
		[2]string{"MEMORY USAGE a SAMPLES x", "-ERR value is not an integer or out of range"},
		[2]string{"MEMORY USAGE a SAMPLES -1", "-ERR syntax error"},
		[2]string{"MEMORY USAGE a SAMPLES", "-ERR syntax error"},
		[2]string{"MEMORY USAGE a NOSUCH 1", "-ERR syntax error"},
		[2]string{"MEMORY USAGE a SAMPLES 0 SAMPLES 5", "$-1"},
		[2]string{"MEMORY NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try MEMORY HELP."},
		[2]string{"SET a 1", "+OK"},
	)
	small := r.do("MEMORY USAGE a samples 5")
	r.do("SET b " + strings.Repeat("x", 1000))
	big := r.do("MEMORY USAGE b")
	assert.Regexp(t, `^:\d{1,2}\r\n$`, small)
	assert.Regexp(t, `^:1\d{3}\r\n$`, big)
}

func TestMemoryReports(t *testing.T) {
	r := newRig(t)
	assert.Contains(t, r.do("MEMORY DOCTOR"), "Hi Sam, this instance is empty or is using very little memory")
	assert.Equal(t, "+OK\r\n", r.do("MEMORY PURGE"))
	assert.True(t, strings.HasPrefix(r.do("MEMORY STATS"), "*62\r\n$14\r\npeak.allocated\r\n:"))
	r.do("SET a 1")
	stats := r.do("MEMORY STATS")
	assert.True(t, strings.HasPrefix(stats, "*64\r\n"))
	assert.Contains(t, stats, "$4\r\ndb.0\r\n*4\r\n$23\r\noverhead.hashtable.main\r\n:")
	assert.Contains(t, stats, "keys.count\r\n:1\r\n")
	r.session.Proto = 3
	stats = r.do("MEMORY STATS")
	assert.True(t, strings.HasPrefix(stats, "%32\r\n"))
	assert.Contains(t, stats, "db.0\r\n%2\r\n")
	assert.Contains(t, stats, "peak.percentage\r\n,")
	malloc := r.do("MEMORY MALLOC-STATS")
	assert.True(t, strings.HasPrefix(malloc, "="))
	assert.Contains(t, malloc, "txt:___ Begin ashlar memory statistics ___\n")
	assert.True(t, strings.HasPrefix(r.do("MEMORY DOCTOR"), "="))
	for range 3 { // enough that the doctor looks
		r.do("SET big" + strings.Repeat("x", 3) + " " + strings.Repeat("x", 1<<20))
	}
	for _, key := range []string{"p", "q", "r", "s", "t", "u"} {
		r.do("SET " + key + " " + strings.Repeat("x", 1<<20))
	}
	assert.NotContains(t, r.do("MEMORY DOCTOR"), "very little memory")
}

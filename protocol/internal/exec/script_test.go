package exec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol/internal/script"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// BenchmarkEvalSHA is the cost of a script around one GET.
func BenchmarkEvalSHA(b *testing.B) {
	r := newRig(b)
	sha := r.raw("SCRIPT", "LOAD", "return redis.call('GET',KEYS[1])")
	r.do("set k v")
	argv := [][]byte{[]byte("evalsha"), []byte(sha[5:45]), []byte("1"), []byte("k")}
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		out = r.x.Execute(r.session, argv, out[:0])
	}
	if string(out) != "$1\r\nv\r\n" {
		b.Fatal(string(out))
	}
}

// patient is a transport that keeps the replies of commands that were put off.
type patient struct {
	client
	resumed chan string
}

func (p patient) Resume(reply []byte) { p.resumed <- string(reply) }

// patientRig is a rig whose client can wait.
func patientRig(t testing.TB) (*rig, chan string) {
	r := newRig(t)
	resumed := make(chan string, 16)
	r.session.Client = patient{client{"10.0.0.1:5"}, resumed}
	t.Cleanup(func() {
		r.server.Away.Close()
		r.server.Scripts.Close()
	})
	return r, resumed
}

func TestScriptKeys(t *testing.T) {
	r := newRig(t)
	const undeclared = "return redis.call('set','other',KEYS[1])"
	for range 2 { // the second time it starts with all locks
		require.Equal(t, "+OK\r\n", r.raw("eval", undeclared, "1", "k"))
	}
	assert.Equal(t, "$1\r\nk\r\n", r.do("get other"))
	assert.Equal(t, ":1\r\n", r.raw("eval", "return redis.call('dbsize')", "0"))
	assert.Equal(t, "+OK\r\n", r.raw("eval", "redis.call('flushall') redis.call('select',2) return redis.call('set',KEYS[1],1)", "1", "k"))
	assert.Equal(t, "$-1\r\n", r.do("get k"), "SELECT is the script's own")
	assert.Equal(t, "+OK\r\n", r.raw("eval", "return redis.call('memory','purge')", "1", "k"))
	assert.Contains(t, r.raw("eval_ro", "return redis.call('set','a','b')", "0"), "Write commands are not allowed")
}

func TestScriptInTransaction(t *testing.T) {
	r := newRig(t)
	r.do("multi")
	r.raw("eval", "return redis.call('incr',KEYS[1])", "1", "k")
	r.raw("eval", "for i = 1, 3 do redis.call('incr','other') end return redis.call('get','other')", "0")
	r.raw("eval", "return redis.call('memory','purge').ok == 'OK'", "0")
	r.do("get k")
	assert.Equal(t, "*4\r\n:1\r\n$1\r\n3\r\n:1\r\n$1\r\n1\r\n", r.do("exec"))
	assert.Equal(t, "$1\r\n3\r\n", r.do("get other"))
}

func TestLongScript(t *testing.T) {
	r, resumed := patientRig(t)
	other := &session.Session{ID: 8, Proto: 2, User: "default", Authenticated: true, Client: patient{client{"10.0.0.2:5"}, resumed}}
	as := func(s *session.Session, line string) string {
		s.Blocked, s.Postponed = false, false
		r.session = s
		return r.do(line)
	}
	mine := r.session
	assert.Equal(t, "", r.raw("eval", "redis.call('get',KEYS[1]) while true do end", "1", "k"))
	assert.True(t, mine.Blocked)

	away := "x"
	for i := 0; r.server.Cache.ShardOf([]byte(away)) == r.server.Cache.ShardOf([]byte("k")); i++ {
		away += "x"
	}
	assert.Equal(t, "+OK\r\n", as(other, "set "+away+" 1"), "other shards are free")
	assert.Equal(t, "", as(other, "get k"), "this one is not")
	assert.True(t, other.Blocked && other.Postponed)

	r.server.Scripts.Threshold.Store(1)
	assert.Equal(t, "", <-resumed, "it comes again when the script is late,")
	assert.Contains(t, as(other, "get k"), "-BUSY Redis is busy running a script.")
	assert.Contains(t, as(other, "info"), "-BUSY")
	assert.Contains(t, as(other, "function stats"), "while true do end")
	assert.Equal(t, "+OK\r\n", as(other, "script kill"))
	assert.Contains(t, <-resumed, "-ERR Script killed by user with SCRIPT KILL. script: ")
	require.Eventually(t, func() bool { return !r.server.Scripts.Busy() }, time.Second, time.Millisecond)
	assert.Equal(t, "$-1\r\n", as(other, "get k"))
	assert.Equal(t, "-NOTBUSY No scripts in execution right now.\r\n", as(other, "script kill"))
}

func TestScriptThatHasWritten(t *testing.T) {
	r, resumed := patientRig(t)
	r.raw("eval", "redis.call('set',KEYS[1],1) while redis.call('exists','stop') == 0 do end return 'done'", "1", "k")
	require.Eventually(t, func() bool {
		r.session.Blocked = false
		return strings.HasPrefix(r.do("script kill"), "-UNKILLABLE")
	}, time.Second, time.Millisecond)
	r.server.Away.Close() // the server ends: so does the script
	assert.Contains(t, <-resumed, "Script killed")
}

func TestFunctionsAside(t *testing.T) {
	r, resumed := patientRig(t)
	code := "#!lua name=lib\nlocal function sum(t) local n = 0 for _, v in ipairs(t) do n = n + v end return n end\n" +
		"redis.register_function('sum', function(keys, args) return sum(args) end)"
	require.Equal(t, "$3\r\nlib\r\n", r.raw("function", "load", code))
	for _, slow := range []bool{false, true, false} {
		r.server.Scripts.Function([]byte("sum")).SetSlow(slow)
		r.session.Blocked = false
		reply := r.do("fcall sum 1 k 1 2 3")
		assert.Equal(t, reply == "", r.session.Blocked)
		if slow {
			require.Empty(t, reply, "what was slow runs aside from its beginning")
		}
		if reply == "" { // or it was not over soon
			reply = <-resumed
		}
		assert.Equal(t, ":6\r\n", reply)
	}
}

// TestCarriedScript has scripts leave the loop that carried them, for their length or
// for what they call.
func TestCarriedScript(t *testing.T) {
	r, resumed := patientRig(t)
	answer := func(reply string) string {
		if r.session.Blocked {
			require.Empty(t, reply)
			reply = <-resumed
		}
		r.session.Blocked = false
		return reply
	}
	const long = "local n = 0 for i = 1, tonumber(ARGV[1]) do n = n + 1 end redis.call('set',KEYS[1],n) return redis.call('get',KEYS[1])"
	for _, n := range []string{"10", "300000", "10", "20"} {
		assert.Equal(t, fmt.Sprintf("$%d\r\n%s\r\n", len(n), n), answer(r.raw("eval", long, "1", "k", n)))
	}
	s := r.server.Scripts.Find([]byte(script.Sum([]byte(long))))
	require.Eventually(t, func() bool {
		answer(r.raw("eval", long, "1", "k", "10"))
		return !s.Slow()
	}, 10*time.Second, time.Millisecond, "once it is quick again it is carried again")

	const walks = "for i = 1, 2 do redis.call('set', KEYS[1], i) redis.call('dbsize') redis.call('command', 'count') end return redis.call('get', KEYS[1])"
	for range 3 {
		assert.Equal(t, "$1\r\n2\r\n", answer(r.raw("eval", walks, "1", "k")))
	}
	assert.Contains(t, answer(r.raw("eval", "for i = 1, 2 do error('oh') end", "0")), "-ERR user_script:1: oh script: ")
	assert.Equal(t, "$-1\r\n", answer(r.raw("eval", "local function f() end return f()", "1", "k")))
}

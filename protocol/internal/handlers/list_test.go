package handlers_test

import (
	"strings"
	"testing"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/stretchr/testify/assert"
)

// TestListsLikeRedis74 is about what Redis 7.0 does otherwise, so that the comparison
// does not show it.
func TestListsLikeRedis74(t *testing.T) {
	r := newRig(t)
	const range64 = "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
	r.script(
		[2]string{"RPUSH k a b a", ":3"},
		[2]string{"LREM k -9223372036854775808 a", range64},
		[2]string{"LPOS k a RANK -9223372036854775808", range64},
		[2]string{"LREM k -9223372036854775807 a", ":2"},
		[2]string{"OBJECT ENCODING k", "$8 listpack"},
		[2]string{"BLPOP k 1e300", "-ERR timeout is out of range"},
		[2]string{"BLMPOP 1e300 1 k LEFT", "-ERR timeout is out of range"},
		[2]string{"BLMOVE k k LEFT LEFT 1e300", "-ERR timeout is out of range"},
	)
}

// run calls a command's handler alone, within a transaction on all keys.
func (r *rig) run(noWait bool, line string) *handlers.Context {
	var argv [][]byte
	for _, word := range strings.Fields(line) {
		argv = append(argv, []byte(word))
	}
	var tx cache.Tx
	r.server.Cache.BeginAll(&tx, 0)
	defer tx.End()
	command := r.server.Table.Named(string(argv[0]))
	ctx := &handlers.Context{
		Args: argv, Tx: &tx, Session: r.session, Server: r.server, Command: command, NoWait: noWait,
	}
	ctx.Proto = 2
	command.Run(ctx)
	return ctx
}

// TestListsWaitFor: which keys a command waits for, and what it says where it must
// not wait.
func TestListsWaitFor(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ line, keys, null string }{
		{"blpop a b c 2.5", "a b c", "*-1\r\n"},
		{"brpop a a 2.5", "a a", "*-1\r\n"},
		{"blmpop 2.5 2 a b LEFT COUNT 3", "a b", "*-1\r\n"},
		{"blmove a b LEFT RIGHT 2.5", "a", "$-1\r\n"},
		{"brpoplpush a b 2.5", "a", "$-1\r\n"},
	} {
		ctx := r.run(true, c.line)
		assert.Equal(t, c.null, string(ctx.B), c.line)
		assert.False(t, ctx.Blocked, c.line)

		ctx = r.run(false, c.line)
		assert.Empty(t, ctx.B, c.line)
		assert.True(t, ctx.Blocked, c.line)
		var keys []string
		for _, key := range ctx.Wait.Keys {
			keys = append(keys, string(key))
		}
		assert.Equal(t, c.keys, strings.Join(keys, " "), c.line)
		assert.Equal(t, cache.List, ctx.Wait.Type, c.line)
		assert.EqualValues(t, 2500, ctx.Wait.Timeout, c.line)
	}
	r.do("RPUSH b 1 2 3 4 5 6")
	for _, c := range [][2]string{
		{"blpop a b 0", "*2\r\n$1\r\nb\r\n$1\r\n1\r\n"},
		{"blmpop 0 2 a b RIGHT COUNT 2", "*2\r\n$1\r\nb\r\n*2\r\n$1\r\n6\r\n$1\r\n5\r\n"},
		{"brpoplpush b a 0", "$1\r\n4\r\n"},
		{"blmove a b LEFT RIGHT 0", "$1\r\n4\r\n"},
	} {
		ctx := r.run(true, c[0])
		assert.Equal(t, c[1], string(ctx.B), c[0])
		assert.False(t, ctx.Blocked, c[0])
	}
}

// TestListCommandsAllocateNothing goes the whole way from the arguments to the reply.
func TestListCommandsAllocateNothing(t *testing.T) {
	r := newRig(t)
	for range 3000 {
		r.do("RPUSH long 0123456789")
	}
	r.do("RPUSH short a b c d e")
	var reply []byte
	run := func(words ...string) func() {
		argv := make([][]byte, len(words))
		for i, w := range words {
			argv[i] = []byte(w)
		}
		return func() { reply = r.exec.Execute(r.session, argv, reply[:0]) }
	}
	for _, key := range []string{"short", "long"} {
		push, pop := run("LPUSH", key, "element"), run("LPOP", key)
		rpush, rpop := run("RPUSH", key, "element"), run("RPOP", key)
		index, page := run("LINDEX", key, "3"), run("LRANGE", key, "0", "9")
		set, move := run("LSET", key, "1", "x"), run("RPOPLPUSH", key, key)
		assert.Zero(t, testing.AllocsPerRun(500, func() {
			push()
			rpush()
			index()
			page()
			set()
			move()
			pop()
			rpop()
		}), key)
	}
}

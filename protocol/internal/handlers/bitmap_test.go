package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Replies, errors and the bytes of values are compared with a real redis-server by
// package compare (testdata/bit*.txt, hll.txt, bits_test.go).

func TestBitfieldNulls(t *testing.T) {
	for _, test := range []struct {
		proto int8
		null  string
	}{{2, "$-1"}, {3, "_"}} {
		r := newRig(t)
		r.session.Proto = test.proto
		r.script([][2]string{
			{"BITFIELD k OVERFLOW FAIL SET u8 0 256 INCRBY i8 0 127 INCRBY i8 0 1 OVERFLOW SAT INCRBY i8 0 1",
				"*4 " + test.null + " :127 " + test.null + " :127"},
		}...)
	}
}

// TestBitopOfRedis8 tries what the documentation of Redis 8.2 says of its four
// operations.
func TestBitopOfRedis8(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"SETBIT x 0 1", ":0"}, {"SETBIT x 1 1", ":0"}, {"SETBIT x 2 1", ":0"},
		{"SETBIT y 1 1", ":0"}, {"SETBIT y 9 1", ":0"},
		{"SETBIT z 2 1", ":0"}, {"SETBIT z 9 1", ":0"},
		{"BITOP DIFF d x y z", ":2"}, {"BITCOUNT d", ":1"}, {"BITPOS d 1", ":0"},
		{"BITOP DIFF1 d x y z", ":2"}, {"BITCOUNT d", ":1"}, {"BITPOS d 1", ":9"},
		{"BITOP ANDOR d x y z", ":2"}, {"BITCOUNT d", ":2"}, {"BITPOS d 1", ":1"},
		{"BITOP ONE d x y z", ":2"}, {"BITCOUNT d", ":1"}, {"BITPOS d 1", ":0"},
		{"BITOP ANDOR d x", "-ERR BITOP ANDOR must be called with at least two source keys."},
	}...)
}

func TestBitsWithoutMemory(t *testing.T) {
	const oom = "-OOM command not allowed when used memory > 'maxmemory'."
	r := newRig(t)
	r.server.Cache.SetMaxMemory(3 << 20)
	for i := 1; !strings.HasPrefix(r.do("SETRANGE "+strings.Repeat("k", i)+" 99999 x"), "-OOM"); i++ {
	}
	r.script([][2]string{
		{"SETBIT n 4000000 1", oom},
		{"BITFIELD n SET u8 4000000 1", oom},
		{"BITOP NOT n k", oom},
		{"GETBIT k 7", ":0"},
		{"BITCOUNT k", ":4"},
		{"EXISTS n", ":0"},
	}...)
}

func TestHyperLogLogOverItsLife(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"PFADD k a b c", ":1"},
		{"PFADD k a b c", ":0"},
		{"PFCOUNT k", ":3"},
		{"PEXPIRE k 50", ":1"},
		{"PFADD k d", ":1"},
		{"PTTL k", ":50"},
		{"PFMERGE other k", "+OK"},
		{"PTTL other", ":-1"},
		{"PFMERGE k", "+OK"},
		{"PFSELFTEST", "+OK"},
	}...)
	r.now += 50
	r.script([][2]string{
		{"PFCOUNT k", ":0"},
		{"PFCOUNT k other", ":4"},
		{"PFDEBUG ENCODING k", "-ERR The specified key does not exist"},
	}...)
}

// TestBitCommandsDoNotAllocate runs them from the executor to the reply.
func TestBitCommandsDoNotAllocate(t *testing.T) {
	r := newRig(t)
	for _, line := range []string{
		"SETBIT k 100 1", "GETBIT k 100", "BITCOUNT k", "BITPOS k 1", "BITFIELD k INCRBY u8 0 1 GET i16 #1",
		"BITFIELD_RO k GET u4 7", "PFADD h a b c", "PFCOUNT h", "PFMERGE h h",
	} {
		var argv [][]byte
		for _, word := range strings.Fields(line) {
			argv = append(argv, []byte(word))
		}
		batch := [][][]byte{argv}
		var reply []byte
		run := func() {
			r.exec.Prepare(batch)
			reply = r.exec.Execute(r.session, argv, reply[:0])
		}
		run()
		assert.Zero(t, testing.AllocsPerRun(100, run), line)
	}
}

package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestStreamClock: the clock of these tests stands still until they move it.
func TestStreamClock(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"XADD s * a 1", "$15 1700000000000-0"},
		[2]string{"XADD s * a 1", "$15 1700000000000-1"},
		[2]string{"XADD s 1700000000000-* a 1", "$15 1700000000000-2"},
		[2]string{"XADD s 1800000000000 a 1", "$15 1800000000000-0"},
		[2]string{"XADD s * a 1", "$15 1800000000000-1"},
		[2]string{"XADD s 1800000000000-18446744073709551615 a 1", "$34 1800000000000-18446744073709551615"},
		[2]string{"XADD s * a 1", "$15 1800000000001-0"},
	)
}

// TestStreamTimes: seen-time is when a consumer asked last, active-time when it last
// got something (7.2).
func TestStreamTimes(t *testing.T) {
	r := newRig(t)
	consumers := func(want string) {
		t.Helper()
		assert.Equal(t, want, strings.ReplaceAll(strings.TrimSuffix(r.do("XINFO CONSUMERS s g"), "\r\n"), "\r\n", " "))
	}
	const head = "*1 *8 $4 name $1 c $7 pending :"
	r.do("XGROUP CREATE s g 0 MKSTREAM")
	r.do("XREADGROUP GROUP g c STREAMS s >")
	r.now += 100
	consumers(head + "0 $4 idle :100 $8 inactive :-1")
	r.do("XADD s 1 a 1")
	r.do("XREADGROUP GROUP g c STREAMS s >")
	consumers(head + "1 $4 idle :0 $8 inactive :0")
	r.now += 50
	r.do("XREADGROUP GROUP g c STREAMS s >")
	consumers(head + "1 $4 idle :0 $8 inactive :50")
	r.do("XREADGROUP GROUP g c STREAMS s 0")
	consumers(head + "1 $4 idle :0 $8 inactive :50")
	r.now += 10
	r.do("XCLAIM s g c 1000 1")
	consumers(head + "1 $4 idle :0 $8 inactive :60")
	r.do("XCLAIM s g c 0 1 JUSTID")
	consumers(head + "1 $4 idle :0 $8 inactive :0")
	r.now += 10
	r.do("XADD s 2 a 1")
	r.do("XREADGROUP GROUP g c NOACK STREAMS s >")
	consumers(head + "1 $4 idle :0 $8 inactive :10")
	r.do("XAUTOCLAIM s g c 0 0")
	consumers(head + "1 $4 idle :0 $8 inactive :0")
	r.script([2]string{"XPENDING s g - + 10", "*1 *4 $3 1-0 $1 c :0 :3"})
}

// TestStreamIdle is XAUTOCLAIM by the clock.
func TestStreamIdle(t *testing.T) {
	r := newRig(t)
	r.do("XGROUP CREATE s g 0 MKSTREAM")
	r.do("XADD s 1 a 1")
	r.do("XADD s 2 a 1")
	r.do("XREADGROUP GROUP g a COUNT 1 STREAMS s >")
	r.now += 1000
	r.do("XREADGROUP GROUP g a STREAMS s >")
	r.script(
		[2]string{"XAUTOCLAIM s g b 1001 0 JUSTID", "*3 $3 0-0 *0 *0"},
		[2]string{"XAUTOCLAIM s g b 1000 0 JUSTID", "*3 $3 0-0 *1 $3 1-0 *0"},
		[2]string{"XPENDING s g IDLE 0 - + 10", "*2 *4 $3 1-0 $1 b :0 :1 *4 $3 2-0 $1 a :0 :1"},
	)
	r.now += 5
	r.script(
		[2]string{"XPENDING s g IDLE 6 - + 10", "*0"},
		[2]string{"XPENDING s g IDLE 5 - + 1", "*1 *4 $3 1-0 $1 b :5 :1"},
		[2]string{"XDEL s 1", ":1"},
		[2]string{"XAUTOCLAIM s g c 0 0", "*3 $3 0-0 *1 *2 $3 2-0 *2 $1 a $1 1 *1 $3 1-0"},
	)
}

// TestStreamAllocatesNothing holds the hot commands to that.
func TestStreamAllocatesNothing(t *testing.T) {
	r := newRig(t)
	r.do("XGROUP CREATE s g 0 MKSTREAM")
	for range 500 {
		r.do("XADD s * a 1 b 2")
	}
	out := make([]byte, 0, 4096)
	for _, line := range []string{
		"XADD s * field value other value",
		"XADD s MAXLEN ~ 1000 * field value other value",
		"XLEN s",
		"XRANGE s - + COUNT 10",
		"XREVRANGE s + - COUNT 10",
		"XREAD COUNT 10 STREAMS s 0",
		"XREADGROUP GROUP g c COUNT 1 STREAMS s >",
		"XREADGROUP GROUP g c COUNT 1 STREAMS s 0",
		"XACK s g 1-1",
		"XDEL s 1-1",
	} {
		var argv [][]byte
		for _, word := range strings.Fields(line) {
			argv = append(argv, []byte(word))
		}
		assert.Zero(t, testing.AllocsPerRun(300, func() {
			r.now++
			r.exec.Prepare([][][]byte{argv})
			out = r.exec.Execute(r.session, argv, out[:0])
		}), line)
	}
}

package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExpireFamily(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"EXPIRE a 10", ":0"},
		[2]string{"TTL a", ":-2"},
		[2]string{"PTTL a", ":-2"},
		[2]string{"EXPIRETIME a", ":-2"},
		[2]string{"PEXPIRETIME a", ":-2"},
		[2]string{"PERSIST a", ":0"},
		[2]string{"SET a 1", "+OK"},
		[2]string{"TTL a", ":-1"},
		[2]string{"PTTL a", ":-1"},
		[2]string{"EXPIRETIME a", ":-1"},
		[2]string{"PEXPIRETIME a", ":-1"},
		[2]string{"PERSIST a", ":0"},
		[2]string{"EXPIRE a 10", ":1"},
		[2]string{"TTL a", ":10"},
		[2]string{"PTTL a", ":10000"},
		[2]string{"EXPIRETIME a", ":1700000010"},
		[2]string{"PEXPIRETIME a", ":1700000010000"},
		[2]string{"PEXPIRE a 1499", ":1"},
		[2]string{"TTL a", ":1"},
		[2]string{"PEXPIRE a 1500", ":1"},
		[2]string{"TTL a", ":2"},
		[2]string{"EXPIREAT a 1700000100", ":1"},
		[2]string{"TTL a", ":100"},
		[2]string{"PEXPIREAT a 1700000000400", ":1"},
		[2]string{"PTTL a", ":400"},
		[2]string{"TTL a", ":0"},
		[2]string{"PERSIST a", ":1"},
		[2]string{"TTL a", ":-1"},
		[2]string{"PEXPIRE a 50", ":1"},
	)
	r.now += 49
	r.script([2]string{"PTTL a", ":1"})
	r.now++
	r.script([2]string{"PTTL a", ":-2"}, [2]string{"GET a", "$-1"})
}

// A time that has come deletes, whatever way it is given.
func TestExpireInThePast(t *testing.T) {
	for _, command := range []string{
		"EXPIRE a 0", "EXPIRE a -1", "PEXPIRE a 0", "PEXPIRE a -1000", "EXPIREAT a 1", "EXPIREAT a 0",
		"PEXPIREAT a 0", "EXPIREAT a -5", "PEXPIREAT a -9223372036854775808", "EXPIRE a -1 LT",
		"PEXPIREAT a 1700000000000", "EXPIRE a -9223372036854775",
	} {
		r := newRig(t)
		r.script([2]string{"SET a 1", "+OK"}, [2]string{command, ":1"}, [2]string{"EXISTS a", ":0"}, [2]string{command, ":0"})
	}
}

func TestExpireConditions(t *testing.T) {
	for _, c := range []struct {
		ttl, option string
		seconds     int
		want        string
	}{
		{"", "NX", 50, ":1"}, {"100", "NX", 50, ":0"},
		{"", "XX", 50, ":0"}, {"100", "XX", 50, ":1"},
		{"", "GT", 50, ":0"}, {"100", "GT", 50, ":0"}, {"100", "GT", 100, ":0"}, {"100", "GT", 101, ":1"},
		{"", "LT", 50, ":1"}, {"100", "LT", 50, ":1"}, {"100", "LT", 100, ":0"}, {"100", "LT", 101, ":0"},
		{"", "XX LT", 50, ":0"}, {"100", "xx lt", 50, ":1"}, {"100", "XX GT", 101, ":1"}, {"", "GT XX", 50, ":0"},
		{"", "NX NX", 50, ":1"}, {"100", "GT", -1, ":0"}, {"100", "LT", -1, ":1"}, {"100", "NX", -1, ":0"},
	} {
		r := newRig(t)
		r.do("SET a 1")
		if c.ttl != "" {
			r.do("EXPIRE a " + c.ttl)
		}
		command := fmt.Sprintf("EXPIRE a %d %s", c.seconds, c.option)
		r.script([2]string{command, c.want})
		want := c.ttl
		switch {
		case c.want == ":1" && c.seconds < 0:
			want = "-2"
		case c.want == ":1":
			want = fmt.Sprint(c.seconds)
		case c.ttl == "":
			want = "-1"
		}
		assert.Equal(t, ":"+want+"\r\n", r.do("TTL a"), "after %s on %q", command, c.ttl)
	}
}

func TestExpireErrors(t *testing.T) {
	const invalid = "-ERR invalid expire time in '%s' command"
	r := newRig(t)
	r.script(
		[2]string{"EXPIRE a x", "-ERR value is not an integer or out of range"},
		[2]string{"EXPIRE a 1.5", "-ERR value is not an integer or out of range"},
		[2]string{"EXPIRE a 9223372036854775808", "-ERR value is not an integer or out of range"},
		[2]string{"EXPIRE a x FOO", "-ERR Unsupported option FOO"},
		[2]string{"EXPIRE a 1 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
		[2]string{"EXPIRE a 1 NX GT LT", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
		[2]string{"EXPIRE a 1 GT LT", "-ERR GT and LT options at the same time are not compatible"},
		[2]string{"EXPIRE a 1 GT LT FOO", "-ERR Unsupported option FOO"},
		[2]string{"EXPIRE a", "-ERR wrong number of arguments for 'expire' command"},
		[2]string{"EXPIRE a 9223372036854775807", fmt.Sprintf(invalid, "expire")},
		[2]string{"EXPIRE a -9223372036854775808", fmt.Sprintf(invalid, "expire")},
		[2]string{"EXPIRE a 9223372036854775", fmt.Sprintf(invalid, "expire")},
		[2]string{"PEXPIRE a 9223372036854775807", fmt.Sprintf(invalid, "pexpire")},
		[2]string{"EXPIREAT a 9223372036854776", fmt.Sprintf(invalid, "expireat")},
		[2]string{"EXPIREAT a 9223372036854775", ":0"},
		[2]string{"PEXPIREAT a 9223372036854775807", ":0"},
	)
}

func TestFarFuture(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"SET a 1", "+OK"},
		[2]string{"PEXPIREAT a 9000000000000000000", ":1"},
		[2]string{"PEXPIRETIME a", ":9000000000000000000"},
		[2]string{"EXPIRETIME a", ":9000000000000000"},
		[2]string{"GET a", "$1 1"},
	)
}

func TestUnsupportedOptionIsCutAtNUL(t *testing.T) {
	r := newRig(t)
	reply := r.exec.Execute(r.session, [][]byte{[]byte("expire"), []byte("a"), []byte("1"), []byte("x\x00y")}, nil)
	assert.Equal(t, "-ERR Unsupported option x\r\n", string(reply))
	long := strings.Repeat("z", 300)
	assert.Equal(t, "-ERR Unsupported option "+long+"\r\n", r.do("EXPIRE a 1 "+long))
}

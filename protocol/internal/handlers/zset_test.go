package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What redis-server 7.0 has too is compared with it by the scripts of package compare
// (testdata/zset*.txt, geo*.txt). Here are the reply forms of both protocols side by
// side, doubles as 7.4 prints them, and what costs nothing.

func TestZSetDoubles(t *testing.T) {
	for _, test := range []struct {
		proto int8
		steps [][2]string
	}{
		{2, [][2]string{
			{"ZADD z 0.1 a 17368.30295373515 b 1e300 c inf d", ":4"},
			{"ZSCORE z a", "$3 0.1"},
			{"ZSCORE z none", "$-1"},
			{"ZMSCORE z b none d", "*3 $17 17368.30295373515 $-1 $3 inf"},
			{"ZADD z INCR 0.2 a", "$19 0.30000000000000004"},
			{"ZADD z NX INCR 1 a", "$-1"},
			{"ZRANGE z 0 1 WITHSCORES", "*4 $1 a $19 0.30000000000000004 $1 b $17 17368.30295373515"},
			{"ZRANK z b WITHSCORE", "*2 :1 $17 17368.30295373515"},
			{"ZRANK z none WITHSCORE", "*-1"},
			{"ZPOPMIN z 1", "*2 $1 a $19 0.30000000000000004"},
			{"ZMPOP 1 z MAX", "*2 $1 z *1 *2 $1 d $3 inf"},
			{"ZSCAN z 0", "*2 $1 0 *4 $1 b $17 17368.30295373515 $1 c $6 1e+300"},
			{"BZPOPMIN z 0", "*3 $1 z $1 b $17 17368.30295373515"},
		}},
		{3, [][2]string{
			{"ZADD z 0.1 a 17368.30295373515 b 1e300 c inf d", ":4"},
			{"ZSCORE z a", ",0.1"},
			{"ZSCORE z none", "_"},
			{"ZMSCORE z b none d", "*3 ,17368.30295373515 _ ,inf"},
			{"ZADD z INCR 0.2 a", ",0.30000000000000004"},
			{"ZADD z NX INCR 1 a", "_"},
			{"ZRANGE z 0 1 WITHSCORES", "*2 *2 $1 a ,0.30000000000000004 *2 $1 b ,17368.30295373515"},
			{"ZRANK z b WITHSCORE", "*2 :1 ,17368.30295373515"},
			{"ZRANK z none WITHSCORE", "_"},
			{"ZPOPMIN z 1", "*1 *2 $1 a ,0.30000000000000004"},
			{"ZMPOP 1 z MAX", "*2 $1 z *1 *2 $1 d ,inf"},
			{"ZSCAN z 0", "*2 $1 0 *4 $1 b $17 17368.30295373515 $1 c $6 1e+300"},
			{"BZPOPMIN z 0", "*3 $1 z $1 b ,17368.30295373515"},
			{"ZPOPMAX z", "*2 $1 c ,1e+300"},
		}},
	} {
		r := newRig(t)
		r.session.Proto = test.proto
		r.script(test.steps...)
	}
}

// TestGeoStoreTwice: of several STORE options the last counts, if its shard could be
// locked beforehand; the reply is never that of a broken server.
func TestGeoStoreTwice(t *testing.T) {
	r := newRig(t)
	r.do("GEOADD g 1 1 a")
	for _, key := range []string{"k1", "k2", "k3", "k4", "k5", "k6"} {
		reply := r.do("GEORADIUS g 1 1 1 km STORE k STORE " + key)
		assert.Contains(t, []string{":1\r\n", "-ERR syntax error\r\n"}, reply)
	}
}

func TestZSetAllocatesNothing(t *testing.T) {
	for _, members := range []int{10, 1000} {
		r := newRig(t)
		for i := range members {
			r.do("ZADD z " + strings.Repeat("1", 1+i%5) + " member" + string(rune('a'+i%26)) + strings.Repeat("x", i/26))
		}
		for _, line := range []string{
			"ZADD z 5 membera", "ZADD z 6 membera", "ZSCORE z membera", "ZINCRBY z 1 membera", "ZRANK z membera",
			"ZCARD z", "ZRANGE z 0 9", "ZRANGE z 0 9 REV WITHSCORES", "ZRANGEBYSCORE z 0 10 LIMIT 0 9", "ZCOUNT z 1 5", "ZREM z none",
			"ZPOPMIN z 0",
		} {
			var argv [][]byte
			for _, word := range strings.Fields(line) {
				argv = append(argv, []byte(word))
			}
			out := make([]byte, 0, 4096)
			assert.Zero(t, testing.AllocsPerRun(100, func() { r.exec.Execute(r.session, argv, out) }), line)
		}
	}
}

package compare

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// twoRedis is a pair of redis-servers, on which every script must agree.
func twoRedis(t *testing.T) *Pair {
	t.Helper()
	var two [2]Server
	for i := range two {
		s, err := StartRedis()
		if errors.Is(err, ErrNoRedis) {
			t.Skip(err)
		}
		require.NoError(t, err)
		t.Cleanup(s.Close)
		two[i] = s
	}
	p, err := NewPair(two[0], two[1])
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func runScript(t *testing.T, p *Pair, script string) (*Mismatch, error) {
	t.Helper()
	cases, err := ParseScript("s", script)
	require.NoError(t, err)
	require.Len(t, cases, 1)
	return p.Run(&cases[0], 2)
}

// A queue that is fair, a client that must not be woken, a time-out, one that is
// unblocked by its id, and replies that are owed behind one another.
func TestWaitingConnections(t *testing.T) {
	p := twoRedis(t)
	for range 20 { // the next case must not meet the clients of the last
		m, err := runScript(t, p, `@on 4 GET k
@conn 5
@skip-reply
@save id
CLIENT ID
@conn 1
@block 2 BLPOP k 0
@block 3 BLPOP k 0
@block 4 BRPOP k 0.01
@block 5 BLPOP other 0
@await 4
@blocked 2
@blocked 3
RPUSH k a b c
@await 2
@await 3
LRANGE k 0 -1
@block 2 BLPOP k 0
@block 2 PING
@await 2
@await 2
@block 2 BLPOP k 0
CLIENT UNBLOCK $id ERROR
@await 5
@blocked 2
@block 3 BLPOP k 0
@block 4 BLPOP k 0
RPUSH k x y
@settle
@blocked 4
@block 6 BLPOP k 0`)
		require.NoError(t, err)
		require.Nil(t, m)
	}
}

func TestWaitingDifferences(t *testing.T) {
	p := twoRedis(t)
	for _, script := range []string{
		"@block 2 BLPOP k 0\n@redis RPUSH k a\n@blocked 2",
		"@block 2 BLPOP k 0\n@ashlar RPUSH k a\n@blocked 2",
		"@block 2 BLPOP k 0\n@redis RPUSH k a\n@ashlar RPUSH k b\n@settle",
		"@block 2 BLPOP k 0\n@redis RPUSH k a\n@ashlar RPUSH k b\n@await 2",
		"@block 2 BLPOP k 0\n@block 3 BLPOP k 0\n@redis RPUSH k a\n@settle",
	} {
		m, err := runScript(t, p, script)
		require.NoError(t, err, script)
		require.NotNil(t, m, script)
		require.NotEmpty(t, m.String())
	}
	for script, text := range map[string]string{
		"@await 2":   "no @block on this connection",
		"@blocked 2": "no @block on this connection",
	} {
		_, err := runScript(t, p, script)
		require.ErrorContains(t, err, text)
	}
	for _, script := range []string{"@on 2", "@block 2", "@await", "@await 1 2", "@settle 1"} {
		_, err := ParseScript("s", script)
		require.ErrorContains(t, err, "takes")
	}
}

package compare

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// puppet answers each command by a script: a reply for each line that starts
// with a text, closing the connection where that is "close".
type puppet struct {
	net.Listener
	replies map[string]string
}

func startPuppet(t *testing.T, replies map[string]string) *puppet {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &puppet{l, replies}
	t.Cleanup(p.Close)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *puppet) Addr() string { return p.Listener.Addr().String() }
func (p *puppet) Close()       { _ = p.Listener.Close() }

func (p *puppet) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		raw, err := ReadReply(r)
		if err != nil {
			return
		}
		node, _ := Parse(raw)
		var words []string
		for _, k := range node.Kids {
			words = append(words, k.Text)
		}
		reply, ok := p.replies[strings.Join(words, " ")]
		switch {
		case reply == "close":
			return
		case !ok:
			reply = "+OK\r\n"
		}
		if _, err := c.Write([]byte(reply)); err != nil {
			return
		}
	}
}

// outcomes runs a script against two puppets and returns the mismatch.
func outcomeOf(t *testing.T, script string, ours, theirs map[string]string) *Mismatch {
	t.Helper()
	p, err := NewPair(startPuppet(t, ours), startPuppet(t, theirs))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	cases, err := ParseScript("s", script)
	require.NoError(t, err)
	require.Len(t, cases, 1)
	m, err := p.Run(&cases[0], 2)
	require.NoError(t, err)
	return m
}

func TestRunFindsADifference(t *testing.T) {
	m := outcomeOf(t, "GET a\nGET b", map[string]string{"GET b": ":1\r\n"}, map[string]string{"GET b": ":2\r\n"})
	require.NotNil(t, m)
	require.Equal(t, 1, m.Index)
	require.Contains(t, m.String(), `s:2 (RESP2): GET b`)
	require.Contains(t, m.String(), `ashlar: ":1\r\n"`)
	require.Contains(t, m.String(), `redis:  ":2\r\n"`)
}

func TestRunFindsAConnectionThatEnds(t *testing.T) {
	closing := map[string]string{"QUIT": "close"}
	require.Contains(t, outcomeOf(t, "QUIT", closing, nil).Why, "ashlar gave no whole reply")
	require.Contains(t, outcomeOf(t, "QUIT", nil, closing).Why, "redis-server gave no whole reply")
	require.Contains(t, outcomeOf(t, "QUIT", closing, closing).Why, "neither gave")
	require.Nil(t, outcomeOf(t, "@replies 0\nQUIT\n@eof", closing, closing))
}

func TestRunExpectsForAshlarAlone(t *testing.T) {
	ours := map[string]string{"NEW": ":1\r\n"}
	require.Nil(t, outcomeOf(t, `@expect ":1\r\n"`+"\nNEW", ours, map[string]string{"NEW": "close"}))
	require.Contains(t, outcomeOf(t, `@expect ":2\r\n"`+"\nNEW", ours, nil).Why, `expected ":2\r\n"`)
	require.Nil(t, outcomeOf(t, `@match '^:\d\r\n$'`+"\nNEW", ours, nil))
	require.Contains(t, outcomeOf(t, "@match '^x'\nNEW", ours, nil).Why, "does not match")
}

func TestRunPutsTheConfigurationBack(t *testing.T) {
	get := map[string]string{"CONFIG GET hz": "*2\r\n$2\r\nhz\r\n$2\r\n10\r\n"}
	require.Nil(t, outcomeOf(t, "@config hz 50\nPING", get, get))
	for _, unwilling := range []string{"CONFIG SET hz 50", "CONFIG SET hz 10"} {
		bad := map[string]string{"CONFIG GET hz": get["CONFIG GET hz"], unwilling: "-ERR no\r\n"}
		p, err := NewPair(startPuppet(t, get), startPuppet(t, bad))
		require.NoError(t, err)
		cases, err := ParseScript("s", "@config hz 50\nPING")
		require.NoError(t, err)
		_, err = p.Run(&cases[0], 2)
		require.ErrorContains(t, err, "hz")
		p.Close()
	}
}

func TestRunKeepsVariablesApart(t *testing.T) {
	m := outcomeOf(t, "@skip-reply\n@save id 1\nWHO\nGET $id",
		map[string]string{"WHO": "*2\r\n:0\r\n:7\r\n", "GET 7": "+same\r\n"},
		map[string]string{"WHO": "*2\r\n:0\r\n:8\r\n", "GET 8": "+same\r\n"})
	require.Nil(t, m)
}

func TestBatchFindsADifference(t *testing.T) {
	p, err := NewPair(startPuppet(t, map[string]string{"GET b": ":1\r\n"}), startPuppet(t, map[string]string{"GET b": ":2\r\n"}))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	cases, err := ParseScript("s", "GET a\nGET b\nGET c")
	require.NoError(t, err)
	cases[0].Batch = true
	m, err := p.Run(&cases[0], 2)
	require.NoError(t, err)
	require.NotNil(t, m)
	require.Equal(t, "GET b", m.Sent)
}

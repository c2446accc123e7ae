package crowd

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/client"
)

// serve answers each command with what reply returns for it; an empty answer
// closes the connection.
func serve(t *testing.T, reply func(command []client.Reply) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				answer(c, reply)
			})
		}
	})
	return l.Addr().String()
}

func answer(c net.Conn, reply func([]client.Reply) string) {
	var p client.Parser
	for {
		var out []byte
		for {
			command, ok, err := p.Next() // a command is an array of strings
			if err != nil {
				return
			}
			if !ok {
				break
			}
			text := reply(command.Elems)
			if text == "" {
				return
			}
			out = append(out, text...)
		}
		if _, err := c.Write(out); err != nil {
			return
		}
		n, err := c.Read(p.Room())
		if err != nil {
			return
		}
		p.Filled(n)
	}
}

func TestGets(t *testing.T) {
	var mu sync.Mutex
	keys, commands := map[string]int{}, 0
	addr := serve(t, func(command []client.Reply) string {
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, "GET", string(command[0].Bytes))
		keys[string(command[1].Bytes)]++
		if commands++; commands%2 == 0 {
			return "$-1\r\n"
		}
		return "$3\r\nabc\r\n"
	})
	r, err := Run(t.Context(), Options{Addr: addr, Conns: 5, Depth: 4, Keys: 30, Requests: 2000, Seed: 1})
	require.NoError(t, err)
	assert.Equal(t, 2000, r.Requests)
	assert.Equal(t, 2000, commands)
	assert.Equal(t, 1000, r.Missing)
	assert.Equal(t, int64(500), r.Latency.Count(), "one for each batch")
	assert.Positive(t, r.Rate())
	assert.Len(t, keys, 30)
	for key := range keys {
		assert.Regexp(t, `^key:0{10}\d\d$`, key)
	}
}

// Any command, with numbers of their own in its words.
func TestWords(t *testing.T) {
	var mu sync.Mutex
	members, indices := map[string]bool{}, map[string]bool{}
	addr := serve(t, func(command []client.Reply) string {
		mu.Lock()
		defer mu.Unlock()
		assert.Len(t, command, 4)
		assert.Equal(t, "CMD", string(command[0].Bytes))
		members[string(command[1].Bytes)] = true
		indices[string(command[2].Bytes)] = true
		assert.Equal(t, "last", string(command[3].Bytes))
		return ":1\r\n"
	})
	words := []Word{{Text: "CMD"}, {Text: "m", Below: 20, Digits: 3}, {From: 95, Below: 5, Digits: 2}, {Text: "last"}}
	r, err := Run(t.Context(), Options{Addr: addr, Conns: 2, Depth: 3, Words: words, Requests: 600})
	require.NoError(t, err)
	assert.Equal(t, 600, r.Requests)
	assert.Len(t, members, 20)
	assert.Contains(t, members, "m019")
	assert.Len(t, indices, 5)
	assert.Contains(t, indices, "95")
}

// Batches larger than a socket takes at once are sent piece by piece.
func TestLargeSets(t *testing.T) {
	const size = 300_000
	addr := serve(t, func(command []client.Reply) string {
		assert.Equal(t, "SET", string(command[0].Bytes))
		assert.Len(t, command[2].Bytes, size)
		return "+OK\r\n"
	})
	r, err := Run(t.Context(), Options{Addr: addr, Conns: 3, Depth: 20, Keys: 10, Value: size, Set: true, Requests: 180})
	require.NoError(t, err)
	assert.Equal(t, 180, r.Requests)
}

func TestFailures(t *testing.T) {
	o := Options{Conns: 2, Depth: 2, Keys: 10, Requests: 100}
	_, err := Run(t.Context(), Options{})
	require.Error(t, err)

	o.Addr = serve(t, func([]client.Reply) string { return "-OOM no room\r\n" })
	_, err = Run(t.Context(), o)
	require.ErrorContains(t, err, "OOM no room")

	o.Addr = serve(t, func([]client.Reply) string { return "" })
	_, err = Run(t.Context(), o)
	require.Error(t, err)

	o.Addr = serve(t, func([]client.Reply) string { return "junk\r\n" })
	_, err = Run(t.Context(), o)
	require.ErrorContains(t, err, "not a reply")

	o.Addr = "127.0.0.1:1"
	_, err = Run(t.Context(), o)
	require.Error(t, err)

	stopped, cancel := context.WithCancel(t.Context())
	o.Addr = serve(t, func([]client.Reply) string { cancel(); return "+OK\r\n" })
	o.Requests = 1 << 40
	_, err = Run(stopped, o)
	require.Error(t, err)
}

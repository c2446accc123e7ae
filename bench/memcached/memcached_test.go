package memcached

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAppend(t *testing.T) {
	k, v := []byte("key"), []byte("value")
	assert.Equal(t, "get key\r\n", string(AppendGet(nil, k)))
	assert.Equal(t, "get key key\r\n", string(AppendGet(nil, k, k)))
	assert.Equal(t, "set key 0 0 5\r\nvalue\r\n", string(AppendSet(nil, k, v, 0)))
	assert.Equal(t, "set key 0 2 5\r\nvalue\r\n", string(AppendSet(nil, k, v, 1001*time.Millisecond)))
	// Longer times are dates.
	var at int64
	_, err := fmt.Sscanf(string(AppendSet(nil, k, v, 31*24*time.Hour)), "set key 0 %d 5", &at)
	require.NoError(t, err)
	assert.Greater(t, at, time.Now().Unix())

	var buf []byte
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		buf = AppendSet(AppendGet(buf[:0], k, k), k, v, time.Minute)
	}))
}

// scan gives a Scanner a stream in pieces and sums up each reply.
func scan(stream string, size int) (replies []string, err error) {
	var s Scanner
	for len(stream) > 0 {
		piece := []byte(stream[:min(size, len(stream))])
		stream = stream[len(piece):]
		for len(piece) > 0 {
			used, ok, err := s.Next(piece)
			if err != nil {
				return replies, err
			}
			if piece = piece[used:]; ok {
				replies = append(replies, fmt.Sprintf("%d %t %s", s.Values, s.Failed, s.Text))
			}
		}
	}
	return replies, nil
}

func TestScanner(t *testing.T) {
	stream := "VALUE a 0 3\r\nabc\r\nVALUE b 12 5\r\nEND\r\n\r\nEND\r\nEND\r\nSTORED\r\n" +
		"SERVER_ERROR out of memory\r\nERROR\r\nVERSION 1.6.18\r\nVALUE c 0 0\r\n\r\nEND\r\n"
	want := []string{
		"2 false END", "0 false END", "0 false STORED", "0 true SERVER_ERROR out of memory", "0 true ERROR",
		"0 false VERSION 1.6.18", "1 false END",
	}
	for _, size := range []int{1, 2, 7, 1 << 20} {
		got, err := scan(stream, size)
		require.NoError(t, err)
		assert.Equal(t, want, got, "in pieces of %d", size)
	}
	for _, bad := range []string{"+OK\r\n", "VALUE a 0 x\r\n", "VALUE a 0 99999999999\r\n", strings.Repeat("x", maxLine+1)} {
		_, err := scan(bad, 1<<20)
		require.Error(t, err, "%.20q", bad)
	}
}

// However a stream is cut, the replies are the same.
func FuzzScanner(f *testing.F) {
	f.Add("VALUE a 0 3\r\nabc\r\nEND\r\nSTORED\r\n", 3)
	f.Fuzz(func(t *testing.T, stream string, size int) {
		if size < 1 || len(stream) > 1<<12 {
			return
		}
		whole, err := scan(stream, 1<<20)
		pieces, errPieces := scan(stream, size)
		assert.Equal(t, whole, pieces)
		assert.Equal(t, err == nil, errPieces == nil)
	})
}

// The same against memcached itself.
func TestConn(t *testing.T) {
	path, err := exec.LookPath("memcached")
	if err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	l.Close()
	server := exec.CommandContext(t.Context(), path, "-u", "nobody", "-U", "0", "-l", "127.0.0.1", "-p", port)
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	var c *Conn
	require.Eventually(t, func() bool {
		c, err = Dial(t.Context(), "127.0.0.1:"+port)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	defer c.Close()

	version, err := c.Version()
	require.NoError(t, err)
	assert.Regexp(t, `^\d`, version)
	a, b := []byte("a"), []byte("b")
	require.NoError(t, c.Set(a, []byte("END\r\n"), 0))
	for range 20 {
		c.Queue(b, []byte("2"), time.Hour)
	}
	assert.Equal(t, 20, c.Queued())
	require.NoError(t, c.Flush())
	found := map[string]string{}
	take := func(k, v []byte) { found[string(k)] = string(v) }
	require.NoError(t, c.Get(take, a, []byte("none"), b))
	assert.Equal(t, map[string]string{"a": "END\r\n", "b": "2"}, found)
	stats, err := c.Stats()
	require.NoError(t, err)
	assert.Equal(t, "2", stats["curr_items"])

	// A refusal is an error, and what was queued behind it is done all the same.
	c.Queue(a, make([]byte, 2<<20), 0)
	c.Queue(b, []byte("3"), 0)
	require.ErrorIs(t, c.Flush(), ErrAnswer)
	require.NoError(t, c.Get(take, b))
	assert.Equal(t, "3", found["b"])
	_, err = c.Command("flush_all")
	require.NoError(t, err)
}

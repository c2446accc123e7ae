package client

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// feed gives a parser a stream in pieces of at most size bytes and collects the
// replies, with their bytes copied.
func feed(stream string, size int) (replies []Reply, err error) {
	var p Parser
	for {
		r, ok, err := p.Next()
		if err != nil {
			return replies, err
		}
		if ok {
			replies = append(replies, own(r))
			continue
		}
		if stream == "" {
			return replies, nil
		}
		room := p.Room()
		n := copy(room[:min(size, len(room))], stream)
		stream = stream[n:]
		p.Filled(n)
	}
}

func own(r Reply) Reply {
	r.Bytes = bytes.Clone(r.Bytes)
	for i := range r.Elems {
		r.Elems[i] = own(r.Elems[i])
	}
	return r
}

func TestParser(t *testing.T) {
	long := strings.Repeat("x", 3*firstBuffer)
	tests := []struct {
		name, stream string
		want         []Reply
	}{
		{"status", "+OK\r\n", []Reply{{Kind: '+', Bytes: []byte("OK")}}},
		{"error", "-ERR no\r\n", []Reply{{Kind: '-', Bytes: []byte("ERR no")}}},
		{"integers", ":0\r\n:-12\r\n", []Reply{{Kind: ':'}, {Kind: ':', Int: -12}}},
		{"bulk", "$3\r\na\r\n\r\n", []Reply{{Kind: '$', Bytes: []byte("a\r\n")}}},
		{"empty bulk", "$0\r\n\r\n", []Reply{{Kind: '$', Bytes: []byte{}}}},
		{"nulls", "$-1\r\n*-1\r\n_\r\n", []Reply{{Kind: '$', Null: true}, {Kind: '*', Null: true}, {Kind: '_', Null: true}}},
		{"array", "*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", []Reply{{Kind: '*', Elems: []Reply{
			{Kind: ':', Int: 1}, {Kind: '*', Elems: []Reply{{Kind: '$', Bytes: []byte("x")}}},
		}}}},
		{"map", "%1\r\n+a\r\n#t\r\n", []Reply{{Kind: '%', Elems: []Reply{{Kind: '+', Bytes: []byte("a")}, {Kind: '#', Int: 1}}}}},
		{"double", ",1.5\r\n", []Reply{{Kind: ',', Bytes: []byte("1.5")}}},
		{"long", "$49152\r\n" + long + "\r\n+OK\r\n", []Reply{{Kind: '$', Bytes: []byte(long)}, {Kind: '+', Bytes: []byte("OK")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 7, 1 << 20} {
				got, err := feed(tt.stream, size)
				require.NoError(t, err)
				assert.Equal(t, tt.want, got, "in pieces of %d", size)
			}
		})
	}
}

func TestParserRefuses(t *testing.T) {
	for _, stream := range []string{
		"hello\r\n", "\r\n", "\n", "+OK\n", ":x\r\n", ":\r\n", "$x\r\n", "$99999999999\r\n", "$1\r\nabc\r\n",
		"*x\r\n", "*9999999999\r\n", ":12345678901234567890\r\n", strings.Repeat("*1\r\n", 40),
	} {
		_, err := feed(stream, 1<<20)
		assert.Error(t, err, "%q", stream)
	}
}

// What the server's writer writes is read back, in whatever pieces it comes.
func TestParserReadsWriter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var w resp.Writer
	var want []Reply
	for range 2000 {
		switch r.IntN(4) {
		case 0:
			n := r.Int64() - r.Int64()
			w.Int(n)
			want = append(want, Reply{Kind: ':', Int: n})
		case 1:
			b := bytes.Repeat([]byte{'v'}, r.IntN(3000))
			w.Bulk(b)
			want = append(want, Reply{Kind: '$', Bytes: b})
		case 2:
			w.Null()
			want = append(want, Reply{Kind: '$', Null: true})
		case 3:
			w.Array(2)
			w.OK()
			w.Int(7)
			want = append(want, Reply{Kind: '*', Elems: []Reply{{Kind: '+', Bytes: []byte("OK")}, {Kind: ':', Int: 7}}})
		}
	}
	for _, size := range []int{13, 1000, 1 << 20} {
		got, err := feed(string(w.B), size)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func FuzzParser(f *testing.F) {
	f.Add("+OK\r\n$3\r\nabc\r\n*2\r\n:1\r\n$-1\r\n", 3)
	f.Fuzz(func(t *testing.T, stream string, size int) {
		if size < 1 || len(stream) > 1<<12 {
			return
		}
		whole, err := feed(stream, 1<<20)
		pieces, errPieces := feed(stream, size)
		assert.Equal(t, whole, pieces)
		assert.Equal(t, err == nil, errPieces == nil)
	})
}

// peer answers each line that begins a command with the given replies in turn,
// and returns what it read.
func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return New(a), b
}

func TestCommands(t *testing.T) {
	c, server := pair(t)
	c.Get([]byte("k"))
	c.Set([]byte("k"), []byte("val"))
	c.SetPX([]byte("k"), nil, 1500*time.Millisecond)
	c.SetPXAT([]byte("k"), nil, time.UnixMilli(99))
	c.Del([]byte("k"))
	c.Command("CONFIG", "GET", "*")
	const want = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" +
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nval\r\n" +
		"*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$2\r\nPX\r\n$4\r\n1500\r\n" +
		"*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$4\r\nPXAT\r\n$2\r\n99\r\n" +
		"*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n" +
		"*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$1\r\n*\r\n"
	assert.Equal(t, len(want), c.Pending())
	got := make([]byte, len(want))
	done := make(chan error, 1)
	go func() { done <- c.Flush() }()
	_, err := bufio.NewReader(server).Read(got)
	require.NoError(t, err)
	require.NoError(t, <-done)
	assert.Equal(t, want, string(got))
	assert.Zero(t, c.Pending())
}

func TestDo(t *testing.T) {
	c, server := pair(t)
	go func() {
		in := bufio.NewReader(server)
		for _, reply := range []string{":5\r\n", "-ERR unknown\r\n"} {
			for range 3 { // *1, $4, the word
				_, _ = in.ReadString('\n')
			}
			_, _ = server.Write([]byte(reply))
		}
		server.Close()
	}()
	r, err := c.Do("DBSI")
	require.NoError(t, err)
	assert.Equal(t, int64(5), r.Int)
	_, err = c.Do("WHAT")
	assert.EqualError(t, err, "WHAT: ERR unknown")
	_, err = c.Next()
	assert.ErrorContains(t, err, "closed the connection")
}

func TestNoAllocation(t *testing.T) {
	c, p := New(nil), Parser{}
	key, value := []byte("key:0000000001"), make([]byte, 100)
	var w resp.Writer
	w.OK()
	w.Bulk(value)
	step := func() {
		c.Get(key)
		c.SetPX(key, value, time.Second)
		c.out = c.out[:0]
		p.Filled(copy(p.Room(), w.B))
		for range 2 {
			if _, ok, _ := p.Next(); !ok {
				t.Fatal("no reply")
			}
		}
	}
	step()
	assert.Zero(t, testing.AllocsPerRun(100, step))
}

// A line goes out as it is, between commands of the other form.
func TestInline(t *testing.T) {
	c := New(nil)
	c.Get([]byte("k"))
	c.Inline([]byte("PING\r\n"))
	assert.Equal(t, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n", string(c.out))
}

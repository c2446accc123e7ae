package loadgen

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/client"
)

// fake is a server that answers what a test says.
type fake struct {
	addr string
	// reply is the answer to a command on a connection of the server, counted from 1. An
	// empty one ends the connection.
	reply func(f *fake, conn int, words []string) string

	mu    sync.Mutex
	seen  []string // the commands of all connections
	conns []net.Conn
	stop  func()
}

func serve(t *testing.T, reply func(f *fake, conn int, words []string) string) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &fake{addr: l.Addr().String(), reply: reply}
	var work sync.WaitGroup
	f.stop = sync.OnceFunc(func() {
		l.Close()
		f.mu.Lock()
		for _, c := range f.conns {
			c.Close()
		}
		f.mu.Unlock()
		work.Wait()
	})
	t.Cleanup(f.stop)
	work.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			work.Go(func() {
				defer c.Close()
				f.answer(n, c)
			})
		}
	})
	return f
}

// answer serves one connection.
func (f *fake) answer(n int, c net.Conn) {
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
			var words []string
			for _, e := range command.Elems {
				words = append(words, string(e.Bytes))
			}
			f.mu.Lock()
			f.seen = append(f.seen, strings.Join(words, " "))
			f.mu.Unlock()
			text := f.reply(f, n, words)
			if text == "" {
				_, _ = c.Write(out) // the client finds out
				return
			}
			out = append(out, text...)
		}
		if _, err := c.Write(out); err != nil {
			return
		}
		got, err := c.Read(p.Room())
		if err != nil {
			return
		}
		p.Filled(got)
	}
}

// log is what was asked so far.
func (f *fake) log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// connections is how many there were.
func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// conn is one of them.
func (f *fake) conn(n int) net.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns[n-1]
}

package conn

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPipelines(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		for _, depth := range []int{1, 2, batchMax - 1, batchMax, batchMax + 1, 5000} {
			c := h.dial()
			var request, reply strings.Builder
			for i := range depth {
				value := strconv.Itoa(i)
				request.WriteString(command("SET", "k"+value, value) + command("GET", "k"+value))
				reply.WriteString("+OK\r\n" + bulk(value))
			}
			go c.send(request.String())
			c.expect(reply.String())
		}
		assert.Equal(t, h.executed.Load(), h.prepared.Load())
	})
}

// TestEverySplit cuts a stream of all kinds of commands at each byte.
func TestEverySplit(t *testing.T) {
	stream := command("ARGS", "a", "", "bc") + "args 'x y' \"\\x41\\n\"\r\n" + "*0\r\n" + "\r\n" +
		"*-1\r\n" + command("ECHO", strings.Repeat("v", 300)) + "PING\n" + command("PING")
	want := "*4\r\n" + bulk("ARGS") + bulk("a") + bulk("") + bulk("bc") +
		"*3\r\n" + bulk("args") + bulk("x y") + bulk("A\n") +
		bulk(strings.Repeat("v", 300)) + "+PONG\r\n+PONG\r\n"
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		for cut := 1; cut < len(stream); cut++ {
			c.send(stream[:cut])
			if cut%8 == 0 {
				time.Sleep(50 * time.Microsecond) // let the halves arrive apart
			}
			c.send(stream[cut:])
			c.expect(want)
		}
		for i := range stream {
			c.send(stream[i : i+1])
		}
		c.expect(want)
	})
}

func TestLargeArguments(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		for _, size := range []int{smallMax - 1, smallMax, 32 << 10, 64<<10 - 30, 64 << 10, 1<<20 + 1, 9 << 20} {
			c := h.dial()
			value := strings.Repeat("0123456789abcdef", size/16+1)[:size]
			go c.send("PING\r\n" + command("SET", "k", value) + command("GET", "k") + command("PING"))
			c.expect("+PONG\r\n+OK\r\n" + bulk(value) + "+PONG\r\n")
		}
	})
}

// TestManyArguments sends an MSET-like command in small pieces of all sizes.
func TestManyArguments(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		args := make([]string, 100_000)
		for i := range args {
			args[i] = strconv.Itoa(i)
		}
		args[0] = "COUNT"
		request := command(args...)
		random := rand.New(rand.NewPCG(1, 2))
		go func() {
			for request != "" {
				n := min(1+random.IntN(4000), len(request))
				if _, err := io.WriteString(c, request[:n]); err != nil {
					return
				}
				request = request[n:]
			}
		}()
		c.expect(":100000\r\n")
	})
}

func TestQuit(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		c := serve(t, transport).dial()
		c.send(command("PING") + command("QUIT") + command("PING"))
		c.expect("+PONG\r\n+OK\r\n")
		c.expectEnd()
	})
}

func TestPanicCostsOneConnection(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		other, c := h.dial(), h.dial()
		c.send(command("PANIC"))
		c.expectEnd()
		other.send(command("PING"))
		other.expect("+PONG\r\n")
	})
}

// TestAbruptCloses has clients go away at all stages of being served while
// others are served along with them.
func TestAbruptCloses(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		var users sync.WaitGroup
		for i := range 8 {
			users.Go(func() {
				c := h.dial()
				for round := range 100 {
					value := fmt.Sprint(i, round)
					c.send(strings.Repeat(command("ECHO", value), 20))
					c.expect(strings.Repeat(bulk(value), 20))
				}
			})
			users.Go(func() {
				for round := range 30 {
					c := h.dial()
					_, _ = io.WriteString(c, strings.Repeat(command("BIG", strconv.Itoa(round*i*100)), round))
					if round%3 == 0 {
						_, _ = io.WriteString(c, command("QUIT"))
					}
					_ = c.Close()
				}
			})
		}
		users.Wait()
		eventually(t, "all connections closed but the users'", func() bool { return h.closed.Load() == 8*30 })
	})
}

func TestManyConnections(t *testing.T) {
	const clients = 1000
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		count := clients
		if transport == "tls" {
			count = 100
		}
		all := make([]*client, count)
		for i := range all {
			all[i] = h.dial()
			all[i].send(command("PING"))
		}
		for round := range 3 {
			for i, c := range all {
				c.expect("+PONG\r\n")
				c.send(command("ECHO", fmt.Sprint(i, round)))
			}
			for i, c := range all {
				c.expect(bulk(fmt.Sprint(i, round)))
				c.send(command("PING"))
			}
		}
		assert.EqualValues(t, count, h.server.Stats().Connections)
		for _, c := range all {
			require.NoError(t, c.Close())
		}
		eventually(t, "all connections closed", func() bool { return h.server.Stats().Connections == 0 })
		assert.EqualValues(t, count, h.closed.Load())
	})
}

func TestMaxClients(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		h.limits.MaxClients.Store(1)
		c := h.dial()
		c.send(command("PING"))
		c.expect("+PONG\r\n")
		if transport != "tls" { // it is refused before it can shake hands
			refused := h.dial()
			refused.expect("-ERR max number of clients reached\r\n")
			refused.expectEnd()
			assert.EqualValues(t, 1, h.server.Stats().Rejected)
		}
		h.limits.MaxClients.Store(2)
		c = h.dial()
		c.send(command("PING"))
		c.expect("+PONG\r\n")
	})
}

func TestRefusal(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport, func(_ *Options, y *toy) { y.refusal = "-DENIED go away\r\n" })
		c := h.dial()
		c.expect("-DENIED go away\r\n")
		c.expectEnd()
		assert.Zero(t, h.closed.Load())
	})
}

func TestPush(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("ID"))
		c.expect(":1\r\n")
		s := h.session(1)
		var want strings.Builder
		for i := range 1000 {
			message := fmt.Sprintf(">1\r\n:%d\r\n", i)
			want.WriteString(message)
			require.True(t, s.Client.Push([]byte(message)))
		}
		c.expect(want.String())
		require.NoError(t, c.Close())
		eventually(t, "a push that fails", func() bool { return !s.Client.Push([]byte("+x\r\n")) })
	})
}

// TestPushOverLimit pushes to a client that does not read until it is closed.
func TestPushOverLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		h.limits.Output[ClassNormal].Set(1<<20, 0, 0)
		c := h.dial()
		c.send(command("ID"))
		c.expect(":1\r\n")
		s, message := h.session(1), make([]byte, 100<<10)
		eventually(t, "a push over the limit", func() bool { return !s.Client.Push(message) })
		eventually(t, "the close", func() bool { return h.closed.Load() == 1 })
	})
}

func TestKill(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("ID"))
		c.expect(":1\r\n")
		other := h.dial()
		other.send(command("ID"))
		other.expect(":2\r\n")
		h.session(1).Client.Kill()
		c.expectEnd()
		other.send(command("PING"))
		other.expect("+PONG\r\n")
	})
}

// TestEach has many clients visit each other at the same time.
func TestEach(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		const clients, rounds = 8, 50
		all := make([]*client, clients)
		for i := range all {
			all[i] = h.dial()
			all[i].send(command("PING"))
			all[i].expect("+PONG\r\n")
		}
		spread(h)
		var done sync.WaitGroup
		for _, c := range all {
			done.Go(func() {
				for range rounds {
					c.send(command("EACH"))
					c.expect(fmt.Sprintf(":%d\r\n", clients))
				}
			})
		}
		done.Go(func() {
			for range rounds {
				n := 0
				h.server.Each(func(s *session.Session) {
					s.Client.Buffers()
					n++
				})
				assert.Equal(t, clients, n)
			}
		})
		done.Wait()
	})
}

func TestDo(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("ID"))
		c.expect(":1\r\n")
		s, ran := h.session(1), make(chan uint64)
		h.server.Do(s, func() { ran <- s.Commands })
		assert.EqualValues(t, 1, <-ran)
	})
}

func TestAddresses(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(command("ID"))
		c.expect(":1\r\n")
		client := h.session(1).Client
		if transport == "unix" {
			assert.Equal(t, h.addr+":0", client.RemoteAddr())
			assert.Equal(t, h.addr+":0", client.LocalAddr())
			assert.False(t, h.session(1).TCP)
			return
		}
		assert.Equal(t, c.LocalAddr().String(), client.RemoteAddr())
		assert.Equal(t, c.RemoteAddr().String(), client.LocalAddr())
		assert.True(t, h.session(1).TCP)
		assert.Positive(t, client.FD())
	})
}

func TestTimeout(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		t.Parallel()
		h := serve(t, transport)
		c := h.dial()
		c.send(command("PING"))
		c.expect("+PONG\r\n")
		h.limits.Timeout.Store(1)
		c.expectEnd()
	})
}

// TestShutdownAnswers has a client with a long pipeline under way.
func TestShutdownAnswers(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		const n, size = 30, 1 << 20
		c.send(strings.Repeat(command("BIG", strconv.Itoa(size)), n))
		eventually(t, "the first command", func() bool { return h.executed.Load() > 0 })
		ended := make(chan error)
		go func() { ended <- h.server.Shutdown(context.Background()) }()
		c.expect(strings.Repeat(bulk(strings.Repeat("x", size)), n))
		c.expectEnd()
		require.NoError(t, <-ended)
		_, err := net.DialTimeout(map[bool]string{true: "unix", false: "tcp"}[transport == "unix"], h.addr, time.Second)
		assert.Error(t, err)
	})
}

// TestShutdownGivesUp has a client that never reads.
func TestShutdownGivesUp(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		c.send(strings.Repeat(command("BIG", "1000000"), 30))
		eventually(t, "the first command", func() bool { return h.executed.Load() > 0 })
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, h.server.Shutdown(ctx), context.DeadlineExceeded)
	})
}

func TestShutdownBeforeServe(t *testing.T) {
	s := New(Options{}, newToy())
	_, err := s.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, s.Shutdown(context.Background()))
	require.NoError(t, s.Serve())
}

func TestPortInUse(t *testing.T) {
	h := serve(t, "tcp")
	other := New(Options{}, newToy())
	defer func() { require.NoError(t, other.Shutdown(context.Background())) }()
	_, err := other.Listen("tcp", h.addr)
	require.ErrorContains(t, err, "could not listen on "+h.addr)
	require.ErrorContains(t, err, "address already in use")
}

func TestUnixSocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for range 2 { // the second time it is there already
		s := New(Options{UnixPerm: 0o700}, newToy())
		_, err := s.Listen("unix", path)
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		defer func() { require.NoError(t, s.Shutdown(context.Background())) }()
	}
	require.NoError(t, os.WriteFile(path+"2", []byte("precious"), 0o600))
	s := New(Options{}, newToy())
	_, err := s.Listen("unix", path+"2")
	require.Error(t, err, "a file that is no socket is left alone")
	require.NoError(t, s.Shutdown(context.Background()))
}

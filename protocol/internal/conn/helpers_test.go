package conn

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/redcon"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// toy is a small server behind the transports: enough commands to see that
// the right bytes come in and go out.
type toy struct {
	mu       sync.Mutex
	data     map[string]string
	sessions map[uint64]*session.Session
	waiting  map[string]session.Client
	password bool     // clients must AUTH
	refusal  string   // what Opened says
	executor Executor // in place of toyExecutor
	prepared atomic.Int64
	executed atomic.Int64
	closed   atomic.Int64
	server   *Server
}

func newToy() *toy {
	return &toy{data: map[string]string{}, sessions: map[uint64]*session.Session{}, waiting: map[string]session.Client{}}
}

func (y *toy) NewExecutor() Executor {
	if y.executor != nil {
		return y.executor
	}
	return &toyExecutor{y}
}

func (y *toy) Opened(s *session.Session) string {
	s.Reset(!y.password)
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.refusal == "" {
		y.sessions[s.ID] = s
	}
	return y.refusal
}

func (y *toy) Closed(s *session.Session) {
	y.closed.Add(1)
	y.mu.Lock()
	defer y.mu.Unlock()
	delete(y.sessions, s.ID)
}

func (y *toy) session(id uint64) *session.Session {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.sessions[id]
}

type toyExecutor struct{ *toy }

func (e *toyExecutor) Prepare(batch [][][]byte) { e.prepared.Add(int64(len(batch))) }

func (e *toyExecutor) Execute(s *session.Session, args [][]byte, out []byte) []byte {
	e.executed.Add(1)
	s.Commands++
	switch name := strings.ToLower(string(args[0])); name {
	case "ping":
		return append(out, "+PONG\r\n"...)
	case "id":
		return redcon.AppendInt(out, int64(s.ID))
	case "echo":
		return redcon.AppendBulk(out, args[1])
	case "count":
		return redcon.AppendInt(out, int64(len(args)))
	case "args": // the arguments as they came
		out = redcon.AppendArray(out, len(args))
		for _, arg := range args {
			out = redcon.AppendBulk(out, arg)
		}
		return out
	case "big":
		n, _ := strconv.Atoi(string(args[1]))
		return redcon.AppendBulk(out, bytes.Repeat([]byte{'x'}, n))
	case "set":
		e.mu.Lock()
		defer e.mu.Unlock()
		e.data[string(args[1])] = string(args[2])
		return append(out, "+OK\r\n"...)
	case "get":
		e.mu.Lock()
		defer e.mu.Unlock()
		return redcon.AppendBulkString(out, e.data[string(args[1])])
	case "auth":
		s.Authenticated = true
		return append(out, "+OK\r\n"...)
	case "quit":
		s.Closing = true
		return append(out, "+OK\r\n"...)
	case "panic":
		panic("as asked")
	case "wait": // for "wake" with the same word
		e.mu.Lock()
		defer e.mu.Unlock()
		e.waiting[string(args[1])] = s.Client
		s.Blocked = true
		return out
	case "wake":
		e.mu.Lock()
		waiter := e.waiting[string(args[1])]
		delete(e.waiting, string(args[1]))
		e.mu.Unlock()
		if waiter != nil {
			waiter.Resume(redcon.AppendBulk(nil, args[2]))
		}
		return redcon.AppendInt(out, int64(len(args)))
	case "each": // the sum of everybody's commands
		n := 0
		e.server.Each(func(s *session.Session) { n++ })
		return redcon.AppendInt(out, int64(n))
	}
	return append(out, "-ERR unknown command\r\n"...)
}

// transports are the ways in which a test's server may be reached.
var transports = []string{"tcp", "unix", "net", "tls"}

// harness is a server under test.
type harness struct {
	*toy
	t         testing.TB
	transport string
	addr      string
	limits    *Limits
	served    chan error
}

type setup func(*Options, *toy)

// serve starts a server; it is shut down when the test ends.
func serve(t testing.TB, transport string, setups ...setup) *harness {
	h := &harness{toy: newToy(), t: t, transport: transport, limits: NewLimits(), served: make(chan error, 1)}
	o := Options{Loops: 2, Limits: h.limits, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, f := range setups {
		f(&o, h.toy)
	}
	h.server = New(o, h.toy)
	switch transport {
	case "tcp":
		at, err := h.server.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		h.addr = at.String()
	case "unix":
		dir, err := os.MkdirTemp("", "conn")
		require.NoError(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		h.addr = dir + "/s"
		_, err = h.server.Listen("unix", h.addr)
		require.NoError(t, err)
	default:
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		h.addr = l.Addr().String()
		if transport == "tls" {
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}})
		}
		require.NoError(t, h.server.ListenNet(l))
	}
	go func() { h.served <- h.server.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, h.server.Shutdown(ctx))
		require.NoError(t, <-h.served)
		require.Zero(t, h.server.Stats().Connections)
		require.Empty(t, h.sessions)
	})
	return h
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// client is one connection of a test.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func (h *harness) dial() *client {
	network, nc, err := "tcp", net.Conn(nil), error(nil)
	if h.transport == "unix" {
		network = "unix"
	}
	if h.transport == "tls" {
		nc, err = tls.Dial(network, h.addr, &tls.Config{InsecureSkipVerify: true})
	} else {
		nc, err = net.Dial(network, h.addr)
		// A unix socket whose backlog is full refuses at once, where TCP tries again.
		for until := time.Now().Add(patience); errors.Is(err, syscall.EAGAIN) && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
			nc, err = net.Dial(network, h.addr)
		}
	}
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = nc.Close() })
	require.NoError(h.t, nc.SetDeadline(time.Now().Add(patience)))
	return &client{Conn: nc, t: h.t, r: bufio.NewReader(nc)}
}

func (c *client) send(bytes string) {
	_, err := c.Write([]byte(bytes))
	require.NoError(c.t, err)
}

// expect reads exactly these bytes.
func (c *client) expect(bytes string) {
	c.t.Helper()
	got := make([]byte, len(bytes))
	n, err := io.ReadFull(c.r, got)
	require.NoError(c.t, err, "got %q", got[:n])
	require.Equal(c.t, bytes, string(got))
}

// expectEnd reads the end of the stream.
func (c *client) expectEnd() {
	c.t.Helper()
	rest, err := io.ReadAll(c.r)
	if err != nil {
		require.NotErrorIs(c.t, err, os.ErrDeadlineExceeded, "still open")
	}
	require.Empty(c.t, string(rest))
}

// command is args in the form of a request.
func command(args ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return b.String()
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// eventually waits for a condition that nothing else announces.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came about: " + what)
		}
	}
}

// everywhere runs a test over every transport.
func everywhere(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) { test(t, transport) })
	}
}

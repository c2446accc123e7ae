package protocol

import (
	"log/slog"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// freePort is a port that nobody has at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func local(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

func refused(t *testing.T, addr net.Addr) {
	t.Helper()
	c, err := net.Dial("tcp", addr.String())
	if !assert.Error(t, err, "%s is closed", addr) {
		_ = c.Close()
	}
}

// CONFIG SET port moves the server; who is connected stays so.
func TestSetPort(t *testing.T) {
	s := start(t, "--bind", "127.0.0.1", "-::1")
	old := s.Addr()
	c := dial(t, old)
	first, second := freePort(t), freePort(t)
	assert.Equal(t, "+OK", c.do("CONFIG SET port %d", first))
	assert.Equal(t, "+PONG", c.do("PING"))
	refused(t, old)
	assert.Equal(t, "+PONG", dial(t, local(first)).do("PING"))
	assert.Equal(t, strconv.Itoa(first), setting(c, "port"))

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	assert.Equal(t, "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
		c.do("CONFIG SET port %d", taken.Addr().(*net.TCPAddr).Port))
	assert.Equal(t, strconv.Itoa(first), setting(c, "port"))
	assert.Equal(t, "+PONG", dial(t, local(first)).do("PING"), "the old port is served still")

	assert.Equal(t, "+OK", c.do("CONFIG SET port %d", second))
	assert.Equal(t, "+PONG", dial(t, local(second)).do("PING"))
	refused(t, local(first))
	assert.Equal(t, "+OK", c.do("CONFIG SET port 0"))
	refused(t, local(second))
	assert.Equal(t, "+OK", c.do("CONFIG SET port %d", first))
	assert.Equal(t, "+PONG", dial(t, local(first)).do("PING"))
}

// setting is a setting's value, by CONFIG GET.
func setting(c *client, name string) string {
	c.t.Helper()
	require.Equal(c.t, "*2", c.do("CONFIG GET %s", name))
	for range 3 { // the name, and two lengths
		c.line()
	}
	return c.line()
}

// CONFIG SET bind opens and closes addresses at the same port, also where one stands
// in the way of another.
func TestSetBind(t *testing.T) {
	s := start(t, "--bind", "127.0.0.1", "--port", "1")
	port := s.Addr().(*net.TCPAddr).Port
	c := dial(t, s.Addr())
	other := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2), Port: port}
	refused(t, other)
	assert.Equal(t, "+OK", c.do(`CONFIG SET bind "127.0.0.1 127.0.0.2"`))
	assert.Equal(t, "+PONG", dial(t, other).do("PING"))
	assert.Equal(t, "+OK", c.do("CONFIG SET bind *"), "0.0.0.0 while 127.0.0.1 is open")
	assert.Equal(t, "+PONG", dial(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3), Port: port}).do("PING"))
	assert.Equal(t, "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
		c.do("CONFIG SET bind 192.0.2.1"))
	assert.Equal(t, "+PONG", dial(t, local(port)).do("PING"), "all is as it was")
	assert.Equal(t, "+OK", c.do("CONFIG SET bind 127.0.0.2"))
	refused(t, local(port))
	assert.Equal(t, "+PONG", dial(t, other).do("PING"))
	assert.Equal(t, "+PONG", c.do("PING"))
}

// Without any TCP address, by a unix socket alone, a port can be opened later.
func TestFirstPortLater(t *testing.T) {
	path := t.TempDir() + "/s"
	s, err := New(load(t, "--port", "0", "--unixsocket", path), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	serve(t, s)
	c := dial(t, s.Addr())
	port := freePort(t)
	assert.Equal(t, "+OK", c.do("CONFIG SET port %d", port))
	assert.Equal(t, "+PONG", dial(t, local(port)).do("PING"))
}

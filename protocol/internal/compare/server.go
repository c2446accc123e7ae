package compare

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// patience bounds every wait for a server: long enough for a loaded machine,
// short enough to end a test that hangs.
const patience = 20 * time.Second

// Server is one side of a comparison. Ashlar's server is one already.
type Server interface {
	Addr() string // "127.0.0.1:port"
	Close()
}

// ErrNoRedis says that there is no redis-server to compare with.
var ErrNoRedis = errors.New("no redis-server in the PATH")

// realRedis is a redis-server process.
type realRedis struct {
	addr string
	cmd  *exec.Cmd
	// stdin keeps the process alive: it ends when this pipe is closed, by Close
	// or because this process has died in whatever way.
	stdin io.Closer
	dir   string
}

// watchdog runs its arguments as a background process until its input ends.
const watchdog = `"$@" & pid=$!; read _; kill $pid 2>/dev/null; wait $pid`

// StartRedis starts redis-server, without persistence, on a port of its own.
// ErrNoRedis where none is installed.
func StartRedis() (Server, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNoRedis
	}
	for range 5 { // the free port may be taken by somebody before redis-server has it
		var s *realRedis
		if s, err = startRedisOn(program, freePort()); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func startRedisOn(program, port string) (*realRedis, error) {
	dir, err := os.MkdirTemp("", "ashlar-compare")
	if err != nil {
		return nil, err
	}
	s := &realRedis{addr: "127.0.0.1:" + port, dir: dir}
	s.cmd = exec.Command("sh", "-c", watchdog, "sh", program,
		"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--enable-debug-command", "local", "--dir", dir, "--logfile", "redis.log")
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := awaitPong(s.addr); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "redis.log"))
		s.Close()
		return nil, fmt.Errorf("redis-server on %s: %w\n%s", s.addr, err, log)
	}
	return s, nil
}

// awaitPong tries until addr answers PING.
func awaitPong(addr string) (err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var c *client
		if c, err = dial(addr); err != nil {
			continue
		}
		out := c.do("PING")
		c.Close()
		if bytes.Equal(out.raw, []byte("+PONG\r\n")) {
			return nil
		}
		err = fmt.Errorf("answered PING with %s", out)
	}
	return err
}

func (s *realRedis) Addr() string { return s.addr }

func (s *realRedis) Close() {
	_ = s.stdin.Close()
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// client is a raw connection.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(addr string) (*client, error) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	return &client{Conn: c, r: bufio.NewReaderSize(c, 64<<10)}, nil
}

// outcome is what came back: bytes, and how it ended where it was no reply.
type outcome struct {
	raw   []byte
	ended string // "closed", "timeout", or another error's text; "" for a whole reply
}

func (o outcome) String() string {
	text := abridged(o.raw)
	if o.ended != "" {
		text += " <" + o.ended + ">"
	}
	return text
}

// abridged quotes raw, without the middle of a long one.
func abridged(raw []byte) string {
	const keep = 700
	if len(raw) <= 2*keep {
		return quoteBytes(string(raw))
	}
	return fmt.Sprintf("%s ... %d bytes ... %s", quoteBytes(string(raw[:keep])),
		len(raw)-2*keep, quoteBytes(string(raw[len(raw)-keep:])))
}

// send writes bytes; a failure shows when the reply is read.
func (c *client) send(raw []byte) {
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	_, _ = c.Write(raw)
}

// read reads n replies.
func (c *client) read(n int) outcome {
	var o outcome
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for range n {
		raw, err := ReadReply(c.r)
		o.raw = append(o.raw, raw...)
		if err != nil {
			o.ended = ending(err)
			break
		}
	}
	return o
}

// readAll reads until the server closes.
func (c *client) readAll() outcome {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	raw, err := io.ReadAll(c.r)
	if err == nil {
		err = io.EOF
	}
	return outcome{raw, ending(err)}
}

func (c *client) do(args ...string) outcome {
	c.send(Encode(args))
	return c.read(1)
}

// ending names an error so that the same event has one name on both sides.
func ending(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "closed"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	}
	return err.Error()
}

// Encode writes a command as a client does: an array of bulk strings.
func Encode(args []string) []byte {
	out := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(a), a)
	}
	return out
}

package memcached

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// patience is how long a server may keep a Conn waiting.
const patience = 30 * time.Second

// Conn is a connection that sends a command and waits for its reply. Set's
// pipelined form is Queue and Flush. It belongs to one goroutine.
type Conn struct {
	net    net.Conn
	out    []byte
	in     []byte
	rest   []byte // read and not yet scanned
	scan   Scanner
	queued int
}

// Dial connects to host:port, or to the path of a unix socket if it has a slash.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	d := net.Dialer{Timeout: patience}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &Conn{net: c, in: make([]byte, 64<<10)}, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.net.Close() }

// Get calls found for each of the keys that the server has. What found is given is
// valid during the call.
func (c *Conn) Get(found func(key, value []byte), keys ...[]byte) error {
	c.out = AppendGet(c.out, keys...)
	c.scan.keep = found
	defer func() { c.scan.keep = nil }()
	return c.round()
}

// Set stores a value.
func (c *Conn) Set(key, value []byte, ttl time.Duration) error {
	c.Queue(key, value, ttl)
	return c.Flush()
}

// Queue appends a set that Flush will send.
func (c *Conn) Queue(key, value []byte, ttl time.Duration) {
	c.out = AppendSet(c.out, key, value, ttl)
	c.queued++
}

// Queued is how many sets wait for Flush.
func (c *Conn) Queued() int { return c.queued }

// Flush sends what is queued and takes all the replies; the first error of a reply
// is returned when all have been taken.
func (c *Conn) Flush() error {
	n := c.queued
	c.queued = 0
	if n == 0 {
		return nil
	}
	if err := c.send(); err != nil {
		return err
	}
	var first error
	for range n {
		if err := c.await(); err != nil {
			if first == nil {
				first = err
			}
			if !errors.Is(err, ErrAnswer) {
				return err
			}
		}
	}
	return first
}

// Command sends a line, such as "flush_all", and returns that of the reply.
func (c *Conn) Command(line string) (string, error) {
	c.out = append(append(c.out, line...), '\r', '\n')
	err := c.round()
	return string(c.scan.Text), err
}

// Version is what the server calls itself.
func (c *Conn) Version() (string, error) {
	text, err := c.Command("version")
	return strings.TrimPrefix(text, "VERSION "), err
}

// Stats are the server's own figures.
func (c *Conn) Stats() (map[string]string, error) {
	stats := make(map[string]string)
	c.scan.keep = func(name, value []byte) { stats[string(name)] = string(value) }
	defer func() { c.scan.keep = nil }()
	_, err := c.Command("stats")
	return stats, err
}

// ErrAnswer is what the errors that a server answers are.
var ErrAnswer = errors.New("memcached answered")

func (c *Conn) round() error {
	if err := c.send(); err != nil {
		return err
	}
	return c.await()
}

func (c *Conn) send() error {
	_ = c.net.SetDeadline(time.Now().Add(patience)) // fails only when closed, as the write will
	_, err := c.net.Write(c.out)
	c.out = c.out[:0]
	return err
}

// await takes the next reply.
func (c *Conn) await() error {
	for {
		used, ok, err := c.scan.Next(c.rest)
		c.rest = c.rest[used:]
		switch {
		case err != nil:
			return err
		case ok && c.scan.Failed:
			return fmt.Errorf("%w: %s", ErrAnswer, c.scan.Text)
		case ok:
			return nil
		}
		n, err := c.net.Read(c.in)
		if n == 0 && err != nil {
			return err
		}
		c.rest = c.in[:n]
	}
}

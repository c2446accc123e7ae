// Package client is a small client of the Redis protocol for benchmarks: it
// pipelines, it allocates nothing per command or reply, and it does nothing on
// its own (no pool, no retries, no background), so that what a benchmark sends is
// what goes out and what it measures is the server.
//
// Commands are appended to a buffer, Flush sends it in one write, and Next takes
// the replies one by one in the same order:
//
//	c.Get(key1)
//	c.Set(key2, value)
//	err := c.Flush()
//	reply, err := c.Next() // of the GET
//	reply, err = c.Next()  // of the SET
//
// A Conn belongs to one goroutine; CloseWrite and Close may come from another one.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Patience is how long a server may keep a client waiting before the client
// gives up with an error.
const Patience = 30 * time.Second

// Conn is a connection to a server.
type Conn struct {
	net      net.Conn
	out      []byte
	parser   Parser
	deadline time.Time
}

// Dial connects to addr, "host:port", or the path of a unix socket if it has a slash.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	network := "tcp"
	if addr != "" && addr[0] == '/' {
		network = "unix"
	}
	d := net.Dialer{Timeout: Patience}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return New(c), nil
}

// New is a client on an open connection, which it owns from now on.
func New(c net.Conn) *Conn { return &Conn{net: c} }

// Close ends the connection.
func (c *Conn) Close() error { return c.net.Close() }

// Net is the connection below, for socket options.
func (c *Conn) Net() net.Conn { return c.net }

// Command appends a command of any kind.
func (c *Conn) Command(words ...string) {
	c.head(len(words))
	for _, w := range words {
		c.out = appendHead(c.out, '$', int64(len(w)))
		c.out = append(append(c.out, w...), '\r', '\n')
	}
}

// Get appends GET key.
func (c *Conn) Get(key []byte) {
	c.out = append(c.out, "*2\r\n$3\r\nGET\r\n"...)
	c.bulk(key)
}

// Del appends DEL key.
func (c *Conn) Del(key []byte) {
	c.out = append(c.out, "*2\r\n$3\r\nDEL\r\n"...)
	c.bulk(key)
}

// Set appends SET key value.
func (c *Conn) Set(key, value []byte) {
	c.out = append(c.out, "*3\r\n$3\r\nSET\r\n"...)
	c.bulk(key)
	c.bulk(value)
}

// SetPX appends SET key value PX ttl; ttl counts in whole milliseconds.
func (c *Conn) SetPX(key, value []byte, ttl time.Duration) {
	c.setAt(key, value, "$2\r\nPX\r\n", ttl.Milliseconds())
}

// SetPXAT appends SET key value PXAT at.
func (c *Conn) SetPXAT(key, value []byte, at time.Time) {
	c.setAt(key, value, "$4\r\nPXAT\r\n", at.UnixMilli())
}

func (c *Conn) setAt(key, value []byte, option string, ms int64) {
	c.out = append(c.out, "*5\r\n$3\r\nSET\r\n"...)
	c.bulk(key)
	c.bulk(value)
	c.out = append(c.out, option...)
	var digits [20]byte
	c.bulk(strconv.AppendInt(digits[:0], ms, 10))
}

// Head begins a command of n words, each of which Bulk appends.
func (c *Conn) Head(n int) { c.head(n) }

// Bulk appends a word of the command that Head has begun.
func (c *Conn) Bulk(word []byte) { c.bulk(word) }

// Pending is the number of bytes that Flush will send.
func (c *Conn) Pending() int { return len(c.out) }

// Flush sends what has been appended.
func (c *Conn) Flush() error {
	c.touch()
	_, err := c.net.Write(c.out)
	c.out = c.out[:0]
	return err
}

// touch moves the deadline on; not at each call, since that costs more than
// parsing a reply.
func (c *Conn) touch() {
	if now := time.Now(); c.deadline.Sub(now) < Patience*3/4 {
		c.deadline = now.Add(Patience)
		_ = c.net.SetDeadline(c.deadline) // fails only when closed, as the write will
	}
}

// Next waits for the next reply. What it refers to is valid until the next call.
func (c *Conn) Next() (Reply, error) {
	for {
		reply, ok, err := c.parser.Next()
		if ok || err != nil {
			return reply, err
		}
		n, err := c.net.Read(c.parser.Room())
		if n == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("the server closed the connection: %w", err)
			}
			return Reply{}, err
		}
		c.parser.Filled(n)
	}
}

// Do sends a command with what was appended before, and waits for its reply. An
// error reply becomes an error. All earlier replies must have been taken.
func (c *Conn) Do(words ...string) (Reply, error) {
	c.Command(words...)
	if err := c.Flush(); err != nil {
		return Reply{}, err
	}
	reply, err := c.Next()
	if err == nil && reply.Kind == '-' {
		err = fmt.Errorf("%s: %s", words[0], reply.Bytes)
	}
	return reply, err
}

func (c *Conn) head(n int) { c.out = appendHead(c.out, '*', int64(n)) }

func (c *Conn) bulk(b []byte) {
	c.out = appendHead(c.out, '$', int64(len(b)))
	c.out = append(append(c.out, b...), '\r', '\n')
}

func appendHead(dst []byte, kind byte, n int64) []byte {
	return append(strconv.AppendInt(append(dst, kind), n, 10), '\r', '\n')
}

// Inline appends a command that is one line, its end included, and goes out as it is.
func (c *Conn) Inline(line []byte) { c.out = append(c.out, line...) }

// Package crowd loads a server with many connections in a closed loop: each sends
// a batch of commands, waits for all its replies and sends the next, as
// redis-benchmark does. On Linux one thread serves all the connections with
// epoll, so that a thousand of them cost the client little and the server sees
// them as it would see a thousand programs; elsewhere each has a goroutine.
//
// A closed loop finds out what an operation costs the server at full load. It
// does not find out how long requests wait at a given rate: a stall stops the
// load as well.
package crowd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/hist"
)

// Options say what to send.
type Options struct {
	Addr     string
	Conns    int // connections
	Depth    int // commands in a batch
	Keys     int // the number of different keys, drawn alike likely
	Value    int // bytes
	Set      bool
	Requests int // commands in all
	Seed     uint64
}

// Result is what came of it.
type Result struct {
	Requests int
	Missing  int // replies without a value, to GET
	Took     time.Duration
	Latency  *hist.Latencies // from sending a batch to the last of its replies
}

// Rate is how many commands were answered a second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Took.Seconds() }

// keyDigits is the length of the number in a key, "key:" and its digits.
const keyDigits = 12

// member is one of the connections.
type member struct {
	batch   []byte // ready to send: the same commands each time with other keys
	digits  []int  // where the numbers of the keys are in it
	left    int    // replies to come
	unsent  []byte // what did not fit into the socket
	parser  client.Parser
	sent    time.Time
	missing int
}

// crowd is the state of a run. Only one thread, or the holder of a lock, touches it.
type crowd struct {
	Options
	left    int    // commands to send
	draws   uint64 // keys drawn so far
	latency *hist.Latencies
	done    int // commands answered
}

// Run loads the server and returns when all commands are answered. An error
// reply or a lost connection ends it with an error.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Conns < 1 || o.Depth < 1 || o.Keys < 1 {
		return Result{}, errors.New("a crowd needs connections, commands and keys")
	}
	c := &crowd{Options: o, left: o.Requests, latency: hist.New()}
	// Each connection has its batch ready before the clock starts.
	members := make([]*member, o.Conns)
	for i := range members {
		members[i] = c.member()
	}
	took, err := c.serve(ctx, members)
	r := Result{Requests: c.done, Took: took, Latency: c.latency}
	for _, m := range members {
		r.Missing += m.missing
	}
	return r, err
}

// member prepares a connection's batch.
func (c *crowd) member() *member {
	m := &member{}
	for range c.Depth {
		if c.Set {
			m.batch = append(m.batch, "*3\r\n$3\r\nSET\r\n"...)
		} else {
			m.batch = append(m.batch, "*2\r\n$3\r\nGET\r\n"...)
		}
		m.batch = fmt.Appendf(m.batch, "$%d\r\nkey:", len("key:")+keyDigits)
		m.digits = append(m.digits, len(m.batch))
		m.batch = append(append(m.batch, bytes.Repeat([]byte{'0'}, keyDigits)...), "\r\n"...)
		if c.Set {
			m.batch = fmt.Appendf(m.batch, "$%d\r\n%s\r\n", c.Value, bytes.Repeat([]byte{'x'}, c.Value))
		}
	}
	return m
}

// next draws the keys of a member's next batch; false if there is nothing left to send.
func (c *crowd) next(m *member) bool {
	if c.left <= 0 {
		return false
	}
	c.left -= c.Depth
	// As redis-benchmark does, only the digits are changed in a batch made once.
	for _, at := range m.digits {
		c.draws++
		n := dist.Hash(c.Seed+c.draws) % uint64(c.Keys)
		// The number is written from its end, over what is left of the one before.
		for i := at + keyDigits - 1; n > 0 || m.batch[i] != '0'; i-- {
			m.batch[i] = byte('0' + n%10)
			if n /= 10; i == at {
				break
			}
		}
	}
	m.unsent, m.left, m.sent = m.batch, c.Depth, time.Now()
	return true
}

// take counts the replies that have come; done is true when the batch is answered.
func (c *crowd) take(m *member) (done bool, err error) {
	for m.left > 0 {
		reply, ok, err := m.parser.Next()
		if err != nil || !ok {
			return false, err
		}
		switch {
		case reply.Kind == '-':
			return false, fmt.Errorf("the server answered: %s", reply.Bytes)
		case reply.Null:
			m.missing++
		}
		m.left--
	}
	c.latency.Record(time.Since(m.sent))
	c.done += c.Depth
	return true, nil
}

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
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/hist"
)

// Options say what to send: GET or SET, or else the command that Words make up.
type Options struct {
	Addr     string
	Conns    int // connections
	Depth    int // commands in a batch
	Keys     int // the number of different keys, drawn alike likely
	Value    int // bytes
	Set      bool
	Words    []Word // of another command; Keys, Value and Set have no meaning then
	Requests int    // commands in all
	Seed     uint64
}

// Word is a word of a command. It ends with a number of its own in each command if
// Below is not 0: From plus one of 0 to Below-1, drawn alike likely, in Digits digits.
type Word struct {
	Text        string
	From, Below uint64
	Digits      int
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
	batch   []byte // ready to send: the same commands each time with other numbers
	slots   []slot // where these are in it
	left    int    // replies to come
	unsent  []byte // what did not fit into the socket
	parser  client.Parser
	sent    time.Time
	missing int
}

// slot is the place of a number in a batch.
type slot struct {
	at, digits  int
	from, below uint64
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
	if o.Words == nil {
		o.Words = o.words()
	}
	if o.Conns < 1 || o.Depth < 1 || len(o.Words) == 0 {
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

// words are those of GET or SET; none without keys to ask for.
func (o Options) words() []Word {
	if o.Keys < 1 {
		return nil
	}
	key := Word{Text: "key:", Below: uint64(o.Keys), Digits: keyDigits}
	if o.Set {
		return []Word{{Text: "SET"}, key, {Text: strings.Repeat("x", o.Value)}}
	}
	return []Word{{Text: "GET"}, key}
}

// member prepares a connection's batch.
func (c *crowd) member() *member {
	m := &member{}
	for range c.Depth {
		m.batch = fmt.Appendf(m.batch, "*%d\r\n", len(c.Words))
		for _, w := range c.Words {
			digits := 0
			if w.Below > 0 {
				digits = w.Digits
			}
			m.batch = fmt.Appendf(m.batch, "$%d\r\n%s", len(w.Text)+digits, w.Text)
			if digits > 0 {
				m.slots = append(m.slots, slot{len(m.batch), digits, w.From, w.Below})
			}
			m.batch = append(append(m.batch, bytes.Repeat([]byte{'0'}, digits)...), "\r\n"...)
		}
	}
	return m
}

// next draws the numbers of a member's next batch; false if there is nothing left to send.
func (c *crowd) next(m *member) bool {
	if c.left <= 0 {
		return false
	}
	c.left -= c.Depth
	// As redis-benchmark does, only the digits are changed in a batch made once.
	for _, s := range m.slots {
		c.draws++
		n := s.from + dist.Hash(c.Seed+c.draws)%s.below
		// The number is written from its end, over what is left of the one before.
		for i := s.at + s.digits - 1; n > 0 || m.batch[i] != '0'; i-- {
			m.batch[i] = byte('0' + n%10)
			if n /= 10; i == s.at {
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

package bench

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/memcached"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// store is a connection to a cache as far as all of them go: whole values that are
// read, written and deleted, pipelined. *client.Conn is one, and a memcachedStore is
// for memcached; so a figure that needs no more can be taken of both kinds.
type store interface {
	Get(key []byte)
	Set(key, value []byte)
	SetPX(key, value []byte, ttl time.Duration)
	Del(key []byte)
	Flush() error
	// Next is the next reply, in the Redis protocol's terms: an error has the kind
	// '-', a get that found nothing is null.
	Next() (client.Reply, error)
	Close() error
}

// dialStore connects in the language that the server speaks.
func dialStore(ctx context.Context, s *target.Server) (store, error) {
	if !s.Memcached {
		return s.Dial(ctx)
	}
	d := net.Dialer{Timeout: client.Patience}
	network := "tcp"
	if strings.Contains(s.Addr, "/") {
		network = "unix"
	}
	c, err := d.DialContext(ctx, network, s.Addr)
	if err != nil {
		return nil, s.Explain(err)
	}
	return &memcachedStore{net: c, in: make([]byte, 64<<10)}, nil
}

// memcachedStore is a connection to memcached.
type memcachedStore struct {
	net  net.Conn
	out  []byte
	in   []byte
	rest []byte // read and not yet scanned
	scan memcached.Scanner
	gets []bool // for each command, whether it is a get
	head int    // the first of them whose reply is to come
}

// Get appends a get.
func (m *memcachedStore) Get(key []byte) {
	m.out, m.gets = memcached.AppendGet(m.out, key), append(m.gets, true)
}

// Set appends a set.
func (m *memcachedStore) Set(key, value []byte) { m.SetPX(key, value, 0) }

// SetPX appends a set with a time to live, which memcached counts in whole seconds.
func (m *memcachedStore) SetPX(key, value []byte, ttl time.Duration) {
	m.out, m.gets = memcached.AppendSet(m.out, key, value, ttl), append(m.gets, false)
}

// Del appends a delete.
func (m *memcachedStore) Del(key []byte) {
	m.out = append(append(append(m.out, "delete "...), key...), '\r', '\n')
	m.gets = append(m.gets, false)
}

// Flush sends what has been appended.
func (m *memcachedStore) Flush() error {
	_ = m.net.SetDeadline(time.Now().Add(client.Patience)) // fails only when closed, as the write will
	_, err := m.net.Write(m.out)
	m.out = m.out[:0]
	return err
}

// Next waits for the next reply.
func (m *memcachedStore) Next() (client.Reply, error) {
	for {
		used, ok, err := m.scan.Next(m.rest)
		m.rest = m.rest[used:]
		if err != nil {
			return client.Reply{}, err
		}
		if ok && m.head < len(m.gets) {
			return m.reply(), nil
		}
		if ok {
			return client.Reply{}, fmt.Errorf("a reply to nothing: %s", m.scan.Text)
		}
		n, err := m.net.Read(m.in)
		if n == 0 && err != nil {
			return client.Reply{}, fmt.Errorf("the server closed the connection: %w", err)
		}
		m.rest = m.in[:n]
	}
}

// reply says in other words what the scanner has read.
func (m *memcachedStore) reply() client.Reply {
	get := m.gets[m.head]
	if m.head++; m.head == len(m.gets) {
		m.gets, m.head = m.gets[:0], 0
	}
	switch {
	case m.scan.Failed:
		return client.Reply{Kind: '-', Bytes: m.scan.Text}
	case get:
		return client.Reply{Kind: '$', Null: m.scan.Values == 0}
	}
	return client.Reply{Kind: '+', Bytes: m.scan.Text}
}

// Close ends the connection.
func (m *memcachedStore) Close() error { return m.net.Close() }

// keys is how many keys the server holds.
func keys(ctx context.Context, s *target.Server) (int64, error) {
	if s.Memcached {
		return memcachedStat(ctx, s, "curr_items")
	}
	r, err := s.Do(ctx, "DBSIZE")
	return r.Int, err
}

// evictions is how many items the server has pushed out for others.
func evictions(ctx context.Context, s *target.Server) (int64, error) {
	if s.Memcached {
		return memcachedStat(ctx, s, "evictions")
	}
	info, err := s.Info(ctx, "stats")
	return number(info["evicted_keys"]), err
}

// memcachedStat is one of memcached's own figures.
func memcachedStat(ctx context.Context, s *target.Server, name string) (int64, error) {
	c, err := memcached.Dial(ctx, s.Addr)
	if err != nil {
		return 0, s.Explain(err)
	}
	defer c.Close()
	stats, err := c.Stats()
	if err != nil {
		return 0, s.Explain(err)
	}
	return strconv.ParseInt(stats[name], 10, 64)
}

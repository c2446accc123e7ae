// Package metrics counts what the server does, for INFO and for whoever
// scrapes it. It knows no sockets, commands or handlers: it is told how many
// commands there are and what they are called.
//
// Counting must cost a command next to nothing, and loops on different cores
// must not fight over a cache line. So the counters exist several times over:
// each Executor gets a Shard, and a reader sums them. The counters of a shard
// are atomics, because readers come from anywhere and connections that have a
// goroutine each share shards; as long as one loop writes to a shard an atomic
// add costs about 6 ns. A command that runs pays one of them (its calls), from
// which everything else follows: the number of all commands is their sum.
//
// The clock is dearer still, about 20 ns for each look. Commands whose cost
// hardly varies (GET, SET) are timed one in sixteen after the first few, and
// each sample stands for sixteen; the others are timed always. See Command.
//
// Invariants: counters never go down but through Reset; a sum is not a snapshot
// of one moment, but no call is ever counted twice or lost.
package metrics

import (
	"sync/atomic"
)

// Metrics is a server's counters.
type Metrics struct {
	names  []string
	shards []*Shard
	next   atomic.Uint32

	// Connections.
	ConnectionsReceived atomic.Uint64
	ConnectionsRejected atomic.Uint64 // over maxclients
	QueryBufferKills    atomic.Uint64 // closed for a query longer than client-query-buffer-limit
	OutputBufferKills   atomic.Uint64 // closed for output over client-output-buffer-limit
	ClientsEvicted      atomic.Uint64 // closed because all together were over maxmemory-clients
	AuthDenied          atomic.Uint64 // AUTH or HELLO with a wrong password

	// Denied to a user by its rules.
	CommandDenied, KeyDenied, ChannelDenied atomic.Uint64

	errors  errorStats
	instant [instantKinds]instant
}

// Shard is one loop's share of the counters.
type Shard struct {
	_ [64]byte // keeps shards out of each other's cache lines

	NetInput  atomic.Uint64 // bytes read from clients
	NetOutput atomic.Uint64 // bytes written to clients
	Reads     atomic.Uint64 // read calls that brought something
	Writes    atomic.Uint64 // write calls

	commands []Command

	_ [64]byte
}

// New makes counters for the commands with these full names, in shards of which
// there should be one for each loop.
func New(names []string, shards int) *Metrics {
	m := &Metrics{names: names}
	for range max(shards, 1) {
		m.shards = append(m.shards, &Shard{commands: make([]Command, len(names))})
	}
	return m
}

// Shard hands out the shards in turn. More executors than shards share them.
func (m *Metrics) Shard() *Shard {
	return m.shards[int(m.next.Add(1)-1)%len(m.shards)]
}

// Command is the counters of a command, by its index among the names.
func (s *Shard) Command(i int) *Command { return &s.commands[i] }

// sum adds a counter up over the shards.
func (m *Metrics) sum(counter func(*Shard) uint64) uint64 {
	var n uint64
	for _, s := range m.shards {
		n += counter(s)
	}
	return n
}

// NetInput is the number of bytes read from clients.
func (m *Metrics) NetInput() uint64 {
	return m.sum(func(s *Shard) uint64 { return s.NetInput.Load() })
}

// NetOutput is the number of bytes written to clients.
func (m *Metrics) NetOutput() uint64 {
	return m.sum(func(s *Shard) uint64 { return s.NetOutput.Load() })
}

// Reads is the number of reads from clients' sockets.
func (m *Metrics) Reads() uint64 { return m.sum(func(s *Shard) uint64 { return s.Reads.Load() }) }

// Writes is the number of writes to clients' sockets.
func (m *Metrics) Writes() uint64 { return m.sum(func(s *Shard) uint64 { return s.Writes.Load() }) }

// Commands is the number of commands run; those refused before they ran
// (unknown, wrong number of arguments, ...) do not count, as in Redis.
func (m *Metrics) Commands() uint64 {
	return m.sum(func(s *Shard) uint64 {
		var n uint64
		for i := range s.commands {
			n += s.commands[i].calls.Load()
		}
		return n
	})
}

// Reset zeroes what CONFIG RESETSTAT zeroes: everything. Calls that run at the
// same time may survive it or not.
func (m *Metrics) Reset() {
	for _, s := range m.shards {
		for _, c := range []*atomic.Uint64{&s.NetInput, &s.NetOutput, &s.Reads, &s.Writes} {
			c.Store(0)
		}
		for i := range s.commands {
			s.commands[i].reset()
		}
	}
	for _, c := range []*atomic.Uint64{&m.ConnectionsReceived, &m.ConnectionsRejected,
		&m.QueryBufferKills, &m.OutputBufferKills, &m.ClientsEvicted, &m.AuthDenied,
		&m.CommandDenied, &m.KeyDenied, &m.ChannelDenied} {
		c.Store(0)
	}
	m.errors.reset()
	m.resetInstant()
}

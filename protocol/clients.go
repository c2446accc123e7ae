package protocol

import (
	"cmp"
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/internal/conn"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// clientCost is about what a connection takes besides its buffers, in bytes.
const clientCost = 1 << 10

// boundClients keeps the memory of all clients within maxmemory-clients by
// disconnecting those that hold most, as redis-server does, but for those that
// asked not to be (CLIENT NO-EVICT).
func (s *Server) boundClients() {
	bound := s.clientsBound()
	if bound <= 0 {
		return
	}
	now := s.conns.Stats()
	over := now.Buffers + now.Connections*clientCost - bound
	if over <= 0 {
		return
	}
	// The counts lag by a wake-up, and with a client gone that they still hold
	// the next one would pay for it. The clients themselves are up to date.
	list, total := s.holders()
	over = min(over, total-bound)
	for _, h := range list {
		if over <= 0 {
			return
		}
		over -= h.bytes
		verbose(s.log, "client disconnected: all clients together are over maxmemory-clients", "id", h.id, "bytes", h.bytes)
		// One that is on its way out since an earlier round counts once.
		if c, ok := h.client.(*conn.Conn); !ok || !c.Killed() {
			s.metrics.ClientsEvicted.Add(1)
		}
		h.client.Kill()
	}
}

// clientsBound is maxmemory-clients in bytes, 0 for none.
func (s *Server) clientsBound() int64 {
	bound := s.cfg.MaxMemoryClients.Int()
	if bound < 0 {
		total := s.cfg.MaxMemory.Int()
		return total/100*-bound + total%100*-bound/100
	}
	return bound
}

// clients calls f for every session, but for those that are being disconnected: they
// are gone for whoever asks.
func (s *Server) clients(f func(*session.Session)) {
	s.conns.Each(func(of *session.Session) {
		if c, ok := of.Client.(*conn.Conn); !ok || !c.Killed() {
			f(of)
		}
	})
}

// holder is a client and the memory it holds.
type holder struct {
	id     uint64
	client session.Client
	bytes  int64
}

// holders are the clients that may be disconnected, the costliest first, and the
// bytes that all clients hold together, also the others.
func (s *Server) holders() (list []holder, total int64) {
	s.conns.Each(func(c *session.Session) {
		// The free room of a large input buffer is addresses only, not memory.
		input, _, output := c.Client.Buffers()
		bytes := int64(input+output) + clientCost
		total += bytes
		if !c.NoEvict {
			list = append(list, holder{c.ID, c.Client, bytes})
		}
	})
	slices.SortFunc(list, func(a, b holder) int { return cmp.Compare(b.bytes, a.bytes) })
	return list, total
}

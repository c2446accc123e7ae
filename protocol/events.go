package protocol

import (
	"sync"

	"github.com/ashlar-cache/ashlar/protocol/internal/conn"
	"github.com/ashlar-cache/ashlar/protocol/internal/exec"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// events is what the transport tells the server.
type events struct{ s *Server }

// NewExecutor implements conn.Events.
func (e events) NewExecutor() conn.Executor {
	return exec.New(e.s.handlers, exec.Options{Log: e.s.log})
}

// denied is redis-server's reply to strangers in protected mode, to the letter.
const denied = "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. " +
	"In this mode connections are only accepted from the loopback interface. " +
	"If you want to connect from external computers to Redis you may adopt one of the following solutions: " +
	"1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface " +
	"by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible " +
	"from internet if you do so. Use CONFIG REWRITE to make this change permanent. " +
	"2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the " +
	"protected mode option to 'no', and then restarting the server. " +
	"3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. " +
	"4) Setup a an authentication password for the default user. " +
	"NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n"

// Opened implements conn.Events.
func (e events) Opened(s *session.Session) (refusal string) {
	if !e.s.handlers.ACL.NeedPassword() && e.s.cfg.ProtectedMode.Bool() && !s.Local() {
		return denied
	}
	e.s.handlers.Welcome(s)
	return ""
}

// Closed implements conn.Events.
func (e events) Closed(s *session.Session) {
	e.s.handlers.Gone(s)
}

// subscriberMode puts a client under the output limits of those who subscribe, or
// back under those of others.
func subscriberMode(s *session.Session, subscribes bool) {
	class := conn.ClassNormal
	if subscribes {
		class = conn.ClassPubSub
	}
	if c, ok := s.Client.(*conn.Conn); ok {
		c.SetClass(class)
	}
}

// traffic carries the transport's counts over to the metrics, which start afresh
// with CONFIG RESETSTAT while the transport's own only grow.
type traffic struct {
	counts *metrics.Shard

	mu   sync.Mutex
	last conn.Stats
}

// carry adds what came since the last call.
func (t *traffic) carry(m *metrics.Metrics, now conn.Stats) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Calls may overtake each other; a count that is behind is left for the next.
	advance := func(last *uint64, now uint64) uint64 {
		if now <= *last {
			return 0
		}
		n := now - *last
		*last = now
		return n
	}
	t.counts.NetInput.Add(advance(&t.last.BytesIn, now.BytesIn))
	t.counts.NetOutput.Add(advance(&t.last.BytesOut, now.BytesOut))
	t.counts.Reads.Add(advance(&t.last.Reads, now.Reads))
	t.counts.Writes.Add(advance(&t.last.Writes, now.Writes))
	m.ConnectionsReceived.Add(advance(&t.last.Accepted, now.Accepted))
	m.ConnectionsRejected.Add(advance(&t.last.Rejected, now.Rejected))
	m.QueryBufferKills.Add(advance(&t.last.QueryKills, now.QueryKills))
	m.OutputBufferKills.Add(advance(&t.last.OutputKills, now.OutputKills))
}

// connections tells INFO and MEMORY of the connections, and brings the counts
// that INFO shows up to date.
func (s *Server) connections() handlers.Connections {
	now := s.conns.Stats()
	s.traffic.carry(s.metrics, now)
	return handlers.Connections{
		Open: int(now.Connections), Buffers: now.Buffers,
		MaxInput: now.MaxInput, MaxOutput: now.MaxOutput,
	}
}
